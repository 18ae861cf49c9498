//! What programs read of commands that are no runs: one document, or an error and a summary.

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_ends_with_an_error_and_a_summary() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    for args in [
        "state show none",
        "state rm none --yes",
        "output none",
        "history show 77",
        "plan show none.json",
        "cancel",
        "schema Nothing",
        "graph --stack devv",
        "config get none",
        "stack select none",
        "stack rename dev",
        "stack rename",
        "stack rm none --yes",
        "state import none.json --yes",
        "upp",
        "--stack Bad/Name state list",
    ] {
        let ran = bench.run(&format!("{args} --json")).await;
        assert!(ran.code > 0, "{args}");
        assert_eq!(ran.errors, "", "{args}");
        let events = ran.events();
        let [error, summary] = &events[..] else { panic!("{args}: {events:?}") };
        assert!(error["event"] == "error" && error["message"].is_string(), "{args}: {error}");
        assert!(summary["event"] == "summary" && summary["result"] == "failed", "{args}: {summary}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_done_is_said_in_one_document() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    for (args, key) in [
        ("config set text new", "key"),
        ("config rm text", "removed"),
        ("state export dev.json", "file"),
        ("state rm b --yes", "forgot"),
        ("state import dev.json --yes", "records"),
        ("state unlock --yes", "broken"),
        ("state undo --yes", "undone"),
        ("stack tag owner=ann", "tags"),
        ("stack init other", "done"),
    ] {
        let document = bench.run(&format!("{args} --json")).await.expect(0).document();
        assert!(document.get(key).is_some(), "{args}: {document}");
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn exports_and_plans_are_read_by_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    bench.run("state export dev.json").await.expect(0);
    bench.run("preview --plan plan.json").await.expect(0);
    for name in ["dev.json", "plan.json"] {
        let mode = std::fs::metadata(bench.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}
