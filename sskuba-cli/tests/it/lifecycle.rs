//! From nothing to a stack and back.

use serde_json::json;
use sskuba_cli::Size;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn up_builds_changes_and_down_removes() {
    let bench = Bench::new();
    let ran = bench.run("up --yes").await.expect(0);
    assert!(ran.errors.contains("made a new identity"), "{}", ran.errors);
    assert!(ran.out.contains("Plan: 2 to create\n"), "{}", ran.out);
    assert!(ran.out.contains("Outputs\n  + code = (secret)\n  + last = \"book-"), "{}", ran.out);
    assert!(ran.out.contains(": 2 created"), "{}", ran.out);
    assert_eq!(bench.shelf.titles().len(), 2);

    let again = bench.run("up --yes").await.expect(0);
    assert!(!again.errors.contains("identity"), "said once: {}", again.errors);
    assert!(again.out.contains("Plan: nothing to change, 2 unchanged"), "{}", again.out);

    let ran = bench.run("up --yes -c text=other").await.expect(0);
    assert!(
        ran.out.contains("~ shelf/shelf:book:Book::a  update\n      text: \"text\" → \"other\"\n"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains(": 2 updated"), "{}", ran.out);

    let ran = bench.run("down --yes").await.expect(0);
    assert!(ran.out.contains("Plan: 2 to delete"), "{}", ran.out);
    assert!(bench.shelf.titles().is_empty());
    let ran = bench.run("down --yes").await.expect(0);
    assert!(ran.out.contains("Nothing is there"), "{}", ran.out);
    assert!(bench.path().join(".sskuba/.gitignore").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_tell_everything_and_end_with_the_summary() {
    let bench = Bench::new();
    let ran = bench.run("preview --json").await.expect(0);
    let summary = ran.summary();
    assert_eq!(summary["changes"]["create"], 2, "the plan's counts");
    assert_eq!(summary["revision"], 0);
    assert!(ran.errors.is_empty(), "{}", ran.errors);

    let ran = bench.run("up --yes --json").await.expect(0);
    let names: Vec<String> =
        ran.events().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect();
    for name in
        ["opened", "planned", "plan", "run_started", "started", "finished", "run_ended", "outputs", "summary"]
    {
        assert!(names.iter().any(|seen| seen == name), "{name} in {names:?}");
    }
    let summary = ran.summary();
    assert_eq!(summary["result"], "succeeded");
    let counts = json!({
        "create": 2, "update": 0, "replace": 0, "delete": 0, "read": 0, "import": 0, "moved": 0,
        "unchanged": 0, "failed": 0, "skipped": 0,
    });
    assert_eq!(summary["changes"], counts);
    assert!(summary["revision"].as_u64().unwrap() > 0 && summary["duration_ms"].is_u64());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_asked_and_may_say_no() {
    let bench = Bench::new();
    let size = Size { width: 80, height: 24 };
    let ran = bench.run_at_terminal("up", "n\n", size).await.expect(130);
    assert!(ran.out.contains("Make these changes? [y/N]"), "{}", ran.out);
    assert!(ran.errors.contains("nothing was changed"), "{}", ran.errors);
    assert!(bench.shelf.titles().is_empty());

    let ran = bench.run_at_terminal("up", "yes\n", size).await.expect(0);
    assert!(ran.out.contains("\u{1b}[?2026h") && ran.out.contains("Done in"), "{}", ran.out);
    assert_eq!(bench.shelf.titles().len(), 2);
    let ran = bench.run_at_terminal("up", "", size).await.expect(0);
    assert!(!ran.out.contains("[y/N]"), "nothing to ask about: {}", ran.out);
    bench.run_at_terminal("down", "", size).await.expect(130);
    assert_eq!(bench.shelf.titles().len(), 2, "an end of the input is not a yes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_says_what_where_why_and_what_to_do() {
    let bench = Bench::new();
    *bench.shelf.refused.lock().unwrap() = Some("b".into());
    let ran = bench.run("up --yes").await.expect(1);
    assert!(
        ran.errors
            .contains("failed to create shelf/shelf:book:Book::b: denied: the \u{fffd}[2Jlibrarian says no")
    );
    assert!(ran.errors.contains("(request r-1); ask the librarian"), "{}", ran.errors);
    assert!(ran.errors.contains("declared at ") && ran.errors.contains("bench.rs:"), "{}", ran.errors);
    assert!(ran.out.contains("1 failed") && ran.out.contains("Next: correct the cause"), "{}", ran.out);

    let ran = bench.run("up --yes --json").await.expect(1);
    let events = ran.events();
    assert!(
        events
            .iter()
            .any(|event| event["event"] == "error" && event["message"].as_str().unwrap().contains("says no"))
    );
    assert_eq!(ran.summary()["result"], "failed");
    assert_eq!(ran.summary()["changes"]["failed"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_program_says_is_shown_with_the_plan() {
    let bench = Bench::new();
    let ran = bench.run("preview -c text=notes").await.expect(0);
    let (note, warning) =
        ("\nnote: the shelf is ", "\nwarning: a text of one word (sskuba-cli/tests/it/bench.rs:");
    assert!(ran.out.contains(note) && ran.out.contains(warning), "{}", ran.out);
    assert!(!ran.out.contains('\x1b'), "{}", ran.out);
    let events = bench.run("up --yes --json -c text=notes").await.expect(0).events();
    let notes: Vec<_> = events.iter().filter(|event| event["event"] == "note").collect();
    assert_eq!((notes.len(), &notes[1]["level"]), (2, &json!("warning")));
    assert!(!bench.run("preview").await.expect(0).out.contains("note:"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_no_colour_gets_none_and_a_dumb_terminal_no_escapes() {
    let size = Size { width: 80, height: 24 };
    let mut bench = Bench::new();
    assert!(bench.run_at_terminal("preview", "", size).await.expect(0).out.contains("\x1b["));
    for (name, value, live) in [("NO_COLOR", "1", true), ("TERM", "dumb", false)] {
        bench.variables = vec![(name.to_owned(), value.to_owned())];
        for args in ["preview", "up", "stack list", "state list", "output", "down"] {
            let ran = bench.run_at_terminal(args, "yes\n", size).await.expect(0);
            for text in [&ran.out, &ran.errors] {
                let painted = text.split("\x1b[").skip(1).any(|rest| {
                    rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').starts_with('m')
                });
                assert!(!painted, "{name}: {args}: {text:?}");
                // A live tree moves the cursor, which has no colour.
                assert!(live || !text.contains('\x1b'), "{name}: {args}: {text:?}");
            }
        }
    }
}
