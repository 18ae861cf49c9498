//! What can be done to a resource, and why.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::clock::Timestamp;
use crate::value::{Map, Value};

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Action {
    /// Nothing.
    Same,
    /// Waited for until it can be used.
    Wait,
    /// Changed in place.
    Update,
    /// Made anew, and the old one deleted.
    Replace,
    /// Made.
    Create,
    /// Deleted.
    Delete,
    /// Looked up.
    Read,
    /// No longer recorded; the object stays.
    Forget,
}

impl Action {
    /// Returns the word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "unchanged",
            Self::Wait => "wait for",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Read => "read",
            Self::Forget => "forget",
        }
    }

    /// Returns the sign that stands before an address.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Same => " ",
            Self::Wait => "…",
            Self::Update => "~",
            Self::Replace => "±",
            Self::Create => "+",
            Self::Delete => "-",
            Self::Read => ">",
            Self::Forget => "!",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The order of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// The new one is made, what depends on it is switched over, the old one is deleted.
    CreateFirst,
    /// What cannot live without the old one is deleted, then the old one, then the new one is made.
    DeleteFirst,
}

/// A field that differs, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldChange {
    /// The path of what differs, as in `size` or `tags.team`; see [`FieldPath`](crate::value::FieldPath).
    pub field: String,
    /// The recorded value.
    pub from: Option<Value>,
    /// The wanted value.
    pub to: Option<Value>,
    /// Whether the difference replaces the resource.
    pub replaces: bool,
}

impl FieldChange {
    /// Tells whether the change is one of this field, or of a part of it.
    pub fn is_of(&self, field: &str) -> bool {
        self.field
            .strip_prefix(field)
            .is_some_and(|rest| matches!(rest.chars().next(), None | Some('.' | '[')))
    }

    /// Returns the fields that differ between two maps, in the order of their names.
    pub fn between(from: &Map, to: &Map) -> Vec<Self> {
        let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        let differ = names.into_iter().filter(|name| from.get(*name) != to.get(*name));
        let change = |name: &String| Self {
            field: name.clone(),
            from: from.get(name).cloned(),
            to: to.get(name).cloned(),
            replaces: false,
        };
        differ.map(change).collect()
    }
}

/// Why an action is taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// It is in the program and not recorded.
    NotRecorded,
    /// It is recorded and not in the program.
    NotDeclared,
    /// The whole stack goes.
    Down,
    /// The field's value changed.
    Changed {
        /// The field, or the path of the part.
        field: String,
        /// Whether that replaces the resource.
        replaces: bool,
    },
    /// The field's value is only known after the apply.
    Unknown {
        /// The field, or the path of the part.
        field: String,
        /// Whether a different value would replace the resource.
        replaces: bool,
    },
    /// The provider reports another value than was sent.
    Drifted {
        /// The field, or the path of the part.
        field: String,
        /// Whether that replaces the resource.
        replaces: bool,
    },
    /// The create, or the last update, ended half way.
    Incomplete,
    /// It exists, and cannot be used yet.
    NotReady,
    /// Its service gave the object up.
    Failed {
        /// Why, in its words.
        why: String,
    },
    /// The user asked for it.
    Requested,
    /// A resource that it cannot live without is deleted before it is made anew.
    DeletedFirst {
        /// That resource.
        because: Address,
    },
    /// An earlier replacement left it.
    Superseded,
    /// It goes together with another object.
    DeletedWith {
        /// That object's address.
        owner: Address,
    },
    /// It is to be in another place than its object is, or its place is replaced.
    Place {
        /// The provider instance that it is to use; none for the default one.
        instance: Option<Address>,
        /// Where the object is, as far as the plan knows.
        from: Option<String>,
        /// Where it is to be, as far as the plan knows.
        to: Option<String>,
    },
    /// The old and the new object cannot be there together.
    SameKey {
        /// What both have, for people.
        key: String,
    },
    /// The object is what another resource was.
    TakesOver {
        /// Its former address.
        from: Address,
        /// What both have, for people.
        key: String,
    },
    /// What its delete does beyond taking the object away.
    Deleting {
        /// That, for people.
        what: String,
    },
    /// The object is another resource's, too, and stays.
    BelongsTo {
        /// That resource.
        address: Address,
    },
    /// Its object is to be kept.
    Retained,
    /// It is called otherwise now.
    Moved {
        /// Its former address.
        from: Address,
    },
    /// The field's value stays, and what is secret in it changes; no provider is called.
    Secrecy {
        /// The field, or the path of the part.
        field: String,
        /// Whether it is secret now.
        secret: bool,
    },
    /// A value, or another resource, after whose change it is replaced has changed, or may.
    Triggered {
        /// Whether it has.
        certain: bool,
    },
    /// The values after whose change it is replaced are recorded for the first time; no provider is called.
    TriggersRecorded,
    /// The moment has come at which it is renewed, so that it does not end while it is in use.
    Due {
        /// That moment.
        since: Timestamp,
        /// When it ends, where that is known.
        expires: Option<Timestamp>,
    },
    /// The kind's schema grew; the fields are sent again.
    NewVersion {
        /// The recorded version.
        from: u32,
        /// The present one.
        to: u32,
    },
}

impl Reason {
    /// Tells whether only the record changes for it, and no provider is called.
    pub fn is_of_record(&self) -> bool {
        matches!(self, Self::Secrecy { .. } | Self::TriggersRecorded)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRecorded => f.write_str("it is not there yet"),
            Self::NotDeclared => f.write_str("the program no longer declares it"),
            Self::Down => f.write_str("the stack goes down"),
            Self::Changed { field, replaces: true } => {
                write!(f, "`{field}` changes, which forces a replacement")
            }
            Self::Changed { field, .. } => write!(f, "`{field}` changes"),
            Self::Unknown { field, replaces: true } => {
                write!(f, "`{field}` is known after apply; a different value forces a replacement")
            }
            Self::Unknown { field, .. } => write!(f, "`{field}` is known after apply"),
            Self::Drifted { field, .. } => write!(f, "`{field}` was changed outside of the stack"),
            Self::Incomplete => f.write_str("the last operation on it ended half way"),
            Self::NotReady => f.write_str("it cannot be used yet"),
            Self::Failed { why } => write!(f, "its service gave it up: {why}"),
            Self::Requested => f.write_str("its replacement was asked for"),
            Self::DeletedFirst { because } => write!(f, "{because} has to be deleted before it is made anew"),
            Self::Superseded => f.write_str("an earlier replacement left it"),
            Self::DeletedWith { owner } => write!(f, "it goes with {owner}"),
            Self::Place { from: Some(from), to: Some(to), .. } => {
                write!(f, "it is moved to another place: from {from} to {to}")
            }
            Self::Place { instance: Some(instance), .. } => write!(f, "its place is replaced: {instance}"),
            Self::Place { .. } => f.write_str("it is moved to another place"),
            Self::SameKey { key } => write!(f, "there can be only one with {key}: the old one goes first"),
            Self::TakesOver { from, key } => write!(f, "it is the object that {from} was, with {key}"),
            Self::BelongsTo { address } => write!(f, "its object belongs to {address} now"),
            Self::Deleting { what } => f.write_str(what),
            Self::Retained => f.write_str("its object is retained"),
            Self::Moved { from } => write!(f, "it was called {from}"),
            Self::Secrecy { field, secret: true } => write!(f, "`{field}` becomes a secret"),
            Self::Secrecy { field, secret: false } => write!(f, "`{field}` is no longer a secret"),
            Self::Triggered { certain: true } => f.write_str("what it is to be replaced after has changed"),
            Self::Triggered { certain: false } => {
                f.write_str("what it is to be replaced after is known after apply; a different value forces a replacement")
            }
            Self::TriggersRecorded => f.write_str("what it is to be replaced after is recorded"),
            Self::Due { since, expires: Some(end) } => {
                write!(f, "it expires on {end}, and is renewed from {since} on")
            }
            Self::Due { since, .. } => write!(f, "it is renewed from {since} on"),
            Self::NewVersion { from, to } => write!(f, "its kind went from version {from} to {to}"),
        }
    }
}
