//! `cargo xtask nightly`: what shows that nothing is lost and takes too long for every change. It is run by hand before a
//! promise of the engine is called kept; each part says its time, and they go on after one that fails.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, bail};

/// What to run.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run this part alone (may be repeated)
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// List the parts and run none
    #[arg(long)]
    list: bool,
    /// How many sequences of operations the independent model is compared in, under each seed
    #[arg(long, default_value_t = 10_000)]
    sequences: u32,
    /// How many times a program is killed
    #[arg(long, default_value_t = 1_000)]
    kills: u32,
}

/// One part: its name, what it is, and the words for cargo.
struct Part {
    name: &'static str,
    about: &'static str,
    commands: Vec<Vec<String>>,
}

/// The seeds under which the model is compared.
const SEEDS: [u32; 2] = [21, 42];

/// Runs the parts; true if all went well.
pub(crate) fn run(root: &Path, options: &Options) -> anyhow::Result<bool> {
    let parts = parts(options);
    if options.list {
        parts.iter().for_each(|part| println!("{:8} {}", part.name, part.about));
        return Ok(true);
    }
    if let Some(name) = options.only.iter().find(|name| !parts.iter().any(|part| part.name == *name)) {
        bail!("there is no part `{name}`; `--list` shows them");
    }
    let chosen = parts
        .iter()
        .filter(|part| options.only.is_empty() || options.only.iter().any(|name| name == part.name));
    let mut lines = Vec::new();
    let mut good = true;
    for part in chosen {
        let start = Instant::now();
        let mut ended_well = true;
        for words in &part.commands {
            println!("== {}: cargo {}", part.name, words.join(" "));
            ended_well &= carry_out(root, words, options)?;
        }
        good &= ended_well;
        let word = if ended_well { "good" } else { "BROKEN" };
        lines.push(format!("{:8} {word:6} {:6.0} s", part.name, start.elapsed().as_secs_f64()));
    }
    println!("\n{}", lines.join("\n"));
    Ok(good)
}

fn parts(options: &Options) -> Vec<Part> {
    let words = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let model = |seed: u32| {
        let test = "test -p sskuba-testkit --test model -- engine_cloud_and_model_agree --nocapture";
        [vec![format!("seed={seed}")], words(test)].concat()
    };
    vec![
        Part {
            name: "model",
            about: "the engine, a cloud and an independent model, operation by operation",
            commands: SEEDS.map(model).to_vec(),
        },
        Part {
            name: "deaths",
            about: "programs that die at every boundary, and again while they recover",
            commands: vec![words("xtask torture --points")],
        },
        Part {
            name: "kills",
            about: "programs that are killed, stopped and edited at random instants",
            commands: vec![words(&format!("xtask torture --kills {}", options.kills))],
        },
        Part {
            name: "mutants",
            about: "the engine broken on purpose, promise by promise",
            commands: vec![words("xtask mutants")],
        },
        Part {
            name: "compare",
            about: "this engine and other tools side by side",
            commands: vec![words("xtask compare")],
        },
    ]
}

/// Runs one command; a first word `seed=N` is the model's seed.
fn carry_out(root: &Path, words: &[String], options: &Options) -> anyhow::Result<bool> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root);
    for word in words {
        match word.strip_prefix("seed=") {
            Some(seed) => {
                command.env("SSKUBA_MODEL_SEED", seed);
                command.env("SSKUBA_MODEL_SEQUENCES", options.sequences.to_string());
            }
            None => drop(command.arg(word)),
        }
    }
    Ok(command.status().context("failed to start cargo")?.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_that_is_not_there_is_refused() {
        let options = Options { only: vec!["moddel".into()], list: false, sequences: 1, kills: 1 };
        let error = run(Path::new("."), &options).unwrap_err().to_string();
        assert_eq!(error, "there is no part `moddel`; `--list` shows them");
    }

    #[test]
    fn each_part_has_commands_and_a_name_of_its_own() {
        let options = Options { only: Vec::new(), list: true, sequences: 7, kills: 3 };
        let all = parts(&options);
        let names: std::collections::HashSet<_> = all.iter().map(|part| part.name).collect();
        assert_eq!(names.len(), all.len());
        assert!(all.iter().all(|part| !part.commands.is_empty()));
        assert!(all.iter().any(|part| part.commands[0].join(" ") == "xtask torture --kills 3"));
    }
}
