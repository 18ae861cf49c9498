//! What is refused, with which code and which words.

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn usage_mistakes_end_with_2() {
    let bench = Bench::new();
    for args in [
        "",
        "upp",
        "up --parallel many",
        "up",
        "down",
        "up --json",
        "--stack Bad/Name up --yes",
        "--state nowhere up --yes",
        "--state postgres://x state list",
        "up --yes --simulate",
        "config set a.b 1",
        "plan",
        "plan show",
        "state move",
    ] {
        let ran = bench.run(args).await.expect(2);
        assert!(!ran.errors.is_empty() || ran.out.contains("\"event\":\"error\""), "{args}: says nothing");
    }
    let ran = bench.run("up").await;
    assert!(ran.errors.contains("there is no terminal to ask at: add `--yes`"), "{}", ran.errors);
    assert_eq!(bench.run("up --json").await.summary()["result"], "failed");
    assert!(!bench.path().join(".sskuba").exists(), "nothing was touched");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_run_from_another_folder_begins_no_second_copy() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    let elsewhere = bench.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let there = |home: &std::path::Path| {
        let mut environment = bench.environment();
        environment.folder = home.to_owned();
        environment.variables.remove("SSKUBA_STATE");
        environment
    };
    // Below the program's folder it is found.
    let ran = bench.run_in("preview", there(&elsewhere)).await.expect(0);
    assert!(ran.out.contains("nothing to change") && ran.errors.is_empty(), "{}{}", ran.out, ran.errors);
    // A folder of another program.
    std::fs::write(elsewhere.join("Cargo.toml"), "").unwrap();
    for args in ["up --yes", "down --yes", "stack rm dev --yes", "refresh"] {
        let ran = bench.run_in(args, there(&elsewhere)).await.expect(2);
        let place = elsewhere.join(".sskuba/state").display().to_string();
        assert!(
            ran.errors.contains(&place) && ran.errors.contains("--state sled:"),
            "{args}: {}",
            ran.errors
        );
    }
    let ran = bench.run_in("preview", there(&elsewhere)).await.expect(0);
    assert!(ran.errors.contains("note: there is no state in "), "{}", ran.errors);
    assert!(!elsewhere.join(".sskuba").exists());
    let named = format!("up --yes --state sled:{}", elsewhere.join("mine").display());
    bench.run_in(&named, there(&elsewhere)).await.expect(0);
    bench.run_in("stack init dev", there(&elsewhere)).await.expect(0);
    bench.run_in("up --yes", there(&elsewhere)).await.expect(0);
    assert!(elsewhere.join(".sskuba/state").is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn help_and_version_go_to_the_output() {
    let bench = Bench::new();
    assert!(bench.run("--help").await.expect(0).out.contains("Exit codes: 0 done"));
    assert!(bench.run("up --help").await.expect(0).out.contains("--continue-on-error"));
    assert!(bench.run("--version").await.expect(0).out.starts_with("library (sskuba "));
    assert!(bench.run("completions bash").await.expect(0).out.contains("_library"));
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_the_configuration_come_together() {
    let bench = Bench::new();
    let ran = bench.run("preview -c titels=a -c nothing=1").await.expect(1);
    assert!(
        ran.errors.contains("did you mean `titles`?") && ran.errors.contains("`nothing`"),
        "{}",
        ran.errors
    );
    let ran = bench.run("preview --json -c titels=a").await.expect(1);
    let events = ran.events();
    assert_eq!(events[0]["event"], "error");
    assert_eq!(ran.summary()["result"], "failed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_is_in_use_ends_with_4() {
    let bench = Bench::new();
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    *bench.shelf.gate.lock().unwrap() = Some(gate.clone());
    let first = bench.run("up --yes");
    let others = async {
        while bench.run("state list").await.out.lines().count() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        let busy = bench.run("up --yes --json").await;
        let ran = busy.expect(4);
        assert_eq!(ran.summary()["result"], "failed");
        assert!(ran.out.contains("is in use by someone@here, process 1, running `up`"), "{}", ran.out);
        let ran = bench.run("state unlock --yes").await.expect(4);
        assert!(ran.errors.contains("in use"), "{}", ran.errors);
        assert!(bench.run("state list").await.expect(0).out.contains("creating"));
        let ran = bench.run("preview").await.expect(0);
        assert!(ran.errors.contains("note: the stack is in use by someone@here, process 1, running `up`"));
        gate.add_permits(10);
    };
    let (first, ()) = tokio::join!(first, others);
    first.expect(0);
}
