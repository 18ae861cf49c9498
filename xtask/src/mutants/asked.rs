//! Mutations of what is asked before something is done: which stack is meant, where the objects are, and whose they are.

use super::list::{IT, Mutation};

const COMMANDS: &[&str] = &["--package", "sskuba-cli", "--test", "it"];

/// All of them.
pub(crate) const MUTATIONS: &[Mutation] = &[
    Mutation {
        name: "mistyped-stack",
        breaks: "a slip in a stack's name makes another stack",
        file: "sskuba-cli/src/commands/mod.rs",
        from: "context.refuse_unknown_stack().await?;",
        to: "let _ = &context;",
        target: COMMANDS,
        filter: &["unknown_stacks::"],
    },
    Mutation {
        name: "agreed-elsewhere",
        breaks: "somebody is asked to agree to a plan of objects that are in another place",
        file: "sskuba-core/src/engine/session.rs",
        from: "// Before anybody is asked whether this is to be done.
        self.engine.preview_places(&plan, state, instances).await?;",
        to: "",
        target: IT,
        filter: &["places::another_ambient_place"],
    },
    Mutation {
        name: "looked-up-elsewhere",
        breaks: "something is looked up in another place than where the objects are",
        file: "sskuba-core/src/engine/planned.rs",
        from: "engine.places_of_lookups(&whom, request.state, instances).await?;",
        to: "let _ = whom;",
        target: IT,
        filter: &["places::nothing_is_looked_up"],
    },
    Mutation {
        name: "person-is-believed",
        breaks: "a create is taken for one that made nothing though its provider finds the object",
        file: "sskuba-core/src/engine/resolving.rs",
        from: "if resolution == Resolution::NotCreated {",
        to: "if false {",
        target: IT,
        filter: &["faults::a_create_that_can_be_looked_into"],
    },
    Mutation {
        name: "objects-of-two-stacks",
        breaks: "an import makes the objects of another stack those of this one",
        file: "sskuba-core/src/engine/portable.rs",
        from: "self.refuse_shared(&document, &records, &open).await?;",
        to: "if false {
            self.refuse_shared(&document, &records, &open).await?;
        }",
        target: IT,
        filter: &["repairs::open_calls_and_outputs"],
    },
];
