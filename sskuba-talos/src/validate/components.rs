//! Kubernetes' own parts.

use super::cluster::reachable;
use super::field::Field;
use super::report::Report;

/// Judges the settings of Kubernetes' own parts.
pub(super) fn judge(cluster: &Field<'_>, report: &mut Report) {
    for part in ["apiServer", "controllerManager", "scheduler"] {
        for kind in ["requests", "limits"] {
            for (key, field) in cluster.get(part).get("resources").get(kind).entries() {
                if !["cpu", "memory"].contains(&key) {
                    report.error(&field, "only `cpu` and `memory` can be asked for and limited");
                }
            }
        }
    }
    authorizers(&cluster.get("apiServer"), report);
}

fn authorizers(server: &Field<'_>, report: &mut Report) {
    let authorizers = server.get("authorizationConfig").items();
    for authorizer in &authorizers {
        let kind = authorizer.get("type");
        if !["Node", "RBAC", "Webhook"].contains(&kind.text().as_str()) {
            report.error(&kind, "an authorizer is a Node, RBAC or Webhook");
        }
        if authorizer.get("name").blank() {
            report.error(&authorizer.get("name"), "an authorizer must have a name");
        }
    }
    if !server.get("authorizationConfig").given() {
        return;
    }
    for (key, field) in server.get("extraArgs").entries() {
        if key == "authorization-mode" || key.starts_with("authorization-webhook-") {
            report.error(&field, "`authorizationConfig` has taken the place of this argument; give only one");
        }
    }
}

/// Judges the choice of the pod network.
pub(super) fn cni(cni: &Field<'_>, report: &mut Report) {
    let urls = cni.get("urls");
    let name = match (cni.given(), cni.get("name").text()) {
        (false, _) => "flannel".to_owned(),
        (true, name) => name,
    };
    match name.as_str() {
        "flannel" | "none" if !urls.blank() => {
            report.error(&urls, format!("{name} comes from nowhere else; only a `custom` CNI has URLs"));
        }
        "custom" if urls.blank() => report.error(&urls, "a custom CNI needs the URL of a manifest"),
        "custom" => urls.items().iter().for_each(|url| reachable(url, report)),
        "flannel" | "none" => {}
        _ => report.error(&cni.get("name"), "must be flannel, custom or none"),
    }
    let flannel = cni.get("flannel");
    if name == "flannel" {
        return;
    }
    if !flannel.get("extraArgs").blank() {
        report.error(&flannel.get("extraArgs"), "Flannel is not installed, and has no arguments");
    }
    if flannel.get("kubeNetworkPoliciesEnabled").on() {
        report.error(
            &flannel.get("kubeNetworkPoliciesEnabled"),
            "Flannel is not installed, and has no policies",
        );
    }
}
