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
use crate::schema::{Identity, check, conflicts, document_path, since};
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
        check(document, &mut report.errors);
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
