//! Talos 1.13: KubeSpan is a document of its own, and a network section without settings is not written.

use super::{section, take, v1_12};
use crate::config::document::Facts;
use crate::yaml::Node;

/// Writes the documents.
pub(super) fn documents(facts: &Facts<'_>) -> Vec<Node> {
    let mut documents = v1_12::documents(facts);
    take(&mut documents, &["machine", "network"], "kubespan");
    if section(&mut documents, &["machine", "network"]).is_some_and(|network| network.is_empty()) {
        take(&mut documents, &["machine"], "network");
    }
    if let Some(on) = facts.input.kube_span {
        let after_hostname = documents
            .iter()
            .position(|document| document.get("kind").and_then(Node::as_str) == Some("HostnameConfig"))
            .map_or(documents.len(), |index| index + 1);
        documents.insert(after_hostname, v1_12::document("KubeSpanConfig").set("enabled", on).into());
    }
    documents
}
