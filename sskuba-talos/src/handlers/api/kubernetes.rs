//! Another version of Kubernetes, component by component: no kubelet and no controller is ever newer than an API server.

use sskuba_core::provider::{Class, Failure};
use sskuba_core::secret::Secret;
use tokio::time::{Instant, sleep};

use super::rolling::{running_config, said};
use super::{Api, failed, invalid};
use crate::api::{ApplyMode, ApplyOptions, Resource, ResourceKind};
use crate::client::{Bound, Machine};
use crate::resources::AppliedArgs;
use crate::secrets::Bundle;
use crate::yaml::{self, Map, Node};

/// A part of Kubernetes that control planes run.
struct Component {
    /// The name of its pod.
    name: &'static str,
    /// Its section in `cluster`.
    section: &'static str,
    /// Whether its machine runs it itself, so that it can be waited for.
    is_static_pod: bool,
}

/// In the order in which `talosctl upgrade-k8s` takes them.
const COMPONENTS: [Component; 4] = [
    Component { name: "kube-apiserver", section: "apiServer", is_static_pod: true },
    Component { name: "kube-controller-manager", section: "controllerManager", is_static_pod: true },
    Component { name: "kube-scheduler", section: "scheduler", is_static_pod: true },
    Component { name: "kube-proxy", section: "proxy", is_static_pod: false },
];

/// A version of Kubernetes.
type Version = (u64, u64, u64);

/// Returns the version of an image; none where its tag is none, as of one that is named by its digest alone.
fn version(image: &str) -> Option<Version> {
    let name = image.split('@').next().unwrap_or(image);
    let (_, tag) = name.rsplit_once(':')?;
    let mut numbers = tag.trim_start_matches('v').split(['.', '-', '+']).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Returns the version of the kubelet that a config has.
pub(super) fn kubelet(config: &[Node]) -> Option<Version> {
    version(&said(config, &["machine", "kubelet", "image"])?)
}

/// Returns a config with another image of a component.
fn with_image(
    config: &Secret<String>,
    component: &Component,
    image: &str,
) -> Result<Secret<String>, Failure> {
    let unreadable = |error| invalid("config", format!("the config in force cannot be read: {error}"));
    let mut documents = yaml::read(config.expose()).map_err(unreadable)?;
    let cluster = documents.iter_mut().find_map(|document| document.as_map_mut()?.get_mut("cluster"));
    let cluster = cluster.and_then(Node::as_map_mut);
    let cluster = cluster.ok_or_else(|| invalid("config", "the config in force has no section `cluster`"))?;
    let section = cluster.entry(component.section.to_owned()).or_insert_with(|| Node::Map(Map::new()));
    if let Some(section) = section.as_map_mut() {
        section.insert("image".to_owned(), image.into());
    }
    Ok(Secret::new(yaml::write(&documents)))
}

/// Tells whether the status of a pod says that it runs an image of this version and is ready.
fn runs(status: &Resource, wanted: Version) -> bool {
    let items = |key: &str| status.spec.get(key).and_then(Node::as_seq).unwrap_or_default();
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let ready = items("conditions").iter().any(|condition| {
        text(condition, "type").as_deref() == Some("Ready")
            && text(condition, "status").as_deref() == Some("True")
    });
    let images = items("containerStatuses").iter().filter_map(|container| text(container, "image"));
    ready && images.filter_map(|image| version(&image)).any(|image| image == wanted)
}

impl Api {
    /// Brings the components of all control planes to the version of a machine's config, one after the other; what has
    /// it is passed over. For a worker it only makes sure that they have it. `running` is the machine's own config.
    pub(super) async fn components_first(
        &self,
        args: &AppliedArgs,
        bundle: &Bundle,
        running: &Secret<String>,
        bound: Bound,
    ) -> Result<(), Failure> {
        let (Ok(before), Ok(wanted)) = (yaml::read(running.expose()), yaml::read(args.config.expose()))
        else {
            return Ok(());
        };
        let (Some(from), Some(to)) = (kubelet(&before), kubelet(&wanted)) else { return Ok(()) };
        if from == to {
            return Ok(());
        }
        let is_worker = said(&wanted, &["machine", "type"]).as_deref() == Some("worker");
        for component in &COMPONENTS {
            let image = said(&wanted, &["cluster", component.section, "image"]);
            for address in &args.control_planes {
                let machine = self.machine(address, bundle)?;
                let config = running_config(&machine).await?.unwrap_or_default();
                let documents = yaml::read(config.expose()).unwrap_or_default();
                let has = said(&documents, &["cluster", component.section, "image"]);
                let has = has.as_deref().and_then(version);
                match &image {
                    _ if is_worker && component.section == "apiServer" && has.is_some_and(|has| has < to) => {
                        let message = format!(
                            "the kubelet of {} would be newer than the API server on {address}",
                            args.address
                        );
                        let hint = "make the worker depend on the control planes, which are changed first";
                        return Err(Failure::new(Class::Conflict, message).hint(hint));
                    }
                    Some(image) if !is_worker && has < version(image) => {
                        tracing::info!(%address, component = component.name, image, "Kubernetes");
                        let options = ApplyOptions { mode: ApplyMode::NoReboot, dry_run: false };
                        let config = with_image(&config, component, image)?;
                        machine.apply_configuration(&config, options).await.map_err(failed)?;
                        self.component_runs(&machine, component, image, bound).await?;
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Waits until a control plane runs a component in the version of an image.
    async fn component_runs(
        &self,
        machine: &Machine,
        component: &Component,
        image: &str,
        bound: Bound,
    ) -> Result<(), Failure> {
        let Some(wanted) = version(image).filter(|_| component.is_static_pod) else { return Ok(()) };
        let end = Instant::now() + bound.within;
        let prefix = format!("kube-system/{}-", component.name);
        loop {
            let last = match machine.resources(ResourceKind::STATIC_POD_STATUS).await {
                Ok(found) => {
                    let mut pods = found.iter().filter(|pod| pod.id.starts_with(&prefix));
                    if pods.any(|pod| runs(pod, wanted)) {
                        return Ok(());
                    }
                    "its pod is not ready with that image".to_owned()
                }
                Err(error) if error.is_transient() => error.to_string(),
                Err(error) => return Err(failed(error)),
            };
            if Instant::now() + bound.every >= end {
                let message = format!(
                    "{} on {} does not come up with {image}; last: {last}",
                    component.name,
                    machine.target()
                );
                return Err(Failure::unknown(Class::Timeout, message));
            }
            sleep(bound.every).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_images() {
        assert_eq!(version("registry.k8s.io/kube-apiserver:v1.36.3"), Some((1, 36, 3)));
        assert_eq!(version("mirror:5000/k/kubelet:v1.9.10-rc.1@sha256:00"), Some((1, 9, 10)));
        assert_eq!(version("mirror:5000/k/kubelet"), None);
        assert_eq!(version("k@sha256:00"), None);
        assert!(version("k:v1.9.10") < version("k:v1.10.0"));
    }

    #[test]
    fn another_image_changes_nothing_else() {
        let component = &COMPONENTS[1];
        let config = Secret::new(
            "machine: {type: controlplane}\ncluster: {apiServer: {image: 'a:v1.2.3'}}\n---\nkind: X\n"
                .to_owned(),
        );
        let changed = with_image(&config, component, "c:v1.2.4").unwrap();
        let (before, after) = (yaml::read(config.expose()).unwrap(), yaml::read(changed.expose()).unwrap());
        assert_eq!(said(&after, &["cluster", "controllerManager", "image"]).as_deref(), Some("c:v1.2.4"));
        assert_eq!(
            (said(&after, &["cluster", "apiServer", "image"]), &after[1]),
            (Some("a:v1.2.3".into()), &before[1])
        );
        assert!(with_image(&Secret::new("machine: {}".to_owned()), component, "c").is_err());
    }

    #[test]
    fn a_pod_runs_what_it_is_ready_with() {
        let status = |ready: &str, image: &str| Resource {
            namespace: "k8s".into(),
            kind: ResourceKind::STATIC_POD_STATUS.name.into(),
            id: "kube-system/kube-apiserver-a".into(),
            version: "1".into(),
            phase: "running".into(),
            spec: yaml::read(&format!(
                "conditions: [{{type: Ready, status: '{ready}'}}]\ncontainerStatuses: [{{image: '{image}'}}]"
            ))
            .unwrap()
            .remove(0),
        };
        assert!(runs(&status("True", "k:v1.36.1"), (1, 36, 1)));
        assert!(!runs(&status("False", "k:v1.36.1"), (1, 36, 1)));
        assert!(!runs(&status("True", "k:v1.36.0"), (1, 36, 1)));
    }
}
