//! Ctrl-C and SIGTERM at each phase: what is told, with which code, and that nothing is lost.

use std::io::Write as _;
use std::time::Duration;

use rustix::process::Signal;

use crate::running::Running;
use crate::stage::{Ran, Stage};

const BOTH: [Signal; 2] = [Signal::INT, Signal::TERM];

/// A stack that takes about two seconds.
fn slow() -> Stage {
    Stage::new("churn", &["resources=40"]).speed(20.0)
}

/// Makes sure that a program ended soon and said that it was cancelled.
#[track_caller]
fn cancelled(ran: Ran) -> Ran {
    let ran = ran.expect(130);
    if ran.call.contains("--json") {
        assert_eq!(ran.summary()["result"], "cancelled", "{ran}");
    } else {
        assert!(format!("{}{}", ran.out, ran.errors).to_lowercase().contains("cancelled"), "{ran}");
    }
    ran
}

/// Signals a program as soon as it has said something, and waits for its end.
#[track_caller]
fn stopped(mut running: Running, text: &str, signals: &[Signal]) -> Ran {
    running.until(text, 1);
    for (i, signal) in signals.iter().enumerate() {
        if i > 0 {
            // Signals that are pending are one.
            running.until("\"event\":\"cancelling\"", 1);
        }
        running.signal(*signal);
    }
    running.end()
}

/// Finishes what was stopped.
#[track_caller]
fn finishes(stage: &Stage) -> Ran {
    let ran = stage.run("up --yes --json --sim-speed 5000").expect(0);
    assert_eq!(ran.summary()["result"], "succeeded");
    stage.agrees();
    let again = stage.run("up --yes --json --expect-no-changes").expect(0);
    assert_eq!(again.summary()["changes"]["create"], 0);
    ran
}

#[test]
fn while_it_waits_for_the_stack() {
    let stage = slow().speed(5.0);
    let mut holder = stage.start("up --yes --json");
    holder.until("\"event\":\"started\"", 1);
    for signal in BOTH {
        let waiting = stage.start("up --yes --json --wait 5m");
        // Long enough to be past the first try.
        std::thread::sleep(Duration::from_millis(1300));
        waiting.signal(signal);
        let ran = cancelled(waiting.end());
        ran.says(&["cancelled while waiting for stack local/churn/dev; nothing was changed"]);
        assert!(ran.took < Duration::from_secs(5), "{ran}");
    }
    assert!(!holder.has_ended());
    holder.kill();
    finishes(&stage);
}

#[test]
fn while_it_plans() {
    // The plan needs a lookup, which takes minutes at this speed.
    let stage = Stage::new("quickstart", &[]).speed(0.001);
    for signal in BOTH {
        for args in ["up --yes --json", "preview --json"] {
            let running = stage.start(args);
            std::thread::sleep(Duration::from_millis(400));
            running.signal(signal);
            let ran = cancelled(running.end());
            ran.says(&["cancelled before anything was changed"]);
            assert!(ran.took < Duration::from_secs(3), "{ran}");
        }
    }
    assert_eq!(stage.world().len(), 0);
    stage.run("up --yes --sim-speed 5000").expect(0);
}

#[test]
fn at_the_question() {
    let stage = Stage::new("churn", &["resources=20"]);
    for signal in BOTH {
        let (mut running, _person) = Running::at_terminal(stage.command("up"));
        running.until("Make these changes? [y/N]", 1);
        running.signal(signal);
        let ran = cancelled(running.end());
        assert!(ran.out.contains("nothing was changed"), "{ran}");
    }
    // A person who says no, one who presses Enter, and one who says yes.
    for (answer, code) in [("n\n", 130), ("\n", 130), ("yes\n", 0)] {
        assert_eq!(stage.world().len(), 0);
        let (mut running, mut person) = Running::at_terminal(stage.command("up"));
        running.until("[y/N]", 1);
        person.write_all(answer.as_bytes()).unwrap();
        running.end().expect(code);
    }
    stage.agrees();
    let (mut running, _person) = Running::at_terminal(stage.command("down"));
    running.until("Delete all this in local/churn/dev? [y/N]", 1);
    running.signal(Signal::INT);
    cancelled(running.end());
    finishes(&stage);
}

#[test]
fn once_during_an_apply_ends_and_records_what_runs() {
    for signal in BOTH {
        let stage = slow();
        let ran = cancelled(stopped(stage.start("up --yes --json"), "\"event\":\"finished\"", &[signal]));
        let events = ran.events();
        let of = |name: &str| events.iter().filter(|event| event["event"] == name).count();
        let place = |name: &str| events.iter().position(|event| event["event"] == name).unwrap();
        let began_after =
            events[place("cancelling")..].iter().filter(|event| event["event"] == "started").count();
        assert_eq!(began_after, 0, "{ran}");
        assert_eq!(of("started"), of("finished"), "what runs ends and is recorded: {ran}");
        assert!(of("skipped") > 0, "there was nothing left to cancel");
        let summary = ran.summary();
        assert_eq!(summary["changes"]["create"].as_u64().unwrap() as usize, of("finished"));
        assert!(stage.record("dev").iter().all(|record| record["status"] == "live"));
        stage.agrees();
        let next = finishes(&stage);
        assert!(!next.out.contains("\"event\":\"recovered\""), "nothing was open: {next}");
    }
}

#[test]
fn twice_during_an_apply_leaves_at_once_and_the_next_run_resolves() {
    for signals in [[Signal::INT, Signal::INT], [Signal::INT, Signal::TERM]] {
        // Nothing would end by itself.
        let stage = slow().speed(0.01);
        let ran = cancelled(stopped(stage.start("up --yes --json"), "\"event\":\"started\"", &signals));
        assert!(ran.took < Duration::from_secs(5), "{ran}");
        let open = stage.record("dev").iter().filter(|record| record["status"] == "creating").count();
        assert!(open > 0, "{ran}");
        let next = finishes(&stage);
        assert_eq!(next.out.matches("\"event\":\"recovered\"").count(), open, "{next}");
    }
}

#[test]
fn while_an_earlier_run_is_recovered() {
    let stage = slow().speed(0.05);
    let mut first = stage.start("up --yes --json");
    first.until("\"event\":\"started\"", 3);
    first.kill();
    let ran = cancelled(stopped(stage.start("up --yes --json"), "\"event\":\"recovering\"", &[Signal::INT]));
    ran.says(&["cancelled while an earlier run's operations were being resolved", "run again"]);
    finishes(&stage);
}

#[test]
fn during_a_down() {
    for (signals, speed) in [(&[Signal::TERM][..], 20.0), (&[Signal::INT, Signal::INT][..], 0.01)] {
        let mut stage = slow();
        stage.run("up --yes --sim-speed 5000").expect(0);
        let before = stage.world().len();
        stage.speed = speed;
        let ran = cancelled(stopped(stage.start("down --yes --json"), "\"event\":\"started\"", signals));
        assert!(ran.took < Duration::from_secs(10), "{ran}");
        stage.speed = 5000.0;
        if signals.len() == 1 {
            let deleted = ran.summary()["changes"]["delete"].as_u64().unwrap() as usize;
            assert!(deleted > 0 && deleted < before, "{ran}");
            assert_eq!(stage.world().len(), before - deleted);
            stage.agrees();
        }
        stage.run("down --yes").expect(0);
        assert_eq!((stage.world().len(), stage.record("dev").len()), (0, 0));
    }
}

#[test]
fn during_a_refresh() {
    let mut stage = slow();
    stage.run("up --yes --sim-speed 5000").expect(0);
    let before = stage.record("dev");
    stage.speed = 0.01;
    for signal in BOTH {
        let running = stage.start("refresh --json");
        std::thread::sleep(Duration::from_millis(500));
        running.signal(signal);
        let ran = cancelled(running.end());
        ran.says(&["cancelled while reading; nothing was changed"]);
        assert!(ran.took < Duration::from_secs(3), "{ran}");
    }
    assert_eq!(stage.record("dev"), before);
    finishes(&stage);
}

/// A call that blocks a thread holds the process after its run has ended; a third signal reaches it there.
#[test]
fn a_third_signal_ends_a_process_that_a_call_holds() {
    let stage = Stage::new("fixture", &["owner=block", "things=1"]);
    let mut running = stage.start("up --yes --json --simulate=false");
    running.until("\"event\":\"started\"", 1);
    running.signal(Signal::INT);
    running.until("\"event\":\"cancelling\"", 1);
    running.signal(Signal::INT);
    running.until("\"event\":\"summary\"", 1);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!running.has_ended(), "the call holds it");
    running.signal(Signal::INT);
    running.end().expect(130);
}
