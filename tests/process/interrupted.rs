//! A holder that stands still.

use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::stage::Stage;

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
        assert!(ran.took < Duration::from_secs(4), "{ran}");
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
