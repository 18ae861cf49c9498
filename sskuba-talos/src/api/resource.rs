//! The resources that a machine's controllers work with: what it thinks that it is.

use super::Stage;
use crate::yaml::Node;

/// A kind of resource, and where its resources are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceKind {
    /// The namespace.
    pub namespace: &'static str,
    /// The type.
    pub name: &'static str,
}

impl ResourceKind {
    /// Where in its life the machine is: one, called `machine`.
    pub const MACHINE_STATUS: Self = Self { namespace: "runtime", name: "MachineStatuses.runtime.talos.dev" };
    /// The config: `v1alpha1` is the one in force, `persistent` the one on disk. The spec is one text with all
    /// documents; it holds keys.
    pub const MACHINE_CONFIG: Self = Self { namespace: "config", name: "MachineConfigs.config.talos.dev" };
    /// The pods that a control plane runs itself, such as `kube-system/kube-apiserver-cp1`, as the kubelet reports them.
    pub const STATIC_POD_STATUS: Self =
        Self { namespace: "k8s", name: "StaticPodStatuses.kubernetes.talos.dev" };
    /// The members of the cluster that the machine knows of.
    pub const MEMBER: Self = Self { namespace: "cluster", name: "Members.cluster.talos.dev" };
}

/// A resource of a machine. `Debug` shows the shape of the spec and no value: a config holds keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// Its namespace.
    pub namespace: String,
    /// Its type.
    pub kind: String,
    /// Its id.
    pub id: String,
    /// How often it changed.
    pub version: String,
    /// Whether it is there to stay: `running`, or `tearingDown`.
    pub phase: String,
    /// What it says; nothing of a resource that is gone.
    pub spec: Node,
}

/// What happened to a watched resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It is there, or is new.
    Created,
    /// It changed.
    Updated,
    /// It is gone.
    Destroyed,
    /// All that was there when the watch began has been sent.
    Bootstrapped,
}

/// A change of a watched resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// The resource; none with [`ChangeKind::Bootstrapped`].
    pub resource: Option<Resource>,
}

/// Where in its life a machine is, and whether it is ready there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineStatus {
    /// Where it is.
    pub stage: Stage,
    /// Whether it is ready.
    pub ready: bool,
    /// What it still waits for: `name: reason`.
    pub unmet: Vec<String>,
}

impl MachineStatus {
    /// Reads the spec of a `MachineStatus`; `None` if it is not one.
    pub fn from_spec(spec: &Node) -> Option<Self> {
        let Ok(stage) = spec.get("stage")?.as_str()?.parse();
        let ready = spec.at(&["status", "ready"]) == Some(&Node::Bool(true));
        let unmet = spec.at(&["status", "unmetConditions"]).and_then(Node::as_seq).unwrap_or_default();
        let text = |node: &Node, key| node.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
        let unmet = unmet.iter().map(|one| format!("{}: {}", text(one, "name"), text(one, "reason")));
        Some(Self { stage, ready, unmet: unmet.collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_from_its_spec() {
        let text = "stage: booting\nstatus:\n  ready: false\n  unmetConditions:\n    - name: time\n      reason: not in sync\n";
        let spec = crate::yaml::read(text).unwrap().remove(0);
        let unmet = vec!["time: not in sync".to_owned()];
        assert_eq!(
            MachineStatus::from_spec(&spec),
            Some(MachineStatus { stage: Stage::Booting, ready: false, unmet })
        );
        assert_eq!(MachineStatus::from_spec(&Node::Null), None);
    }
}
