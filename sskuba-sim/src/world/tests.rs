use std::time::Duration;

use sskuba_core::address::{Address, StackId};
use sskuba_core::provider::{Cx, Instance};
use sskuba_core::value::{Map, Value};

use super::*;
use crate::{SimProvider, kinds};

fn cx(token: u8) -> Cx {
    Cx::new(
        StackId::parse("local/test/dev").unwrap(),
        Address::parse("sim:net:Network::main").unwrap(),
        Token::new([token; 16]),
        Duration::from_secs(60),
    )
}

fn cidr() -> Map {
    [("cidr".to_owned(), Value::from("10.0.0.0/16"))].into()
}

fn sim(world: &World) -> SimProvider {
    SimProvider::new("sim", kinds::schemas(), world.clone())
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/world");
    (folder, path)
}

#[tokio::test]
async fn an_effect_is_in_the_file_when_the_call_returns() {
    let (_folder, path) = folder();
    let world = World::open(&path).unwrap();
    assert!(!path.exists(), "opening makes no file");
    let object = sim(&world).create(&cx(1), &cidr()).await.unwrap();
    // Another reader, as another program would be.
    let seen = World::peek(&path).unwrap().objects().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].id, object.id);
    assert_eq!(seen[0].stack.to_string(), "local/test/dev");
}

#[tokio::test]
async fn two_worlds_on_one_file_see_each_other() {
    let (_folder, path) = folder();
    let (a, b) = (World::open(&path).unwrap(), World::open(&path).unwrap());
    let first = sim(&a).create(&cx(1), &cidr()).await.unwrap();
    assert_eq!(sim(&b).create(&cx(1), &cidr()).await.unwrap(), first, "the token counts in both");
    sim(&b).create(&cx(2), &cidr()).await.unwrap();
    assert_eq!(a.objects().unwrap().len(), 2);
    b.clear().unwrap();
    assert_eq!(a.objects().unwrap(), []);
}

#[tokio::test]
async fn a_torn_last_line_counts_as_not_written() {
    let (_folder, path) = folder();
    let world = World::open(&path).unwrap();
    sim(&world).create(&cx(1), &cidr()).await.unwrap();
    sim(&world).create(&cx(2), &cidr()).await.unwrap();
    let whole = std::fs::read(&path).unwrap();
    let ends: Vec<usize> = (0..whole.len()).filter(|i| whole[*i] == b'\n').map(|i| i + 1).collect();
    for cut in 0..=whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let lines = ends.iter().filter(|end| **end <= cut).count();
        let world = World::open(&path).unwrap();
        assert_eq!(world.objects().unwrap().len(), lines.saturating_sub(1), "cut at {cut}");
        sim(&world).create(&cx(9), &cidr()).await.unwrap();
        let after = World::peek(&path).unwrap().objects().unwrap();
        assert_eq!(after.len(), lines.saturating_sub(1) + 1, "cut at {cut}");
    }
}

#[tokio::test]
async fn damage_and_later_formats_are_named() {
    let (_folder, path) = folder();
    let world = World::open(&path).unwrap();
    sim(&world).create(&cx(1), &cidr()).await.unwrap();
    sim(&world).create(&cx(2), &cidr()).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("{\"put\"", "{\"pu", 1)).unwrap();
    let error = World::open(&path).unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("deep/world"), "{error}");
    std::fs::write(&path, text.replacen("\"version\":1", "\"version\":2", 1)).unwrap();
    let error = World::open(&path).unwrap_err().to_string();
    assert!(error.contains("format 2") && error.contains("sskuba-sim 0.1.0"), "{error}");
    std::fs::write(&path, "hello\n").unwrap();
    let error = World::open(&path).unwrap_err().to_string();
    assert!(error.contains("line 1") && error.contains("not the first line"), "{error}");
}

#[tokio::test]
async fn a_file_full_of_what_is_gone_is_shortened_under_the_feet_of_others() {
    let (_folder, path) = folder();
    let other = World::open(&path).unwrap();
    let provider = sim(&other);
    let kept = provider.create(&cx(1), &cidr()).await.unwrap();
    for _ in 0..200 {
        let object = provider.create(&cx(2), &cidr()).await.unwrap();
        assert!(other.remove(&cx(2).address.kind(), &object.id).unwrap());
    }
    let long = std::fs::metadata(&path).unwrap().len();
    let world = World::open(&path).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() < long / 10);
    assert_eq!(world.objects().unwrap()[0].id, kept.id);
    provider.create(&cx(3), &cidr()).await.unwrap();
    assert_eq!(world.objects().unwrap().len(), 2);
    let left: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "no file is left over: {left:?}");
}

#[tokio::test]
async fn a_file_that_was_removed_is_an_empty_world() {
    let (_folder, path) = folder();
    let world = World::open(&path).unwrap();
    sim(&world).create(&cx(1), &cidr()).await.unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(world.objects().unwrap(), []);
    sim(&world).create(&cx(1), &cidr()).await.unwrap();
    assert_eq!(World::peek(&path).unwrap().objects().unwrap().len(), 1);
}

#[test]
fn threads_that_share_a_file_lose_nothing() {
    let (_folder, path) = folder();
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let path = &path;
            scope.spawn(move || {
                let world = World::open(path).unwrap();
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for n in 0..50 {
                    runtime.block_on(sim(&world).create(&cx(thread * 50 + n), &cidr())).unwrap();
                }
            });
        }
    });
    assert_eq!(World::peek(&path).unwrap().objects().unwrap().len(), 200);
}

#[tokio::test]
async fn no_secret_reaches_the_file() {
    let (_folder, path) = folder();
    let world = World::open(&path).unwrap();
    let provider = sim(&world);
    let at = |kind: &str, token| Cx { address: Address::parse(&format!("{kind}::x")).unwrap(), ..cx(token) };
    let mut grant: Map = [("who".to_owned(), Value::from("ann"))].into();
    grant.insert("action".into(), Value::from("canary-input").into_secret());
    let made = provider.create(&at("sim:access:Grant", 1), &grant).await.unwrap();
    let key = made.outputs["key"].as_str().unwrap().to_owned();
    let tags = Value::Map([("a".to_owned(), Value::from("canary-nested").into_secret())].into());
    let mut network = cidr();
    network.insert("tags".into(), tags);
    let net = provider.create(&cx(2), &network).await.unwrap();
    assert_eq!(net.inputs["tags"], network["tags"], "the caller gets back what it sent");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains("canary") && !text.contains(&key), "{text}");
}

#[tokio::test]
async fn a_secret_is_known_again_by_a_program_that_was_there_before_the_file() {
    let (_folder, path) = folder();
    let early = World::open(&path).unwrap();
    let mut inputs = cidr();
    inputs.insert("tags".into(), Value::Map([("a".to_owned(), Value::from("canary").into_secret())].into()));
    let made = sim(&World::open(&path).unwrap()).create(&cx(1), &inputs).await.unwrap();
    let prior = sskuba_core::provider::Prior {
        id: made.id.clone(),
        inputs: inputs.clone(),
        outputs: made.outputs.clone(),
    };
    let read = sim(&early).read(&cx(1), &prior).await.unwrap().unwrap();
    assert_eq!(read.inputs["tags"], inputs["tags"]);
}
