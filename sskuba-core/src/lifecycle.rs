//! Options that a program sets on a resource: what may happen to it, and how.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

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

/// Before or after what a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// Before the object is made; also where a replacement makes it.
    BeforeCreate,
    /// When the object is there. One that takes time to be ready may not be; who waits for that gives the hook to a component
    /// around it.
    AfterCreate,
    /// Before the object is changed.
    BeforeUpdate,
    /// When the object is changed.
    AfterUpdate,
    /// Before the object is deleted; also where a replacement deletes it. Not where it goes with another one, or is retained.
    BeforeDelete,
    /// When the object is gone.
    AfterDelete,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BeforeCreate => "before the create",
            Self::AfterCreate => "after the create",
            Self::BeforeUpdate => "before the update",
            Self::AfterUpdate => "after the update",
            Self::BeforeDelete => "before the delete",
            Self::AfterDelete => "after the delete",
        })
    }
}

/// A hook of a resource, by the name under which the program registers it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HookName {
    /// Before or after what it runs.
    pub when: When,
    /// Its name.
    pub name: String,
}

/// The options of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lifecycle {
    /// Deletes and replacements are refused.
    pub protect: bool,
    /// Replacements are refused: it is protected, or of a kind that is [guarded](crate::schema::Schema::guarded) and not
    /// unprotected.
    pub keep_generation: bool,
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
    /// Hooks, in the order in which they run.
    pub hooks: Vec<HookName>,
}
