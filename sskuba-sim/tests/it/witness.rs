//! The world bears witness: for a program that is killed at any instant, and through the command.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value as Json;
use sskuba_core::address::{Address, StackId};
use sskuba_core::clock::{IdSource, SystemIds};
use sskuba_core::provider::{Cx, Instance};
use sskuba_core::value::{Map, Value};
use sskuba_sim::{SimProvider, World, kinds};

fn cx() -> Cx {
    Cx::new(
        StackId::parse("local/test/dev").unwrap(),
        Address::parse("sim:access:Grant::main").unwrap(),
        SystemIds.token(),
        Duration::from_secs(60),
    )
}

fn grant() -> Map {
    [
        ("who".to_owned(), Value::from("ann")),
        ("action".to_owned(), Value::from("canary-secret").into_secret()),
    ]
    .into()
}

/// Not a test: the program that is killed. Makes objects for ever and prints the id of each one that was made.
#[tokio::test]
#[ignore = "a test below runs it as a program of its own"]
async fn make_objects_for_ever() {
    let Some(path) = std::env::var_os("SSKUBA_TEST_WORLD") else { return };
    let world = World::open(Path::new(&path)).unwrap();
    let sim = SimProvider::new("sim", kinds::schemas(), world);
    loop {
        let object = sim.create(&cx(), &grant()).await.unwrap();
        println!("made {}", object.id);
    }
}

fn start(path: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "witness::make_objects_for_ever", "--ignored", "--nocapture"])
        .env("SSKUBA_TEST_WORLD", path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn what_a_killed_program_was_told_is_there_and_at_most_one_thing_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world");
    let mut known = Vec::new();
    for round in 0..8_u64 {
        let mut child = start(&path);
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        // Wait until it works, then kill it at an instant that differs from round to round.
        while !line.contains("made ") {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "the program ended by itself");
        }
        std::thread::sleep(Duration::from_micros(700 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut rest = line;
        lines.read_to_string(&mut rest).unwrap();
        // The pipe may end in half a line.
        let whole = rest.rsplit_once('\n').map_or("", |(whole, _)| whole);
        known.extend(whole.lines().filter_map(|line| Some(line.split_once("made ")?.1.to_owned())));
        let there: Vec<String> =
            World::peek(&path).unwrap().objects().unwrap().iter().map(|o| o.id.clone()).collect();
        for id in &known {
            assert!(there.contains(id), "round {round}: {id} was made and is not in the world");
        }
        let more = there.len() - known.len();
        assert!(more as u64 <= 2 * (round + 1), "round {round}: {more} objects that no one was told of");
    }
}

fn witness(arguments: &[&str], path: &Path) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sskuba-sim"))
        .args(arguments)
        .env("SSKUBA_SIM_WORLD", path)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[tokio::test]
async fn the_command_lists_and_clears() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("world");
    assert_eq!(witness(&["list", "--json"], &path).1.trim(), "[]");
    assert!(!path.exists(), "looking makes no file");
    let sim = SimProvider::new("sim", kinds::schemas(), World::open(&path).unwrap());
    let cx = cx();
    let object = sim.create(&cx, &grant()).await.unwrap();
    let (good, out, _) = witness(&["list", "--json"], &path);
    let all: Json = serde_json::from_str(&out).unwrap();
    assert!(good && all.as_array().unwrap().len() == 1, "{out}");
    assert_eq!(all[0]["kind"], "sim:access:Grant");
    assert_eq!(all[0]["id"], object.id);
    assert_eq!(all[0]["token"], cx.token.to_string());
    assert_eq!(all[0]["stack"], "local/test/dev");
    assert_eq!(all[0]["fields"]["who"], "ann");
    assert_eq!(all[0]["fields"]["action"], "(secret)");
    assert_eq!(all[0]["fields"]["key"], "(secret)");
    let (_, table, _) = witness(&["list"], &path);
    assert!(table.lines().count() == 2 && table.contains(&object.id), "{table}");
    assert!(!out.contains("canary") && !table.contains("canary"));
    assert!(witness(&["clear"], &path).1.contains("removed 1 objects"));
    assert_eq!(sim.world().objects().unwrap(), []);
    std::fs::write(&path, "hello\n").unwrap();
    let (good, _, error) = witness(&["list"], &path);
    assert!(!good && error.starts_with("error: ") && error.contains("line 1"), "{error}");
}
