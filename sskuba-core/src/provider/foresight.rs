//! What a provider can tell of a step while it is planned.

use crate::value::{Map, Value};

/// What follows from a step's inputs, told without asking anyone.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Foresight {
    /// Computed fields just as the step will report them, of a kind whose outputs are made here from its inputs alone. A
    /// plan knows then what follows from them in other resources. What is not among them is known after the apply.
    pub outputs: Map,
    /// What differs within fields, shown in the place of the fields' own difference.
    pub details: Vec<Detail>,
}

/// A difference within a field whose value a person would not read as a whole: a document in one text, or one in a secret
/// of which only some parts are secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Detail {
    /// The path, which begins with the field's name: `config.machine.type`.
    pub path: String,
    /// What is recorded; none if it is not there. What nobody may read is a [secret](Value::Secret).
    pub from: Option<Value>,
    /// What is wanted; none if it goes.
    pub to: Option<Value>,
}
