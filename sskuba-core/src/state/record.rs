//! What is recorded of each generation of a resource.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Token};
use crate::clock::Timestamp;
use crate::lifecycle::HookName;
use crate::schema::Schema;
use crate::value::Map;

/// The number of a place among those that a stack has objects in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlaceId(pub u32);

/// Where a recorded generation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It exists and is the one that the address means.
    Live,
    /// It exists and cannot be used yet: not all of its computed fields are known.
    Made,
    /// Its create ended half way; the next update completes it.
    Partial,
    /// Its service gave it up: it exists, and will never be usable. The next plan replaces it.
    Failed,
    /// Another generation took its place; it waits for its delete.
    Superseded,
}

impl Status {
    /// Tells whether the object may never have been ready: it is waited for, or what ended half way was its create.
    pub(crate) fn may_not_be_ready(self) -> bool {
        matches!(self, Self::Made | Self::Partial)
    }
}

/// Options that are recorded, so that a resource that left the program still obeys them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// Deletes and replacements are refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protect: bool,
    /// A delete, also that of a replaced generation, forgets the record and leaves the object.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retain: bool,
    /// The resource whose delete takes this one with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_with: Option<Address>,
    /// How long a delete may take, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_timeout: Option<u64>,
    /// Its hooks, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<HookName>,
}

/// One generation of a resource. `M` is [`Map`] in memory and sealed JSON in a store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record<M = Map> {
    /// The address.
    pub address: Address,
    /// The generation.
    pub token: Token,
    /// The version of the kind's schema that wrote the fields.
    pub version: u32,
    /// The provider instance, if not the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Address>,
    /// The generation of that instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Token>,
    /// Where the object is: the number of the place among those of the stack. None if an earlier release recorded it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    /// Where it stands.
    pub status: Status,
    /// The provider's id.
    pub id: String,
    /// The inputs that the last successful call sent.
    pub applied: M,
    /// The inputs as the provider last reported them; fields it does not report are left out.
    pub observed: M,
    /// The computed fields as last reported.
    pub outputs: M,
    /// What it depends on.
    pub dependencies: Vec<Address>,
    /// Recorded options.
    pub flags: Flags,
    /// Why its service gave it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub updated: Timestamp,
    /// How long its last create or update took, in milliseconds.
    pub took: u64,
}

impl Record {
    /// Returns the record with its values in the form of this version of its kind. It keeps its own version, by which the
    /// plan sees that the object is to be updated.
    pub fn migrated(&self, schema: &Schema) -> Cow<'_, Self> {
        let Some(migrate) = schema.migrate.filter(|_| self.version < schema.version) else {
            return Cow::Borrowed(self);
        };
        let mut record = self.clone();
        migrate(self.version, &mut record.observed, &mut record.outputs.clone());
        migrate(self.version, &mut record.applied, &mut record.outputs);
        Cow::Owned(record)
    }
}

impl<M> Record<M> {
    /// Turns the maps into another form.
    ///
    /// # Errors
    /// What `f` answers.
    pub fn try_map<N, E>(self, mut f: impl FnMut(M) -> Result<N, E>) -> Result<Record<N>, E> {
        Ok(Record {
            applied: f(self.applied)?,
            observed: f(self.observed)?,
            outputs: f(self.outputs)?,
            address: self.address,
            token: self.token,
            version: self.version,
            provider: self.provider,
            instance: self.instance,
            place: self.place,
            status: self.status,
            id: self.id,
            dependencies: self.dependencies,
            flags: self.flags,
            failure: self.failure,
            created: self.created,
            updated: self.updated,
            took: self.took,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;
    use crate::resource::{Migrate, Resource};
    use crate::state::{Flags, Status};
    use crate::value::Value;

    /// A page; what was its `name` is its title now.
    #[derive(Resource)]
    #[resource(kind = "wiki:page:Page", version = 2, idempotency = "token")]
    struct Page {
        /// Its title.
        title: Input<String>,
        /// Its number.
        #[resource(computed, id)]
        id: Computed<String>,
    }

    impl Migrate for Page {
        fn migrate(from: u32, inputs: &mut Map, outputs: &mut Map) {
            assert_eq!(from, 1);
            if let Some(name) = inputs.remove("name") {
                inputs.insert("title".to_owned(), name);
            }
            outputs.entry("id".to_owned()).or_insert_with(|| "none".into());
        }
    }

    fn record(version: u32) -> Record {
        let name = |value: &str| Map::from([("name".to_owned(), Value::from(value))]);
        Record {
            address: Address::parse("wiki:page:Page::home").unwrap(),
            token: Token::new([7; 16]),
            version,
            provider: None,
            instance: None,
            place: None,
            status: Status::Live,
            id: "1".to_owned(),
            applied: name("sent"),
            observed: name("seen"),
            outputs: Map::new(),
            dependencies: Vec::new(),
            flags: Flags::default(),
            failure: None,
            created: Timestamp(0),
            updated: Timestamp(0),
            took: 0,
        }
    }

    #[test]
    fn what_an_earlier_version_recorded_is_read_in_todays_form() {
        let title = |value: &str| Map::from([("title".to_owned(), Value::from(value))]);
        let old = record(1);
        let today = old.migrated(&Page::schema());
        assert_eq!((&today.applied, &today.observed), (&title("sent"), &title("seen")));
        assert_eq!((today.outputs["id"].as_str(), today.version), (Some("none"), 1));
    }

    #[test]
    fn what_this_version_recorded_stays_as_it_is() {
        assert!(matches!(record(2).migrated(&Page::schema()), Cow::Borrowed(_)));
    }
}
