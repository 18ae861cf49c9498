//! Mutations of what kinds say of themselves: few updates at once, guarded replacements, and what is told in a plan.

use super::list::{IT, Mutation};

/// All of them.
pub(crate) const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "room-is-lost",
        breaks: "a step that gets room at a gate and does not use it keeps the next one out",
        file: "sskuba-core/src/applying/dispatcher.rs",
        from: "admitted.into_iter().for_each(|step| self.frontier.put_back(step));\n        }",
        to: "admitted.into_iter().for_each(|step| self.frontier.put_back(step));\n            return Ok(());\n        }",
        target: IT,
        filter: &["rollout::"],
    },
    Mutation {
        name: "updates-at-once",
        breaks: "updates of a kind that takes one at a time run together",
        file: "sskuba-core/src/applying/rollout.rs",
        from: "Some(most) => (format!(\"updates of {kind}\"), Some(most)),",
        to: "Some(_) => (kind.to_owned(), None),",
        target: IT,
        filter: &["rollout::"],
    },
    Mutation {
        name: "rollout-goes-on",
        breaks: "a rollout goes on after a machine that failed",
        file: "sskuba-core/src/applying/rollout.rs",
        from: ".find(|failed| failed.action == Action::Update && failed.address.kind_str() == kind)?;",
        to: ".find(|failed| failed.action == Action::Delete && failed.address.kind_str() == kind)?;",
        target: IT,
        filter: &["rollout::"],
    },
    Mutation {
        name: "guard-forgotten",
        breaks: "what cannot be made again is replaced unasked",
        file: "sskuba-core/src/graph/resolve.rs",
        from: "keep_generation: self.protect.unwrap_or(schema.guarded),",
        to: "keep_generation: self.protect.unwrap_or_default(),",
        target: IT,
        filter: &["rollout::"],
    },
    Mutation {
        name: "guard-of-plans-alone",
        breaks: "what cannot be made again is replaced where that turns out in the run",
        file: "sskuba-core/src/applying/begin.rs",
        from: "Action::Replace if node.lifecycle.keep_generation => {",
        to: "Action::Replace if node.lifecycle.keep_generation && step.verdict == Verdict::Certain => {",
        target: IT,
        filter: &["rollout::", "guards::"],
    },
    Mutation {
        name: "foreseen-is-believed",
        breaks: "more is done than was announced where a provider foresaw wrongly",
        file: "sskuba-core/src/applying/begin.rs",
        from: "if decision.action > step.action {",
        to: "if decision.action > Action::Replace {",
        target: IT,
        filter: &["foreseen::"],
    },
    Mutation {
        name: "note-in-the-clear",
        breaks: "a secret is in what a provider says that an update does",
        file: "sskuba-core/src/adapters/redacting.rs",
        from: "notes.iter_mut().for_each(|note| redaction.text(note));",
        to: "let _ = &mut notes;",
        target: IT,
        filter: &["foreseen::"],
    },
];
