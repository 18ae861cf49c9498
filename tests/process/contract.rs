//! What programs read: JSON lines, documents, exit codes; and that no secret is in any of it, nor in any file.

use std::fs;
use std::path::Path;

use rustix::process::Signal;
use serde_json::Value as Json;

use crate::stage::{CANARY, Ran, Stage};

const COUNTS: [&str; 10] =
    ["create", "delete", "failed", "import", "moved", "read", "replace", "skipped", "unchanged", "update"];

fn keys(object: &Json) -> Vec<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Checks a run's JSON lines and the form of its summary, and returns that.
#[track_caller]
fn summary(ran: Ran, result: &str) -> Json {
    let summary = ran.summary();
    assert_eq!(keys(&summary), ["changes", "duration_ms", "event", "result", "revision", "time"]);
    assert_eq!(keys(&summary["changes"]), COUNTS);
    assert!(COUNTS.iter().all(|count| summary["changes"][count].is_u64()), "{summary}");
    assert!(summary["revision"].is_u64() && summary["duration_ms"].is_u64(), "{summary}");
    assert_eq!(summary["result"], result, "{ran}");
    assert_eq!(ran.events().iter().filter(|line| line["event"] == "summary").count(), 1, "{ran}");
    // One object a line, `event` and `time` first.
    assert!(
        ran.out.lines().all(|line| line.starts_with("{\"event\":\"") && line.contains("\",\"time\":\"2")),
        "{ran}"
    );
    summary
}

#[test]
fn every_command_that_changes_something_ends_with_a_summary() {
    let stage = Stage::new("fixture", &["owner=ann"]);
    let preview = summary(stage.run("preview --json").expect(0), "succeeded");
    assert_eq!((&preview["changes"]["create"], &preview["revision"]), (&5.into(), &0.into()), "the plan's");
    summary(stage.run("preview --json --expect-no-changes").expect(3), "succeeded");
    let pending = summary(stage.run("up --json --expect-no-changes").expect(3), "succeeded");
    assert_eq!(pending["changes"]["create"], 5);
    assert_eq!(stage.world().len(), 0);
    let up = summary(stage.run("up --json --yes").expect(0), "succeeded");
    assert_eq!(up["changes"]["create"], 5);
    assert!(up["revision"].as_u64().unwrap() >= 10);
    let again = summary(stage.run("up --json --expect-no-changes").expect(0), "succeeded");
    assert_eq!((&again["changes"]["unchanged"], &again["revision"]), (&5.into(), &up["revision"]));
    let replaced = summary(stage.run("up --json --yes -c owner=bob").expect(0), "succeeded");
    assert_eq!(replaced["changes"]["replace"], 2);
    let read = summary(stage.run("refresh --json").expect(0), "succeeded");
    assert_eq!(read["changes"]["read"], 5);
    let down = summary(stage.run("down --json --yes").expect(0), "succeeded");
    assert_eq!(down["changes"]["delete"], 5);
    summary(stage.run("down --json --yes").expect(0), "succeeded");
}

#[test]
fn what_ends_badly_ends_with_a_summary_too() {
    let stage = Stage::new("fixture", &["owner=ann"]);
    summary(stage.run("up --json --yes -c things=x").expect(1), "failed");
    summary(stage.run("up --json").expect(2), "failed");
    summary(stage.run("up --json --yes --stack Bad").expect(2), "failed");
    let denied = Stage { variables: vec![("SSKUBA_SIM_FAULTS", "denied=1".into())], ..stage };
    let failed = summary(denied.run("up --json --yes").expect(1), "failed");
    let count = |count: &str| failed["changes"][count].as_u64().unwrap();
    assert!(count("failed") > 0);
    assert_eq!(count("failed") + count("skipped"), 5);
    let mut slow = Stage { variables: vec![], speed: 0.01, ..denied };
    let mut up = slow.start("up --json --yes");
    up.until("\"event\":\"started\"", 1);
    let busy = slow.run("up --json --yes").expect(4);
    summary(busy, "failed");
    up.signal(Signal::INT);
    up.until("\"event\":\"cancelling\"", 1);
    up.signal(Signal::INT);
    summary(up.end().expect(130), "cancelled");
    slow.speed = 5000.0;
    let mut up = slow.start("up --json --yes --sim-speed 5");
    up.until("\"event\":\"started\"", 1);
    up.signal(Signal::TERM);
    summary(up.end().expect(130), "cancelled");
}

#[test]
fn documents_have_the_fields_that_are_promised() {
    let stage = Stage::new("fixture", &["owner=ann"]);
    stage.run("up --yes").expect(0);
    let record = stage.record("dev");
    assert_eq!(record.len(), 5);
    for line in &record {
        assert_eq!(keys(line), ["address", "generation", "id", "kind", "status", "token"]);
        assert!(line["generation"] == 1 && line["status"] == "live", "{line}");
        assert!(line["token"].as_str().is_some_and(|token| token.len() == 32), "{line}");
    }
    let world = stage.world();
    assert_eq!(world.len(), 5);
    for object in &world {
        for key in ["kind", "id", "token", "stack", "fields"] {
            assert!(!object[key].is_null(), "{key} of {object}");
        }
        assert_eq!(object["stack"], "local/fixture/dev");
    }
    // One document each, and nothing else.
    for args in [
        "output",
        "history",
        "graph",
        "stack list",
        "config list",
        "schema",
        "schema fixture:odd:Thing",
        "state show sim:net:Network::main",
        "state export",
    ] {
        let ran = stage.run(&format!("{args} --json")).expect(0);
        serde_json::from_str::<Json>(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran}"));
    }
}

/// Returns the files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Makes sure that no file has any of these texts.
#[track_caller]
fn nowhere(stage: &Stage, secrets: &[&str]) {
    let files = files(stage.path());
    assert!(files.len() > 5, "{files:?}");
    for path in files {
        let bytes = fs::read(&path).unwrap();
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "`{secret}` is in {}", path.display());
        }
    }
}

#[test]
fn no_secret_is_shown_or_stored_in_the_clear() {
    let code = format!("code={CANARY}");
    let stage = Stage::new("fixture", &["owner=ann", &code]);
    let mut shown = String::new();
    for args in [
        "preview --verbose",
        "preview --json --verbose",
        "preview --plan saved.plan",
        "up --plan saved.plan --verbose",
        "refresh --verbose",
        "up --yes --json --verbose -c owner=bob",
        "state list",
        "state show fixture:odd:Thing::thing-0",
        "state show sim:compute:Machine::main",
        "state export export.json",
        "state export",
        "output",
        "output --json",
        "output code --json",
        "graph",
        "history",
        "stack list",
        "preview --down --verbose",
    ] {
        // `expect` looks for the canary.
        let ran = stage.run(args).expect(0);
        shown += &ran.out;
        shown += &ran.errors;
    }
    stage.run("output code").expect(1).says(&["`code` is secret", "--show-secrets"]);
    // Failures, in the provider's words.
    let lost = Stage { variables: vec![("SSKUBA_SIM_FAULTS", "denied=1".into())], ..stage };
    let changed = format!("up --yes --verbose --continue-on-error -c code=other-{CANARY}");
    shown += &lost.run(&changed).expect(1).errors;
    let stage = Stage { variables: vec![], ..lost };
    // The machine's password is made by the service; it and the canary can be seen by who asks for them.
    let seen = stage.run("output password --show-secrets").out.trim().to_owned();
    assert_eq!(seen.len(), 24, "{seen}");
    assert!(!shown.contains(&seen));
    assert!(stage.run("output code --show-secrets").out.contains(CANARY));
    let world = serde_json::to_string(&stage.world()).unwrap();
    assert!(!world.contains(CANARY) && !world.contains(&seen));
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    nowhere(&stage, &[CANARY, &seen, &hex]);
    stage.run("down --yes --verbose").expect(0);
    nowhere(&stage, &[CANARY, &seen]);
}

#[test]
fn churns_secret_is_in_no_file() {
    let stage = Stage::new("churn", &["resources=30"]);
    for args in ["up --yes --verbose", "up --yes --json --verbose -c round=3"] {
        let ran = stage.run(args).expect(0);
        assert!(ran.out.contains("sim:compute:Machine::"), "{ran}");
        assert!(!format!("{}{}", ran.out, ran.errors).contains("boot me"), "{ran}");
    }
    // As base64, too: the kind compares it in that form.
    nowhere(&stage, &["boot me", "Ym9vdCBtZQ"]);
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let stage = Stage::new("churn", &["resources=30"]);
    let mut command = stage.command("up --yes");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut child = command.stdout(writer).stderr(std::process::Stdio::null()).spawn().unwrap();
    drop(command);
    assert_eq!(child.wait().unwrap().code(), Some(0));
    stage.agrees();
    // A full disk behind the output is one, and the run is complete all the same.
    let full = fs::File::options().write(true).open("/dev/full");
    let Ok(full) = full else { return println!("skipped: there is no /dev/full here") };
    let output = stage.command("up --yes -c round=3").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("failed to write the output: No space left"), "{errors}");
    stage.agrees();
    stage.run("up --yes -c round=3 --expect-no-changes").expect(0);
}
