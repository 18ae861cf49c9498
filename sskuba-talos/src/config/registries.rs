//! Where images come from.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sskuba_core::secret::Secret;

use super::machine::extend;

/// Where images come from, by the name of a registry, e.g. `docker.io`; `*` is all others.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Registries {
    /// Where else a registry's images are.
    pub mirrors: IndexMap<String, Mirror>,
    /// How the certificate of a registry or mirror is checked.
    pub tls: IndexMap<String, RegistryTls>,
    /// Who a machine is to a registry or mirror.
    pub auth: IndexMap<String, RegistryAuth>,
}

/// Where else a registry's images are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Mirror {
    /// URLs, tried in this order.
    pub endpoints: Vec<String>,
    /// True where the endpoints' paths are complete, without `/v2`.
    pub override_path: bool,
    /// True where the registry itself is not tried at last.
    pub skip_fallback: bool,
}

impl Mirror {
    /// Names a mirror.
    pub fn new(endpoint: impl Into<String>) -> Self {
        Self { endpoints: vec![endpoint.into()], ..Self::default() }
    }
}

/// How the certificate of a registry is checked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RegistryTls {
    /// The authority that signed it, PEM.
    pub ca: Option<String>,
    /// True where it is not checked at all.
    pub insecure_skip_verify: bool,
    /// The machine's own certificate and key, PEM.
    pub client_identity: Option<(String, Secret<String>)>,
}

/// Who a machine is to a registry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct RegistryAuth {
    /// Its name.
    pub username: String,
    /// Its password.
    pub password: Secret<String>,
}

impl RegistryAuth {
    /// Authenticates by name and password.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: Secret::new(password.into()) }
    }
}

impl Registries {
    pub(super) fn lay(&mut self, special: &Self) {
        extend(&mut self.mirrors, &special.mirrors);
        extend(&mut self.tls, &special.tls);
        extend(&mut self.auth, &special.auth);
    }
}
