//! `stack rename`, killed at any moment; and `cancel` from another process.

use std::time::Duration;

use crate::stage::Stage;

/// Tells whether a stack is there, with all that it had.
fn is_whole(stage: &Stage, stack: &str) -> bool {
    let ran = stage.run(&format!("preview --stack {stack} --expect-no-changes"));
    ran.code == Some(0)
}

#[test]
fn a_rename_that_is_killed_leaves_one_name_whole_and_says_how_it_ends() {
    let stage = Stage::new("fixture", &[]);
    stage.run("stack init one").expect(0);
    stage.run("config set owner ann --stack one").expect(0);
    stage.run("config set code canary-4f1d --stack one").expect(0);
    stage.run("up --yes --stack one").expect(0);
    let (mut from, mut to) = ("one", "two");
    let (mut killed, mut done) = (0, 0);
    for round in 0..40 {
        let running = stage.start(&format!("stack rename {to} --stack {from}"));
        std::thread::sleep(Duration::from_millis(2 * round));
        running.kill();
        let half = stage.run(&format!("state list --stack {from}"));
        if half.errors.contains("is being renamed to") {
            killed += 1;
            let says = format!("`fixture stack rename {to} --stack local/fixture/{from}");
            assert!(half.errors.contains(&says), "{half}");
            stage.run(&format!("stack rename {to} --stack {from}")).expect(0);
        }
        let renamed = stage.database(to).exists();
        assert_ne!(renamed, stage.database(from).exists(), "round {round}");
        let (there, gone) = if renamed { (to, from) } else { (from, to) };
        assert!(is_whole(&stage, there), "round {round}: {there}");
        assert!(!stage.path().join(format!("sskuba.{gone}.toml")).exists(), "round {round}: {gone}");
        if renamed {
            done += 1;
            std::mem::swap(&mut from, &mut to);
        }
    }
    println!("{killed} killed half way, {done} of 40 done");
    assert!(done > 0);
    stage.run(&format!("down --yes --stack {from}")).expect(0);
    assert!(stage.world().is_empty());
}

/// Nobody has selected a stack: the default one goes on under its new name.
#[test]
fn the_stack_that_is_taken_by_default_is_selected_under_its_new_name() {
    let stage = Stage::new("churn", &["resources=2"]);
    stage.run("up --yes").expect(0);
    stage.run("stack rename prod").expect(0);
    let preview = stage.run("preview --expect-no-changes").expect(0);
    assert!(preview.out.contains("local/churn/prod"), "{preview}");
    let down = stage.run("down --yes").expect(0);
    assert!(down.out.matches("Outputs").count() <= 1, "{down}");
    assert!(stage.world().is_empty());
}

#[test]
fn a_run_in_another_process_is_asked_to_stop() {
    let stage = Stage::new("churn", &["resources=40"]).speed(20.0);
    stage.run("cancel").expect(1).says(&["nothing runs on local/churn/dev"]);
    let mut running = stage.start("up --yes --json");
    running.until("\"event\":\"started\"", 3);
    let ran = stage.run("cancel --wait 60s").expect(0);
    assert!(ran.out.contains("running `up`") && ran.out.contains("has stopped"), "{ran}");
    let ran = running.end().expect(130);
    assert_eq!(ran.summary()["result"], "cancelled");
    stage.agrees();
    stage.run("cancel").expect(1);
}
