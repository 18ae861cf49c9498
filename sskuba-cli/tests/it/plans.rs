//! Saved plans, expectations, selections, refreshes.

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_applied_without_asking_and_only_once() {
    let bench = Bench::new();
    let ran = bench.run("preview --plan plan.json").await.expect(0);
    assert!(ran.out.contains("library up --plan plan.json"), "{}", ran.out);
    assert!(!bench.read("plan.json").contains("canary"));
    let ran = bench.run("up --plan plan.json").await.expect(0);
    assert!(ran.out.contains("2 created"), "{}", ran.out);
    let ran = bench.run("up --plan plan.json").await.expect(1);
    assert!(ran.errors.contains("the plan was made at revision 0"), "{}", ran.errors);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_keeps_its_selection_and_notices_another_program() {
    let bench = Bench::new();
    bench.run("preview --plan plan.json --target *::a").await.expect(0);
    let ran = bench.run("up --plan plan.json -c text=other").await.expect(1);
    assert!(ran.errors.contains("no longer gives this plan"), "{}", ran.errors);
    bench.run("up --plan plan.json").await.expect(0);
    assert_eq!(bench.shelf.titles(), ["a"]);
    std::fs::write(bench.path().join("plan.json"), "{}").unwrap();
    assert!(bench.run("up --plan plan.json").await.expect(1).errors.contains("not a saved plan"));
    assert!(bench.run("up --plan none.json").await.expect(1).errors.contains("none.json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn expected_no_changes_end_with_3_and_change_nothing() {
    let bench = Bench::new();
    assert_eq!(
        bench.run("preview --expect-no-changes --json").await.expect(3).summary()["changes"]["create"],
        2
    );
    bench.run("up --expect-no-changes --yes").await.expect(3);
    assert!(bench.shelf.titles().is_empty());
    bench.run("up --yes").await.expect(0);
    bench.run("preview --expect-no-changes").await.expect(0);
    bench.run("up --expect-no-changes").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_shown_by_refresh_and_mended_by_up() {
    let bench = Bench::new();
    bench.run("up --yes").await.expect(0);
    let first = bench.shelf.books.lock().unwrap().keys().next().unwrap().clone();
    bench.shelf.books.lock().unwrap().remove(&first);
    for book in bench.shelf.books.lock().unwrap().values_mut() {
        book.text = "scribbled".into();
    }
    let ran = bench.run("refresh --expect-no-changes").await.expect(3);
    assert!(ran.out.contains("text: \"text\" → \"scribbled\""), "{}", ran.out);
    assert!(ran.out.contains("is gone"), "{}", ran.out);
    let ran = bench.run("up --yes --refresh").await.expect(0);
    assert!(ran.out.contains("changed outside of the stack"), "{}", ran.out);
    assert!(ran.out.contains("1 created, 1 updated"), "{}", ran.out);
    let ran = bench.run("refresh --json --expect-no-changes").await.expect(0);
    assert_eq!(ran.summary()["changes"]["read"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_fits_nothing_is_an_error_with_a_hint() {
    let bench = Bench::new();
    let ran = bench.run("up --yes --target shelf:book:Book::a").await.expect(1);
    assert!(ran.errors.contains("did you mean `shelf/shelf:book:Book::a`?"), "{}", ran.errors);
    let ran = bench.run("up --yes --replace *::a").await.expect(0);
    assert!(ran.out.contains("2 created"), "{}", ran.out);
    let ran = bench.run("up --yes --replace *::a").await.expect(0);
    assert!(
        ran.out.contains("1 replaced") && ran.out.contains("its replacement was asked for"),
        "{}",
        ran.out
    );
}
