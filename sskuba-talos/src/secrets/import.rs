//! Finds the parts of a bundle in a document, wherever they are in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sskuba_core::secret::Secret;

use super::authority::Authority;
use super::bundle::{Accepted, Bundle, CertificateAndKey, Certificates, Identity, Tokens};
use super::problem::{BundleError, Problem};
use crate::yaml::Node;

/// What Talos shows instead of a key to whoever may not see it.
const REDACTED: &str = "******";

/// Where the parts of a bundle are in a document, as keys joined by dots.
pub(super) struct Places {
    pub(super) id: &'static str,
    pub(super) secret: &'static str,
    pub(super) bootstrap: &'static str,
    pub(super) trustd: &'static str,
    pub(super) secretbox: &'static str,
    pub(super) service_account: &'static str,
    pub(super) authority: fn(Authority) -> &'static str,
    /// Where the authorities are that are believed as well: a list, and the key in its items.
    pub(super) accepted: fn(Authority) -> (&'static str, Option<&'static str>),
    /// What to do about a part that is not there.
    pub(super) advice: &'static str,
}

/// The places in `secrets.yaml`.
pub(super) const SECRETS: Places = Places {
    id: "cluster.id",
    secret: "cluster.secret",
    bootstrap: "secrets.bootstraptoken",
    trustd: "trustdinfo.token",
    secretbox: "secrets.secretboxencryptionsecret",
    service_account: "certs.k8sserviceaccount.key",
    authority: |authority| match authority {
        Authority::Os => "certs.os",
        Authority::Kubernetes => "certs.k8s",
        Authority::Etcd => "certs.etcd",
        Authority::Aggregator => "certs.k8saggregator",
    },
    accepted: |authority| match authority {
        Authority::Os => ("accepted.os", None),
        _ => ("accepted.k8s", None),
    },
    advice: "take it from a backup, or from the machine config of a control plane",
};

/// The places in the main document of a machine config.
const CONFIG: Places = Places {
    id: "cluster.id",
    secret: "cluster.secret",
    bootstrap: "cluster.token",
    trustd: "machine.token",
    secretbox: "cluster.secretboxEncryptionSecret",
    service_account: "cluster.serviceAccount.key",
    authority: |authority| match authority {
        Authority::Os => "machine.ca",
        Authority::Kubernetes => "cluster.ca",
        Authority::Etcd => "cluster.etcd.ca",
        Authority::Aggregator => "cluster.aggregatorCA",
    },
    accepted: |authority| match authority {
        Authority::Os => ("machine.acceptedCAs", Some("crt")),
        _ => ("cluster.acceptedCAs", Some("crt")),
    },
    advice: "give the config of a control plane: a worker has no keys",
};

impl Bundle {
    /// Reads the secrets of a cluster out of the machine config of one of its control planes.
    ///
    /// # Errors
    /// If it is not YAML, has no main document, or a part of the bundle is not in it; all of them together.
    pub fn from_control_plane(config: &str) -> Result<Self, BundleError> {
        let one = |message: String| BundleError { problems: vec![Problem::new("", message)] };
        let documents = crate::yaml::read(config).map_err(|error| one(error.to_string()))?;
        // All other documents say what kind they are.
        let main = documents.iter().find(|document| document.get("machine").is_some());
        let main =
            main.ok_or_else(|| one("no document of the machine config has a key machine".to_owned()))?;
        bundle(main, &CONFIG, Vec::new())
    }
}

/// Reads a bundle; `problems` are those that are known already.
pub(super) fn bundle(root: &Node, places: &Places, problems: Vec<Problem>) -> Result<Bundle, BundleError> {
    let mut find = Finder::new(root, places.advice);
    find.problems = problems;
    let authority = |find: &mut Finder<'_>, which| find.pair((places.authority)(which));
    let bundle = Bundle {
        cluster: Identity { id: find.text(places.id), secret: Secret::new(find.text(places.secret)) },
        tokens: Tokens {
            bootstrap: Secret::new(find.text(places.bootstrap)),
            trustd: Secret::new(find.text(places.trustd)),
            secretbox: Secret::new(find.text(places.secretbox)),
        },
        certificates: Certificates {
            etcd: authority(&mut find, Authority::Etcd),
            kubernetes: authority(&mut find, Authority::Kubernetes),
            aggregator: authority(&mut find, Authority::Aggregator),
            os: authority(&mut find, Authority::Os),
            service_account: Secret::new(find.pem(places.service_account)),
        },
        accepted: Accepted {
            os: find.pems((places.accepted)(Authority::Os)),
            kubernetes: find.pems((places.accepted)(Authority::Kubernetes)),
        },
    };
    find.end(bundle)
}

/// Finds texts in a document and notes what is not there.
pub(super) struct Finder<'a> {
    root: &'a Node,
    problems: Vec<Problem>,
    advice: &'static str,
}

impl<'a> Finder<'a> {
    /// Looks in a document; `advice` is what to do about a part that is not there.
    pub(super) const fn new(root: &'a Node, advice: &'static str) -> Self {
        Self { root, problems: Vec::new(), advice }
    }

    /// Notes a problem if there is one.
    pub(super) fn judge(&mut self, path: &str, message: Option<&str>) {
        if let Some(message) = message {
            self.note(path, message);
        }
    }

    /// Returns what was found, or all that was not.
    pub(super) fn end<T>(self, found: T) -> Result<T, BundleError> {
        if self.problems.is_empty() { Ok(found) } else { Err(BundleError { problems: self.problems }) }
    }

    /// Notes a problem.
    fn note(&mut self, path: &str, message: impl Into<String>) -> String {
        self.problems.push(Problem::new(path, message));
        String::new()
    }

    /// Returns a text; an empty one if there is none, which is noted.
    pub(super) fn text(&mut self, path: &str) -> String {
        let keys: Vec<&str> = path.split('.').collect();
        match self.root.at(&keys) {
            Some(Node::String(text)) if text == REDACTED => {
                self.note(path, "is redacted; read it with the role os:admin")
            }
            Some(Node::String(text)) if !text.is_empty() => text.clone(),
            None | Some(Node::Null | Node::String(_)) => {
                self.note(path, format!("is missing; {}", self.advice))
            }
            Some(Node::Int(_) | Node::UInt(_) | Node::Float(_) | Node::Number(_)) => {
                self.note(path, "is a number and has to be a text; put it in quotes")
            }
            Some(other) => self.note(path, format!("is {} and has to be a text", other.kind())),
        }
    }

    /// Returns the PEM that a text in base64 holds.
    fn pem(&mut self, path: &str) -> String {
        let text = self.text(path);
        self.decoded(path, text)
    }

    /// Returns the PEM of a list's items, or of what each has under a key; none where there is no list.
    pub(super) fn pems(&mut self, (path, key): (&str, Option<&str>)) -> Vec<String> {
        let keys: Vec<&str> = path.split('.').collect();
        let items = match self.root.at(&keys) {
            None | Some(Node::Null) => return Vec::new(),
            Some(list) => list.as_seq(),
        };
        let Some(items) = items else {
            self.note(path, "is no list of certificates");
            return Vec::new();
        };
        let mut found = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let text = key.map_or(Some(item), |key| item.get(key)).and_then(Node::as_str);
            let path = format!("{path}[{index}]");
            match text {
                Some(text) => found.push(self.decoded(&path, text.to_owned())),
                None => drop(self.note(&path, "is no certificate")),
            }
        }
        found
    }

    /// Returns the PEM that base64 holds.
    fn decoded(&mut self, path: &str, mut text: String) -> String {
        if text.is_empty() {
            return text;
        }
        text.retain(|character| character != '\n' && character != '\r');
        match STANDARD.decode(&text).map(String::from_utf8) {
            Ok(Ok(pem)) => pem,
            Ok(Err(_)) => self.note(path, "is base64 of something that is not PEM"),
            Err(_) => self.note(path, "is not standard base64; it has to be the base64 of PEM"),
        }
    }

    /// Returns a certificate with its key.
    pub(super) fn pair(&mut self, path: &str) -> CertificateAndKey {
        CertificateAndKey {
            certificate: self.pem(&format!("{path}.crt")),
            key: Secret::new(self.pem(&format!("{path}.key"))),
        }
    }
}
