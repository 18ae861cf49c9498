//! The guides' transcripts, run: each `console` block is what its commands answer now.
//!
//! A line that begins with `$ ` is a command, `bob$ ` one on Bob's machine; what follows is the answer. Ids, keys and
//! times stand as `…`; in a command `…` is the last such word that was answered. `<!-- do: WHAT -->` does what no
//! command does, such as the reader's edit of a program. With `SSKUBA_UPDATE_GUIDES` set, the blocks are written anew.
//! What a guide shows of Rust is compared with the programs that it is run with.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sskuba::core::state::{Fold, Owner, Records, StateStore};
use sskuba::core::stores::Sled;

use crate::programs;

/// A scratch folder with a machine for each person, on one simulated world.
struct Machines {
    folder: tempfile::TempDir,
    /// The name of the program's folder.
    project: &'static str,
    /// The last word that was answered, by how it is shown.
    words: HashMap<String, String>,
    host: String,
    /// Public keys, by how they are shown: after the person on whose machine they came up.
    keys: HashMap<String, String>,
}

impl Machines {
    fn new(example: &str, project: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let (program, witness) = (programs::path(example), programs::witness());
        // What a reader types is `cargo run …`; here it is built already.
        let shim = format!(
            "#!/bin/sh\ncase \"$2\" in\n--) shift 2; exec {}/program/* \"$@\";;\n\
             --example) shift 4; exec {} \"$@\";;\n*) shift 4; exec {} \"$@\";;\nesac\n",
            folder.path().display(),
            program.display(),
            witness.display()
        );
        fs::write(bin.join("cargo"), shim).unwrap();
        fs::set_permissions(bin.join("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { folder, project, words: HashMap::new(), host, keys: HashMap::new() }
    }

    /// Makes `cargo run --` run this one of the programs of `examples/guides`.
    fn choose(&self, program: &str) {
        let folder = self.folder.path().join("program");
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(programs::path("guides"), folder.join(program)).unwrap();
    }

    fn place(&self, person: &str) -> PathBuf {
        let place = self.folder.path().join(person).join(self.project);
        fs::create_dir_all(&place).unwrap();
        place
    }

    /// Runs a command on somebody's machine and returns its answer as it is shown.
    fn run(&mut self, person: &str, line: &str) -> String {
        let words = line.split(' ').map(|word| match self.words.get(word) {
            Some(meant) if word.contains('…') => meant.clone(),
            _ => word.to_owned(),
        });
        let line = words.collect::<Vec<_>>().join(" ");
        let place = self.place(person);
        let root = self.folder.path();
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -c 0; exec 2>&1; {line}")]).current_dir(&place).env_clear();
        command
            .env("PATH", format!("{}:/usr/bin:/bin", root.join("bin").display()))
            .env("CARGO_MANIFEST_DIR", &place)
            .env("SSKUBA_SIM_WORLD", root.join("world"))
            .env("USER", person)
            .env("HOME", root.join(person))
            .stdin(Stdio::null());
        let ran = command.output().unwrap();
        let mut text = String::from_utf8(ran.stdout).unwrap();
        if ran.status.signal().is_some() && !text.ends_with("Aborted\n") {
            text.push_str("Aborted\n");
        }
        self.shown(person, &text)
    }

    fn key(&mut self, person: &str, key: &str) -> String {
        let taken = self.keys.values().filter(|shown| shown.contains(person)).count();
        let number = if taken == 0 { String::new() } else { (taken + 1).to_string() };
        self.keys.entry(key.to_owned()).or_insert_with(|| format!("age1{person}{number}…")).clone()
    }

    fn shown(&mut self, person: &str, text: &str) -> String {
        let root = self.folder.path().display().to_string();
        let text = text.replace(&root, "/home").replace(&format!("@{}", self.host), "@desk");
        let text =
            ["process ", "_ms\":"].into_iter().fold(text, |text, before| without_number(&text, before));
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
        let mut shown = String::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_part) {
            shown.push_str(&rest[..start]);
            let end = rest[start..].find(|c| !is_part(c)).map_or(rest.len(), |end| start + end);
            let word = &rest[start..end];
            let (word, tail) =
                word.trim_end_matches([':', '.']).split_at(word.trim_end_matches([':', '.']).len());
            let kept = &rest[start + word.len()..end];
            let replaced = match word.starts_with("age1") && word.len() > 50 {
                true => self.key(person, word),
                false => replaced(word),
            };
            if replaced != word {
                self.words.insert(replaced.clone(), word.to_owned());
            }
            shown.push_str(&replaced);
            shown.push_str(tail);
            shown.push_str(kept);
            rest = &rest[end..];
        }
        shown + rest
    }
}

/// Puts `…` in the place of each number that stands after these characters.
fn without_number(text: &str, before: &str) -> String {
    let mut parts = text.split(before);
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
        shown.push_str(before);
        shown.push_str(if rest.len() < part.len() { "…" } else { "" });
        shown.push_str(rest);
    }
    shown
}

/// Returns how a word is shown that differs from run to run.
fn replaced(word: &str) -> String {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if word.len() >= 20 && word.as_bytes()[4] == b'-' && word.contains('T') && word.ends_with('Z') {
        return "…Z".to_owned();
    }
    if let Some((whole, part)) = word.strip_suffix('s').and_then(|number| number.split_once('.'))
        && digits(whole)
        && digits(part)
    {
        return "0.1s".to_owned();
    }
    let (head, last) = word.rsplit_once('-').map_or(("", word), |(head, last)| (head, last));
    let is_id = last.len() >= 8
        && last.bytes().all(|b| b.is_ascii_hexdigit())
        && last.bytes().any(|b| b.is_ascii_digit());
    match (is_id, head) {
        (false, _) => word.to_owned(),
        (true, "") => "…".to_owned(),
        (true, head) => format!("{head}-…"),
    }
}

/// Damages the record of a resource behind everybody's back.
fn damage(place: &Path, address: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Sled::open(place.join(".sskuba/state"));
        let owner = Owner { user: "eve".into(), host: "here".into(), pid: 1, command: "meddling".into() };
        let lease = store.acquire(&"local/recovery/dev".parse().unwrap(), &owner).await.unwrap();
        let image = store.load(&lease.stack).await.unwrap().unwrap();
        let is_it =
            |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(&format!("\"address\":\"{address}\""));
        let (key, mut bytes) = image.records.iter().find(|(_, bytes)| is_it(bytes)).unwrap().clone();
        *bytes.last_mut().unwrap() ^= 1;
        store
            .fold(&lease, Fold { records: Records::put(vec![(key, bytes)]), ..Fold::default() })
            .await
            .unwrap();
        store.release(&lease).await.unwrap();
    });
}

/// Runs a guide and returns what it should be.
fn run(guide: &str, machines: &mut Machines) -> String {
    let mut fresh = String::new();
    let mut lines = guide.lines().peekable();
    while let Some(line) = lines.next() {
        fresh.push_str(&format!("{line}\n"));
        if let Some(what) = line.strip_prefix("<!-- do: ").and_then(|rest| rest.strip_suffix(" -->")) {
            match what.split_once(' ') {
                Some(("program", name)) => machines.choose(name),
                Some(("damage", address)) => damage(&machines.place("ann"), address),
                _ => panic!("nobody knows how to `{what}`"),
            }
        }
        if line != "```console" {
            continue;
        }
        for line in lines.by_ref().take_while(|line| *line != "```") {
            let Some((person, command)) = line.split_once("$ ").filter(|(who, _)| ["", "bob"].contains(who))
            else {
                continue;
            };
            let answer = machines.run(if person.is_empty() { "ann" } else { person }, command);
            fresh.push_str(&format!("{line}\n{answer}"));
            if !answer.is_empty() && !answer.ends_with('\n') {
                fresh.push('\n');
            }
        }
        fresh.push_str("```\n");
    }
    fresh
}

/// Returns what is compared: columns are as wide as what is in them, and that may differ by a digit; how long
/// something will take is expected from how long it took.
fn narrow(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.starts_with("Expected time about "));
    lines
        .map(|line| {
            let line =
                line.rsplit_once("ing, about ").map_or(line.to_owned(), |(line, _)| format!("{line}ing"));
            line.split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect()
}

/// Compares a guide with what its commands answer, or writes it anew.
fn check(name: &str, machines: &mut Machines) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides").join(name);
    let guide = fs::read_to_string(&path).unwrap();
    let fresh = run(&guide, machines);
    if narrow(&guide) == narrow(&fresh) {
        return;
    }
    if std::env::var_os("SSKUBA_UPDATE_GUIDES").is_some() {
        fs::write(&path, fresh).unwrap();
        return;
    }
    let differs = narrow(&guide).iter().zip(narrow(&fresh)).position(|(old, new)| *old != new);
    panic!(
        "docs/guides/{name} drifted, first at line {}; SSKUBA_UPDATE_GUIDES=1 writes it anew:\n{fresh}",
        differs.map_or_else(|| guide.lines().count(), |at| at + 1)
    );
}

#[test]
fn the_guide_to_recovery_says_what_happens() {
    check("recovery.md", &mut Machines::new("recovery", "recovery"));
}

#[test]
fn the_guide_to_a_first_program_says_what_happens() {
    check("first-program.md", &mut Machines::new("guides", "site"));
}

#[test]
fn the_guide_to_components_says_what_happens() {
    check("components.md", &mut Machines::new("guides", "shop"));
}

#[test]
fn the_guide_to_state_and_teams_says_what_happens() {
    check("state-and-teams.md", &mut Machines::new("guides", "network"));
}

#[test]
fn the_guide_to_secrets_says_what_happens() {
    check("secrets.md", &mut Machines::new("guides", "database"));
}

#[test]
fn the_guide_to_ci_says_what_happens() {
    check("ci.md", &mut Machines::new("guides", "site"));
}

/// Returns code without the white space at the beginnings of its lines, and without what only the modules need.
fn trimmed(code: &str) -> String {
    let lines = code.lines().map(|line| line.trim().replace("pub(crate) ", ""));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_guides_show_code_that_is_compiled() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = fs::read_dir(root.join("examples/guides")).unwrap();
    let programs: Vec<String> =
        files.map(|file| trimmed(&fs::read_to_string(file.unwrap().path()).unwrap())).collect();
    for name in ["first-program", "components", "state-and-teams", "secrets"] {
        let guide = fs::read_to_string(root.join(format!("docs/guides/{name}.md"))).unwrap();
        let blocks = guide.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("rust\n"));
        for block in blocks.map(trimmed) {
            assert!(
                programs.iter().any(|code| code.contains(&block)),
                "{name}.md shows what is nowhere in examples/guides:\n{block}"
            );
        }
    }
}
