//! Options that a program sets on a resource: what may happen to it, and how.

use std::time::Duration;

use crate::address::{Address, Name, NameError};
use crate::value::FieldPath;

/// A former name of a resource; a recorded resource of that name is moved instead of created anew.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alias {
    /// The whole former address.
    Address(Address),
    /// Another name, in the same component and of the same kind.
    Name(Name),
}

impl Alias {
    /// Reads a whole address (it has `::` in it) or a name.
    ///
    /// # Errors
    /// If the text is neither.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.contains("::") {
            Address::parse(text).map(Self::Address)
        } else {
            Name::parse(text).map(Self::Name)
        }
    }

    /// Returns the former address of the resource that is now called `present`.
    pub fn resolve(&self, present: &Address) -> Address {
        match self {
            Self::Address(address) => address.clone(),
            Self::Name(name) => Address::new(present.path(), &present.kind(), name),
        }
    }
}

/// How long an operation may take; none means the engine's default, a multiple of the kind's expected duration.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// A create.
    pub create: Option<Duration>,
    /// An update.
    pub update: Option<Duration>,
    /// A delete.
    pub delete: Option<Duration>,
}

impl Timeouts {
    /// Returns these bounds, and where one is not set, that of others.
    #[must_use]
    pub fn or(self, others: Self) -> Self {
        Self {
            create: self.create.or(others.create),
            update: self.update.or(others.update),
            delete: self.delete.or(others.delete),
        }
    }
}

/// The options of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lifecycle {
    /// Deletes and replacements are refused.
    pub protect: bool,
    /// A delete, also that of a replaced generation, forgets the record and leaves the object.
    pub retain_on_delete: bool,
    /// A replacement deletes before it creates.
    pub delete_before_create: bool,
    /// Changes of these fields and parts are ignored, in the program and outside of the stack; the recorded value stays.
    pub ignore_changes: Vec<FieldPath>,
    /// Changes of these fields and parts replace the resource, whatever its schema says.
    pub replace_on_changes: Vec<FieldPath>,
    /// Former names.
    pub aliases: Vec<Alias>,
    /// Bounds on operations.
    pub timeouts: Timeouts,
}
