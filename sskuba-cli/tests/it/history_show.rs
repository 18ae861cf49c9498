//! `history show`: what one run did.

use serde_json::{Value as Json, json};

use crate::bench::Bench;

/// Returns address and what became of it.
fn became(past: &Json) -> Vec<(String, String)> {
    let objects = past["objects"].as_array().unwrap();
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    objects.iter().map(|object| (text(&object["address"]), text(&object["became"]))).collect()
}

async fn revisions(bench: &Bench) -> Vec<u64> {
    let history = bench.run("history --json").await.expect(0).document();
    history.as_array().unwrap().iter().rev().map(|run| run["revision"].as_u64().unwrap()).collect()
}

fn book(name: &str) -> String {
    format!("shelf/shelf:book:Book::{name}")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_run_says_what_it_did_to_which_object() {
    let bench = Bench::new();
    bench.run("up --yes -c titles=a,b -m first").await.expect(0);
    bench.run("up --yes -c titles=a,b -c text=new -c code=canary-2").await.expect(0);
    bench.run("up --yes -c titles=b,c -c text=new -c code=canary-2").await.expect(0);
    bench.run("state move c d").await.expect(0);
    let at = revisions(&bench).await;
    let show = async |at: u64| bench.run(&format!("history show {at} --json")).await.expect(0).document();

    let first = show(at[0]).await;
    assert_eq!((&first["message"], &first["result"]), (&json!("first"), &json!("succeeded")));
    assert_eq!(became(&first), [(book("a"), "created".into()), (book("b"), "created".into())]);
    assert_eq!((&first["kept"], &first["with"]), (&json!(true), &json!([])));
    let second = show(at[1]).await;
    assert_eq!(became(&second), [(book("a"), "updated".into()), (book("b"), "updated".into())]);
    let fields = json!([
        {"field": "code", "from": "(secret)", "to": "(secret)", "replaces": false},
        {"field": "text", "from": "text", "to": "new", "replaces": false},
    ]);
    assert_eq!(second["objects"][0]["fields"], fields);
    assert_eq!(second["outputs"][0]["field"], "code");
    let third = show(at[2]).await;
    assert_eq!(became(&third), [(book("a"), "deleted".into()), (book("c"), "created".into())]);
    let moved = show(at[3]).await;
    assert_eq!(became(&moved), [(book("d"), "moved".into())]);
    assert_eq!(moved["objects"][0]["from"], book("c"));

    let text = bench.run(&format!("history show {}", at[1])).await.expect(0).out;
    assert!(text.contains("text: \"text\" → \"new\"") && text.contains("(another secret)"), "{text}");
    assert!(text.contains("2 updated"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_without_a_run_names_the_nearest_and_one_without_copies_its_counts() {
    let bench = Bench::new();
    std::fs::write(bench.path().join("sskuba.dev.toml"), "[sskuba]\nbackups = 0\n").unwrap();
    bench.run("up --yes -c titles=a").await.expect(0);
    bench.run("up --yes -c titles=a,b").await.expect(0);
    bench.run("up --yes -c titles=a,b,c").await.expect(0);
    let at = revisions(&bench).await;
    let inside = bench.run(&format!("history show {}", at[1] + 1)).await.expect(1);
    let hint = format!("the run that began at {0} was under way then; `history show {0}` shows it", at[1]);
    assert!(inside.errors.contains(&hint), "{}", inside.errors);
    let beyond = bench.run("history show 900").await.expect(1);
    assert!(
        beyond.errors.contains(&format!("the nearest are `history show {}`", at[2])),
        "{}",
        beyond.errors
    );
    for at in &at {
        let past = bench.run(&format!("history show {at} --json")).await.expect(0).document();
        assert_eq!(past["changes"]["create"], 1);
        if past["kept"] == false {
            let text = bench.run(&format!("history show {at}")).await.expect(0).out;
            assert!(text.contains("is not kept any more") && text.contains("`backups = 50`"), "{text}");
        }
    }
    let kept = bench.run(&format!("history show {} --json", at[1])).await.expect(0).document();
    assert_eq!(kept["kept"], false, "{kept}");
}
