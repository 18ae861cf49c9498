//! Which providers a program was built with, and which kinds they know.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::contract::Provider;
use crate::schema::Schema;

/// A kind or provider that the program does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegistryError {
    /// No provider of this name.
    #[error(
        "{what} needs provider `{provider}`, which this program does not have (it has {known}); register it with \
         `.provider(…)`"
    )]
    NoProvider {
        /// What needs it: an address or a kind.
        what: String,
        /// The provider's name.
        provider: String,
        /// Those that are there.
        known: String,
    },
    /// The provider has no such kind.
    #[error(
        "{kind} is not a kind that provider `{provider}` of this program knows; \
         build the program with the version that recorded it"
    )]
    NoKind {
        /// The kind.
        kind: String,
        /// The provider's name.
        provider: String,
    },
}

/// The providers of an engine, by name.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    providers: BTreeMap<String, Arc<dyn Provider>>,
    schemas: HashMap<String, Arc<Schema>>,
}

impl Registry {
    /// Adds a provider; a later one of the same name takes the place of an earlier one.
    pub fn add(&mut self, provider: Arc<dyn Provider>) {
        for schema in provider.schemas() {
            self.schemas.insert(schema.kind.to_string(), schema);
        }
        self.providers.insert(provider.name().to_owned(), provider);
    }

    /// Returns all providers, in the order of their names.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.providers.values()
    }

    /// Returns all schemas, in the order of their kinds.
    pub fn schemas(&self) -> Vec<&Arc<Schema>> {
        let mut all: Vec<_> = self.schemas.values().collect();
        all.sort_by(|a, b| a.kind.cmp(&b.kind));
        all
    }

    /// Returns the provider of this name; `what` needs it.
    ///
    /// # Errors
    /// If there is none.
    pub fn provider(&self, name: &str, what: &str) -> Result<&Arc<dyn Provider>, RegistryError> {
        self.providers.get(name).ok_or_else(|| RegistryError::NoProvider {
            what: what.to_owned(),
            provider: name.to_owned(),
            known: self.providers.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        })
    }

    /// Returns the schema of a kind.
    ///
    /// # Errors
    /// If no provider has it.
    pub fn schema(&self, kind: &str) -> Result<&Arc<Schema>, RegistryError> {
        let provider = kind.split(':').next().unwrap_or_default();
        self.provider(provider, kind)?;
        let found = self.schemas.get(kind);
        found.ok_or_else(|| RegistryError::NoKind { kind: kind.to_owned(), provider: provider.to_owned() })
    }
}
