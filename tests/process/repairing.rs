//! One byte of a database that is not what it was: what a repair loses, and what it brings back.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value as Json;

use crate::damage::copy;
use crate::stage::{Ran, Stage};

/// What came of a repair: the addresses that are recorded, and what was said.
struct Repaired {
    addresses: BTreeSet<String>,
    said: String,
}

fn addresses(list: &[Json]) -> BTreeSet<String> {
    list.iter().map(|line| line["address"].as_str().unwrap().to_owned()).collect()
}

/// Flips a byte of the database of a copy of the state, repairs that, and returns what is recorded then.
fn repair(stage: &Stage, at: usize, prepare: impl Fn(&Path)) -> Repaired {
    let root = format!("flipped-{at}");
    copy(&stage.path().join("state"), &stage.path().join(&root));
    let folder = stage.path().join(&root).join("local").join(stage.program).join("dev");
    prepare(&folder);
    let database = folder.join("db");
    let mut bytes = fs::read(&database).unwrap();
    bytes[at] ^= 0x10;
    fs::write(&database, bytes).unwrap();
    let command = |args: &str| stage.command_of(stage.program, &format!("{args} --state sled:{root}"));
    // Some look first, which opens the database; what a repair needs is there all the same.
    if at.is_multiple_of(2) {
        let _ = Ran::of(command("state list --json"));
    }
    let ran = Ran::of(command("state repair --yes")).expect(0);
    let listed = Ran::of(command("state list --json")).expect(0);
    fs::remove_dir_all(stage.path().join(&root)).unwrap();
    Repaired { addresses: addresses(&listed.list()), said: ran.out }
}

/// Where bytes are flipped: evenly over all that is used of the database.
fn places(stage: &Stage, count: usize) -> Vec<usize> {
    let bytes = fs::read(stage.database("dev").join("db")).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    (0..count).map(|number| (number * used / count + number * 37 % 101).min(used)).collect()
}

fn without_copies(folder: &Path) {
    let _ = fs::remove_file(folder.join("copy"));
    let _ = fs::remove_dir_all(folder.join("backups"));
}

/// Tells whether a line says of a resource that its delete may have ended.
fn is_doubted(line: &str, address: &str) -> bool {
    let told = line.contains(&format!("{address} (")) && line.contains("cannot be told");
    told || line.contains(&format!("a delete of {address} was interrupted"))
}

/// Leaves the oldest of the copies alone.
fn only_the_oldest_copy(folder: &Path) {
    fs::remove_file(folder.join("copy")).unwrap();
    let revision = |path: &Path| -> u64 {
        path.file_name().unwrap().to_str().unwrap().split_once('-').unwrap().0.parse().unwrap()
    };
    let entries = fs::read_dir(folder.join("backups")).unwrap().map(|entry| entry.unwrap().path());
    let mut copies: Vec<_> = entries.collect();
    copies.sort_by_key(|path| revision(path));
    copies[1..].iter().for_each(|path| fs::remove_file(path).unwrap());
}

fn rounds(usual: usize) -> usize {
    std::env::var("SSKUBA_FLIPS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual)
}

#[test]
fn where_a_current_copy_is_one_damaged_byte_loses_nothing() {
    let stage = Stage::new("scale", &["resources=60"]);
    stage.run("up --yes --quiet").expect(0);
    let all = addresses(&stage.record("dev"));
    assert!(all.len() >= 60, "{}", all.len());
    for at in places(&stage, rounds(40)) {
        let repaired = repair(&stage, at, |_| {});
        assert!(
            repaired.addresses == all,
            "byte {at}: {} of {}\n{}",
            repaired.addresses.len(),
            all.len(),
            repaired.said
        );
    }
}

#[test]
fn without_any_copy_one_damaged_byte_loses_one_record_at_most() {
    let stage = Stage::new("scale", &["resources=60"]);
    stage.run("up --yes --quiet").expect(0);
    let all = addresses(&stage.record("dev"));
    for at in places(&stage, rounds(60)) {
        let Repaired { addresses, said } = repair(&stage, at, without_copies);
        assert!(addresses.is_subset(&all), "byte {at}: {said}");
        assert!(addresses.len() + 1 >= all.len(), "byte {at}: {} of {}\n{said}", addresses.len(), all.len());
        assert!(
            addresses == all || said.contains("journal entr"),
            "byte {at} lost something in silence:\n{said}"
        );
    }
}

/// What was deleted stays deleted, whichever copies are left, before a fold and after one.
#[test]
fn what_was_deleted_does_not_come_back_from_an_older_copy() {
    let stage = Stage::new("scale", &["resources=60"]);
    stage.run("up --yes --quiet").expect(0);
    let most = addresses(&stage.record("dev"));
    for folded in [false, true] {
        stage.run("up --yes --quiet -c resources=60").expect(0);
        stage.run("up --yes --quiet -c resources=40").expect(0);
        if folded {
            // A new data key folds everything.
            stage.run("state rotate-key").expect(0);
        }
        stage.run("up --yes --quiet -c resources=45").expect(0);
        let now = addresses(&stage.record("dev"));
        for at in places(&stage, rounds(40)) {
            let Repaired { addresses, said } = repair(&stage, at, only_the_oldest_copy);
            let lost = now.difference(&addresses).count();
            assert!(lost <= 1, "folded: {folded}, byte {at}: {lost} are lost\n{said}");
            for back in addresses.difference(&now) {
                assert!(most.contains(back));
                assert!(
                    said.lines().any(|line| is_doubted(line, back)),
                    "folded: {folded}, byte {at}: {back} came back in silence\n{said}"
                );
            }
        }
    }
}

/// A copy that is not of the database beside it is named, and used only where the database is damaged.
#[test]
fn a_copy_that_is_newer_or_older_than_its_database_is_named() {
    let stage = Stage::new("scale", &["resources=20"]);
    stage.run("up --yes --quiet").expect(0);
    let (folder, kept) = (stage.database("dev"), stage.path().join("kept"));
    copy(&folder, &kept);
    let few = addresses(&stage.record("dev"));
    stage.run("up --yes --quiet -c resources=30").expect(0);
    let many = addresses(&stage.record("dev"));
    let newer = stage.path().join("newer");
    copy(&folder, &newer);
    // Somebody put an older database back, with its mark, and left the copy.
    let put_back = || {
        fs::remove_dir_all(&folder).unwrap();
        copy(&kept, &folder);
        fs::copy(newer.join("copy"), folder.join("copy")).unwrap();
    };
    put_back();
    let ran = stage.run("state repair").expect(0);
    assert!(
        ran.out.contains("nothing is damaged") && ran.out.contains("an older one was put in its place"),
        "{ran}"
    );
    assert!(addresses(&stage.record("dev")) == few, "the database counts");
    put_back();
    let database = folder.join("db");
    let mut bytes = fs::read(&database).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[used / 2] ^= 1;
    fs::write(&database, bytes).unwrap();
    let ran = stage.run("state repair --yes").expect(0);
    assert!(ran.out.contains("the copy that the last run left is whole"), "{ran}");
    assert!(addresses(&stage.record("dev")) == many, "{ran}");

    // An older copy, and the entries of the database that came after it.
    fs::remove_dir_all(&folder).unwrap();
    copy(&newer, &folder);
    fs::copy(kept.join("copy"), folder.join("copy")).unwrap();
    fs::remove_dir_all(folder.join("backups")).unwrap();
    let mut bytes = fs::read(&database).unwrap();
    bytes[used / 2] ^= 1;
    fs::write(&database, bytes).unwrap();
    let ran = stage.run("state repair --yes").expect(0);
    assert!(ran.out.contains("revisions older than what was recorded last"), "{ran}");
    assert!(addresses(&stage.record("dev")) == many, "{ran}");
}

/// `state backups` lists what earlier runs left, and going back to one is an edit that can be undone.
#[test]
fn an_earlier_run_can_be_gone_back_to_and_that_be_undone() {
    let stage = Stage::new("scale", &[]);
    assert!(stage.run("state backups").expect(0).out.contains("no backups of local/scale/dev"));
    for resources in [10, 20, 30] {
        stage.run(&format!("up --yes --quiet -c resources={resources}")).expect(0);
    }
    let count = || stage.record("dev").len();
    let listed = stage.run("state backups --json").expect(0).list();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed[0]["revision"].as_u64() > listed[1]["revision"].as_u64(), "the newest first");
    assert!(
        listed[0]["time"].as_str().unwrap().ends_with('Z') && listed[0]["bytes"].as_u64().unwrap() > 1000
    );
    let (name, now) = (listed[1]["name"].as_str().unwrap(), count());
    stage.run(&format!("state backups --restore {name}")).expect(2);
    assert!(
        stage
            .run(&format!("state backups --restore {name} --yes"))
            .expect(0)
            .out
            .contains("Restored 10 records")
    );
    assert_eq!(count(), 10);
    stage.run("state undo --yes").expect(0);
    assert_eq!(count(), now, "as before");
    stage
        .run("state backups --restore 99-9 --yes")
        .expect(1)
        .says(&["no backup `99-9`", "`state backups` lists"]);
    let table = stage.run("state backups").expect(0).out;
    assert!(table.contains(name), "{table}");
}
