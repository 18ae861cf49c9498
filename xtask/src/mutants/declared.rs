//! Mutations of what a program declares: components, options, and kinds that are learned at run time.

use super::list::{CORE, IT, Mutation};

/// All of them.
pub(crate) const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "unfinished-component",
        breaks: "a component is there before its parts are",
        file: "sskuba-core/src/graph/builder.rs",
        from: "self.edges.push((component, part));",
        to: "let _ = part;",
        target: IT,
        filter: &["parts::"],
    },
    Mutation {
        name: "part-stays-behind",
        breaks: "a renamed component leaves its parts under the former name",
        file: "sskuba-core/src/graph/resolve.rs",
        from: "None => outer.former_parts(address, &own.aliases),",
        to: "None => own.aliases.clone(),",
        target: IT,
        filter: &["parts::"],
    },
    Mutation {
        name: "trigger-unseen",
        breaks: "a resource is not replaced after what it says",
        file: "sskuba-core/src/plan/decide.rs",
        from: "Changes::Certain => decision.add(Action::Replace, true, Reason::Triggered { certain: true }),",
        to: "Changes::Certain => {}",
        target: IT,
        filter: &["parts::"],
    },
    Mutation {
        name: "interrupted-unlearned",
        breaks: "a call of a kind that was learned at run time is recovered without its schema",
        file: "sskuba-core/src/engine/learning.rs",
        from: "recorded.chain(state.pending().map(|intent| &intent.address))",
        to: "recorded",
        target: IT,
        filter: &["dynamic::"],
    },
    Mutation {
        name: "dropped-entry-agrees",
        breaks: "an interrupted update counts as done though an entry that it was to remove is there",
        file: "sskuba-core/src/plan/diff.rs",
        from: "let ours = either(before.get(&*field.name), wanted);",
        to: "let ours = wanted.cloned();",
        target: CORE,
        filter: &["plan::diff"],
    },
    Mutation {
        name: "hook-not-again",
        breaks: "a hook in which the program died is not run again",
        file: "sskuba-core/src/recovering/pending.rs",
        from: "after(&call, call.until_made(resolved.ended)).await",
        to: "call.until_made(resolved.ended)",
        target: IT,
        filter: &["hooks::"],
    },
    Mutation {
        name: "hook-forgotten",
        breaks: "a hook of what left the program is not run",
        file: "sskuba-core/src/plan/recorded.rs",
        from: "hooks: node.lifecycle.hooks.clone(),",
        to: "hooks: Vec::new(),",
        target: IT,
        filter: &["hooks::"],
    },
];
