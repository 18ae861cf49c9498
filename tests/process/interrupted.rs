//! A stack whose removal was cut short, and a holder that stands still.

use std::fs;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::damage::copy;
use crate::stage::Stage;

#[test]
fn a_stack_that_was_half_removed_is_removed_by_the_next_command() {
    let stage = Stage::new("churn", &["resources=10"]);
    stage.run("up --yes").expect(0);
    let (database, whole) = (stage.database("dev"), stage.path().join("whole"));
    copy(&database, &whole);
    stage.run("down --yes").expect(0);
    // As a program leaves it that is killed after it moved the folder out of sight.
    let half = || {
        let rest = database.with_file_name(".dev.removed-7");
        fs::rename(&database, &rest).unwrap();
        fs::remove_file(rest.join("conf")).unwrap();
    };
    half();
    assert!(stage.run("stack list --json").expect(0).list().is_empty());
    let ran = stage.run("stack rm dev --yes").expect(0);
    assert!(ran.out.contains("which was cut short, had left of local/churn/dev"), "{ran}");
    assert!(!stage.path().join("state/local").exists(), "nothing is left, not even empty folders");
    stage.run("stack rm dev --yes").expect(1).says(&["there is no stack local/churn/dev"]);

    // Whoever makes a stack of that name anew finishes it too.
    fs::create_dir_all(database.parent().unwrap()).unwrap();
    copy(&whole, &database);
    half();
    stage.run("stack init dev").expect(0);
    let left = fs::read_dir(database.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["dev"]);
    assert!(stage.record("dev").is_empty(), "nothing of the old one");
}

/// A reader of a stack whose holder was stopped is told who that is, soon; and is answered when it goes on.
#[test]
fn readers_do_not_wait_for_a_holder_that_was_stopped() {
    let stage = Stage::new("churn", &["resources=40"]).speed(20.0);
    let mut holder = stage.start("up --yes --json");
    holder.until("\"event\":\"finished\"", 1);
    let pid = Pid::from_raw(i32::try_from(holder.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    for args in ["state list", "output", "preview", "history"] {
        let ran = stage.run(args);
        assert!(ran.took < Duration::from_secs(15), "{ran}");
        ran.expect(4).says(&[
            "in use by ann@",
            &format!("process {}", holder.pid()),
            "running `up` since 20",
        ]);
    }
    kill_process(pid, Signal::CONT).unwrap();
    stage.run("state list").expect(0);
    holder.end().expect(0);
    stage.agrees();
}
