//! Several programs at once: on two stacks, on one stack, and readers beside a writer.

use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::stage::Stage;

/// A stack that takes about three seconds.
fn slow() -> Stage {
    Stage::new("churn", &["resources=40"]).speed(20.0)
}

#[test]
fn two_stacks_of_one_project_are_built_at_once() {
    let stage = Stage::new("quickstart", &[]).speed(100.0);
    for name in ["one", "other"] {
        stage.run(&format!("stack init {name}")).expect(0);
    }
    let mut one = stage.start("up --yes --json --stack one");
    let mut other = stage.start("up --yes --json --stack other");
    one.until("\"event\":\"started\"", 1);
    other.until("\"event\":\"started\"", 1);
    assert!(!one.has_ended() && !other.has_ended(), "they run at the same time");
    for ran in [one.end(), other.end()] {
        assert_eq!(ran.expect(0).summary()["result"], "succeeded");
    }
    let recorded: Vec<Json> = ["one", "other"].iter().flat_map(|stack| stage.record(stack)).collect();
    assert_eq!(crate::agree::compare(&stage.world(), &recorded), Vec::<String>::new());
    let listed = stage.run("stack list --json").expect(0).list();
    assert_eq!(listed.len(), 2);
}

#[test]
fn a_second_program_is_told_who_holds_the_stack() {
    let stage = slow();
    let mut first = stage.start("up --yes --json");
    first.until("\"event\":\"started\"", 1);
    let process = format!("process {}", first.pid());
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let who = format!("ann@{host}");
    let others = ["up --yes", "up --yes --json", "down --yes", "refresh", "state unlock --yes"];
    for other in others.map(|args| stage.start(args)) {
        let ran = other.end().expect(4);
        ran.says(&["in use by", &who, &process, "running `up` since", "wait"]);
        assert!(has_time(&ran.error()), "{ran}");
        assert!(ran.took < Duration::from_secs(4), "{ran}");
    }
    assert!(!first.has_ended(), "the others had nobody in their way");
    assert_eq!(first.end().expect(0).summary()["result"], "succeeded");
    stage.agrees();
}

/// Tells whether a message says since when, as a time of day.
fn has_time(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("since ") else { return false };
    let time = rest.split([';', ' ', '\n']).next().unwrap_or_default();
    time.len() >= 20 && time.starts_with("20") && time.ends_with('Z')
}

#[test]
fn whoever_waits_gets_the_stack_after_the_first() {
    let stage = slow();
    let mut first = stage.start("up --yes --json");
    first.until("\"event\":\"started\"", 1);
    let second = stage.start("up --yes --json --wait 1m");
    assert_eq!(first.end().expect(0).summary()["result"], "succeeded");
    let changes = second.end().expect(0).summary()["changes"].clone();
    assert_eq!(changes["create"], 0, "the first had done it all");
    assert!(changes["unchanged"].as_u64().unwrap() > 10);

    let mut holder = stage.start("down --yes --json");
    holder.until("\"event\":\"started\"", 1);
    let start = Instant::now();
    stage.run("up --yes --wait 300ms").expect(4).says(&["running `down`"]);
    assert!(start.elapsed() < Duration::from_secs(4), "the wait has an end");
    holder.end().expect(0);
}

#[test]
fn readers_are_answered_while_an_up_runs_and_do_not_disturb_it() {
    let stage = slow();
    stage.run("up --yes --sim-speed 5000").expect(0);
    let before = stage.run("stack list --json").expect(0).list()[0]["revision"].as_u64().unwrap();
    let mut writer = stage.start("up --yes --json -c round=4");
    writer.until("\"event\":\"finished\"", 1);
    let mut revisions = Vec::new();
    for _ in 0..2 {
        for args in ["output", "history --json", "state list --json", "graph", "stack list --json"] {
            let ran = stage.run(args).expect(0);
            assert!(ran.took < Duration::from_secs(1), "{} took {:?}", ran.call, ran.took);
            if args.starts_with("stack list") {
                let stack = &ran.list()[0];
                assert!(
                    stack["holder"].as_str().unwrap().contains(&format!("process {}", writer.pid())),
                    "{stack}"
                );
                revisions.push(stack["revision"].as_u64().unwrap());
            }
        }
    }
    assert!(!writer.has_ended(), "the readers had no writer to disturb");
    let summary = writer.end().expect(0).summary();
    assert_eq!(summary["result"], "succeeded");
    let last = summary["revision"].as_u64().unwrap();
    assert!(
        before < revisions[0] && revisions.is_sorted() && revisions.iter().all(|seen| *seen <= last),
        "{before} {revisions:?} {last}"
    );
    stage.agrees();
}

#[test]
fn the_dead_hold_nothing() {
    let stage = slow();
    for round in 0..3 {
        let mut up = stage.start("up --yes --json");
        up.until("\"event\":\"started\"", 1 + round * 4);
        let pid = up.pid();
        up.kill();
        if round == 1 {
            let ran = stage.run("state unlock --yes").expect(0);
            assert!(ran.out.contains("Broke the lease of ann@"), "{ran}");
            assert!(ran.out.contains(&format!("process {pid}, running `up`")), "{ran}");
            assert!(stage.run("state unlock --yes").expect(0).out.contains("Nobody holds local/churn/dev"));
        }
    }
    let ran = stage.run("up --yes --json --sim-speed 5000").expect(0);
    assert!(ran.out.contains("\"event\":\"recovered\""), "{ran}");
    stage.agrees();
}

/// What a reader is told of a stack that nobody holds, from the copy that its last holder left and from the database.
#[test]
#[cfg(target_os = "linux")]
fn readers_are_told_the_same_with_and_without_a_copy() {
    let stage = Stage::new("churn", &["resources=60", "seed=5"]).speed(1000.0);
    let copy = stage.database("dev").join("copy");
    for round in 1..5 {
        stage.run(&format!("up --yes -c round={round}")).expect(0);
        let next = format!("preview --json -c round={}", round + 1);
        let reads = ["state export", "state list --json", "output --json", &next];
        let told = || reads.map(|read| plain(&stage.run(read).expect(0).out));
        let with = told();
        std::fs::remove_file(&copy).expect("the run left a copy");
        let without = told();
        for (read, (with, without)) in reads.iter().zip(with.iter().zip(&without)) {
            assert!(
                with == without,
                "{read} after round {round}, with a copy:\n{with}\n\nwithout:\n{without}"
            );
        }
    }
}

/// Leaves out what differs from one time to the next: when it was, and secrets, which are sealed anew.
fn plain(text: &str) -> String {
    let json = |line: &str| match serde_json::from_str(line) {
        Ok(Json::Object(mut fields)) => {
            fields.retain(|key, _| !matches!(key.as_str(), "time" | "duration_ms"));
            Json::Object(fields).to_string()
        }
        _ => line.to_owned(),
    };
    text.lines().filter(|line| !line.contains("\"$sealed\"")).map(json).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_preview_beside_a_run_calls_nothing_interrupted() {
    let stage = slow().speed(5.0);
    let mut first = stage.start("up --yes --json");
    first.until("\"event\":\"started\"", 1);
    let ran = stage.run("preview").expect(0);
    assert!(ran.errors.contains("note: the stack is in use by ann@"), "{ran}");
    assert!(!ran.out.contains("interrupted"), "{ran}");
    let ran = stage.run("preview --json").expect(0);
    let events = ran.events();
    let of = |name: &str| events.iter().find(|event| event["event"] == name).unwrap();
    assert_eq!(of("in_use")["holder"]["owner"]["user"], "ann");
    assert_eq!(of("plan")["interrupted"], 0);
    stage.run("preview --plan plan.json").expect(4).says(&["no plan can be saved", "in use by ann@"]);
    first.kill();
    assert!(stage.run("preview").expect(0).out.contains("An earlier run was interrupted"));
}
