//! Says before anything is sent whether Talos would take a config, and whether anyone should send it.
//!
//! Three questions, all of which are answered together: are keys and types those of Talos; does it pass Talos's own
//! checks; and is it free of what Talos takes without a word and a cluster does not survive, as ranges that overlap,
//! tokens that are missing, or authorities that have expired.
//!
//! CEL expressions are checked for their syntax and the variables that they name, not for their types.

mod certificates;
mod cluster;
mod components;
mod documents;
mod field;
mod interfaces;
mod labels;
mod links;
mod machine;
mod ranges;
mod report;
mod target;
mod versions;
mod volumes;

use crate::problem::Problem;
use crate::schema::{Identity, check_for, conflicts, document_path, since};
use crate::yaml::Node;
use field::Field;
pub use report::Report;
pub use target::{Mode, Target};

/// Judges the documents of a machine config for where they are to be used.
///
/// ```
/// use sskuba_talos::contract::Contract;
/// use sskuba_talos::validate::{Mode, Target, validate};
///
/// let documents = sskuba_talos::yaml::read("machine: {type: worker, sysctl: {}}").unwrap();
/// let report = validate(&documents, &Target::new(Mode::Metal, Contract::V1_13));
/// assert!(report.errors.iter().any(|problem| problem.to_string().contains("did you mean `sysctls`?")));
/// ```
pub fn validate(documents: &[Node], target: &Target) -> Report {
    let mut report = Report::default();
    for document in documents {
        check_for(document, target.contract, &mut report.errors);
    }
    report.errors.extend(conflicts(documents));
    let identified =
        || documents.iter().filter_map(|document| Some((Identity::of(document).ok()?, document)));
    for (identity, _) in identified().filter(|(identity, _)| since(&identity.kind) > target.contract) {
        let first = since(&identity.kind);
        let what = format!("Talos {} has no such document; it came with {first}", target.contract);
        report.errors.push(Problem::new(document_path(&identity), what));
    }
    let main = identified().find(|(identity, _)| identity.is_main()).map(|(_, document)| document);
    match main {
        Some(main) => judge_main(&Field::root(main, ""), target, &mut report),
        None if documents.is_empty() => report.errors.push(Problem::new("", "there is no document")),
        None => report.warnings.push(Problem::new(
            "",
            "there is no document of machine and cluster: a machine that has none waits for one",
        )),
    }
    let main = Field::root(main.unwrap_or(&Node::Null), "");
    for (identity, document) in identified().filter(|(identity, _)| !identity.is_main()) {
        let path = document_path(&identity);
        documents::judge(&identity, &Field::root(document, &path), &main, &mut report);
    }
    report.settle();
    report
}

/// Judges the document of machine and cluster.
fn judge_main(main: &Field<'_>, target: &Target, report: &mut Report) {
    let (machine, cluster) = (main.get("machine"), main.get("cluster"));
    if !machine.given() {
        return report.error(&machine, "a config must say what its machine is to be");
    }
    if main.get("persist").truth() == Some(false) {
        report
            .error(&main.get("persist"), "must be true: a config that is not kept is gone at the next start");
    }
    machine::judge(&machine, &cluster, target, report);
    cluster::judge(&cluster, machine::leads(&machine), target, report);
    versions::judge(&machine, &cluster, target, report);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Contract;
    use crate::yaml;

    fn errors(text: &str, target: &Target) -> Vec<String> {
        validate(&yaml::read(text).unwrap(), target).errors.iter().map(ToString::to_string).collect()
    }

    fn expect(text: &str, wanted: &str) {
        let errors = errors(text, &Target::new(Mode::Metal, Contract::V1_13));
        assert!(errors.iter().any(|error| error.contains(wanted)), "{text}: {errors:#?}");
    }

    #[test]
    fn what_talos_takes_and_nobody_should_send_is_named() {
        expect("machine: {type: worker}", "machine.token: the token is missing");
        expect("machine: {type: worker, token: canary}", "machine.token: a token is 6 and 16");
        expect(
            "machine: {}\ncluster: {network: {podSubnets: [10.0.0.0/8], serviceSubnets: [10.96.0.0/12]}, controlPlane: {endpoint: https://a}}",
            "serviceSubnets[0]: 10.96.0.0/12 overlaps 10.0.0.0/8",
        );
        expect("machine: {}\ncluster: {controlPlane: {endpoint: http://a}}", "https URL");
        expect("machine: {network: {nameservers: [dns]}}", "name servers have no names");
        expect("machine: {ca: {crt: Zm9v}}", "no certificate in PEM");
        expect("machine: {registries: {mirrors: {a: {endpoints: [b]}}}}", "http or https URL");
        expect(
            "machine: {kubelet: {image: 'a:v1.20.0'}}",
            "Talos 1.13 runs Kubernetes 1.31 to 1.36, not 1.20",
        );
        expect(
            "machine: {network: {interfaces: [{interface: a}, {interface: a}]}}",
            "configured in machine.network.interfaces[0]",
        );
    }

    #[test]
    fn the_documents_must_be_of_the_contract() {
        let text = "apiVersion: v1alpha1\nkind: KubeSpanConfig\nenabled: false\n";
        for (contract, valid) in [(Contract::V1_12, false), (Contract::V1_13, true)] {
            let errors = errors(text, &Target::new(Mode::Cloud, contract));
            assert_eq!(errors.is_empty(), valid, "{contract}: {errors:?}");
        }
        let key = "machine: {install: {grubUseUKICmdline: true}}";
        let named = |contract| {
            let errors = errors(key, &Target::new(Mode::Cloud, contract));
            errors.iter().any(|error| error.contains("it came with 1.12"))
        };
        assert!(named(Contract::V1_11) && !named(Contract::V1_12));
    }

    #[test]
    fn where_it_runs_decides_what_it_needs() {
        let text = "machine: {type: worker}";
        let asks = |mode, wanted: &str| {
            let errors = errors(text, &Target::new(mode, Contract::V1_13));
            errors.iter().any(|error| error.starts_with(wanted))
        };
        assert!(asks(Mode::Metal, "machine.install.disk") && !asks(Mode::Cloud, "machine.install.disk"));
        assert!(asks(Mode::Container, "machine.features.hostDNS.enabled"));
    }

    #[test]
    fn no_error_shows_a_secret() {
        let text = "
machine:
  token: canary
  ca: {crt: canary, key: canary}
  env: {a: [canary]}
  registries: {config: {a: {auth: {password: [canary]}}}}
  logging: {destinations: [{endpoint: 'http://canary@a', format: json_lines}]}
  network: {interfaces: [{interface: w, wireguard: {privateKey: canary}}]}
  systemDiskEncryption: {state: {provider: luks2, keys: [{static: {passphrase: [canary]}}]}}
cluster:
  token: canary
  secret: [canary]
  controlPlane: {endpoint: 'https://canary@a b'}
  serviceAccount: {key: canary}
";
        let shown = format!("{:?}", errors(text, &Target::default()));
        assert!(shown.matches("machine.").count() > 5 && !shown.contains("canary"), "{shown}");
    }
}
