//! Provider instances: the default ones, and those that a stack declares as resources. Each is configured when it is
//! first needed, and found out where it works, once in a run.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use super::call::{answered, panicked};
use crate::address::{Address, Token};
use crate::provider::{Class, Failure, Instance, Place, Provider, Registry, RegistryError};
use crate::state::State;
use crate::value::Map;

/// A provider instance that is configured when it is first used.
#[derive(Debug, Clone)]
pub(crate) struct Configured {
    /// Names it, for limits and messages.
    pub(crate) name: Arc<str>,
    /// The generation, of a declared one that is recorded.
    pub(crate) generation: Option<Token>,
    base: Arc<dyn Provider>,
    settings: Option<Arc<Map>>,
    /// What the settings say of the place.
    said: Place,
    made: Arc<OnceCell<Arc<dyn Instance>>>,
    place: Arc<OnceCell<Place>>,
}

impl Configured {
    fn new(name: Arc<str>, base: Arc<dyn Provider>, settings: Option<(&Map, Place)>) -> Self {
        let (settings, said) = settings.map(|(map, said)| (Arc::new(map.clone()), said)).unzip();
        let (made, place) = (Arc::default(), Arc::default());
        Self { name, generation: None, base, settings, said: said.unwrap_or_default(), made, place }
    }

    /// Names it for people: the address, or the provider's name as such.
    pub(crate) fn label(&self) -> String {
        if self.settings.is_some() { self.name.to_string() } else { format!("provider `{}`", self.name) }
    }

    /// Returns the provider that knows the schemas and limits.
    pub(crate) fn base(&self) -> &Arc<dyn Provider> {
        &self.base
    }

    /// Returns the instance, configured.
    ///
    /// # Errors
    /// What the provider says of its settings.
    pub(crate) async fn get(&self) -> Result<Arc<dyn Instance>, Failure> {
        let configure = || self.base.configure(self.settings.as_deref());
        self.made.get_or_try_init(configure).await.map(Arc::clone)
    }

    /// Finds out where the instance works; asks once.
    ///
    /// # Errors
    /// What the provider says.
    pub(crate) async fn place(&self) -> Result<Place, Failure> {
        let find = async || {
            let this = self.clone();
            // In a task of its own: what panics says nothing, and must not pass for one that is in the right place.
            let mut task = JoinSet::new();
            task.spawn(async move { this.get().await?.place().await });
            let found =
                async { task.join_next().await.and_then(Result::ok).unwrap_or_else(|| Err(panicked())) };
            Ok(self.said.clone().and(answered(found).await?))
        };
        self.place.get_or_try_init(find).await.cloned()
    }

    /// Returns where the instance works, if that was found out.
    pub(crate) fn known_place(&self) -> Option<&Place> {
        self.place.get()
    }
}

/// What tells one instance from another: the provider's name, or the address and generation of a declared one.
type Key = (Arc<str>, Option<Token>);

/// The instances that a run uses. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Instances(Arc<Mutex<HashMap<Key, Configured>>>);

impl fmt::Debug for Instances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instances").finish_non_exhaustive()
    }
}

impl Instances {
    /// Returns the instance of a resource of `kind`: the default one, or `declared`, of which the generation
    /// `generation` is meant, or the present one where none is named.
    ///
    /// # Errors
    /// If the program has no such provider, or the instance is not recorded.
    pub(crate) fn of(
        &self,
        registry: &Registry,
        state: &State,
        kind: &str,
        (declared, generation): (Option<&Address>, Option<Token>),
    ) -> Result<Configured, Failure> {
        let Some(address) = declared else {
            let name = kind.split(':').next().unwrap_or_default();
            return self.default_of(registry, name, kind);
        };
        let named = generation.and_then(|generation| state.record(generation));
        let Some(record) = named.or_else(|| state.current(address)) else {
            let message = format!("its provider instance {address} is not recorded");
            let hint = "declare it again, or move the resource to another provider";
            return Err(Failure::new(Class::Terminal, message).hint(hint));
        };
        self.configure(registry, address, Some(record.token), &record.applied)
    }

    fn default_of(&self, registry: &Registry, name: &str, what: &str) -> Result<Configured, Failure> {
        let base = registry.provider(name, what).map_err(missing)?;
        let key: Key = (name.into(), None);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Configured::new(name.into(), Arc::clone(base), None);
        Ok(known.entry(key).or_insert_with(new).clone())
    }

    /// Returns an instance with these settings. One that is known already is taken where it has the same.
    ///
    /// # Errors
    /// If the program has no such provider.
    pub(crate) fn configure(
        &self,
        registry: &Registry,
        address: &Address,
        generation: Option<Token>,
        settings: &Map,
    ) -> Result<Configured, Failure> {
        let kind = address.kind();
        let base = registry.provider(kind.provider(), address.as_str()).map_err(missing)?;
        let name: Arc<str> = address.as_str().into();
        let key: Key = (Arc::clone(&name), generation);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = known.get(&key).filter(|there| there.settings.as_deref() == Some(settings)) {
            return Ok(there.clone());
        }
        // What was planned and has no generation yet may be the same instance.
        let planned = known.get(&(Arc::clone(&name), None));
        let same = planned.filter(|there| there.settings.as_deref() == Some(settings)).cloned();
        let said = || {
            let schema = registry.schema(kind.as_str());
            schema.map(|schema| Place::of_settings(&schema, settings)).unwrap_or_default()
        };
        let made = same.unwrap_or_else(|| Configured::new(name, Arc::clone(base), Some((settings, said()))));
        let made = Configured { generation, ..made };
        known.insert(key, made.clone());
        Ok(made)
    }
}

fn missing(error: RegistryError) -> Failure {
    Failure::new(Class::Terminal, error.to_string())
}
