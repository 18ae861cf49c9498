//! `stack rename`: the whole stack, or none of it.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::bench::Bench;

const OLD: &str = "local/library/dev";
const NEW: &str = "local/library/prod";

async fn built() -> Bench {
    let bench = Bench::new();
    bench.run("stack init dev").await.expect(0);
    bench.run("config set titles x,y").await.expect(0);
    bench.run_with_input("config set code --secret", "canary-set").await.expect(0);
    bench.run("up --yes").await.expect(0);
    bench.run("up --yes -c text=other").await.expect(0);
    bench
}

fn marker(bench: &Bench) -> String {
    let state = bench.path().join(".sskuba/state");
    format!(r#"{{"from":"{OLD}","to":"{NEW}","state":"sled:{}"}}"#, state.display())
}

/// Makes sure that all is there under the new name, and nothing under the old one.
async fn is_renamed(bench: &Bench) {
    let stacks = bench.run("stack list --json").await.expect(0).document();
    assert_eq!(stacks.as_array().unwrap().len(), 1, "{stacks}");
    assert_eq!((&stacks[0]["stack"], &stacks[0]["selected"]), (&NEW.into(), &true.into()));
    assert!(!bench.path().join("sskuba.dev.toml").exists());
    assert!(!bench.path().join(".sskuba/state/local/library/dev").exists());
    // The secret opens under its new name, and nothing is to be made again.
    bench.run("preview --expect-no-changes -c text=other").await.expect(0);
    let mut titles = bench.shelf.titles();
    titles.sort();
    assert_eq!(titles, ["x", "y"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_moves_with_state_configuration_history_and_copies() {
    let bench = built().await;
    let copies = bench.run("state backups --json").await.expect(0).document();
    let history = bench.run("history --json").await.expect(0).document();
    fs::write(bench.path().join("sskuba.other.toml"), "titles = \"z\"\n").unwrap();
    let ran = bench.run("stack rename prod").await.expect(0);
    assert_eq!(ran.out, format!("Renamed {OLD} to {NEW}\n"));
    is_renamed(&bench).await;
    let after = bench.run("history --json").await.expect(0).document();
    assert_eq!((&after[0]["command"], &after[0]["result"]), (&"stack rename".into(), &"succeeded".into()));
    assert_eq!(after.as_array().unwrap()[1..], history.as_array().unwrap()[..]);
    let kept = bench.run("state backups --json").await.expect(0).document();
    let names = |list: &serde_json::Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|copy| copy["name"].as_str().unwrap().to_owned()).collect()
    };
    assert!(names(&copies).iter().all(|name| names(&kept).contains(name)), "{copies}\n{kept}");
    assert_eq!(bench.read("sskuba.other.toml"), "titles = \"z\"\n", "another stack's is untouched");
    let ran = bench.run("stack rename dev --json").await.expect(0).document();
    assert_eq!((&ran["stack"], &ran["former"], &ran["done"]), (&OLD.into(), &NEW.into(), &"renamed".into()));
    bench.run("down --yes").await.expect(0);
    assert!(bench.shelf.titles().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_renamed_stays_as_it_is() {
    let bench = built().await;
    bench.run("stack init other").await.expect(0);
    bench.run("stack select dev").await.expect(0);
    fs::write(bench.path().join("sskuba.set.toml"), "").unwrap();
    for (args, code, says) in [
        ("stack rename other", 1, "there is a stack local/library/other in this store already"),
        ("stack rename Bad_Name!", 2, "is not a valid stack"),
        ("stack rename dev", 2, "that is its name already"),
        ("stack rename shop/dev", 2, "stays with its organisation and project, `local/library`"),
        ("stack rename set", 1, "there is a configuration of that name already"),
        ("stack rename prod --stack nothing", 2, "there is no stack `nothing`"),
    ] {
        let ran = bench.run(args).await.expect(code);
        assert!(ran.errors.contains(says), "{args}: {}", ran.errors);
    }
    let gate = Arc::new(Semaphore::new(0));
    *bench.shelf.gate.lock().unwrap() = Some(Arc::clone(&gate));
    let run = bench.run("up --yes -c titles=x,y,z -c text=other");
    let other = async {
        while !bench.run("state list").await.out.contains("creating") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let ran = bench.run("stack rename prod").await.expect(4);
        assert!(ran.errors.contains("is in use by"), "{}", ran.errors);
        assert!(!bench.path().join("sskuba.prod.toml").exists());
        gate.add_permits(10);
    };
    let (ran, ()) = tokio::join!(run, other);
    ran.expect(0);
    bench.run("preview --expect-no-changes -c titles=x,y,z -c text=other").await.expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_cut_short_is_said_by_the_next_command_and_ended() {
    for moved in [false, true] {
        let bench = built().await;
        // As a program leaves it that is killed before, or after, the state has moved.
        if moved {
            bench.run("stack rename prod").await.expect(0);
            bench.run("stack select dev").await;
            fs::write(bench.path().join(".sskuba/stack"), "dev\n").unwrap();
            fs::write(bench.path().join("sskuba.dev.toml"), "titles = \"x,y\"\n").unwrap();
        } else {
            fs::write(bench.path().join("sskuba.prod.toml"), "titles = \"half\"\n").unwrap();
        }
        fs::write(bench.path().join(".sskuba/renaming"), marker(&bench)).unwrap();
        let refused = ["up --yes", "up --yes --stack prod", "config list", "stack rm prod --yes"];
        for args in refused.into_iter().chain(["stack init prod", "stack rename third"]) {
            let ran = bench.run(args).await.expect(1);
            let hint = format!("`library stack rename prod --stack {OLD} --state sled:");
            assert!(ran.errors.contains(&hint), "{args}: {}", ran.errors);
        }
        bench.run("stack list").await.expect(0);
        bench.run(&format!("stack rename prod --stack {OLD}")).await.expect(0);
        is_renamed(&bench).await;
    }
}
