//! Hostile input from a fixed seed: no panic, and no more memory than the input can ask for. `fuzz/` goes on where
//! this ends.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test: what fails is seen")]

use std::fs;
use std::path::Path;
use std::process::Command;

use sskuba_testkit::fuzzing::{Mutator, TARGETS, clean};

/// How many inputs each target gets.
const INPUTS: usize = 3_000;

/// For the targets that write a file for each input.
const INPUTS_IN_FILES: usize = 400;

/// How much memory a child may ask for, in KiB: far above what inputs of at most 64 KiB need.
const MEMORY: usize = 2_000_000;

const SEED: u64 = 20;

/// Says to a copy of this test which target it tries.
const CHILD: &str = "SSKUBA_FUZZING_TARGET";

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

/// Hands a target its inputs; an input that breaks it is printed.
fn child(name: &str) {
    let (_, target) = TARGETS.into_iter().find(|(known, _)| *known == name).unwrap();
    let (corpus, files) = (corpus(name), ["config", "sim_world"].contains(&name));
    corpus.iter().for_each(|input| target(input));
    let mutator = Mutator::new(corpus, SEED);
    for number in 0..if files { INPUTS_IN_FILES } else { INPUTS } {
        let input = mutator.input();
        if std::panic::catch_unwind(|| target(&input)).is_err() {
            panic!("input {number} of seed {SEED} breaks {name}: {:?}", String::from_utf8_lossy(&input));
        }
    }
    clean();
}

#[test]
fn no_input_breaks_a_reader_or_asks_for_memory_without_bound() {
    if let Ok(name) = std::env::var(CHILD) {
        return child(&name);
    }
    let test = std::env::current_exe().unwrap();
    for (name, _) in TARGETS {
        let script = format!("ulimit -v {MEMORY}; exec \"$0\" --exact --nocapture {}", "\"$1\"");
        let this = "no_input_breaks_a_reader_or_asks_for_memory_without_bound";
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(&test).arg(this).env(CHILD, name).env("RUST_BACKTRACE", "0");
        let ran = command.output().unwrap();
        let text = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{name}: {:?}\n{text}", ran.status);
        println!("{name}: seed {SEED}, {} bytes of complaints", text.len());
    }
}

#[test]
fn every_fuzz_target_has_a_corpus_and_a_file() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for (name, _) in TARGETS {
        let size: usize = corpus(name).iter().map(Vec::len).sum();
        assert!(size < 200_000, "the corpus of {name} is to stay small, and has {size} bytes");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in fuzz/Cargo.toml");
        let file = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).unwrap();
        assert!(file.contains(&format!("sskuba_testkit::fuzzing::{name}(")), "{file}");
    }
}
