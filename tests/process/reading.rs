//! A command that only reads writes nothing: not a byte, a name or a time of the state folder is another afterwards.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::folders::all;
use crate::stage::Stage;

/// Every file and folder, with what is in it and when it was changed.
type Seen = Vec<(PathBuf, Option<Vec<u8>>, SystemTime)>;

fn seen(folder: &Path) -> Seen {
    let look = |path: PathBuf| {
        let bytes = (!path.is_dir()).then(|| fs::read(&path).unwrap());
        let changed = fs::symlink_metadata(&path).unwrap().modified().unwrap();
        (path, bytes, changed)
    };
    all(folder).into_iter().map(look).collect()
}

#[track_caller]
fn same(before: &Seen, after: &Seen, args: &str) {
    let names = |seen: &Seen| seen.iter().map(|(path, ..)| path.clone()).collect::<Vec<_>>();
    assert_eq!(names(before), names(after), "`{args}` made or removed something");
    for ((path, old, was), (_, new, is)) in before.iter().zip(after) {
        assert!(old == new, "`{args}` wrote to {}", path.display());
        assert_eq!(was, is, "`{args}` touched {}", path.display());
    }
}

/// A stack of which something is recorded and something is to be changed.
fn stage() -> Stage {
    let stage = Stage::new("churn", &["resources=30"]);
    stage.run("up --yes").expect(0);
    stage.run("up --yes -c round=2").expect(0);
    stage
}

#[test]
fn what_only_reads_writes_nothing() {
    reads_write_nothing(&stage());
}

/// As after a kill of the last holder, or another start of the machine.
#[test]
fn what_only_reads_writes_nothing_where_no_copy_was_left() {
    let stage = stage();
    let copies =
        all(stage.path()).into_iter().filter(|path| path.file_name().is_some_and(|name| name == "copy"));
    assert_eq!(copies.map(|path| fs::remove_file(path).unwrap()).count(), 1);
    reads_write_nothing(&stage);
}

fn reads_write_nothing(stage: &Stage) {
    let state = stage.path().join("state");
    for args in [
        "preview -c round=3",
        "preview -c round=3 --json",
        "output",
        "state list",
        "state export",
        "state backups",
        "history",
        "graph",
        "graph --planned",
        "stack list",
        "stack recipients list",
    ] {
        let before = seen(&state);
        stage.run(args).expect(0);
        same(&before, &seen(&state), args);
    }
    // Of a stack that is not there, either.
    let before = seen(&state);
    stage.run("preview --stack other").expect(2);
    stage.run("state list --stack other").expect(2);
    same(&before, &seen(&state), "preview --stack other");
}

#[test]
fn a_preview_that_refreshes_writes_nothing() {
    let stage = stage();
    let state = stage.path().join("state");
    let before = seen(&state);
    stage.run("preview --refresh").expect(0);
    same(&before, &seen(&state), "preview --refresh");
}
