//! Which providers a program was built with, and which kinds they know.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use super::builtin::{BUILTIN, Builtin};
use super::contract::Provider;
use super::error::{Class, Failure};
use super::hook::{FoundHook, Hook};
use crate::address::{Address, Kind, StackId, Token};
use crate::lifecycle::HookName;
use crate::schema::Schema;
use crate::suggest::suggestion;

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

/// The providers of an engine, by name. The engine's own, for components, is always there.
#[derive(Debug, Clone)]
pub struct Registry {
    providers: BTreeMap<String, Arc<dyn Provider>>,
    schemas: HashMap<String, Arc<Schema>>,
    hooks: BTreeMap<String, RegisteredHook>,
}

/// A hook that the program registered.
#[derive(Clone)]
struct RegisteredHook(Arc<dyn Hook>);

impl fmt::Debug for RegisteredHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

impl Default for Registry {
    fn default() -> Self {
        let mut registry =
            Self { providers: BTreeMap::new(), schemas: HashMap::new(), hooks: BTreeMap::new() };
        registry.add(Arc::new(Builtin));
        registry
    }
}

impl Registry {
    /// Adds a provider; a later one of the same name takes the place of an earlier one.
    pub fn add(&mut self, provider: Arc<dyn Provider>) {
        for schema in provider.schemas() {
            self.schemas.insert(schema.kind.to_string(), schema);
        }
        self.providers.insert(provider.name().to_owned(), provider);
    }

    /// Registers a hook; a later one of the same name takes the place of an earlier one.
    pub fn add_hook(&mut self, name: impl Into<String>, hook: Arc<dyn Hook>) {
        self.hooks.insert(name.into(), RegisteredHook(hook));
    }

    /// Says what is wrong with hooks that a resource names: those that are not registered.
    pub(crate) fn unknown_hook(&self, hooks: &[HookName]) -> Option<String> {
        let HookName { name, .. } = hooks.iter().find(|hook| !self.hooks.contains_key(&hook.name))?;
        let near = suggestion(name, self.hooks.keys().map(String::as_str));
        Some(format!("its hook `{name}` is not registered; register it with `.hook(\"{name}\", …)`{near}"))
    }

    /// Finds the hooks that a resource names.
    ///
    /// # Errors
    /// If one is not registered.
    pub(crate) fn hooks(&self, names: &[HookName]) -> Result<Vec<FoundHook>, Failure> {
        if let Some(why) = self.unknown_hook(names) {
            return Err(Failure::new(Class::Terminal, why));
        }
        let found = |name: &HookName| {
            let RegisteredHook(hook) = self.hooks.get(&name.name)?;
            Some(FoundHook { name: name.clone(), hook: Arc::clone(hook) })
        };
        Ok(names.iter().filter_map(found).collect())
    }

    /// Tells all providers that what became of calls is recorded; see [`Provider::settled`].
    pub(crate) fn settled(&self, stack: &StackId, is_settled: &dyn Fn(Token) -> bool) {
        self.providers().for_each(|provider| provider.settled(stack, is_settled));
    }

    /// Returns all providers but the engine's own, in the order of their names.
    pub fn providers(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.providers.values().filter(|provider| provider.name() != BUILTIN)
    }

    /// Returns the schemas of these providers that are known from the start, in the order of their kinds.
    pub fn schemas(&self) -> Vec<&Arc<Schema>> {
        let mut all: Vec<_> =
            self.schemas.values().filter(|schema| schema.kind.provider() != BUILTIN).collect();
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
            known: self.providers().map(|known| format!("`{}`", known.name())).collect::<Vec<_>>().join(", "),
        })
    }

    /// Returns the schema of a kind, also of one that its provider has learned since.
    ///
    /// # Errors
    /// If no provider has it.
    pub fn schema(&self, kind: &str) -> Result<Arc<Schema>, RegistryError> {
        if let Some(schema) = self.schemas.get(kind) {
            return Ok(Arc::clone(schema));
        }
        let name = kind.split(':').next().unwrap_or_default();
        let provider = self.provider(name, kind)?;
        let learned = Kind::parse(kind).ok().and_then(|kind| provider.schema(&kind));
        learned.ok_or_else(|| RegistryError::NoKind { kind: kind.to_owned(), provider: name.to_owned() })
    }

    /// Tells whether a recorded resource is a provider instance: its kind's schema says so, or its name where the program no
    /// longer has the kind.
    pub(crate) fn is_instance(&self, address: &Address) -> bool {
        let schema = self.schema(address.kind_str());
        schema.map_or_else(|_| address.is_instance(), |schema| schema.is_instance())
    }

    /// Lets the providers learn those of these kinds that they do not know.
    ///
    /// # Errors
    /// What a provider answers.
    pub async fn learn(&self, kinds: impl IntoIterator<Item = &Kind>) -> Result<(), Failure> {
        let mut unknown: BTreeMap<&str, BTreeSet<Kind>> = BTreeMap::new();
        for kind in kinds {
            if !self.schemas.contains_key(kind.as_str()) && self.schema(kind.as_str()).is_err() {
                unknown.entry(kind.provider()).or_default().insert(kind.clone());
            }
        }
        for (name, kinds) in unknown {
            if let Some(provider) = self.providers.get(name) {
                provider.learn(&kinds.into_iter().collect::<Vec<_>>()).await?;
            }
        }
        Ok(())
    }
}
