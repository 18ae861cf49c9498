//! Damaged, newer and foreign states: refused with one error, never with fewer records than there were.

use std::fs;
use std::path::{Path, PathBuf};

use sskuba::core::clock::{IdSource, SeededIds};
use sskuba::core::state::{Owner, StateStore};
use sskuba::core::stores::Sled;

use crate::stage::{CANARY, Ran, Stage};

const SEED: u64 = 11;

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = (entry.as_ref().unwrap().path(), to.join(entry.unwrap().file_name()));
        if from.is_dir() { copy(&from, &to) } else { fs::copy(&from, &to).map(drop).unwrap() }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// Damages one of a stack's files, another one each round: a bit, the rest, or a block.
fn damage(folder: &Path, round: usize, random: &mut impl FnMut(usize) -> usize) -> String {
    let large = folder.join("blobs");
    let files: Vec<PathBuf> = files(folder).into_iter().chain(files(&large)).collect();
    // Most of the damage goes to what is largest and matters most.
    let database = folder.join("db");
    let file = if round.is_multiple_of(4) { &files[random(files.len())] } else { &database };
    let mut bytes = fs::read(file).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
    let at = random(used);
    let what = match round % 3 {
        0 => {
            bytes[at] ^= 1 << random(8);
            "a bit at"
        }
        1 => {
            bytes.truncate(at);
            "all from"
        }
        _ => {
            let end = (at + 512).min(bytes.len());
            bytes[at..end].fill(0);
            "512 bytes from"
        }
    };
    fs::write(file, bytes).unwrap();
    format!("{what} {at} of {}", file.file_name().unwrap().display())
}

/// Damages copies of a state in many ways; each copy is read wholly or refused.
fn sweep(stage: &Stage, program: &str, rounds: usize) {
    let ids = SeededIds::new(SEED);
    let mut random = |below: usize| {
        let mut bytes = [0; 8];
        ids.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) >> 8).unwrap() % below.max(1)
    };
    let list = |root: &str| stage.command_of(program, &format!("state list --json --state sled:{root}"));
    copy(&stage.path().join("state"), &stage.path().join("read"));
    let whole = Ran::of(list("read")).expect(0).out;
    let (mut same, mut refused) = (0, 0);
    for round in 0..rounds {
        let root = format!("damaged-{round}");
        copy(&stage.path().join("state"), &stage.path().join(&root));
        let folder = stage.path().join(&root).join("local").join(program).join("dev");
        let what = damage(&folder, round, &mut random);
        let ran = Ran::of(list(&root));
        match ran.code {
            Some(0) => {
                assert!(ran.out == whole, "seed {SEED}, round {round}: {what} is gone, and so are records");
                same += 1;
            }
            _ => {
                let ran = ran.expect(1);
                assert!(!ran.errors.contains("panicked"), "seed {SEED}, round {round}: {ran}");
                ran.says(&[
                    "damaged",
                    &format!("{root}/local/{program}/dev"),
                    "put a backup",
                    "state import",
                ]);
                refused += 1;
            }
        }
        fs::remove_dir_all(stage.path().join(&root)).unwrap();
    }
    println!("seed {SEED}: {same} of {program} read wholly, {refused} refused");
    assert!(refused > 0, "the damage does no harm");
}

#[test]
fn a_damaged_state_is_refused_or_whole() {
    let stage = Stage::new("churn", &["resources=40"]);
    stage.run("up --yes").expect(0);
    sweep(&stage, "churn", 16);
    stage.run("up --yes -c round=3").expect(0);
    sweep(&stage, "churn", 12);
}

#[test]
fn a_damaged_state_of_many_segments_is_refused_or_whole() {
    let stage = Stage::new("scale", &["resources=1500"]);
    stage.run("up --yes --quiet").expect(0);
    stage.run("up --yes --quiet -c layers=2").expect(0);
    // sled writes the newest into segments that are free again, so most of such a file is of no use any more.
    sweep(&stage, "scale", 60);
}

#[test]
fn a_damaged_stack_is_left_alone_and_others_go_on() {
    let stage = Stage::new("churn", &["resources=20"]);
    stage.run("up --yes").expect(0);
    stage.run("state export saved.json").expect(0);
    // Another stack, whose names do not collide with the first one's.
    Ran::of(stage.command_of("fixture", "stack init churn/other")).expect(0);
    stage.run("stack select dev").expect(0);
    let mut other = stage.command_of("fixture", "up --yes --stack churn/other");
    other.args(["-c", "owner=x"]);
    Ran::of(other).expect(0);
    let (world, database) = (stage.world(), stage.database("dev").join("db"));
    let good = fs::read(&database).unwrap();
    let used = good.iter().rposition(|byte| *byte != 0).unwrap();
    fs::write(&database, &good[..used / 3]).unwrap();
    for args in [
        "up --yes",
        "up --yes --json",
        "down --yes",
        "refresh",
        "preview",
        "output",
        "graph",
        "history",
        "state export",
    ] {
        stage.run(args).expect(1).says(&["damaged", "state/local/churn/dev"]);
    }
    assert_eq!(stage.world(), world, "nothing was touched");
    let listed = stage.run("stack list --json").expect(0).list();
    assert!(listed.iter().any(|stack| stack["error"].as_str().is_some_and(|text| text.contains("damaged"))));
    assert!(listed.iter().any(|stack| stack["resources"].as_u64().is_some_and(|count| count > 0)));

    // What the message advises: move it away, and import what was exported.
    fs::rename(stage.database("dev"), stage.path().join("damaged")).unwrap();
    stage.run("state import saved.json --yes").expect(0);
    stage.run("up --yes --expect-no-changes").expect(0);
    // Or put a backup back.
    fs::remove_dir_all(stage.database("dev")).unwrap();
    copy(&stage.path().join("damaged"), &stage.database("dev"));
    for file in files(&stage.database("dev")) {
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("snap.")) {
            fs::remove_file(file).unwrap();
        }
    }
    fs::write(&database, good).unwrap();
    stage.run("up --yes --expect-no-changes").expect(0);
}

/// Writes into a stack's store behind the program's back.
fn meddle<T>(stage: &Stage, with: impl AsyncFnOnce(Sled, sskuba::core::state::Lease) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = Sled::open(stage.path().join("state"));
        let owner = Owner { user: "eve".into(), host: "here".into(), pid: 1, command: "meddling".into() };
        let lease = store.acquire(&"local/churn/dev".parse().unwrap(), &owner).await.unwrap();
        let done = with(store.clone(), lease.clone()).await;
        store.release(&lease).await.unwrap();
        done
    })
}

#[test]
fn what_a_newer_release_wrote_is_refused_by_its_name() {
    let stage = Stage::new("churn", &["resources=10"]);
    stage.run("up --yes").expect(0);
    meddle(&stage, async |store, lease| store.put_meta(&lease, "writer", b"9 7.1.0".to_vec()).await.unwrap());
    let world = stage.world();
    for args in ["up --yes", "down --yes", "preview", "state list", "state export"] {
        stage.run(args).expect(1).says(&[
            "local/churn/dev",
            "written by sskuba 7.1.0 in format 9",
            "reads up to 2",
            "newer",
        ]);
    }
    assert_eq!(stage.world(), world);
}

#[test]
fn a_record_that_is_newer_or_changed_is_named() {
    for (change, parts) in [
        ("newer", ["journal entry", "format 3", "reads up to 2"]),
        ("changed", ["journal entry", "local/churn/dev", "checksum"]),
        ("cut", ["journal entry", "local/churn/dev", "checksum"]),
    ] {
        let stage = Stage::new("churn", &["resources=10"]);
        stage.run("up --yes").expect(0);
        meddle(&stage, async |store, lease| {
            let image = store.load(&lease.stack).await.unwrap().unwrap();
            let mut bytes = image.journal.last().unwrap().1.clone();
            match change {
                "newer" => bytes[0] += 1,
                "changed" => *bytes.last_mut().unwrap() ^= 4,
                _ => bytes.truncate(bytes.len() - 3),
            }
            store.append(&lease, image.revision, vec![bytes]).await.unwrap();
        });
        for args in ["up --yes", "state list"] {
            stage.run(args).expect(1).says(&parts);
        }
    }
}

#[test]
fn a_kind_that_the_program_does_not_know_is_named() {
    let stage = Stage::new("fixture", &["owner=ann", "code=canary-4f1d"]);
    stage.run("up --yes").expect(0);
    let world = stage.world();
    for args in ["up --yes", "preview", "down --yes", "up --yes --json"] {
        let ran = Ran::of(stage.command_of("churn", &format!("{args} --stack fixture/dev"))).expect(1);
        ran.says(&[
            "fixture:odd:Thing::thing-0",
            "fixture:odd:Thing::thing-1",
            "needs provider `fixture`",
            "state rm",
        ]);
    }
    assert_eq!(stage.world(), world, "nothing was touched");
    for args in ["state list", "output", "graph", "history", "state show fixture:odd:Thing::thing-0"] {
        let ran = Ran::of(stage.command_of("churn", &format!("{args} --stack fixture/dev"))).expect(0);
        assert!(!ran.out.contains(CANARY));
    }
    stage.run("down --yes").expect(0);
    assert_eq!(stage.world().len(), 0);
}

#[test]
fn plans_that_are_not_the_plan_are_refused() {
    let stage = Stage::new("churn", &["resources=20"]);
    stage.run("preview --plan good.plan").expect(0);
    let text = fs::read_to_string(stage.path().join("good.plan")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&text).unwrap();
    let edited = |edit: fn(&mut serde_json::Value)| {
        let mut plan = plan.clone();
        edit(&mut plan);
        plan.to_string()
    };
    let cases: [(String, &[&str]); 11] = [
        (String::new(), &["bad.plan", "not a saved plan", "make a new one with `preview --plan FILE`"]),
        (
            "garbage \u{0}".into(),
            &["bad.plan", "not a saved plan", "make a new one with `preview --plan FILE`"],
        ),
        ("[1]".into(), &["bad.plan", "not a saved plan", "make a new one with `preview --plan FILE`"]),
        (
            text[..text.len() / 2].into(),
            &["bad.plan", "not a saved plan", "make a new one with `preview --plan FILE`"],
        ),
        (
            edited(|plan| plan["format"] = 99.into()),
            &["form 99", "this release reads form 1", "make it anew"],
        ),
        (
            edited(|plan| plan["stack"] = "local/churn/other".into()),
            &["of stack local/churn/other", "not of local/churn/dev", "--stack"],
        ),
        (edited(|plan| plan["base"] = 7.into()), &["made at revision 7", "is at 0", "`preview --plan FILE`"]),
        (
            edited(|plan| plan["digest"] = "0".repeat(64).into()),
            &["no longer gives this plan", "`preview --plan FILE`"],
        ),
        (
            edited(
                |plan| plan["options"] = serde_json::json!({"target": ["sim:net:Network::r0-0"], "target_dependents": false, "exclude": [], "replace": []}),
            ),
            &["no longer gives this plan", "`preview --plan FILE`"],
        ),
        (edited(|plan| plan["steps"][0]["action"] = "delete".into()), &["edited after it was made", "steps"]),
        (edited(|plan| plan["changes"]["create"] = 1.into()), &["edited after it was made", "changes"]),
    ];
    for (text, parts) in cases {
        fs::write(stage.path().join("bad.plan"), &text).unwrap();
        let ran = stage.run("up --plan bad.plan").expect(1);
        ran.says(parts);
        assert_eq!(stage.world().len(), 0, "nothing was touched");
    }
    stage.run("up --plan none.plan").expect(1).says(&[
        "failed to read the plan",
        "none.plan",
        "No such file",
        "`preview --plan FILE`",
    ]);
    stage.run("up --plan good.plan --stack other").expect(2).says(&["there is no stack `other`"]);
    stage.run("stack init other").expect(0);
    stage.run("stack select dev").expect(0);
    stage
        .run("up --plan good.plan --stack other")
        .expect(1)
        .says(&["of stack local/churn/dev, not of local/churn/other"]);
    stage
        .run("up --plan good.plan -c round=2")
        .expect(1)
        .says(&["no longer gives this plan", "`preview --plan FILE`"]);
    assert_eq!(stage.world().len(), 0, "nothing was touched");
    stage.run("up --plan good.plan").expect(0);
    stage
        .run("up --plan good.plan")
        .expect(1)
        .says(&["made at revision 0", "make a new one with `preview --plan FILE`"]);
    stage.agrees();
}
