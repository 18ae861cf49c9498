//! Which document is which.

use crate::contract::Contract;
use crate::yaml::Node;

/// Kinds that 1.12 brought.
const SINCE_1_12: &[&str] = &[
    "BondConfig",
    "BridgeConfig",
    "DHCPv4Config",
    "DHCPv6Config",
    "DummyLinkConfig",
    "HCloudVIPConfig",
    "HostnameConfig",
    "Layer2VIPConfig",
    "LinkAliasConfig",
    "LinkConfig",
    "OOMConfig",
    "RegistryAuthConfig",
    "RegistryMirrorConfig",
    "RegistryTLSConfig",
    "ResolverConfig",
    "StaticHostConfig",
    "TimeSyncConfig",
    "VLANConfig",
    "WireguardConfig",
];

/// Kinds that 1.13 brought.
const SINCE_1_13: &[&str] = &[
    "BlackholeRouteConfig",
    "EnvironmentConfig",
    "ExternalVolumeConfig",
    "ImageVerificationConfig",
    "KubeSpanConfig",
    "RoutingRuleConfig",
    "TCPProbeConfig",
    "VRFConfig",
];

/// Returns the first contract that knows a kind of document.
pub(crate) fn since(kind: &str) -> Contract {
    match kind {
        kind if SINCE_1_13.contains(&kind) => Contract::V1_13,
        kind if SINCE_1_12.contains(&kind) => Contract::V1_12,
        _ => Contract::V1_11,
    }
}

/// The kind of the document of machine and cluster.
const MAIN: &str = "v1alpha1";

/// What tells documents apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    /// The kind; `v1alpha1` for the document of machine and cluster.
    pub(crate) kind: String,
    /// The name; empty where the kind has none.
    pub(crate) name: String,
}

impl Identity {
    /// Reads a document's identity.
    ///
    /// # Errors
    /// If the document says too little of itself.
    pub(crate) fn of(document: &Node) -> Result<Self, &'static str> {
        let text = |key: &str| document.get(key).and_then(Node::as_str).unwrap_or_default();
        let legacy = ["machine", "cluster", "debug", "persist"].iter().any(|key| document.get(key).is_some());
        let kind = text("kind");
        match (kind, text("apiVersion")) {
            ("" | MAIN, _) if legacy || document.get("version").is_some() => Ok(Self::main()),
            ("", MAIN) => Ok(Self::main()),
            ("", _) => Err("the document has no `kind`, and is not one of machine and cluster"),
            (_, MAIN) => {
                let named = super::schema().kinds.get(kind).is_none_or(|kind| kind.named);
                let name = if named { scalar(document.get("name")) } else { String::new() };
                Ok(Self { kind: kind.to_owned(), name })
            }
            (_, "") => Err("the document has no `apiVersion`; write `v1alpha1`"),
            _ => Err("the document's `apiVersion` is unknown; write `v1alpha1`"),
        }
    }

    /// Returns the identity of the document of machine and cluster.
    pub(crate) fn main() -> Self {
        Self { kind: MAIN.to_owned(), name: String::new() }
    }

    /// Returns whether it is the document of machine and cluster.
    pub(crate) fn is_main(&self) -> bool {
        self.kind == MAIN
    }
}

/// A name may look like a number.
fn scalar(node: Option<&Node>) -> String {
    node.and_then(Node::scalar).unwrap_or_default()
}
