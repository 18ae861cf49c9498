//! Records that this program cannot read, or whose kinds it does not have.

use sskuba::Engine;
use sskuba::core::address::StackId;
use sskuba::core::state::{Fold, Owner, Records, StateStore};
use sskuba::local::data::Data;
use sskuba::prelude::*;
use sskuba::sim::kinds::{self, Bucket, Network};
use sskuba::sim::{SimProvider, World};

use super::{Shared, has, message_of};

fn stack_id() -> StackId {
    "local/test/dev".parse().unwrap()
}

fn program(stack: &mut Stack) -> sskuba::Result {
    let data = stack.add("data", Data::new(serde_json::json!("x")))?;
    stack.add("bucket", Bucket::new("one"))?.depends_on(&data);
    Ok(())
}

fn only_bucket(stack: &mut Stack) -> sskuba::Result {
    stack.add("bucket", Bucket::new("one"))?;
    Ok(())
}

/// A stack of two resources, and the world it stands in.
async fn recorded() -> (Shared, World) {
    let (shared, world) = (Shared::default(), World::memory());
    let engine = shared.engine([sim(&world), sskuba::local::provider()]);
    let report = engine.up(&stack_id(), program).await.unwrap();
    assert_eq!(report.counts.create, 2);
    (shared, world)
}

fn sim(world: &World) -> std::sync::Arc<dyn sskuba::core::provider::Provider> {
    std::sync::Arc::new(SimProvider::new("sim", kinds::schemas(), world.clone()))
}

async fn addresses(engine: &Engine) -> Vec<String> {
    engine.read(&stack_id()).await.unwrap().state.records().map(|r| r.address.to_string()).collect()
}

#[tokio::test]
async fn a_record_of_a_provider_that_the_program_lacks_is_named_and_kept() {
    let (shared, world) = recorded().await;
    let engine = shared.engine([sim(&world)]);
    let both = ["local:data:Data::data", "needs provider `local`", "it has `sim`", ".provider(…)"];
    let by_hand = ["[DeleteByHand(local:data:Data::data)]"];

    let text = message_of(engine.up(&stack_id(), only_bucket).await);
    has(&text, &both);
    has(&text, &by_hand);
    let text = message_of(engine.down(&stack_id()).await);
    has(&text, &both);
    has(&text, &by_hand);
    let text = message_of(engine.up(&stack_id(), program).await);
    has(&text, &["(tests/it/bad_input/recorded.rs:"]);
    has(&text, &both);
    assert_eq!(addresses(&engine).await, ["local:data:Data::data", "sim:store:Bucket::bucket"]);
    assert_eq!(world.objects().unwrap().len(), 1);

    let whole = shared.engine([sim(&world), sskuba::local::provider()]);
    assert_eq!(whole.down(&stack_id()).await.unwrap().counts.delete, 2);
}

#[tokio::test]
async fn a_record_of_a_kind_that_the_provider_lost_is_named_and_kept() {
    let (shared, world) = (Shared::default(), World::memory());
    shared.engine([sim(&world)]).up(&stack_id(), only_bucket).await.unwrap();
    let schemas = kinds::schemas().into_iter().filter(|schema| schema.kind.as_str() != "sim:store:Bucket");
    let smaller = std::sync::Arc::new(SimProvider::new("sim", schemas.collect(), world.clone()));
    let engine = shared.engine([smaller as _]);
    let text = message_of(engine.down(&stack_id()).await);
    has(&text, &["sim:store:Bucket::bucket", "sim:store:Bucket is not a kind that provider `sim`"]);
    has(
        &text,
        &["build the program with the version that recorded it", "[DeleteByHand(sim:store:Bucket::bucket)]"],
    );
    assert_eq!((addresses(&engine).await.len(), world.objects().unwrap().len()), (1, 1));
}

async fn lease(shared: &Shared) -> sskuba::core::state::Lease {
    let owner = Owner { user: "ann".into(), host: "desk".into(), pid: 1, command: "test".into() };
    shared.store.acquire(&stack_id(), &owner).await.unwrap()
}

#[tokio::test]
async fn a_stack_that_a_newer_release_wrote_is_refused_by_that_releases_name() {
    let (shared, world) = recorded().await;
    let lease = lease(&shared).await;
    shared.store.put_meta(&lease, "writer", b"99 0.9.3".to_vec()).await.unwrap();
    shared.store.release(&lease).await.unwrap();
    let engine = shared.engine([sim(&world), sskuba::local::provider()]);
    let parts =
        ["local/test/dev was written by sskuba 0.9.3 in format 99", "use that release or a newer one"];
    has(&message_of(engine.preview(&stack_id(), program).await), &parts);
    has(&message_of(engine.up(&stack_id(), program).await), &parts);
    has(&message_of(engine.down(&stack_id()).await), &parts);
    has(&message_of(engine.read(&stack_id()).await), &parts);
    has(&message_of(engine.export_state(&stack_id()).await), &parts);
    assert_eq!(world.objects().unwrap().len(), 1);
}

/// Puts a changed copy of the newest journal entry behind the others, or of a record in its place.
async fn damage(shared: &Shared, folded: bool, change: impl Fn(&mut Vec<u8>)) {
    let image = shared.store.load(&stack_id()).await.unwrap().unwrap();
    let lease = lease(shared).await;
    if folded {
        let (key, mut bytes) = image.records[0].clone();
        change(&mut bytes);
        let fold = Fold { upto: 0, records: Records::put(vec![(key, bytes)]), ..Fold::default() };
        shared.store.fold(&lease, fold).await.unwrap();
    } else {
        let (revision, mut bytes) = image.journal.last().unwrap().clone();
        change(&mut bytes);
        shared.store.append(&lease, revision, vec![bytes]).await.unwrap();
    }
    shared.store.release(&lease).await.unwrap();
}

#[tokio::test]
async fn a_damaged_entry_or_record_is_named_and_never_a_panic() {
    for folded in [false, true] {
        for newer in [false, true] {
            for cut in [false, true] {
                let (shared, world) = recorded().await;
                let engine = shared.engine([sim(&world), sskuba::local::provider()]);
                if folded {
                    // An import folds.
                    let document = engine.export_state(&stack_id()).await.unwrap();
                    let mut session = engine.open(&stack_id(), "import", Default::default()).await.unwrap();
                    session.import_state(document).await.unwrap();
                    session.close().await.unwrap();
                }
                damage(&shared, folded, |bytes| match (newer, cut) {
                    (true, _) => bytes[0] = 9,
                    (_, true) => bytes.truncate(bytes.len() / 2),
                    _ => {
                        let middle = bytes.len() / 2;
                        bytes[middle] ^= 1;
                    }
                })
                .await;
                let text = message_of(engine.up(&stack_id(), program).await);
                let place = if folded { "record " } else { "journal entry " };
                has(&text, &["failed to read or write the state of local/test/dev", place]);
                let why = match (newer, cut && text.contains("record exports")) {
                    (true, _) => "it has format 9",
                    (_, true) => "it is cut short",
                    _ => "its checksum does not fit its bytes",
                };
                let remedy = if newer { "run the release that wrote it" } else { "[Repair]" };
                has(&text, &[why, remedy]);
                has(&message_of(engine.down(&stack_id()).await), &[place, why]);
                has(&message_of(engine.read(&stack_id()).await), &[place, why]);
                assert_eq!(world.objects().unwrap().len(), 1);
            }
        }
    }
}

#[tokio::test]
async fn entries_that_cannot_follow_are_named_with_their_revision() {
    let (shared, world) = recorded().await;
    let engine = shared.engine([sim(&world), sskuba::local::provider()]);
    // The newest end of a call, once more.
    let image = shared.store.load(&stack_id()).await.unwrap().unwrap();
    let end =
        image.journal.iter().rfind(|(_, bytes)| String::from_utf8_lossy(bytes).contains("outcome")).unwrap();
    let lease = lease(&shared).await;
    shared.store.append(&lease, image.revision, vec![end.1.clone()]).await.unwrap();
    shared.store.release(&lease).await.unwrap();
    let text = message_of(engine.up(&stack_id(), program).await);
    has(
        &text,
        &[
            &format!("revision {}", image.revision + 1),
            "an outcome of",
            "no call for this generation is open",
        ],
    );
    has(&text, &["[Repair]"]);
}

#[tokio::test]
async fn an_import_takes_all_generations_as_they_were() {
    let (shared, world) = (Shared::default(), World::memory());
    let engine = shared.engine([sim(&world)]);
    let net = |cidr: &'static str| {
        move |stack: &mut Stack| -> sskuba::Result {
            stack.add("net", Network::new(cidr))?;
            Ok(())
        }
    };
    engine.up(&stack_id(), net("10.0.0.0/16")).await.unwrap();
    let document = engine.export_state(&stack_id()).await.unwrap();
    let mut session = engine.open(&stack_id(), "import", Default::default()).await.unwrap();
    let mut broken = document.clone();
    broken["format"] = 7.into();
    has(
        &message_of(session.import_state(broken).await),
        &["cannot be imported", "in format 7; this release reads 2"],
    );
    let mut broken = document.clone();
    broken["records"][0]["address"] = "nonsense".into();
    has(&message_of(session.import_state(broken).await), &["record 0", "`nonsense` is not a valid address"]);
    assert_eq!(session.import_state(document).await.unwrap(), 1);
    session.close().await.unwrap();
    assert!(engine.preview(&stack_id(), net("10.0.0.0/16")).await.unwrap().is_empty());
}
