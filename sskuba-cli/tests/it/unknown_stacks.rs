//! A slip in a stack's name: refused by every command, with the stack that was meant, before anything is made.

use std::fs;

use crate::bench::Bench;

/// A command of each sort that is about one stack.
const OF_A_STACK: &[&str] = &[
    "up --yes",
    "preview",
    "down --yes",
    "refresh",
    "import shelf/shelf:book:Book::a 1",
    "import shelf:book:Book",
    "import --from books.json",
    "output",
    "graph",
    "graph --planned",
    "history",
    "history show 1",
    "watch",
    "cancel",
    "state list",
    "state show a",
    "state rm a --yes",
    "state unprotect a --yes",
    "state move a c",
    "state undo --yes",
    "state repair --yes",
    "state backups",
    "state backups --restore x --yes",
    "state rotate-key",
    "state export",
    "state import saved.json --yes",
    "state unlock --yes",
    "state resolve a --not-created",
    "stack tag",
    "stack tag owner=ann",
    "stack rename prod",
    "stack unmanaged shelf:book:Book",
    "stack recipients list",
    "stack recipients add age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
    "config list",
    "config get text",
    "config set text new",
    "config rm text",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_command_takes_a_stack_with_a_slip_in_its_name() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    bench.run("state export saved.json").await.expect(0);
    let all = OF_A_STACK.iter().map(|args| format!("{args} --stack devv"));
    for args in all.chain(["stack select devv", "stack rm devv --yes"].map(str::to_owned)) {
        let ran = bench.run(&args).await.expect(2);
        let said =
            "error: there is no stack `devv`: did you mean `dev`? `library stack init devv` makes it\n";
        assert_eq!((ran.errors.as_str(), ran.out.as_str()), (said, ""), "{args}");
        assert!(!bench.path().join("sskuba.devv.toml").exists(), "{args}");
    }
    assert_eq!(bench.run("stack list --json").await.expect(0).document().as_array().unwrap().len(), 1);
    assert_eq!(bench.shelf.titles().len(), 2, "nothing was made a second time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_configuration_makes_no_stack() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    // As a fresh clone has it.
    fs::write(bench.path().join("sskuba.prod.toml"), "titles = \"x\"\n").unwrap();
    for args in ["up --yes --stack prod", "down --yes --stack prod", "stack select prod"] {
        let ran = bench.run(args).await.expect(2);
        assert!(ran.errors.contains("there is `dev`; `library stack init prod` makes it"), "{}", ran.errors);
    }
    // Configuration may be of a stack that is recorded elsewhere.
    bench.run("config set text new --stack prod").await.expect(0);
    assert!(bench.run("config list --stack prod").await.expect(0).out.contains("new"));
    bench.run("stack init prod").await.expect(0);
    bench.run("up --yes").await.expect(0);
    assert_eq!(bench.shelf.titles().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_without_a_stack_begins_with_any() {
    let bench = Bench::new();
    assert!(bench.run("down --yes --stack prod").await.expect(0).out.contains("was never built"));
    assert!(bench.run("state list --stack prod").await.expect(0).out.contains("Nothing is recorded"));
    bench.run("config set text new --stack prod").await.expect(0);
    bench.run("up --yes --stack prod").await.expect(0);
    bench.run("down --yes --stack prod").await.expect(0);
    assert!(bench.run("down --yes --stack prod").await.expect(0).out.contains("Nothing is there"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_makes_the_stack_that_it_is_of() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    bench.run("state export dev.json").await.expect(0);
    bench.run("stack init other").await.expect(0);
    bench.run("stack rm dev --yes --force").await.expect(0);
    bench.run("state import dev.json --yes --stack dve").await.expect(2);
    bench.run("state import dev.json --yes --stack dev").await.expect(0);
    bench.run("up --yes --stack dev --expect-no-changes").await.expect(0);
}
