//! Completions: what a shell is told, quickly and without a word about what went wrong.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::bench::Bench;

/// Asks as the script for fish does: it names no other place of the cursor than the end.
async fn asked(bench: &Bench, words: &str) -> Vec<String> {
    let mut environment = bench.environment();
    environment.variables.insert("SSKUBA_COMPLETE".into(), "fish".into());
    let ran = bench.run_words(std::iter::once("--").chain(words.split(' ')), environment).await;
    assert_eq!((ran.code, ran.errors.as_str()), (0, ""));
    ran.out.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn stacks_addresses_kinds_keys_and_outputs_are_known() {
    let bench = Bench::new();
    assert!(asked(&bench, "library up --target ").await.is_empty(), "nothing is there yet");
    assert!(!bench.path().join(".sskuba").exists(), "and nothing is made");
    bench.run("stack init other").await.expect(0);
    bench.run("stack init dev").await.expect(0);
    bench.run("up --yes").await.expect(0);
    let (a, b) = ("shelf/shelf:book:Book::a", "shelf/shelf:book:Book::b");
    for (words, expected) in [
        ("library state show ", &["a", "b", a, b][..]),
        ("library up --target shelf/shelf:book:Book::a", &[a]),
        ("library down --exclude ", &["a", "b", a, b]),
        ("library --stack other state show ", &[]),
        ("library preview --stack ", &["dev", "other"]),
        ("library stack select o", &["other"]),
        ("library import ", &["shelf:book:Book"]),
        ("library schema sh", &["shelf:book:Book"]),
        ("library config get t", &["titles", "text"]),
        ("library output ", &["code", "last"]),
        ("library history show ", &["1"]),
        ("library up -c t", &["titles=", "text="]),
        ("library up --config co", &["code="]),
    ] {
        let mut found = asked(&bench, words).await;
        found.retain(|word| !word.starts_with('-'));
        found.sort();
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        assert_eq!(found, expected, "{words}");
    }
    assert!(asked(&bench, "library st").await.contains(&"stack".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_waited_for_and_damage_is_not_spoken_of() {
    let bench = Bench::new();
    let gate = Arc::new(Semaphore::new(0));
    *bench.shelf.gate.lock().unwrap() = Some(Arc::clone(&gate));
    let run = bench.run("up --yes");
    let other = async {
        while !bench.run("state list").await.out.contains("creating") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let start = Instant::now();
        asked(&bench, "library state show ").await;
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
        gate.add_permits(10);
    };
    tokio::join!(run, other).0.expect(0);
    let folder = bench.path().join(".sskuba/state/local/library/dev");
    for file in ["copy", "db", "mark"] {
        fs::write(folder.join(file), "damaged").unwrap();
    }
    assert!(asked(&bench, "library state show ").await.iter().all(|word| word.starts_with('-')));
    fs::write(bench.path().join(".sskuba/stack"), "No Stack!").unwrap();
    asked(&bench, "library state show ").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_shell_gets_its_script() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = bench.run(&format!("completions {shell}")).await.expect(0);
        assert!(ran.out.contains("SSKUBA_COMPLETE") && ran.out.contains("library"), "{shell}: {}", ran.out);
    }
}
