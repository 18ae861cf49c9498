//! What stands in the way of a plan.

use std::fmt;

use crate::address::Address;
use crate::advice::Advice;

/// One problem. Planning collects all of them and shows them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The resource, if it is about one.
    pub address: Option<Address>,
    /// The field, if it is about one.
    pub field: Option<String>,
    /// `file:line:column` of the declaration.
    pub source_line: Option<String>,
    /// What is wrong and why.
    pub message: String,
    /// What can be done, best first, where the message does not say it.
    pub advice: Vec<Advice>,
}

impl Diagnostic {
    /// Makes a problem of a resource.
    pub fn of(address: &Address, message: impl Into<String>) -> Self {
        Self { address: Some(address.clone()), ..Self::general(message) }
    }

    /// Makes a problem of the whole plan.
    pub fn general(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { address: None, field: None, source_line: None, message, advice: Vec::new() }
    }

    /// Adds the field; an empty one is none.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into()).filter(|field| !field.is_empty());
        self
    }

    /// Adds what can be done.
    #[must_use]
    pub fn advice(mut self, advice: impl IntoIterator<Item = Advice>) -> Self {
        self.advice.extend(advice);
        self
    }

    /// Adds the place of the declaration.
    #[must_use]
    pub fn source(mut self, source: &std::panic::Location<'_>) -> Self {
        self.source_line = Some(crate::graph::line(source));
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(address) = &self.address {
            write!(f, "{address}")?;
            if let Some(field) = &self.field {
                write!(f, " `{field}`")?;
            }
            if let Some(line) = &self.source_line {
                write!(f, " ({line})")?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&self.message)
    }
}
