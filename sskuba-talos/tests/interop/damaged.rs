//! Damaged configs with Talos's verdicts, and what Talos takes that nobody should send.

use std::fs;

use sskuba_core::clock::Timestamp;
use sskuba_talos::contract::Contract;
use sskuba_talos::validate::{Mode, Report, Target, validate};
use sskuba_talos::yaml;

use crate::oracle;

/// 2026-12-01: the authorities of all golden data are valid then.
pub(crate) const NOW: Timestamp = Timestamp(1_796_083_200_000);

/// Judges a text; one that cannot be read has one error.
pub(crate) fn judge(text: &str, target: &Target) -> Report {
    match yaml::read(text) {
        Ok(documents) => validate(&documents, target),
        Err(error) => {
            let mut report = Report::default();
            report.errors.push(sskuba_talos::problem::Problem::new("", error.to_string()));
            report
        }
    }
}

/// What Talos accepts of the folder and is fit to be sent.
const FIT: &[&str] = &["cp-only-partial.yaml"];

#[test]
fn what_talos_rejects_is_rejected() {
    let Some(data) = oracle::data("what_talos_rejects_is_rejected") else { return };
    let verdicts = fs::read_to_string(data.join("damaged/verdicts.tsv")).unwrap();
    let target = Target::new(Mode::Metal, Contract::V1_13).at(NOW);
    let (mut rejected, mut wrong) = (0, Vec::new());
    for line in verdicts.lines() {
        let mut columns = line.split('\t');
        let (file, verdict) = (columns.next().unwrap(), columns.next().unwrap());
        let text = fs::read_to_string(data.join("damaged").join(file)).unwrap();
        let report = judge(&text, &target);
        let fit = verdict == "accepts" && FIT.contains(&file);
        if report.is_ok() == fit {
            rejected += usize::from(!fit);
        } else {
            wrong.push(format!("{file} (Talos {verdict}): {:?}", report.errors));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{rejected} damaged configs are rejected");
}

#[test]
fn golden_configs_are_accepted() {
    let Some(data) = oracle::data("golden_configs_are_accepted") else { return };
    let mut accepted = 0;
    for contract in Contract::ALL {
        for file in fs::read_dir(data.join(format!("v{contract}"))).unwrap() {
            let path = file.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let target = Target::new(Mode::Cloud, contract).at(NOW).with_any_kubernetes();
            let report = judge(&text, &target);
            assert!(report.is_ok(), "{}: {:?}", path.display(), report.errors);
            // They name Kubernetes 1.28, which none of these runs.
            let strict = judge(&text, &Target::new(Mode::Cloud, contract).at(NOW));
            assert!(strict.errors.iter().any(|problem| problem.what.contains("1.28")), "{:?}", strict.errors);
            // In 2040 their authorities have expired, and on a clock that stands still they are not valid yet.
            for (now, what) in [(Timestamp(2_208_988_800_000), "expired"), (Timestamp(0), "clock")] {
                let report = judge(&text, &Target::new(Mode::Cloud, contract).at(now).with_any_kubernetes());
                assert!(report.errors.iter().any(|problem| problem.what.contains(what)), "{what}");
            }
            accepted += 1;
        }
    }
    println!("{accepted} golden configs are accepted");
}
