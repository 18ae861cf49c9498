//! Kubernetes' own parts.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sskuba_core::secret::Secret;

use crate::yaml::Node;

/// A part of Kubernetes that Talos runs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Component {
    /// Its image; the official one of the cluster's version where it is left out.
    pub image: Option<String>,
    /// Arguments, without the dashes.
    pub extra_args: IndexMap<String, String>,
    /// Environment; the proxy has none.
    pub env: IndexMap<String, String>,
    /// More names and addresses for its certificate; only the API server has one.
    pub certificate_sans: Vec<String>,
    /// True where it is not to run; only the proxy can be left out.
    pub disabled: bool,
}

impl Component {
    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra_args.insert(name.into(), value.into());
        self
    }
}

/// The store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct Etcd {
    /// Its image; the one that Talos comes with where it is left out.
    pub image: Option<String>,
    /// Arguments, without the dashes.
    pub extra_args: IndexMap<String, String>,
    /// Ranges of the addresses that members tell others; `!` before a range excludes it.
    pub advertised_subnets: Vec<String>,
}

/// An admission plugin of the API server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct AdmissionPlugin {
    /// Its name, e.g. `PodSecurity`.
    pub name: String,
    /// Its configuration.
    pub configuration: Node,
}

impl AdmissionPlugin {
    /// Configures a plugin.
    pub fn new(name: impl Into<String>, configuration: Node) -> Self {
        Self { name: name.into(), configuration }
    }
}

/// A manifest that is in the config itself; it may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct InlineManifest {
    /// A name of its own.
    pub name: String,
    /// YAML.
    pub contents: Secret<String>,
}

impl InlineManifest {
    /// Names a manifest.
    pub fn new(name: impl Into<String>, contents: impl Into<String>) -> Self {
        Self { name: name.into(), contents: Secret::new(contents.into()) }
    }
}
