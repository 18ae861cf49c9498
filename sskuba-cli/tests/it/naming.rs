//! Short names, other tools' names for commands, and what is to be typed next.

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_short_name_is_enough_where_it_means_one() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    let whole = bench.run("state show shelf/shelf:book:Book::a").await.expect(0).out;
    for name in ["a", "Book::a", "book:Book::a"] {
        assert_eq!(bench.run(&format!("state show {name}")).await.expect(0).out, whole, "{name}");
    }
    let ran = bench.run("state show c").await.expect(1);
    assert!(ran.errors.contains("`library state list` shows what is"), "{}", ran.errors);
    bench.run("state mv a c").await.expect(0);
    let ran = bench.run("preview").await.expect(0);
    assert!(ran.out.contains("+ shelf/shelf:book:Book::a") && ran.out.contains("- shelf/shelf:book:Book::c"));
    bench.run("state move c a").await.expect(0);
    bench.run("state rm --yes b").await.expect(0);
    let titles = bench
        .shelf
        .books
        .lock()
        .unwrap()
        .iter()
        .find(|(_, book)| book.title == "b")
        .map(|(id, _)| id.clone());
    let id = titles.unwrap();
    let ran = bench.run(&format!("import d {id}")).await.expect(2);
    assert!(ran.errors.contains("there is no `d`"), "{}", ran.errors);
    bench.run(&format!("import b {id}")).await.expect(0);
    let ran = bench.run("up --yes --target b -c text=new").await.expect(0);
    assert!(ran.out.contains("1 updated"), "{}", ran.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_other_tools_do_what_they_do_there() {
    let bench = Bench::new();
    bench.run("apply --yes").await.expect(0);
    bench.run("state ls").await.expect(0);
    let ran = bench.run("plan").await.expect(2);
    assert!(ran.errors.contains("show") && ran.errors.contains("json"), "{}", ran.errors);
    bench.run("destroy --yes").await.expect(0);
    assert!(bench.shelf.titles().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_next_has_the_options_that_matter() {
    let bench = Bench::new();
    let ran = bench.run("preview -c text=other -c code=canary --target *::a --stack dev").await.expect(0);
    let next = "Next: `library up --stack dev -c text=other -c code=… --target '*::a'` does this";
    assert!(ran.out.contains(next), "{}", ran.out);
    let state = format!("sled:{}", bench.path().join("elsewhere").display());
    let ran = bench.run(&format!("up --yes --state {state}")).await.expect(0);
    assert!(ran.out.contains(&format!("`library down --state {state}` removes")), "{}", ran.out);
    assert!(ran.out.contains("at revision 0 in elsewhere"), "{}", ran.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_keeps_what_was_set_for_it_and_can_be_looked_at() {
    let bench = Bench::new();
    bench.run("up --yes -c titles=a").await.expect(0);
    let ran = bench.run("preview --plan plan.json -c text=other -c code=canary-2").await.expect(0);
    assert!(ran.errors.contains("the value of `code` is secret and not saved"), "{}", ran.errors);
    let ran = bench.run("plan show plan.json").await.expect(0);
    assert!(
        ran.out.contains("+ shelf/shelf:book:Book::b  create") && ran.out.contains("title: \"b\""),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("text: \"text\" → \"other\"") && ran.out.contains("Plan: 1 to create, 1 to update"),
        "{}",
        ran.out
    );
    let plan = bench.run("plan json plan.json").await.expect(0).document();
    let created = plan["steps"].as_array().unwrap().iter().find(|step| step["action"] == "create").unwrap();
    assert_eq!((&created["inputs"]["title"], &created["inputs"]["code"]), (&"b".into(), &"(secret)".into()));
    let ran = bench.run("preview --json -c text=other -c code=canary-2").await.expect(0);
    let planned = ran.events().into_iter().find(|event| event["action"] == "create").unwrap();
    assert_eq!(planned["inputs"], created["inputs"]);
    let ran = bench.run("up --plan plan.json").await.expect(1);
    assert!(ran.errors.contains("no longer gives this plan"), "{}", ran.errors);
    bench.run("up --plan plan.json -c code=canary-2").await.expect(0);
    assert_eq!(bench.shelf.titles().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_and_panics_are_json_where_that_was_asked_for() {
    let bench = Bench::new();
    for args in
        ["up --json --nonsense", "--json up --parallel many", "preview --json --plan", "nonsense --json"]
    {
        let ran = bench.run(args).await.expect(2);
        let events = ran.events();
        assert_eq!(events[0]["event"], "error", "{args}");
        assert_eq!(events.last().unwrap()["event"], "summary", "{args}");
        assert!(ran.errors.is_empty(), "{}", ran.errors);
    }
    let ran = bench.run("up --yes --json -c text=panics").await.expect(1);
    assert!(ran.out.contains("the program panicked"), "{}", ran.out);
    assert_eq!(ran.summary()["result"], "failed");
    // What was held was given back.
    bench.run("up --yes").await.expect(0);
}
