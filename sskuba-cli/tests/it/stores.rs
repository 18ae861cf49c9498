//! Stores that a program registers, named by the scheme of the state's URL.

use std::sync::{Arc, Mutex};

use sskuba_cli::Cli;
use sskuba_core::prelude::*;
use sskuba_core::state::StateStore as _;
use sskuba_core::stores::Memory;

use crate::bench::{Bench, Ran};
use crate::shelf::Book;

fn one_book(stack: &mut Stack) -> Result<()> {
    stack.add("a", Book::new("a"))?;
    Ok(())
}

/// Runs a program that has a store of its own, and notes what the store is made of.
async fn run(bench: &Bench, store: &Memory, made: &Arc<Mutex<Vec<String>>>, args: &str) -> Ran {
    let (store, made) = (store.clone(), Arc::clone(made));
    let cli =
        Cli::new("library").program(one_book).provider(bench.shelf.provider()).store("team", move |url| {
            if url.rest.is_empty() {
                return Err(url.refused("the team is missing"));
            }
            made.lock().unwrap().push(url.rest.to_owned());
            Ok(Arc::new(store.clone()))
        });
    bench.run_given(cli, args, bench.environment()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_is_recorded_where_the_scheme_says() {
    let (bench, store, made) = (Bench::new(), Memory::default(), Arc::default());
    run(&bench, &store, &made, "up --yes --state team:blue").await.expect(0);
    assert_eq!(bench.shelf.titles(), ["a"]);
    assert_eq!(store.stacks().await.unwrap(), ["local/library/dev".parse().unwrap()]);
    let again = run(&bench, &store, &made, "up --yes --state team:blue --expect-no-changes").await;
    again.expect(0);
    assert!(made.lock().unwrap().iter().all(|rest| rest == "blue"));
    assert!(!bench.path().join(".sskuba/state").exists(), "nothing is recorded in the folder");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_with_the_schemes_that_can() {
    let (bench, store, made) = (Bench::new(), Memory::default(), Arc::default());
    let unknown = run(&bench, &store, &made, "up --yes --state tem:blue").await.expect(2);
    for part in ["the scheme `tem` is not known", "`sled:PATH`", "`memory:`", "`team:…`"] {
        assert!(unknown.errors.contains(part), "`{part}` is missing in: {}", unknown.errors);
    }
    let missing = run(&bench, &store, &made, "up --yes --state team:").await.expect(2);
    assert!(missing.errors.contains("`team:`: the team is missing"), "{}", missing.errors);
    assert!(made.lock().unwrap().is_empty());
}
