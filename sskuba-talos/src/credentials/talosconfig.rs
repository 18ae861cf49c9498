//! `talosconfig`: where `talosctl` finds clusters.

use sskuba_core::secret::Secret;

use super::conflict::{OnConflict, Renamed, free};
use super::file::{FileError, Judge, entries};
use crate::secrets::encode;
use crate::secrets::{Bundle, CertificateAndKey};
use crate::yaml::{Map, Node, write};

/// What this file is called in errors.
const FILE: &str = "talosconfig";

/// A file of contexts, each one a way to a cluster. `Debug` shows its keys and none of its values.
///
/// ```
/// use sskuba_talos::credentials::{OnConflict, Talosconfig};
///
/// let mut mine = Talosconfig::read("context: a\ncontexts: {a: {endpoints: [10.0.0.1]}}")?;
/// let other = Talosconfig::read("context: a\ncontexts: {a: {endpoints: [10.0.0.2]}}")?;
/// let renamed = mine.merge(&other, OnConflict::Rename);
/// assert_eq!(renamed[0].to_string(), "a is now a-1");
/// assert_eq!(mine.current(), Some("a-1"));
/// assert_eq!(mine.context("a-1")?.endpoints, ["10.0.0.2"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Talosconfig {
    root: Map,
}

/// A way to a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Context {
    /// Addresses that answer for the cluster.
    pub endpoints: Vec<String>,
    /// Machines that are asked unless others are named.
    pub nodes: Vec<String>,
    /// Authorities that a server's certificate is checked against, PEM; one after the other if there are several.
    pub authority: Option<String>,
    /// The certificate that the client shows.
    pub client: Option<CertificateAndKey>,
}

impl Talosconfig {
    /// Reads a file; an empty one has no contexts.
    ///
    /// # Errors
    /// If it is not one YAML document, or a part that is known is not what it should be; all of them together.
    pub fn read(text: &str) -> Result<Self, FileError> {
        let file = Self { root: entries(FILE, text)? };
        let mut judge = Judge::new(FILE);
        let root = Node::Map(file.root.clone());
        judge.text(&root, "", "context");
        match root.get("contexts") {
            None | Some(Node::Null) => {}
            Some(Node::Map(contexts)) => {
                for (name, node) in contexts {
                    context(node, &path(name), &mut judge);
                }
            }
            Some(other) => judge.note("contexts", format!("is {} and has to be a mapping", other.kind())),
        }
        judge.end(file)
    }

    /// Writes the file; whoever has it can do what its certificates allow.
    pub fn write(&self) -> Secret<String> {
        // talosctl expects both keys, even when there is nothing in them.
        let mut root = self.root.clone();
        root.entry("context".to_owned()).or_insert_with(|| "".into());
        root.entry("contexts".to_owned()).or_insert_with(|| Node::Map(Map::new()));
        Secret::new(write([&Node::Map(root)]))
    }

    /// Returns the names of all contexts, in the order of the file.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.contexts().into_iter().flat_map(|contexts| contexts.keys().map(String::as_str))
    }

    /// Returns the name of the context that is used unless another is named.
    pub fn current(&self) -> Option<&str> {
        self.root.get("context").and_then(Node::as_str).filter(|name| !name.is_empty())
    }

    /// Makes a context the current one.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn select(&mut self, name: &str) -> Result<(), FileError> {
        self.find(name)?;
        self.root.insert("context".to_owned(), name.into());
        Ok(())
    }

    /// Returns a context.
    ///
    /// # Errors
    /// If there is none of this name.
    pub fn context(&self, name: &str) -> Result<Context, FileError> {
        let node = self.find(name)?;
        let mut judge = Judge::new(FILE);
        let found = context(node, &path(name), &mut judge);
        judge.end(found)
    }

    /// Puts a context in the place of the one of its name; what else that one had is kept.
    pub fn insert(&mut self, name: &str, context: &Context) {
        let list = |items: &[String]| Node::from(items.to_vec());
        let mut known = Map::new();
        known.insert("endpoints".to_owned(), list(&context.endpoints));
        if !context.nodes.is_empty() {
            known.insert("nodes".to_owned(), list(&context.nodes));
        }
        if let Some(authority) = &context.authority {
            known.insert("ca".to_owned(), encode(authority));
        }
        if let Some(client) = &context.client {
            known.insert("crt".to_owned(), encode(&client.certificate));
            known.insert("key".to_owned(), encode(client.key.expose()));
        }
        self.put(name, known);
    }

    /// Takes a context out of the file.
    ///
    /// # Errors
    /// If there is none of this name, or it is the current one: as with `talosctl`, another has to be selected first.
    pub fn remove(&mut self, name: &str) -> Result<(), FileError> {
        self.find(name)?;
        if self.current() == Some(name) {
            return Err(FileError::one(FILE, path(name), "is the current context; select another one first"));
        }
        if let Some(contexts) = self.root.get_mut("contexts").and_then(Node::as_map_mut) {
            contexts.shift_remove(name);
        }
        Ok(())
    }

    /// Takes over the contexts of another file, and with them what its current context is.
    ///
    /// With [`OnConflict::Rename`] this is what `talosctl config merge` does, except that contexts that are equal stay
    /// one. With [`OnConflict::Replace`] the keys of the context that comes replace those of the other, which keeps the
    /// rest, e.g. its list of nodes.
    pub fn merge(&mut self, other: &Self, conflict: OnConflict) -> Vec<Renamed> {
        let mut renamed = Vec::new();
        let empty = Map::new();
        let theirs = other.contexts().unwrap_or(&empty);
        for (name, node) in theirs {
            let own = self.contexts().and_then(|contexts| contexts.get(name));
            let differs = own.is_some_and(|own| own != node);
            let mut to = name.clone();
            if differs && conflict == OnConflict::Rename {
                // One that came under this name before is not a conflict either.
                let taken = |name: &str| self.find(name).is_ok_and(|own| own != node);
                to = free(name, |name| theirs.contains_key(name) || taken(name));
                renamed.push(Renamed { from: name.clone(), to: to.clone() });
            }
            self.put(&to, node.as_map().cloned().unwrap_or_default());
        }
        for (key, node) in &other.root {
            if key != "context" && key != "contexts" {
                self.root.entry(key.clone()).or_insert_with(|| node.clone());
            }
        }
        if let Some(name) = other.current().filter(|name| theirs.contains_key(*name)) {
            let to = renamed.iter().find(|renamed| renamed.from == name).map_or(name, |renamed| &renamed.to);
            self.root.insert("context".to_owned(), to.into());
        }
        renamed
    }

    /// Returns all contexts.
    fn contexts(&self) -> Option<&Map> {
        self.root.get("contexts").and_then(Node::as_map)
    }

    /// Returns the context of a name.
    fn find(&self, name: &str) -> Result<&Node, FileError> {
        let found = self.contexts().and_then(|contexts| contexts.get(name));
        found.ok_or_else(|| FileError::one(FILE, path(name), "is no context of the file"))
    }

    /// Lays keys over the context of a name.
    fn put(&mut self, name: &str, keys: Map) {
        let contexts = self.root.entry("contexts".to_owned()).or_default();
        let mut all = std::mem::take(contexts).into_map();
        let mut own = all.get_mut(name).map(std::mem::take).unwrap_or_default().into_map();
        own.extend(keys);
        all.insert(name.to_owned(), own.into());
        *contexts = all.into();
    }
}

impl Bundle {
    /// Makes a file with one context, the current one, for a client whose certificate this bundle has made.
    ///
    /// ```
    /// # use sskuba_core::clock::{SeededIds, Timestamp};
    /// # use sskuba_core::secret::Secret;
    /// # use sskuba_talos::contract::Contract;
    /// use sskuba_talos::secrets::{CLIENT_LIFETIME, Role};
    ///
    /// # let (now, random) = (Timestamp(1_764_000_000_000), SeededIds::new(1));
    /// # let key = Secret::new(String::new());
    /// # let bundle = sskuba_talos::secrets::generate_with(key, Contract::default(), now, &random)?;
    /// let client = bundle.client_certificate(&[Role::Operator], CLIENT_LIFETIME, now, &random)?;
    /// let file = bundle.talosconfig("base", &["10.0.0.1".to_owned()], client);
    /// assert_eq!(file.current(), Some("base"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn talosconfig(&self, name: &str, endpoints: &[String], client: CertificateAndKey) -> Talosconfig {
        let mut file = Talosconfig::default();
        file.root.insert("context".to_owned(), name.into());
        let context = Context {
            endpoints: endpoints.to_vec(),
            nodes: Vec::new(),
            authority: Some(self.machine_authorities()),
            client: Some(client),
        };
        file.insert(name, &context);
        file
    }
}

/// Returns the path of a context.
fn path(name: &str) -> String {
    format!("contexts.{name}")
}

/// Reads a context.
fn context(node: &Node, path: &str, judge: &mut Judge) -> Context {
    if node.as_map().is_none() && *node != Node::Null {
        judge.note(path, format!("is {} and has to be a mapping", node.kind()));
        return Context::default();
    }
    let mut endpoints = judge.texts(node, path, "endpoints");
    // What endpoints were called before there could be several.
    endpoints.extend(judge.text(node, path, "target").map(str::to_owned));
    let nodes = judge.texts(node, path, "nodes");
    let authority = judge.pem(node, path, "ca");
    let client = match (judge.pem(node, path, "crt"), judge.pem(node, path, "key")) {
        (Some(certificate), Some(key)) => Some(CertificateAndKey { certificate, key: Secret::new(key) }),
        (None, None) => None,
        // One that is there but is not base64 is noted already.
        _ if node.get("crt").is_some() && node.get("key").is_some() => None,
        _ => {
            judge.note(path, "has only one of crt and key");
            None
        }
    };
    Context { endpoints, nodes, authority, client }
}
