//! Provider instances: the default ones, and those that a stack declares as resources.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::address::Address;
use crate::provider::{Class, Failure, Provider, Registry, RegistryError};
use crate::state::State;
use crate::value::Map;

/// Tells whether a kind is that of provider instances: `NAME:provider:Instance`.
pub fn is_instance_kind(kind: &str) -> bool {
    kind.split(':').nth(1) == Some("provider")
}

/// A provider instance that is configured when it is first used.
#[derive(Debug, Clone)]
pub(crate) struct Instance {
    /// Names it, for limits and messages.
    pub(super) name: Arc<str>,
    base: Arc<dyn Provider>,
    settings: Option<Arc<Map>>,
    made: Arc<OnceCell<Arc<dyn Provider>>>,
}

impl Instance {
    /// Returns the provider that knows the schemas and limits.
    pub(super) fn base(&self) -> &Arc<dyn Provider> {
        &self.base
    }

    /// Returns the provider, configured.
    ///
    /// # Errors
    /// What the provider says of its settings.
    pub(crate) async fn get(&self) -> Result<Arc<dyn Provider>, Failure> {
        let Some(settings) = &self.settings else { return Ok(Arc::clone(&self.base)) };
        self.made.get_or_try_init(|| self.base.configure(settings)).await.map(Arc::clone)
    }
}

/// The instances that a run uses.
#[derive(Debug, Default)]
pub(crate) struct Instances {
    known: HashMap<Address, Instance>,
    defaults: HashMap<String, Instance>,
}

impl Instances {
    /// Returns the instance of a resource of `kind`: `declared`, whose settings are recorded, or the default one.
    ///
    /// # Errors
    /// If the program has no such provider, or the instance is not recorded.
    pub(crate) fn of(
        &mut self,
        registry: &Registry,
        state: &State,
        kind: &str,
        declared: Option<&Address>,
    ) -> Result<Instance, Failure> {
        let missing = |error: RegistryError| Failure::new(Class::Terminal, error.to_string());
        let Some(address) = declared else {
            let name = kind.split(':').next().unwrap_or_default();
            if let Some(instance) = self.defaults.get(name) {
                return Ok(instance.clone());
            }
            let base = Arc::clone(registry.provider(name, kind).map_err(missing)?);
            let instance = Instance { name: name.into(), base, settings: None, made: Arc::default() };
            self.defaults.insert(name.to_owned(), instance.clone());
            return Ok(instance);
        };
        if let Some(instance) = self.known.get(address) {
            return Ok(instance.clone());
        }
        let Some(record) = state.current(address) else {
            let message = format!("its provider instance {address} is not recorded");
            let hint = "declare it again, or move the resource to another provider";
            return Err(Failure::new(Class::Terminal, message).hint(hint));
        };
        self.configure(registry, address, &record.applied.clone())
    }

    /// Puts an instance with these settings in place.
    ///
    /// # Errors
    /// If the program has no such provider.
    pub(super) fn configure(
        &mut self,
        registry: &Registry,
        address: &Address,
        settings: &Map,
    ) -> Result<Instance, Failure> {
        let kind = address.kind();
        let missing = |error: RegistryError| Failure::new(Class::Terminal, error.to_string());
        let base = Arc::clone(registry.provider(kind.provider(), address.as_str()).map_err(missing)?);
        let name = address.as_str().into();
        let instance =
            Instance { name, base, settings: Some(Arc::new(settings.clone())), made: Arc::default() };
        self.known.insert(address.clone(), instance.clone());
        Ok(instance)
    }
}
