//! Commands that read or mend what is recorded.

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_can_be_listed_and_shown() {
    let bench = Bench::new();
    assert_eq!(bench.run("state list --json").await.expect(0).document(), serde_json::json!([]));
    assert!(bench.run("output").await.expect(1).errors.contains("there is no stack local/library/dev"));
    bench.run("up --yes --message because").await.expect(0);
    let list = bench.run("state list --json").await.expect(0).document();
    let first = &list[0];
    assert_eq!(first["address"], "shelf/shelf:book:Book::a");
    assert_eq!(first["kind"], "shelf:book:Book");
    assert_eq!(first["status"], "live");
    assert_eq!(first["generation"], 1);
    assert_eq!(first["token"].as_str().unwrap().len(), 32);
    assert!(bench.shelf.books.lock().unwrap().contains_key(first["id"].as_str().unwrap()));

    let show = bench.run("state show shelf/shelf:book:Book::a").await.expect(0).document();
    assert_eq!(show["applied"]["code"], "(secret)");
    let shown = bench.run("state show shelf/shelf:book:Book::a --show-secrets").await;
    assert_eq!(shown.document()["applied"]["code"], "canary-default");

    let outputs = bench.run("output --json").await.expect(0).document();
    assert_eq!(outputs["code"], "(secret)");
    assert_eq!(bench.run("output last").await.expect(0).out.trim(), outputs["last"].as_str().unwrap());
    assert!(bench.run("output code").await.expect(1).errors.contains("--show-secrets"));
    assert!(bench.run("output nope").await.expect(1).errors.contains("it has `code`, `last`"));

    let history = bench.run("history --json").await.expect(0).document();
    assert_eq!((&history[0]["command"], &history[0]["message"]), (&"up".into(), &"because".into()));
    assert_eq!(history[0]["result"], "succeeded");
    assert!(bench.run("history").await.expect(0).out.contains("2 created"));
}

#[tokio::test(flavor = "multi_thread")]
async fn graphs_are_drawn_in_three_languages() {
    let bench = Bench::new();
    let ran = bench.run("graph --planned").await.expect(0);
    assert!(ran.out.starts_with("digraph stack {") && ran.out.contains("create"), "{}", ran.out);
    bench.run("up --yes").await.expect(0);
    assert!(bench.run("graph --format mermaid").await.expect(0).out.starts_with("graph RL"));
    let json = bench.run("graph --format json").await.expect(0).document();
    assert_eq!(json["nodes"].as_array().unwrap().len(), 2);
    assert_eq!(bench.run("graph --json").await.expect(0).document(), json);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_state_is_exported_forgotten_and_imported() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    bench.run("state export all.json").await.expect(0);
    assert!(!bench.read("all.json").contains("canary"));
    let ran = bench.run("state rm --yes shelf/shelf:book:Book::a").await.expect(0);
    assert!(ran.out.contains("Forgot shelf/shelf:book:Book::a"), "{}", ran.out);
    assert_eq!(bench.shelf.titles().len(), 2);
    assert!(
        bench
            .run("state rm --yes shelf/shelf:book:Book::a")
            .await
            .expect(1)
            .errors
            .contains("is not recorded")
    );
    assert!(bench.run("preview").await.expect(0).out.contains("1 to create"));
    bench.run("state import --yes all.json").await.expect(0);
    assert!(bench.run("preview").await.expect(0).out.contains("nothing to change"));
    let all = bench.read("all.json");
    bench.run("state rm --yes shelf/shelf:book:Book::b").await.expect(0);
    bench.run_with_input("state import --yes -", &all).await.expect(0);
    assert!(bench.run("preview").await.expect(0).out.contains("nothing to change"));
    assert!(bench.run("state unlock --yes").await.expect(0).out.contains("Nobody holds"));
    let ran = bench.run("state resolve shelf/shelf:book:Book::b --not-created").await.expect(1);
    assert!(ran.errors.contains("no create of"), "{}", ran.errors);
}

#[tokio::test(flavor = "multi_thread")]
async fn stacks_are_made_selected_listed_and_removed() {
    let bench = Bench::new();
    assert!(bench.run("stack list").await.expect(0).out.contains("There is no stack yet"));
    assert!(bench.run("stack select test").await.expect(1).errors.contains("stack init test"));
    bench.run("stack init test").await.expect(0);
    assert!(bench.run("stack init test").await.expect(1).errors.contains("is there already"));
    bench.run("up --yes").await.expect(0);
    let ran = bench.run("up --yes --stack tets -c titles=z").await.expect(2);
    assert!(ran.errors.contains("there is no stack `tets`: did you mean `test`?"), "{}", ran.errors);
    for args in ["preview --stack other", "up --yes --stack other", "refresh --stack other"] {
        let ran = bench.run(args).await.expect(2);
        assert!(
            ran.errors.contains("there is `test`; `library stack init other` makes it"),
            "{}",
            ran.errors
        );
    }
    bench.run("stack init other").await.expect(0);
    bench.run("stack select test").await.expect(0);
    bench.run("up --yes --stack other -c titles=z").await.expect(0);
    let list = bench.run("stack list --json").await.expect(0).document();
    let seen: Vec<(&str, bool, u64)> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|stack| {
            let name = stack["stack"].as_str().unwrap();
            (name, stack["selected"].as_bool().unwrap(), stack["resources"].as_u64().unwrap())
        })
        .collect();
    assert_eq!(seen, [("local/library/other", false, 1), ("local/library/test", true, 2)]);
    bench.run("stack select other").await.expect(0);
    assert!(bench.run("stack list").await.expect(0).out.contains("* other"));
    assert!(bench.run("stack rm other --yes").await.expect(1).errors.contains("still records 1 resources"));
    bench.run("down --yes").await.expect(0);
    bench.run("stack rm other --yes").await.expect(0);
    bench.run("stack rm test --yes --force").await.expect(0);
    assert!(bench.run("stack list").await.expect(0).out.contains("There is no stack yet"));
    assert_eq!(bench.shelf.titles().len(), 2, "the objects stay");
}

#[tokio::test(flavor = "multi_thread")]
async fn kinds_are_described() {
    let bench = Bench::new();
    assert!(bench.run("schema").await.expect(0).out.contains("shelf:book:Book  A book on a shelf."));
    for slip in ["Bookk", "shelf:book:Bokk", "book"] {
        let ran = bench.run(&format!("schema {slip}")).await;
        assert!(ran.errors.contains("did you mean `shelf:book:Book`?"), "{slip}: {}", ran.errors);
    }
    let ran = bench.run("schema shelf:book:Book").await.expect(0);
    assert!(ran.out.contains("required, forces replacement") && ran.out.contains("secret"), "{}", ran.out);
    let json = bench.run("schema shelf:book:Book --json").await.expect(0).document();
    assert_eq!(json["fields"][0]["name"], "title");
    assert_eq!(json["rust"], "it::shelf::Book");
    assert!(ran.out.contains("Rust type it::shelf::Book\n"), "{}", ran.out);
    assert!(ran.out.contains("Who may read it; see Book.\n"), "{}", ran.out);
    assert!(bench.run("schema book").await.expect(1).errors.contains("did you mean `shelf:book:Book`?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_exists_already_is_imported_and_then_brought_to_what_is_declared() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    let list = bench.run("state list --json").await.expect(0).document();
    let (address, id) = (list[0]["address"].as_str().unwrap(), list[0]["id"].as_str().unwrap());
    let refused = bench.run(&format!("import {address} {id}")).await.expect(1);
    assert!(refused.errors.contains("is recorded there already; `state rm"), "{}", refused.errors);
    bench.run(&format!("state rm --yes {address}")).await.expect(0);

    let missing = bench.run(&format!("import {address} nowhere")).await.expect(1);
    assert!(missing.errors.contains("the provider knows no shelf:book:Book `nowhere`"), "{}", missing.errors);
    let undeclared = bench.run(&format!("import shelf:book:Book::other {id}")).await.expect(1);
    assert!(undeclared.errors.contains("declare it first, then import"), "{}", undeclared.errors);

    let ran = bench.run(&format!("import {address} {id} -c text=other")).await.expect(0);
    assert!(ran.out.contains(&format!("Imported {id} as {address}")), "{}", ran.out);
    assert!(ran.out.contains(r#"text: "text" → "other""#), "{}", ran.out);
    assert!(ran.out.contains("up` would update it"), "{}", ran.out);
    let history = bench.run("history --json").await.expect(0).document();
    assert_eq!(history[0]["command"], "import", "{history}");
    let show = bench.run(&format!("state show {address}")).await.expect(0).document();
    assert_eq!(show["applied"]["code"], "(secret)");
    bench.run("state undo --yes").await.expect(0);
    bench.run(&format!("import {address} {id}")).await.expect(0);
    let twice = bench.run(&format!("import shelf/shelf:book:Book::b {id}")).await.expect(1);
    assert!(twice.errors.contains("is recorded there already"), "{}", twice.errors);
    bench.run("up --yes --expect-no-changes").await.expect(0);
    let events = bench.run("up --yes --json -c text=other").await.expect(0).events();
    assert_eq!(events.last().unwrap()["changes"]["update"], 2, "{events:?}");
    assert_eq!(bench.shelf.titles().len(), 2, "nothing was made twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_protected_and_left_the_program_goes_after_its_protection_does() {
    let bench = Bench::new();
    bench.run("up --yes -c text=protected").await.expect(0);
    let left = "up --yes -c text=protected -c titles=a";
    let ran = bench.run(left).await.expect(1);
    assert!(ran.errors.contains("state unprotect"), "{}", ran.errors);
    bench.run("state unprotect b nothing --yes").await.expect(1);
    bench.run(left).await.expect(1);
    let ran = bench.run("state unprotect b --yes").await.expect(0);
    assert!(ran.out.contains("Book::b is not protected any more"), "{}", ran.out);
    assert!(
        bench.run("state unprotect b --yes").await.expect(0).out.contains("Nothing of that was protected")
    );
    bench.run("state undo --yes").await.expect(0);
    bench.run(left).await.expect(1);
    bench.run("state undo --yes").await.expect(0);
    bench.run(left).await.expect(0);
    assert_eq!(bench.shelf.titles(), ["a"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_stack_records_is_listed_to_be_imported() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    bench.run("state rm b --yes").await.expect(0);
    let ran = bench.run("stack unmanaged Book").await.expect(0);
    assert!(ran.out.contains("title: \"b\"") && !ran.out.contains("title: \"a\""), "{}", ran.out);
    assert!(ran.out.contains("1 shelf:book:Book that no stack records; 1 more are recorded"), "{}", ran.out);
    let document = bench.run("stack unmanaged shelf:book:Book --json").await.expect(0).document();
    let id = document["unmanaged"][0]["id"].as_str().unwrap().to_owned();
    for kind in ["Book", "shelf/shelf:book:Book::b"] {
        let ran = bench.run(&format!("import {kind}")).await.expect(0);
        assert!(ran.out.contains(&id) && ran.out.contains("import ADDRESS ID"), "{}", ran.out);
    }
    assert_eq!(
        bench.run("import Book --json").await.expect(0).events()[0]["unmanaged"][0]["id"],
        id.as_str()
    );
    bench.run(&format!("import b {id}")).await.expect(0);
    assert!(bench.run("stack unmanaged Book").await.expect(0).out.starts_with("There is no shelf:book:Book"));
    let ran = bench.run("stack unmanaged Boko").await.expect(2);
    assert!(ran.errors.contains("did you mean `shelf:book:Book`?"), "{}", ran.errors);
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_of_one_stack() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    bench.run("state export dev.json").await.expect(0);
    bench.run("stack init copy").await.expect(0);
    let ran = bench.run("state import dev.json --yes").await.expect(1);
    for part in ["shelf/shelf:book:Book::b are recorded in local/library/dev", "`stack rename`", "`state rm`"]
    {
        assert!(ran.errors.contains(part), "{part}: {}", ran.errors);
    }
    bench.run("down --yes").await.expect(0);
    assert_eq!(bench.shelf.titles().len(), 2);
    bench.run("state rm a b --yes --stack dev").await.expect(0);
    bench.run("state import dev.json --yes").await.expect(0);
    bench.run("down --yes").await.expect(0);
    assert!(bench.shelf.titles().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_is_updated_by_what_deletes_too() {
    let bench = Bench::new();
    let updated = async |args: &str| -> String {
        bench.run(args).await.expect(0);
        let list = bench.run("stack list --json").await.expect(0).document();
        list[0]["updated"].as_str().unwrap().to_owned()
    };
    let built = updated("up --yes").await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let part = updated("down --yes --target b").await;
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let gone = updated("down --yes").await;
    assert!(built < part && part < gone, "{built} {part} {gone}");
}
