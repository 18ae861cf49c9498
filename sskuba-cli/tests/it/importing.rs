//! `import --from FILE`: many objects, all checked before anything is recorded.

use std::fs;

use serde_json::{Value as Json, json};

use crate::bench::Bench;

fn line(name: &str, id: &str) -> Json {
    json!({"kind": "shelf:book:Book", "name": name, "id": id, "component": "shelf"})
}

/// Makes two books that no stack records; returns their ids.
async fn unrecorded() -> (Bench, String, String) {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    let list = bench.run("state list --json").await.expect(0).document();
    let id = |at: usize| list[at]["id"].as_str().unwrap().to_owned();
    bench.run("state rm --yes a b").await.expect(0);
    (bench, id(0), id(1))
}

async fn recorded(bench: &Bench) -> usize {
    bench.run("state list --json").await.expect(0).document().as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_imported_in_one_change_and_again_without_any() {
    let (bench, a, b) = unrecorded().await;
    fs::write(bench.path().join("list.json"), json!([line("a", &a), line("b", &b)]).to_string()).unwrap();
    let ran = bench.run("import --from list.json").await.expect(0);
    assert_eq!(ran.out.matches("imported").count(), 2, "{}", ran.out);
    assert_eq!(recorded(&bench).await, 2);
    let again = bench.run("import --from list.json --json").await.expect(0);
    assert_eq!(again.events().iter().filter(|event| event["event"] == "recorded_already").count(), 2);
    assert_eq!(again.summary()["changes"]["import"], 0);
    bench.run("up --yes").await.expect(0);
    assert_eq!(bench.shelf.titles().len(), 2, "nothing was made a second time");
    bench.run("state undo --yes").await.expect(0);
    assert_eq!(recorded(&bench).await, 0, "one change");

    let table = |name: &str, id: &str| {
        format!(
            "[[import]]\nkind = \"shelf:book:Book\"\nname = \"{name}\"\nid = \"{id}\"\nparent = \"shelf\"\n"
        )
    };
    fs::write(bench.path().join("list.toml"), table("a", &a) + &table("b", &b)).unwrap();
    let ran = bench.run("import --from list.toml --json").await.expect(0);
    assert_eq!(ran.summary()["changes"]["import"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_of_all_and_nothing_is_recorded() {
    let (bench, a, b) = unrecorded().await;
    let list = |lines: Json| fs::write(bench.path().join("list.json"), lines.to_string()).unwrap();
    let mut slip = line("a", &a);
    slip["kind"] = "shelf:book:Bok".into();
    list(json!([slip, line("b c", &b), line("d", ""), line("a", &a), line("a", "x"), line("b", &a)]));
    let ran = bench.run("import --from list.json").await.expect(2);
    for says in [
        "object 1 (`a`): this program has no kind `shelf:book:Bok`; did you mean `shelf:book:Book`?",
        "object 2 (`b c`): `b c` is not a valid",
        "object 3 (`d`): its id is empty",
        "object 5: shelf/shelf:book:Book::a is in the list twice",
        "object 6: shelf:book:Book `",
    ] {
        assert!(ran.errors.contains(says), "{says}: {}", ran.errors);
    }
    for (text, says) in
        [("[{}]", "missing field `kind`"), ("kind", "[[import]]"), ("[{\"x\": 1}]", "unknown field")]
    {
        fs::write(bench.path().join("odd"), text).unwrap();
        let ran = bench.run("import --from odd").await.expect(2);
        assert!(ran.errors.contains(says), "{text}: {}", ran.errors);
    }

    let mut other = line("b", "elsewhere");
    other["provider"] = "shelf:provider:Instance::west".into();
    list(json!([line("a", &a), other, line("c", &b), line("a2", "nowhere")]));
    let ran = bench.run("import --from list.json").await.expect(1);
    assert!(ran.errors.contains("3 of 4 objects cannot be imported; nothing was recorded"), "{}", ran.errors);
    assert!(ran.out.contains("declares it with the default instance"), "{}", ran.out);
    assert!(ran.out.contains("it::shelf::Book::new("), "how to declare it: {}", ran.out);
    assert_eq!(recorded(&bench).await, 0);
    let ran = bench.run("import --from list.json --continue-on-error --json").await.expect(1);
    assert_eq!(
        (&ran.summary()["changes"]["import"], &ran.summary()["result"]),
        (&1.into(), &"failed".into())
    );
    assert_eq!(recorded(&bench).await, 1);
}
