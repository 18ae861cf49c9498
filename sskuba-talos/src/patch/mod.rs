//! Patches of machine configs, with Talos's own rules of merging.
//!
//! A strategic patch is made of documents as a config is: it says what is to be otherwise. Lists are appended to and
//! mappings are merged, but for what Talos treats in its own way (ranges of pods and services are replaced, network
//! interfaces are found by name or selector, VLANs by number, admission plugins by name, …). `$patch: delete` removes a
//! document, a key, or an item of a list. A JSON patch (RFC 6902) changes configs of a single document only.
//!
//! ```
//! use sskuba_talos::config::MachineConfig;
//! use sskuba_talos::patch::{self, Patch};
//!
//! let config = MachineConfig::parse("machine: {type: worker, sysctls: {a: '1'}}").unwrap();
//! let patch = Patch::parse("machine:\n  sysctls:\n    b: '2'\n").unwrap();
//! let patched = patch::apply(&config, &[patch]).unwrap();
//! let sysctls = patched.documents[0].at(&["machine", "sysctls"]).unwrap();
//! assert_eq!(sysctls.as_map().unwrap().len(), 2);
//! ```

mod delete;
mod json;
mod merge;
mod strategic;

use std::fmt;

use crate::config::MachineConfig;
use crate::problem::Problem;
use crate::yaml::{self, Node};

/// A change of a machine config. `Debug` shows keys and no value.
#[derive(Debug, Clone, PartialEq)]
pub struct Patch(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    Strategic(Vec<strategic::Step>),
    Json(Vec<json::Operation>),
}

/// All that is wrong with a patch, or with applying it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct PatchErrors {
    /// Each by itself; there is at least one.
    pub problems: Vec<Problem>,
}

impl fmt::Display for PatchErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        write!(f, "the patch cannot be applied: {}", problems.join("; "))
    }
}

impl PatchErrors {
    fn one(path: impl Into<String>, what: impl Into<String>) -> Self {
        Self { problems: vec![Problem::new(path, what)] }
    }
}

impl Patch {
    /// Reads a patch: a list is a JSON patch, anything else is a strategic one.
    ///
    /// # Errors
    /// If it is not YAML, has keys or kinds that Talos does not know, or deletes what cannot be deleted so.
    pub fn parse(text: &str) -> Result<Self, PatchErrors> {
        let documents = yaml::read(text).map_err(|error| PatchErrors::one("", error.to_string()))?;
        match documents.as_slice() {
            [] => Err(PatchErrors::one("", "the patch is empty")),
            [Node::Seq(operations)] => json::parse(operations).map(|operations| Self(Form::Json(operations))),
            _ => strategic::parse(documents).map(|steps| Self(Form::Strategic(steps))),
        }
    }

    /// Returns whether it is a JSON patch.
    pub const fn is_json(&self) -> bool {
        matches!(self.0, Form::Json(_))
    }
}

/// Applies patches in their order.
///
/// # Errors
/// If a JSON patch meets several documents, a test of it fails, a path is not there, or values of other types meet.
pub fn apply(config: &MachineConfig, patches: &[Patch]) -> Result<MachineConfig, PatchErrors> {
    let mut documents = config.documents.clone();
    for patch in patches {
        match &patch.0 {
            Form::Strategic(steps) => strategic::apply(&mut documents, steps)?,
            Form::Json(operations) => json::apply(&mut documents, operations)?,
        }
    }
    Ok(MachineConfig::new(documents))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "
machine:
  type: worker
  certSANs: [a]
  network: {interfaces: [{interface: eth0, addresses: [10.0.0.2/24], vlans: [{vlanId: 5, dhcp: true}]}]}
  files: [{path: /a, content: x, permissions: 0o644, op: create}]
cluster:
  network: {podSubnets: [10.244.0.0/16], serviceSubnets: [10.96.0.0/12]}
  apiServer: {admissionControl: [{name: PodSecurity, configuration: {defaults: {enforce: baseline, warn: x}}}]}
---
apiVersion: v1alpha1
kind: HostnameConfig
auto: stable
";

    fn patched(patch: &str) -> Result<Vec<Node>, PatchErrors> {
        let config = MachineConfig::parse(CONFIG).unwrap();
        apply(&config, &[Patch::parse(patch)?]).map(|config| config.documents)
    }

    fn expect(patch: &str, path: &[&str], wanted: &str) {
        let documents = patched(patch).unwrap();
        let wanted = yaml::read(wanted).unwrap().remove(0);
        let found = documents[0].at(path).unwrap();
        assert!(*found == wanted, "{patch}: {}", yaml::write([found]));
    }

    #[test]
    fn lists_are_appended_replaced_or_found_by_a_key() {
        expect("machine: {certSANs: [b]}", &["machine", "certSANs"], "[a, b]");
        expect(
            "cluster: {network: {podSubnets: [10.1.0.0/16]}}",
            &["cluster", "network", "podSubnets"],
            "[10.1.0.0/16]",
        );
        expect(
            "machine: {network: {interfaces: [{interface: eth0, addresses: [10.0.0.3/24], vlans: [{vlanId: 5, mtu: 9}]}]}}",
            &["machine", "network", "interfaces"],
            "[{interface: eth0, addresses: [10.0.0.2/24, 10.0.0.3/24], vlans: [{vlanId: 5, dhcp: true, mtu: 9}]}]",
        );
        expect(
            "cluster: {apiServer: {admissionControl: [{name: PodSecurity, configuration: {defaults: {enforce: y}}}]}}",
            &["cluster", "apiServer", "admissionControl"],
            "[{name: PodSecurity, configuration: {defaults: {enforce: y, warn: x}}}]",
        );
    }

    #[test]
    fn documents_keys_and_items_are_deleted() {
        assert_eq!(patched("apiVersion: v1alpha1\nkind: HostnameConfig\n$patch: delete\n").unwrap().len(), 1);
        let documents = patched("machine: {certSANs: {$patch: delete}}").unwrap();
        assert!(documents[0].at(&["machine", "certSANs"]).is_none());
        expect("machine: {files: [{path: /a, $patch: delete}]}", &["machine", "files"], "[]");
        for nothing in [
            "machine: {files: [{path: /b, $patch: delete}]}",
            "machine: {sysctls: {a: {$patch: delete}}}",
            "apiVersion: v1alpha1\nkind: LinkConfig\nname: a\n$patch: delete\n",
        ] {
            let error = patched(nothing).unwrap_err().to_string();
            assert!(error.contains("to delete"), "{nothing}: {error}");
        }
        let inner =
            patched("machine: {files: [{path: /a, content: {$patch: delete}}]}").unwrap_err().to_string();
        assert!(inner.contains("keys of an item of a list cannot be deleted"), "{inner}");
    }

    #[test]
    fn json_patches_want_one_document() {
        let operations = "- {op: add, path: /machine/certSANs/-, value: b}";
        assert!(Patch::parse(operations).unwrap().is_json());
        assert!(patched(operations).unwrap_err().to_string().contains("several"));
        let config = MachineConfig::parse("machine: {certSANs: [a]}").unwrap();
        let patched = apply(&config, &[Patch::parse(operations).unwrap()]).unwrap();
        assert_eq!(patched.documents[0].at(&["machine", "certSANs"]).unwrap().as_seq().unwrap().len(), 2);
    }

    #[test]
    fn what_talos_does_not_know_is_refused_with_all_problems() {
        let error = patched(
            "machine: {sysctl: {}, kubelet: {imag: a}}\n---\napiVersion: v1alpha1\nkind: LinkConfi\n",
        );
        let error = error.unwrap_err();
        assert_eq!(error.problems.len(), 3, "{error}");
        assert!(error.to_string().contains("did you mean `LinkConfig`?"), "{error}");
        for empty in ["", "---\n", "version: v1alpha1"] {
            assert!(Patch::parse(empty).is_err(), "{empty:?}");
        }
    }

    #[test]
    fn numbers_keep_their_value() {
        for written in ["0o644", "0644", "420", "4_20"] {
            let file =
                format!("machine: {{files: [{{path: /b, content: y, permissions: {written}, op: create}}]}}");
            let documents = patched(&file).unwrap();
            let files = documents[0].at(&["machine", "files"]).unwrap().as_seq().unwrap();
            assert!(
                files.iter().all(|file| file.get("permissions").unwrap().integer() == Some(420)),
                "{written}"
            );
        }
    }
}
