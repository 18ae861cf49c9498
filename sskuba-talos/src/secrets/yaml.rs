//! `secrets.yaml`, as `talosctl gen secrets` writes it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sskuba_core::secret::Secret;

use super::authority::Authority;
use super::bundle::{Accepted, Bundle};
use super::import::{SECRETS, bundle};
use super::problem::{BundleError, Problem};
use crate::yaml::{Map, Node, read, write};

/// The keys of `secrets.yaml`, as paths; nothing else is in one. `accepted` is not Talos's, which passes over it, and only
/// there while an authority is rotated.
const KNOWN: &[&str] = &[
    "cluster",
    "cluster.id",
    "cluster.secret",
    "secrets",
    "secrets.bootstraptoken",
    "secrets.secretboxencryptionsecret",
    "secrets.aescbcencryptionsecret",
    "trustdinfo",
    "trustdinfo.token",
    "certs",
    "certs.etcd",
    "certs.k8s",
    "certs.k8saggregator",
    "certs.k8sserviceaccount",
    "certs.os",
    "accepted",
    "accepted.os",
    "accepted.k8s",
];

/// Where a cluster made by Talos 1.2 or older has the key that encrypts its secrets.
const OLD_KEY: &str = "secrets.aescbcencryptionsecret";

impl Bundle {
    /// Reads Talos's `secrets.yaml`. [`Bundle::validate`] looks at what is in the texts.
    ///
    /// ```
    /// use sskuba_talos::secrets::Bundle;
    ///
    /// let error = Bundle::from_yaml("cluster: {id: a, secret: 5}").unwrap_err();
    /// assert_eq!(
    ///     error.problems[0].to_string(),
    ///     "cluster.secret is a number and has to be a text; put it in quotes"
    /// );
    /// ```
    ///
    /// # Errors
    /// If it is not one YAML document, a part is missing or not a text, a certificate or key is not base64, or there is
    /// a key that a bundle does not have; all of them together.
    pub fn from_yaml(text: &str) -> Result<Self, BundleError> {
        let one = |message: String| BundleError { problems: vec![Problem::new("", message)] };
        let documents = read(text).map_err(|error| one(error.to_string()))?;
        let [root] = documents.as_slice() else {
            return Err(one(format!("secrets.yaml has {} documents and has to have one", documents.len())));
        };
        if root.as_map().is_none() {
            return Err(one(format!("secrets.yaml is {} and has to be a mapping", root.kind())));
        }
        let mut problems = Vec::new();
        unknown(root, "", &mut problems);
        if root.at(&["secrets", "aescbcencryptionsecret"]).is_some_and(|node| *node != Node::Null) {
            let message = "is of Talos 1.2 or older, which no config is written for; \
                           move the cluster to secretbox encryption first";
            problems.push(Problem::new(OLD_KEY, message));
        }
        bundle(root, &SECRETS, problems)
    }

    /// Writes Talos's `secrets.yaml`.
    pub fn to_yaml(&self) -> Secret<String> {
        let authority = |which| {
            let pair = self.authority(which);
            map([("crt", encode(&pair.certificate)), ("key", encode(pair.key.expose()))])
        };
        let text = |secret: &Secret<String>| Node::from(secret.expose().as_str());
        let mut root = map([
            (
                "cluster",
                map([("id", self.cluster.id.as_str().into()), ("secret", text(&self.cluster.secret))]),
            ),
            (
                "secrets",
                map([
                    ("bootstraptoken", text(&self.tokens.bootstrap)),
                    ("secretboxencryptionsecret", text(&self.tokens.secretbox)),
                ]),
            ),
            ("trustdinfo", map([("token", text(&self.tokens.trustd))])),
            (
                "certs",
                map([
                    ("etcd", authority(Authority::Etcd)),
                    ("k8s", authority(Authority::Kubernetes)),
                    ("k8saggregator", authority(Authority::Aggregator)),
                    ("k8sserviceaccount", map([("key", encode(self.certificates.service_account.expose()))])),
                    ("os", authority(Authority::Os)),
                ]),
            ),
        ]);
        if let Some(root) = root.as_map_mut().filter(|_| self.accepted != Accepted::default()) {
            let list =
                |certificates: &[String]| Node::Seq(certificates.iter().map(|pem| encode(pem)).collect());
            let accepted = [("os", list(&self.accepted.os)), ("k8s", list(&self.accepted.kubernetes))];
            root.insert("accepted".to_owned(), map(accepted));
        }
        Secret::new(write([&root]))
    }
}

/// Makes a mapping.
pub(super) fn map<const N: usize>(entries: [(&str, Node); N]) -> Node {
    Node::Map(entries.into_iter().map(|(key, node)| (key.to_owned(), node)).collect::<Map>())
}

/// Writes PEM as Talos does.
pub(crate) fn encode(pem: &str) -> Node {
    STANDARD.encode(pem).into()
}

/// Notes the keys that a bundle does not have.
fn unknown(node: &Node, path: &str, problems: &mut Vec<Problem>) {
    let Some(entries) = node.as_map() else { return };
    for (key, value) in entries {
        let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let pair = (key == "crt" || key == "key") && path.starts_with("certs.");
        if KNOWN.contains(&inner.as_str()) {
            unknown(value, &inner, problems);
        } else if !pair || (key == "crt" && path == "certs.k8sserviceaccount") {
            problems.push(Problem::new(inner, "is no key of secrets.yaml; correct or remove it"));
        }
    }
}
