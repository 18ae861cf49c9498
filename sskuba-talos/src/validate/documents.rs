//! Documents besides the one of machine and cluster.

use super::certificates;
use super::field::Field;
use super::interfaces::hostname;
use super::links::{self, needed, not_negative};
use super::report::Report;
use super::{machine, ranges, volumes};
use crate::locator;
use crate::schema::{Identity, duration, schema};

/// Judges a document, and what it and the one of machine and cluster say of the same thing.
pub(super) fn judge(identity: &Identity, document: &Field<'_>, main: &Field<'_>, report: &mut Report) {
    let kind = identity.kind.as_str();
    let named = schema().kinds.get(kind).is_some_and(|kind| kind.named);
    if named && identity.name.is_empty() && kind != "PCIDriverRebindConfig" && kind != "TrustedRootsConfig" {
        report.error(&document.get("name"), "the document must have a name");
    }
    match kind {
        _ if kind.ends_with("VolumeConfig") => volumes::judge(kind, document, main, report),
        "HostnameConfig" => host(document, main, report),
        "KubeSpanConfig" => kube_span(document, main, report),
        "ResolverConfig" => {
            both(document, main, &["nameservers", "searchDomains", "disableSearchDomain"], report)
        }
        "TimeSyncConfig" => time(document, main, report),
        _ if kind.starts_with("Registry") => registry(kind, document, report),
        "TrustedRootsConfig" => {
            if !certificates::any(&document.get("certificates").text()) {
                report.error(&document.get("certificates"), "there is no certificate in PEM");
            }
        }
        "ImageVerificationConfig" => image_rules(document, report),
        "ExtensionServiceConfig" => extension(document, report),
        _ => {
            services(kind, document, report);
            links::judge(kind, document, report);
        }
    }
}

fn host(document: &Field<'_>, main: &Field<'_>, report: &mut Report) {
    let (auto, name) = (document.get("auto"), document.get("hostname"));
    let mode = auto.text().to_lowercase();
    match (mode.as_str(), name.blank()) {
        ("", true) => report.error(document, "give `auto` or `hostname`"),
        ("stable", false) => report.error(&auto, "a name that is given is not made up; leave `auto` out"),
        ("talos-addr", _) => report.error(&auto, "must be stable or off"),
        _ => {}
    }
    hostname(&name, report);
    if !main.at("machine.network.hostname").blank() {
        report.error(&name, "machine.network.hostname names the host too; keep only this document");
    }
    if main.at("machine.features.stableHostname").on() {
        report.error(&auto, "machine.features.stableHostname says it too; keep only this document");
    }
}

fn kube_span(document: &Field<'_>, main: &Field<'_>, report: &mut Report) {
    let mtu = document.get("mtu");
    if mtu.given() && mtu.number() < 1280 {
        report.error(&mtu, "must be at least 1280");
    }
    ranges::subnets(&document.at("filters.endpoints"), report);
    if main.at("machine.network.kubespan").given() {
        report.error(document, "machine.network.kubespan says it too; keep only this document");
    }
    if document.get("enabled").on() && main.given() && !main.at("cluster.discovery.enabled").on() {
        report.error(
            &document.get("enabled"),
            "KubeSpan finds members by discovery, and cluster.discovery is off",
        );
    }
}

/// Finds settings of the machine's network that a document has taken over.
fn both(document: &Field<'_>, main: &Field<'_>, keys: &[&str], report: &mut Report) {
    for key in keys {
        let legacy = main.at("machine.network").get(key);
        if !legacy.blank() {
            report.error(document, format!("{} says it too; keep only this document", legacy.path()));
        }
    }
}

fn time(document: &Field<'_>, main: &Field<'_>, report: &mut Report) {
    not_negative(document, &["bootTimeout"], report);
    if document.get("ntp").given() && document.get("ptp").given() {
        report.error(&document.get("ptp"), "give `ntp` or `ptp`, not both");
    }
    if !main.at("machine.time").blank() {
        report.error(document, "machine.time says it too; keep only this document");
    }
}

fn registry(kind: &str, document: &Field<'_>, report: &mut Report) {
    match kind {
        "RegistryMirrorConfig" => {
            for endpoint in document.get("endpoints").items() {
                machine::mirror(&endpoint.get("url"), report);
            }
        }
        "RegistryTLSConfig" => {
            let authority = document.get("ca");
            if !authority.blank() && !certificates::any(&authority.text()) {
                report.error(&authority, "there is no certificate in PEM");
            }
            let identity = document.get("clientIdentity");
            if identity.given() {
                if !certificates::any(&identity.get("cert").text()) {
                    report.error(&identity.get("cert"), "there is no certificate in PEM");
                }
                if !identity.get("key").text().contains("PRIVATE KEY-----") {
                    report.error(&identity.get("key"), "there is no private key in PEM");
                }
            }
        }
        _ => {
            let given = |key: &str| usize::from(!document.get(key).blank());
            if given("username") + given("identityToken") + given("auth") > 1 {
                report.error(document, "give one of `username`, `identityToken` and `auth`");
            }
        }
    }
}

fn services(kind: &str, document: &Field<'_>, report: &mut Report) {
    match kind {
        "KmsgLogConfig" => url(&document.get("url"), &["tcp", "udp"], true, report),
        "SideroLinkConfig" => url(&document.get("apiUrl"), &["https", "grpc"], false, report),
        "EventSinkConfig" => {
            let endpoint = document.get("endpoint");
            let text = endpoint.text();
            let (host, port) = text.rsplit_once(':').unwrap_or_default();
            let closed = !host.contains(':') || host.starts_with('[') && host.ends_with(']');
            if !text.contains(':') || !closed || port.contains(']') {
                report.error(&endpoint, "must be a host and a port, e.g. 10.0.0.1:4000");
            }
        }
        "WatchdogTimerConfig" => {
            needed(document, &["device"], report);
            let timeout = document.get("timeout");
            if duration(&timeout.text()).is_some_and(|length| length != 0.0 && length < 10e9) {
                report.error(&timeout, "must be at least 10s");
            }
        }
        "EnvironmentConfig" => {
            for (key, field) in document.get("variables").entries() {
                let letters = key.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
                if key.is_empty() || !letters || key.starts_with(|first: char| first.is_ascii_digit()) {
                    report.error(
                        &field,
                        "the name of a variable is letters, digits and `_`, with no digit first",
                    );
                }
            }
        }
        "OOMConfig" => not_negative(document, &["sampleInterval"], report),
        "ZswapConfig" if !(0..=100).contains(&document.get("maxPoolPercent").number()) => {
            report.error(&document.get("maxPoolPercent"), "must be between 0 and 100");
        }
        _ => {}
    }
}

/// Judges a URL of a service that has no path.
fn url(field: &Field<'_>, schemes: &[&str], with_port: bool, report: &mut Report) {
    let text = field.text();
    let Some(url) = locator::parse(&text).filter(|url| schemes.contains(&url.scheme)) else {
        return report.error(field, format!("must be a URL with {}", schemes.join(" or ")));
    };
    if !["", "/"].contains(&url.path) {
        report.error(field, "must have no path");
    } else if with_port && url.port.is_none_or(str::is_empty) {
        report.error(field, "must have a port");
    }
}

fn image_rules(document: &Field<'_>, report: &mut Report) {
    for rule in document.get("rules").items() {
        needed(&rule, &["image"], report);
        let (skip, deny) = (rule.get("skip").on(), rule.get("deny").on());
        let (keyless, public) = (rule.get("keyless"), rule.get("publicKey"));
        let ways = [skip, deny, keyless.given(), public.given()];
        if ways.iter().filter(|way| **way).count() != 1 {
            report.error(&rule, "a rule is one of `skip`, `deny`, `keyless` and `publicKey`");
        }
        if keyless.given() {
            needed(&keyless, &["issuer"], report);
            if keyless.get("subject").blank() && keyless.get("subjectRegex").blank() {
                report.error(&keyless.get("subject"), "give `subject` or `subjectRegex`");
            }
        }
        if public.given() {
            needed(&public, &["certificate"], report);
        }
    }
}

fn extension(document: &Field<'_>, report: &mut Report) {
    let files = document.get("configFiles");
    if files.blank() && document.get("environment").blank() {
        report.error(document, "give `configFiles` or `environment`");
    }
    for file in files.items() {
        needed(&file, &["content", "mountPath"], report);
    }
}
