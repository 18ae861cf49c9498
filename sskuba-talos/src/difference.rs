//! What differs between two configs, for people: each path, and of what cannot be a secret also the values.

use std::collections::BTreeSet;

use sskuba_core::provider::Detail;
use sskuba_core::value::Value;

use crate::yaml::{self, Node};

/// The paths whose texts hold no secret, each with all that is below it. Of what is not here only the path is shown: an
/// environment, files, manifests and settings of registries may hold anything.
const READABLE: [&str; 22] = [
    "cluster.apiServer.certSANs",
    "cluster.apiServer.image",
    "cluster.clusterName",
    "cluster.controlPlane",
    "cluster.controllerManager.image",
    "cluster.coreDNS",
    "cluster.etcd.advertisedSubnets",
    "cluster.etcd.image",
    "cluster.network",
    "cluster.proxy.image",
    "cluster.scheduler.image",
    "machine.certSANs",
    "machine.features",
    "machine.install.disk",
    "machine.install.image",
    "machine.kernel",
    "machine.kubelet.image",
    "machine.kubelet.nodeIP",
    "machine.nodeLabels",
    "machine.nodeTaints",
    "machine.time",
    "machine.type",
];

/// Returns what differs between two configs under the name of their field. Nothing if one of them cannot be read.
pub(crate) fn between(field: &str, from: &str, to: &str) -> Vec<Detail> {
    let (Ok(from), Ok(to)) = (yaml::read(from), yaml::read(to)) else { return Vec::new() };
    let names: Vec<String> = from.iter().chain(&to).map(name).collect();
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for title in names.into_iter().filter(|title| seen.insert(title.clone())) {
        let of = |documents: &[Node]| documents.iter().find(|document| name(document) == title).cloned();
        let path = match title.as_str() {
            "" => field.to_owned(),
            title => format!("{field}.{title}"),
        };
        walk(&path, &title, (of(&from).as_ref(), of(&to).as_ref()), &mut found);
    }
    found
}

/// Names a document: nothing for the one without a kind, else its kind and its own name.
fn name(document: &Node) -> String {
    let text = |key: &str| document.get(key).and_then(Node::as_str).unwrap_or_default();
    match (text("kind"), text("name")) {
        (kind, "") => kind.to_owned(),
        (kind, name) => format!("{kind}[{name}]"),
    }
}

/// Collects what differs at `path`; `plain` is the same without the field's name, by which it is told what may be read.
fn walk(path: &str, plain: &str, (from, to): (Option<&Node>, Option<&Node>), found: &mut Vec<Detail>) {
    if from == to {
        return;
    }
    let entries = (from.and_then(Node::as_map), to.and_then(Node::as_map));
    if let (Some(old), Some(new)) = entries {
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let below = if plain.is_empty() { key.clone() } else { format!("{plain}.{key}") };
            walk(&format!("{path}.{key}"), &below, (old.get(key), new.get(key)), found);
        }
        return;
    }
    let shown = |node: Option<&Node>| node.map(|node| shown(plain, node));
    found.push(Detail { path: path.to_owned(), from: shown(from), to: shown(to) });
}

/// Returns a value as it may be shown.
fn shown(plain: &str, node: &Node) -> Value {
    let below =
        |path: &&str| plain.strip_prefix(*path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    match node {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::from(*value),
        node => match READABLE.iter().any(below) {
            true => value(node),
            false => Value::from("…").into_secret(),
        },
    }
}

fn value(node: &Node) -> Value {
    match node {
        Node::Null => Value::Null,
        Node::Bool(value) => Value::from(*value),
        Node::Int(number) => Value::from(*number),
        Node::UInt(number) => Value::from(number.to_string()),
        Node::Float(number) => Value::from(number.to_string()),
        Node::Number(text) | Node::String(text) => Value::from(text.as_str()),
        Node::Seq(items) => Value::List(items.iter().map(value).collect()),
        Node::Map(map) => Value::Map(map.iter().map(|(key, node)| (key.clone(), value(node))).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_and_only_what_is_no_secret_is_shown() {
        let from = "machine: {type: worker, token: a.b, sysctls: {x: '1'}, kubelet: {image: 'k:1'}}\ncluster: {secret: s1}";
        let to = "machine: {type: worker, token: c.d, kubelet: {image: 'k:2', extraArgs: {v: 4}}}\ncluster: {secret: s1}\n\
                  ---\napiVersion: v1alpha1\nkind: WatchdogTimerConfig\ndevice: /dev/watchdog0";
        let found = between("config", from, to);
        let lines: Vec<String> = found
            .iter()
            .map(|Detail { path, from, to }| {
                let side = |value: &Option<Value>| {
                    value.as_ref().map_or("-".into(), |value| value.masked().to_string())
                };
                format!("{path} {} {}", side(from), side(to))
            })
            .collect();
        assert_eq!(
            lines,
            [
                "config.machine.kubelet.extraArgs - \"(secret)\"",
                "config.machine.kubelet.image \"k:1\" \"k:2\"",
                "config.machine.sysctls \"(secret)\" -",
                "config.machine.token \"(secret)\" \"(secret)\"",
                "config.WatchdogTimerConfig - \"(secret)\"",
            ]
        );
        assert_eq!(between("config", from, from), []);
        assert_eq!(between("config", "a: [", from), []);
    }

    #[test]
    fn documents_of_one_kind_are_told_apart_by_their_names() {
        let volume = |name: &str, size: &str| {
            format!("kind: VolumeConfig\nname: {name}\nprovisioning: {{maxSize: {size}}}")
        };
        let from = format!("machine: {{}}\n---\n{}\n---\n{}", volume("A", "1GB"), volume("B", "1GB"));
        let to = format!("machine: {{}}\n---\n{}\n---\n{}", volume("B", "2GB"), volume("A", "1GB"));
        let paths: Vec<String> =
            between("config", &from, &to).into_iter().map(|detail| detail.path).collect();
        assert_eq!(paths, ["config.VolumeConfig[B].provisioning.maxSize"]);
    }
}
