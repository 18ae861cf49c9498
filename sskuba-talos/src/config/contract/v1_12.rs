//! Talos 1.12: the name of the host and registries are documents of their own, and what is always on is not written.

use super::{section, take, v1_11};
use crate::config::document::Facts;
use crate::config::registries::Registries;
use crate::config::tree::Tree;
use crate::yaml::Node;

/// Writes the documents.
pub(super) fn documents(facts: &Facts<'_>) -> Vec<Node> {
    let mut documents = v1_11::documents(facts);
    for always_on in ["rbac", "stableHostname", "apidCheckExtKeyUsage"] {
        take(&mut documents, &["machine", "features"], always_on);
    }
    api_server(&mut documents);
    let from_image = facts.machine.install.grub_uki_cmdline.unwrap_or(true);
    if let Some(install) = section(&mut documents, &["machine", "install"]) {
        install.insert("grubUseUKICmdline".to_owned(), from_image.into());
    }
    take(&mut documents, &["machine"], "registries");
    let hostname = take(&mut documents, &["machine", "network"], "hostname");
    let mut own = registries(&facts.machine.registries);
    own.push(match hostname {
        Some(hostname) => document("HostnameConfig").set("hostname", hostname).into(),
        None => document("HostnameConfig").set("auto", "stable").into(),
    });
    documents.splice(1..1, own);
    documents
}

/// The endpoint's host is found without being named, and nobody remembers Pod Security Policies.
fn api_server(documents: &mut [Node]) {
    let Some(api_server) = section(documents, &["cluster", "apiServer"]) else { return };
    api_server.shift_remove("disablePodSecurityPolicy");
    if let Some(Node::Seq(mut sans)) = api_server.shift_remove("certSANs") {
        sans.remove(0);
        if !sans.is_empty() {
            api_server.insert("certSANs".to_owned(), Node::Seq(sans));
        }
    }
}

/// Begins a document.
pub(super) fn document(kind: &str) -> Tree {
    Tree::default().set("apiVersion", "v1alpha1").set("kind", kind)
}

fn registries(registries: &Registries) -> Vec<Node> {
    let mut documents: Vec<Node> = Vec::new();
    for (host, auth) in sorted(&registries.auth) {
        let auth = document("RegistryAuthConfig")
            .set("name", host)
            .set("username", auth.username.as_str())
            .set("password", auth.password.expose().as_str());
        documents.push(auth.into());
    }
    for (host, mirror) in sorted(&registries.mirrors) {
        let endpoints = mirror.endpoints.iter().map(|url| {
            Tree::default().set("url", url.as_str()).flag("overridePath", mirror.override_path).into()
        });
        let mirror = document("RegistryMirrorConfig")
            .set("name", host)
            .list("endpoints", endpoints)
            .flag("skipFallback", mirror.skip_fallback);
        documents.push(mirror.into());
    }
    for (host, tls) in sorted(&registries.tls) {
        let identity = tls.client_identity.as_ref().map(|(certificate, key)| {
            Tree::default().set("cert", certificate.as_str()).set("key", key.expose().as_str())
        });
        let tls = document("RegistryTLSConfig")
            .set("name", host)
            .some("clientIdentity", identity)
            .some("ca", tls.ca.as_deref())
            .flag("insecureSkipVerify", tls.insecure_skip_verify);
        documents.push(tls.into());
    }
    documents
}

/// Returns entries by name, as Talos writes them.
fn sorted<V>(entries: &indexmap::IndexMap<String, V>) -> Vec<(&str, &V)> {
    let mut entries: Vec<(&str, &V)> = entries.iter().map(|(name, value)| (name.as_str(), value)).collect();
    entries.sort_by_key(|(name, _)| *name);
    entries
}
