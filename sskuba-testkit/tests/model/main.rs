//! Random sequences of edits, operations and faults, judged by an independent model of the truth.
//!
//! `SSKUBA_MODEL_SEQUENCES` says how many (1,000 in CI, 150 elsewhere), `SSKUBA_MODEL_SEED` which, and `SSKUBA_MODEL_SCRIPT` names
//! a file with one sequence that is played instead: a failure prints one, made as short as it could be.
#![expect(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

mod agree;
mod kinds;
mod operations;
mod player;
mod program;
mod repairs;
mod safekeeping;
mod script;
mod stage;

use std::time::Instant;

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// How many operations a sequence has.
const OPERATIONS: usize = 30;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap())
}

/// Sequences that once ended in a disagreement, and those that a mutation of the engine alone would fail.
#[test]
fn what_was_found_once_stays_mended() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/found");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let script = script::read(&std::fs::read_to_string(&path).unwrap());
        player::play(&script, 1).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    }
}

#[test]
fn engine_cloud_and_model_agree_after_every_operation() {
    if let Ok(path) = std::env::var("SSKUBA_MODEL_SCRIPT") {
        let script = script::read(&std::fs::read_to_string(path).unwrap());
        return player::play(&script, 1).unwrap();
    }
    let usual = if std::env::var("CI").is_ok_and(|ci| ci == "true") { 1_000 } else { 150 };
    let sequences = variable("SSKUBA_MODEL_SEQUENCES").unwrap_or(usual);
    let seed = variable("SSKUBA_MODEL_SEED").unwrap_or(1);
    println!("{sequences} sequences of {OPERATIONS} operations, seed {seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config {
        cases: u32::try_from(sequences).unwrap(),
        failure_persistence: None,
        max_shrink_iters: 3_000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let start = Instant::now();
    let result = TestRunner::new_with_rng(config, rng)
        .run(&script::script(OPERATIONS), |script| player::play(&script, 1).map_err(TestCaseError::fail));
    match result {
        Ok(()) => {
            let rate = sequences as f64 / start.elapsed().as_secs_f64();
            println!("no disagreement in {sequences} sequences, {rate:.1} a second");
        }
        Err(TestError::Fail(why, script)) => {
            panic!("seed {seed}: {why}\n\nthe script, for SSKUBA_MODEL_SCRIPT:\n{}", script::write(&script))
        }
        Err(error) => panic!("{error}"),
    }
}
