//! kubeconfig: where `kubectl` finds clusters.

use std::collections::BTreeSet;
use std::time::Duration;

use sskuba_core::clock::{IdSource, Timestamp};
use sskuba_core::secret::Secret;

use super::file::{FileError, Judge, entries};
use crate::secrets::encode;
use crate::secrets::{Bundle, CertificateAndKey, MakeError};
use crate::yaml::{Map, Node, write};

/// What this file is called in errors.
pub(super) const FILE: &str = "kubeconfig";

/// The lists of a kubeconfig: the key of the list, and the key of what an entry of it holds.
pub(super) const SECTIONS: [(&str, &str); 3] =
    [("clusters", "cluster"), ("users", "user"), ("contexts", "context")];

/// A file of clusters, users, and contexts that join the two. `Debug` shows its keys and none of its values.
///
/// ```
/// use sskuba_talos::credentials::Kubeconfig;
///
/// let file = Kubeconfig::read(
///     "apiVersion: v1\nkind: Config\ncurrent-context: a@b\n\
///      clusters: [{name: b, cluster: {server: 'https://10.0.0.1:6443'}}]\n\
///      users: [{name: a, user: {}}]\n\
///      contexts: [{name: a@b, context: {cluster: b, user: a}}]\n",
/// )?;
/// assert_eq!(file.access("a@b")?.server, "https://10.0.0.1:6443");
/// assert_eq!(file.access("a@b")?.expires, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Kubeconfig {
    pub(super) root: Map,
}

/// What a context gives access to. What is in other files, or comes from a command, is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The name of the cluster.
    pub cluster: String,
    /// The name of the user.
    pub user: String,
    /// The URL of the API server.
    pub server: String,
    /// Authorities that the server's certificate is checked against, PEM.
    pub authority: Option<String>,
    /// The certificate that the client shows.
    pub client: Option<CertificateAndKey>,
    /// When that certificate expires.
    pub expires: Option<Timestamp>,
}

impl Kubeconfig {
    /// Makes the file of an administrator as Talos does: user and context are `admin@<cluster>`, the namespace
    /// `default`. `trusted` are the authorities that the server's certificate is checked against, PEM; two while one is
    /// rotated.
    ///
    /// # Errors
    /// If the cluster has no name, or the endpoint is not a URL with `https://` and a host.
    pub fn admin(
        cluster: &str,
        endpoint: &str,
        trusted: &[&str],
        client: &CertificateAndKey,
    ) -> Result<Self, MakeError> {
        if cluster.is_empty() {
            return Err(MakeError::other("the cluster", "has no name"));
        }
        let host = endpoint.strip_prefix("https://").map(|rest| rest.split('/').next().unwrap_or(rest));
        if host
            .is_none_or(|host| host.is_empty() || host.starts_with(':') || host.contains(char::is_whitespace))
        {
            let message = format!("{endpoint:?} is no URL with https:// and a host");
            return Err(MakeError::other("the cluster's endpoint", message));
        }
        let user = format!("admin@{cluster}");
        let authority = encode(&trusted.concat());
        let mut root = Map::new();
        let mut put = |key: &str, node: Node| root.insert(key.to_owned(), node);
        put("apiVersion", "v1".into());
        put("kind", "Config".into());
        let server = [("certificate-authority-data", authority), ("server", endpoint.into())];
        put("clusters", entry(cluster, "cluster", server));
        let keys = [
            ("client-certificate-data", encode(&client.certificate)),
            ("client-key-data", encode(client.key.expose())),
        ];
        put("users", entry(&user, "user", keys));
        let joined =
            [("cluster", cluster.into()), ("namespace", "default".into()), ("user", user.as_str().into())];
        put("contexts", entry(&user, "context", joined));
        put("current-context", user.as_str().into());
        Ok(Self { root })
    }

    /// Reads a file; an empty one has nothing in it.
    ///
    /// # Errors
    /// If it is not one YAML document, its lists are not lists of entries with names, or a name is there twice; all of
    /// them together.
    pub fn read(text: &str) -> Result<Self, FileError> {
        let file = Self { root: entries(FILE, text)? };
        let mut judge = Judge::new(FILE);
        let root = Node::Map(file.root.clone());
        if judge.text(&root, "", "kind").is_some_and(|kind| kind != "Config") {
            judge.note("kind", "is not Config");
        }
        judge.text(&root, "", "current-context");
        for (list, inner) in SECTIONS {
            match root.get(list) {
                None | Some(Node::Null) => {}
                Some(Node::Seq(items)) => judge_list(items, list, inner, &mut judge),
                Some(other) => judge.note(list, format!("is {} and has to be a list", other.kind())),
            }
        }
        judge.end(file)
    }

    /// Writes the file; whoever has it can do what its users may.
    pub fn write(&self) -> Secret<String> {
        let mut root = self.root.clone();
        root.entry("apiVersion".to_owned()).or_insert_with(|| "v1".into());
        root.entry("kind".to_owned()).or_insert_with(|| "Config".into());
        Secret::new(write([&Node::Map(root)]))
    }

    /// Returns the names of all contexts, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list("contexts").iter().filter_map(name)
    }

    /// Returns the name of the context that is used unless another is named.
    pub fn current(&self) -> Option<&str> {
        self.root.get("current-context").and_then(Node::as_str).filter(|name| !name.is_empty())
    }

    /// Makes a context the current one.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn select(&mut self, name: &str) -> Result<(), FileError> {
        self.find("contexts", "context", name)?;
        self.root.insert("current-context".to_owned(), name.into());
        Ok(())
    }

    /// Returns what a context gives access to.
    ///
    /// # Errors
    /// If there is no context of this name, no cluster or user that it names, or the certificate is none; all of them
    /// together.
    pub fn access(&self, context: &str) -> Result<Access, FileError> {
        let joined = self.find("contexts", "context", context)?;
        let mut judge = Judge::new(FILE);
        let path = format!("contexts.{context}");
        let named = |list, inner, judge: &mut Judge| {
            let name = judge.text(joined, &path, inner).unwrap_or_default().to_owned();
            let found = self.find(list, inner, &name).cloned().unwrap_or_else(|error| {
                judge.problems.extend(error.problems);
                Node::Null
            });
            (name, found)
        };
        let (cluster, server) = named("clusters", "cluster", &mut judge);
        let (user, keys) = named("users", "user", &mut judge);
        let (server_path, user_path) = (format!("clusters.{cluster}"), format!("users.{user}"));
        let authority = judge.pem(&server, &server_path, "certificate-authority-data");
        let server = judge.text(&server, &server_path, "server").unwrap_or_default().to_owned();
        let certificate = judge.pem(&keys, &user_path, "client-certificate-data");
        let key = judge.pem(&keys, &user_path, "client-key-data");
        let client = certificate
            .zip(key)
            .map(|(certificate, key)| CertificateAndKey { certificate, key: Secret::new(key) });
        let expires = client.as_ref().and_then(|client| match client.validity() {
            Ok((_, until)) => Some(until),
            Err(error) => {
                judge.note(format!("{user_path}.client-certificate-data"), format!("is of no use: {error}"));
                None
            }
        });
        judge.end(Access { cluster, user, server, authority, client, expires })
    }

    /// Returns the entries of a list.
    pub(super) fn list(&self, list: &str) -> &[Node] {
        self.root.get(list).and_then(Node::as_seq).unwrap_or_default()
    }

    /// Returns what the entry of a name holds.
    fn find(&self, list: &str, inner: &str, wanted: &str) -> Result<&Node, FileError> {
        let entry = self.list(list).iter().find(|entry| name(entry) == Some(wanted));
        let held = entry.and_then(|entry| entry.get(inner));
        held.ok_or_else(|| FileError::one(FILE, format!("{list}.{wanted}"), "is not in the file"))
    }
}

impl Bundle {
    /// Makes the kubeconfig of an administrator with a certificate of its own; see [`Kubeconfig::admin`].
    ///
    /// ```
    /// # use sskuba_core::clock::{SeededIds, Timestamp};
    /// # use sskuba_core::secret::Secret;
    /// # use sskuba_talos::contract::Contract;
    /// use sskuba_talos::secrets::CLIENT_LIFETIME;
    ///
    /// # let (now, random) = (Timestamp(1_764_000_000_000), SeededIds::new(1));
    /// # let key = Secret::new(String::new());
    /// # let bundle = sskuba_talos::secrets::generate_with(key, Contract::default(), now, &random)?;
    /// let file = bundle.kubeconfig("base", "https://base:6443", CLIENT_LIFETIME, now, &random)?;
    /// assert_eq!(file.access("admin@base")?.expires, Some(now.after(CLIENT_LIFETIME)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If no certificate can be made ([`Bundle::kubernetes_admin`]), the cluster has no name, or the endpoint is not a URL
    /// with `https://` and a host.
    pub fn kubeconfig(
        &self,
        cluster: &str,
        endpoint: &str,
        lifetime: Duration,
        now: Timestamp,
        random: &dyn IdSource,
    ) -> Result<Kubeconfig, MakeError> {
        let client = self.kubernetes_admin(lifetime, now, random)?;
        let accepted = self.accepted.kubernetes.iter();
        let trusted: Vec<&str> = [&self.certificates.kubernetes.certificate]
            .into_iter()
            .chain(accepted)
            .map(String::as_str)
            .collect();
        Kubeconfig::admin(cluster, endpoint, &trusted, &client)
    }
}

/// Returns the name of an entry.
pub(super) fn name(entry: &Node) -> Option<&str> {
    entry.get("name").and_then(Node::as_str)
}

/// Makes a list of one entry.
fn entry<const N: usize>(name: &str, key: &str, held: [(&str, Node); N]) -> Node {
    let held: Map = held.into_iter().map(|(key, node)| (key.to_owned(), node)).collect();
    let mut entry = Map::new();
    entry.insert("name".to_owned(), name.into());
    entry.insert(key.to_owned(), held.into());
    Node::Seq(vec![entry.into()])
}

/// Judges the entries of a list.
fn judge_list(items: &[Node], list: &str, inner: &str, judge: &mut Judge) {
    let mut names = BTreeSet::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("{list}[{index}]");
        match name(item) {
            None => judge.note(path, "has no name"),
            Some(name) if !names.insert(name) => judge.note(format!("{list}.{name}"), "is there twice"),
            Some(_) => {
                if let Some(held) =
                    item.get(inner).filter(|held| held.as_map().is_none() && **held != Node::Null)
                {
                    judge.note(
                        format!("{path}.{inner}"),
                        format!("is {} and has to be a mapping", held.kind()),
                    );
                }
            }
        }
    }
}
