//! The example `talos-config`, run as its users run it.
#![expect(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sskuba::core::clock::{Clock, SeededIds, SystemClock, Timestamp};
use sskuba::core::secret::Secret;
use sskuba::talos::config::MachineConfig;
use sskuba::talos::contract::Contract;
use sskuba::talos::credentials::Talosconfig;
use sskuba::talos::secrets::{Bundle, Role, generate_with};
use tempfile::TempDir;

/// The files of a cluster.
const FILES: [&str; 4] = ["controlplane.yaml", "secrets.yaml", "talosconfig", "worker.yaml"];

/// What every run is given; later ones win where an option is given once only.
const CLUSTER: [&str; 4] = ["--name", "base", "--endpoint", "https://base:6443"];

/// Returns the program; built once in a run of the tests, into the folder that they were built into.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| sskuba_testkit::example("talos-config", "talos-testing"))
}

/// Runs the program for a folder; returns whether it went well and what it said.
fn run(out: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(program());
    command.args(CLUSTER).args(arguments).arg("--out").arg(out);
    if !arguments.contains(&"--kubernetes") {
        command.args(["--kubernetes", "1.36.3"]);
    }
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// Writes secrets that are whole but for the key of service accounts, which takes no time to make.
fn secrets(folder: &Path, seed: u64, from: Timestamp) -> String {
    let path = folder.join(format!("secrets-{seed}.yaml"));
    fs::write(&path, bundle(seed, from).to_yaml().expose()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn bundle(seed: u64, from: Timestamp) -> Bundle {
    let random = SeededIds::new(seed);
    let mut bundle = generate_with(Secret::new(String::new()), Contract::V1_13, from, &random).unwrap();
    bundle.certificates.service_account = bundle.certificates.kubernetes.key.clone();
    bundle
}

/// The files of a folder with their contents.
fn listed(folder: &Path) -> Vec<(String, String)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.map(|entry| entry.unwrap());
    let mut files: Vec<_> = entries
        .map(|entry| {
            (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap_or_default())
        })
        .collect();
    files.sort();
    files
}

fn names(folder: &Path) -> Vec<String> {
    listed(folder).into_iter().map(|(name, _)| name).collect()
}

/// Runs the program, which has to refuse: it says `wanted`, once, and nothing changes.
#[track_caller]
fn refused(out: &Path, arguments: &[&str], wanted: &str) -> String {
    let before = listed(out);
    let (good, text) = run(out, arguments);
    assert!(!good, "{text}");
    assert_eq!(text.matches(wanted).count(), 1, "{arguments:?}: {text}");
    assert!(text.ends_with("\nnothing was written\n"), "{text}");
    assert_eq!(listed(out), before, "{arguments:?}: nothing is written");
    text
}

#[test]
fn a_cluster_is_made_that_everything_belongs_to() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("new/base");
    let patch = |name: &str, content: &str| {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (all, some) =
        (patch("all", "machine: {sysctls: {a: b}}"), patch("some", "machine: {sysctls: {c: d}}"));
    let mut arguments = vec!["--control-planes", "10.0.0.2,10.0.0.3", "--admin-lifetime", "1h"];
    arguments.extend(["--additional-sans", "k8s.example.com", "--patch", &all, "--patch-worker", &some]);
    let (good, text) = run(&out, &arguments);
    assert!(good, "{text}");
    assert!(text.contains("made the key of service accounts (RSA, 4096 bits) in "), "{text}");
    assert_eq!(names(&out), FILES);
    let read = |name: &str| fs::read_to_string(out.join(name)).unwrap();
    let bundle = Bundle::from_yaml(&read("secrets.yaml")).unwrap();
    assert_eq!(bundle.validate(SystemClock.now()), []);
    assert_eq!(Bundle::from_control_plane(&read("controlplane.yaml")).unwrap(), bundle);
    let worker = MachineConfig::parse(&read("worker.yaml")).unwrap();
    assert_eq!(worker.documents[0].at(&["machine", "type"]).unwrap().as_str(), Some("worker"));
    let leader = MachineConfig::parse(&read("controlplane.yaml")).unwrap();
    let sysctls = |config: &MachineConfig| {
        let found = config.documents[0].at(&["machine", "sysctls"]).unwrap();
        found.as_map().unwrap().keys().cloned().collect::<String>()
    };
    assert_eq!((sysctls(&leader), sysctls(&worker)), ("a".to_owned(), "ac".to_owned()));
    let names = leader.documents[0].at(&["cluster", "apiServer", "certSANs"]).unwrap().as_seq().unwrap();
    assert!(names.iter().any(|name| name.as_str() == Some("k8s.example.com")));
    let context = Talosconfig::read(&read("talosconfig")).unwrap().context("base").unwrap();
    assert_eq!(context.endpoints, ["10.0.0.2", "10.0.0.3"]);
    assert_eq!(context.authority.as_ref(), Some(&bundle.certificates.os.certificate));
    let client = context.client.unwrap();
    assert_eq!(client.organizations().unwrap(), [Role::Admin.name()]);
    let (from, until) = client.validity().unwrap();
    assert!(until.since(from).as_secs() <= 3611, "an hour, and what clocks differ by");
    #[cfg(unix)]
    for name in FILES {
        use std::os::unix::fs::PermissionsExt;
        let mode = out.join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn what_is_there_stays_unless_it_may_be_replaced_and_secrets_always() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("base");
    let now = SystemClock.now();
    let (mine, other) = (secrets(folder.path(), 1, now), secrets(folder.path(), 2, now));
    let (good, text) = run(&out, &["--secrets", &mine]);
    assert!(good && names(&out) == FILES, "{text}");
    let before = listed(&out);
    for name in ["controlplane.yaml", "worker.yaml", "talosconfig"] {
        let text = refused(&out, &["--secrets", &mine], "there already; --force replaces the configs");
        assert!(text.contains(name), "{text}");
    }
    let kept = "has the secrets of a cluster already";
    refused(&out, &["--force"], kept);
    refused(&out, &["--force", "--secrets", &other], kept);
    let own = out.join("secrets.yaml");
    let own = own.to_str().unwrap();
    let (good, text) = run(&out, &["--force", "--secrets", own, "--gpu", "v1.13.9"]);
    assert!(good && text.contains("kept "), "{text}");
    assert_eq!(names(&out), ["controlplane.yaml", "gpu.yaml", "secrets.yaml", "talosconfig", "worker.yaml"]);
    let after = listed(&out);
    assert_eq!(after[0], before[0], "the same secrets make the same config");
    assert_eq!(after[2], before[1]);
    let gpu = MachineConfig::parse(&after[1].1).unwrap();
    let taint = gpu.documents[0].at(&["machine", "nodeTaints", "nvidia.com/gpu"]);
    assert_eq!(taint.unwrap().as_str(), Some("present:NoSchedule"));
    fs::write(own, "damaged").unwrap();
    refused(&out, &["--force"], kept);
}

#[test]
fn all_is_written_or_nothing() {
    let folder = TempDir::new().unwrap();
    let mine = secrets(folder.path(), 1, SystemClock.now());
    let out = folder.path().join("base");
    // The last file cannot be replaced: a folder has its name.
    run(&out, &["--secrets", &mine]);
    fs::write(out.join("worker.yaml"), "old").unwrap();
    fs::remove_file(out.join("talosconfig")).unwrap();
    fs::create_dir(out.join("talosconfig")).unwrap();
    let before = listed(&out);
    refused(&out, &["--secrets", &mine, "--force"], "a folder has this name");
    assert_eq!(listed(&out), before);
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    refused(&file.join("sub"), &["--secrets", &mine], "cannot write to");
    refused(&file, &["--secrets", &mine], "cannot write to");
}

#[test]
fn each_mistake_is_said_once_and_nothing_is_written() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("base");
    let now = SystemClock.now();
    let say = |arguments: &[&str], wanted: &str| {
        refused(&out, arguments, wanted);
    };
    say(&["--kubernetes", "1.37.0"], "choose a version of 1.31 to 1.36\n");
    say(
        &["--contract", "1.11"],
        "choose a version of 1.29 to 1.34, or --contract 1.13, if the machines run that",
    );
    say(&["--kubernetes", "latest"], "write all three numbers, e.g. 1.36.0");
    say(&["--kubernetes", "1.36"], "kubernetes: must be a whole version without `v`");
    say(&["--pod-subnets", "10.0.0.0/8"], "10.96.0.0/12 overlaps 10.0.0.0/8");
    say(&["--service-subnets", "10.96.0.0/33"], "is no range of addresses");
    say(&["--gpu", "1.12.0"], "is no release of Talos 1.13");
    say(&["--admin-lifetime", "0s"], "less than a second");
    let mine = secrets(folder.path(), 1, now);
    let text = fs::read_to_string(&mine).unwrap();
    let patch = folder.path().join("patch.yaml");
    let patch = patch.to_str().unwrap();
    for (content, wanted) in [
        ("machine: {sysctl: {}}", "did you mean `sysctls`?"),
        ("- {op: remove, path: /machine/token}", "several"),
        ("machine: {type: {$patch: delete}}", "machine.ca.key: a worker must not have the key"),
    ] {
        fs::write(patch, content).unwrap();
        say(&["--secrets", &mine, "--patch", patch], wanted);
    }
    for (from, to, wanted) in [
        ("  token: ", "  other: ", "trustdinfo.token is missing"),
        ("bootstraptoken: ", "bootstraptoken: x", "secrets.bootstraptoken is not of the form of a token"),
        ("cluster:", "cluster: [", "line"),
    ] {
        let damaged = folder.path().join("damaged.yaml");
        fs::write(&damaged, text.replacen(from, to, 1)).unwrap();
        say(&["--secrets", damaged.to_str().unwrap()], wanted);
    }
    say(&["--secrets", "no-such-file"], "the secrets no-such-file: ");
    let expired = secrets(folder.path(), 3, Timestamp(1_000_000_000_000));
    let (good, text) = run(&out, &["--secrets", &expired]);
    assert!(!good);
    assert_eq!(text.matches(" expired at 2011-").count(), 4, "each authority: {text}");
    assert!(!out.exists());
}

#[test]
fn a_bad_endpoint_and_an_unknown_contract_are_named() {
    let folder = TempDir::new().unwrap();
    for (endpoint, wanted) in [
        ("http://base:6443", "https URL"),
        ("base", "has no host"),
        ("https://base:99999", "between 1 and 65535"),
    ] {
        let out = folder.path().join("base");
        let output = Command::new(program())
            .args(["--name", "base", "--endpoint", endpoint, "--kubernetes", "1.36.3", "--out"])
            .arg(&out)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && !out.exists(), "{text}");
        assert_eq!(text.matches(wanted).count(), 1, "{endpoint}: {text}");
    }
    let (good, text) = run(folder.path(), &["--contract", "1.14"]);
    assert!(!good && text.contains("there are 1.11, 1.12 and 1.13"), "{text}");
}

/// What differs from run to run: digits of the key's time and of sizes, and moments.
fn masked(line: &str) -> String {
    if line.starts_with("talos-config: ") {
        return line.to_owned();
    }
    let words = line.split(' ').map(|word| {
        let bare = word.trim_start_matches('(').trim_end_matches(';');
        let number = !bare.is_empty() && bare.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
        let moment = bare.ends_with('Z') && bare.contains('T');
        if (number && bare != "4096") || moment { word.replace(bare, "…") } else { word.to_owned() }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_guide_shows_what_the_program_says() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/talos.md");
    let guide = fs::read_to_string(guide).unwrap();
    let folder = TempDir::new().unwrap();
    let blocks: Vec<&str> = guide.split("```console\n").skip(1).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let shown = block.split("```").next().unwrap();
        let (command, answer) = shown.split_once('\n').unwrap();
        let arguments =
            command.strip_prefix("$ cargo run --features talos --example talos-config -- ").unwrap();
        let output =
            Command::new(program()).args(arguments.split(' ')).current_dir(folder.path()).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let said: Vec<String> = said.lines().map(masked).collect();
        assert_eq!(said, answer.lines().collect::<Vec<_>>());
    }
}
