//! States that earlier releases wrote, as they are kept in `tests/fixtures`: read, gone on with, and taken down.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::Stage;

/// The image that the program of the fixtures was last run with.
const IMAGE: &str = "image=linux-2";

/// The image of the run that was interrupted.
const NEXT: &str = "image=linux-3";

/// Makes a stage with what an earlier release left.
fn left(name: &str, image: &str) -> Stage {
    let stage = Stage::new("earlier", &[image]);
    let archive = format!("{}/tests/fixtures/format-1/{name}.tar.gz", env!("CARGO_MANIFEST_DIR"));
    let unpacked = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(stage.path()).status();
    assert!(unpacked.unwrap().success());
    stage
}

/// Returns the bytes of all files in a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(contents(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

/// Goes on with a stage until it is as declared, and takes it down.
fn live_on(stage: &Stage) {
    stage.run("up --yes").expect(0);
    stage.agrees();
    let again = stage.run("up --yes --json").expect(0).summary();
    assert_eq!((&again["changes"]["unchanged"], &again["changes"]["failed"]), (&9.into(), &0.into()));
    // Protected: it goes when it is not declared to be any more, or not at all.
    stage.run("down --yes").expect(1).says(&["sim:net:Network::main", "is protected"]);
    let down = stage.run("down --yes --json --exclude *::main").expect(0).summary();
    assert_eq!(down["result"], "succeeded");
    let left: Vec<_> =
        stage.world().iter().map(|object| object["kind"].as_str().unwrap().to_owned()).collect();
    // What was to be retained stays, too.
    assert_eq!(left, ["sim:net:Network", "sim:store:Bucket"]);
}

#[test]
fn a_settled_state_is_read_and_goes_on() {
    let stage = left("settled", IMAGE);
    stage.agrees();
    let before = contents(stage.path());
    assert_eq!(stage.run("preview --json").expect(0).summary()["changes"]["unchanged"], 9);
    assert_eq!(contents(stage.path()), before, "a preview writes nothing");
    live_on(&stage);
}

#[test]
fn an_instance_of_an_earlier_state_can_move() {
    let stage = left("settled", IMAGE);
    stage.run("refresh").expect(0);
    let moved = stage.run("up --yes --json -c west=north").expect(0).summary();
    // The instance and its bucket, whose name is another one; the machine points to the new one.
    assert_eq!((&moved["changes"]["replace"], &moved["changes"]["update"]), (&2.into(), &1.into()));
    stage.agrees();
    stage.run("up --yes -c west=west").expect(0);
    live_on(&stage);
}

#[test]
fn calls_that_an_earlier_release_left_open_are_resolved() {
    for name in ["interrupted-create", "interrupted-delete"] {
        live_on(&left(name, NEXT));
    }
}

#[test]
fn objects_of_an_earlier_state_are_seen_before_their_place_is_believed() {
    let stage = left("settled", IMAGE);
    // The whole world of that release is gone, as it would seem from another region.
    fs::remove_file(stage.path().join("world")).unwrap();
    let parts = ["nothing was read or changed", "none of the", "an earlier release recorded", "`state rm`"];
    stage.run("up --yes -c image=linux-4").expect(1).says(&parts);
    stage.run("refresh").expect(1).says(&parts);
    assert_eq!(stage.record("dev").len(), 9);
}
