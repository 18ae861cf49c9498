//! What a person changes in the state can be taken back, and what is damaged is told from what is not.

use std::sync::Arc;
use std::time::Duration;

use sskuba::Engine;
use sskuba::core::address::{Address, StackId};
use sskuba::core::engine::{EngineError, Resolution, Session};
use sskuba::core::state::{
    AgeKeyring, EditObstacle, Fold, Keyring, Lease, Owner, Records, StateStore, StoreError, from_text,
};
use sskuba::core::stores::{EphemeralKeyring, Memory};
use sskuba::prelude::*;
use sskuba::sim::kinds::{self, Bucket, Grant, Machine, Network, Subnet};
use sskuba::sim::{Fault, Op, Phase, SimProvider};
use sskuba_testkit::around::{Around, Outer};

use crate::bad_input::{has, message_of};
use crate::world::Bench;

fn program(stack: &mut Stack) -> sskuba::Result {
    let net = stack.add("net", Network::new("10.0.0.0/16"))?;
    let sub = stack.add("sub", Subnet::new(net.id(), "10.0.1.0/24"))?;
    let web = stack.add("web", Machine::new(sub.id()).boot(Secret::from("Y2FuYXJ5")))?;
    stack.export("password", web.password());
    Ok(())
}

fn at(text: &str) -> Address {
    text.parse().unwrap()
}

const NET: &str = "sim:net:Network::net";
const SUB: &str = "sim:net:Subnet::sub";

async fn open(bench: &Bench, command: &str) -> Session {
    bench.engine.open(&bench.stack, command, Duration::ZERO).await.unwrap()
}

/// Writes all that is recorded as text, the secrets open.
async fn recorded(bench: &Bench) -> String {
    let snapshot = bench.engine.read(&bench.stack).await.unwrap();
    let mut lines: Vec<String> = snapshot
        .state
        .records()
        .map(|r| {
            let fields = [&r.applied, &r.observed, &r.outputs].map(|map| {
                let fields = map.iter().map(|(k, v)| format!("{k}={}", v.exposed().unwrap()));
                fields.collect::<Vec<_>>().join(" ")
            });
            format!("{} {} {:?} {:?} {:?} {fields:?}", r.token, r.address, r.status, r.dependencies, r.id)
        })
        .collect();
    lines.sort();
    let exports = snapshot.state.exports().iter().map(|(k, v)| format!("{k}={}", v.exposed().unwrap()));
    lines.extend(exports);
    lines.extend(snapshot.state.pending().map(|open| format!("open {:?} {}", open.verb, open.address)));
    lines.join("\n")
}

#[tokio::test]
async fn every_edit_can_be_taken_back_and_that_again() {
    let bench = Bench::new();
    bench.up(program).await.unwrap();
    let document = bench.engine.export_state(&bench.stack).await.unwrap();
    let mut fewer = document.clone();
    fewer["records"].as_array_mut().unwrap().pop();
    fewer["outputs"] = serde_json::json!({});
    fewer["simulated"] = true.into();
    let before = recorded(&bench).await;
    for edit in ["state rm", "state move", "state import"] {
        let mut session = open(&bench, edit).await;
        match edit {
            "state rm" => session.forget_all(&[at(NET), at(SUB)]).await.unwrap(),
            "state move" => session.move_to(&at(NET), &at("inner/sim:net:Network::net")).await.unwrap(),
            _ => session.import_state(fewer.clone()).await.map(drop).unwrap(),
        }
        let after = recorded(&bench).await;
        assert_ne!(after, before, "{edit}");
        for expected in [&before, &after, &before] {
            let undoing = session.undoing(None).await.unwrap();
            assert_eq!(undoing.obstacles, [], "{edit}");
            session.undo(&undoing, false).await.unwrap();
            assert_eq!(&recorded(&bench).await, expected, "{edit}");
        }
        session.close().await.unwrap();
    }
    assert!(bench.engine.preview(&bench.stack, program).await.unwrap().is_empty());
    let history = bench.engine.history(&bench.stack, 50).await.unwrap();
    let commands: Vec<&str> = history.iter().map(|run| run.command.as_str()).collect();
    assert_eq!(commands.iter().filter(|command| **command == "state rm").count(), 4, "{commands:?}");
    assert!(history.iter().any(|run| run.message.as_deref() == Some(&format!("forgot {NET}, {SUB}"))));
}

#[tokio::test]
async fn an_edit_is_still_undone_after_a_fold_and_by_its_revision() {
    let bench = Bench::new();
    bench.up(program).await.unwrap();
    let before = recorded(&bench).await;
    let mut session = open(&bench, "state rm").await;
    session.forget(&at("sim:compute:Machine::web")).await.unwrap();
    let revision = session.undoing(None).await.unwrap().revision;
    let document = bench.engine.export_state(&bench.stack).await.unwrap();
    // An import folds, and this one changes nothing.
    session.import_state(document).await.unwrap();
    has(&message_of(session.undoing(Some(1)).await), &["revision 1", "is not an edit", "[ListEdits]"]);
    let undoing = session.undoing(Some(revision)).await.unwrap();
    session.undo(&undoing, false).await.unwrap();
    session.close().await.unwrap();
    assert_eq!(recorded(&bench).await, before);
}

#[tokio::test]
async fn what_happened_since_is_listed_instead_of_lost() {
    let bench = Bench::new();
    bench.up(program).await.unwrap();
    let mut session = open(&bench, "state rm").await;
    has(&message_of(session.undoing(None).await), &["nobody edited the state of local/test/dev"]);
    session.forget(&at("sim:compute:Machine::web")).await.unwrap();
    session.close().await.unwrap();
    bench.up(program).await.unwrap();
    let second = recorded(&bench).await;

    let mut session = open(&bench, "state undo").await;
    let undoing = session.undoing(None).await.unwrap();
    let text = message_of(session.undo(&undoing, false).await);
    has(
        &text,
        &["undoing `state rm` of revision", "sim:compute:Machine::web was created again since, as m-"],
    );
    has(&text, &["[Force]"]);
    assert_eq!(recorded(&bench).await, second, "nothing was changed");
    // By force both are known, and the older one is the address's.
    session.undo(&undoing, true).await.unwrap();
    assert_eq!(session.state().len(), 4);
    session.close().await.unwrap();
    assert_eq!(bench.world.objects().unwrap().len(), 4);
    bench.up(program).await.unwrap();
    assert_eq!(bench.world.objects().unwrap().len(), 3, "the next run deletes the one that gave way");
}

#[tokio::test]
async fn an_update_since_an_import_is_an_obstacle_too() {
    let bench = Bench::new();
    bench.up(program).await.unwrap();
    let mut document = bench.engine.export_state(&bench.stack).await.unwrap();
    document["records"][0]["took"] = 9.into();
    let address = document["records"][0]["address"].as_str().unwrap().to_owned();
    let mut session = open(&bench, "state import").await;
    session.import_state(document).await.unwrap();
    session.close().await.unwrap();
    tokio::time::sleep(Duration::from_millis(3)).await;
    let changed = |stack: &mut Stack| {
        let net = stack.add("net", Network::new("10.0.0.0/16").tag("a", "b"))?;
        let sub = stack.add("sub", Subnet::new(net.id(), "10.0.1.0/24").tag("a", "b"))?;
        stack.add("web", Machine::new(sub.id()).size("large").boot(Secret::from("Y2FuYXJ5")))?;
        Ok(())
    };
    bench.up(changed).await.unwrap();
    let mut session = open(&bench, "state undo").await;
    let undoing = session.undoing(None).await.unwrap();
    has(&message_of(session.undo(&undoing, false).await), &[&address, "was changed by a run since"]);
    session.close().await.unwrap();
    bench.engine.down(&bench.stack).await.unwrap();
    let session = open(&bench, "state undo").await;
    let undoing = session.undoing(None).await.unwrap();
    assert!(matches!(undoing.obstacles[0], EditObstacle::Gone { .. }), "{:?}", undoing.obstacles);
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_wrong_answer_to_state_resolve_can_be_taken_back() {
    let lost = |cx: &sskuba::core::provider::Cx, op: Op, phase: Phase| {
        (cx.address.name() == "grant" && op == Op::Create && phase == Phase::After).then_some(Fault::Lost)
    };
    let bench = Bench::with(|provider| provider.fault_plan(lost));
    let program = |stack: &mut Stack| {
        stack.add("grant", Grant::new("ann", "read"))?;
        Ok(())
    };
    assert_eq!(bench.up(program).await.unwrap().1.counts.failed, 1);
    let address = at("sim:access:Grant::grant");
    let open_call = recorded(&bench).await;
    let mut session = open(&bench, "state resolve").await;
    session.resolve(&address, Resolution::NotCreated).await.unwrap();
    let undoing = session.undoing(None).await.unwrap();
    session.undo(&undoing, false).await.unwrap();
    assert_eq!(recorded(&bench).await, open_call, "the question is open again");
    let id = bench.world.objects().unwrap()[0].id.clone();
    session.resolve(&address, Resolution::Created { id }).await.unwrap();
    assert_eq!(session.state().len(), 1);
    session.close().await.unwrap();
    bench.up(program).await.unwrap();
    assert_eq!(bench.world.objects().unwrap().len(), 1);
}

#[tokio::test]
async fn an_edit_waits_for_a_call_that_is_open_at_its_address() {
    let lost = |cx: &sskuba::core::provider::Cx, op: Op, phase: Phase| {
        (cx.address.name() == "grant" && op == Op::Create && phase == Phase::After).then_some(Fault::Lost)
    };
    let bench = Bench::new();
    let keyring = EphemeralKeyring::default();
    let bench = Bench { engine: engine(&bench, keyring.clone(), Arc::new(Memory::default())), ..bench };
    let program = |stack: &mut Stack| {
        stack.add("grant", Grant::new("ann", "read"))?;
        Ok(())
    };
    bench.up(program).await.unwrap();
    let mut session = open(&bench, "state rm").await;
    session.forget(&at("sim:access:Grant::grant")).await.unwrap();
    session.close().await.unwrap();
    // The second one was made, and nobody knows.
    let provider = SimProvider::new("sim", kinds::schemas(), bench.world.clone()).fault_plan(lost);
    let faulty = Engine::builder().store(Arc::clone(bench.engine.store())).provider(Arc::new(provider));
    let faulty = faulty.keyring(Arc::new(keyring)).build();
    assert_eq!(faulty.up(&bench.stack, program).await.unwrap().counts.failed, 1);
    let mut session = open(&bench, "state undo").await;
    let undoing = session.undoing(None).await.unwrap();
    has(
        &message_of(session.undo(&undoing, false).await),
        &["a call for sim:access:Grant::grant was interrupted since"],
    );
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_move_that_cannot_be_says_why_and_changes_nothing() {
    let bench = Bench::new();
    bench.up(program).await.unwrap();
    let before = recorded(&bench).await;
    let mut session = open(&bench, "state move").await;
    for (from, to, parts) in [
        (NET, SUB, ["a record keeps its kind", "[ImportAnew]"]),
        (NET, NET, ["is recorded already, as net-", "[MakeRoom("]),
        ("sim:net:Network::none", NET, ["is not recorded", "[ListState]"]),
    ] {
        has(&message_of(session.move_to(&at(from), &at(to)).await), &parts);
    }
    let names = [at(NET), at("sim:net:Network::none")];
    has(&message_of(session.forget_all(&names).await), &["sim:net:Network::none is not recorded"]);
    session.close().await.unwrap();
    assert_eq!(recorded(&bench).await, before);
}

#[tokio::test]
async fn open_calls_and_outputs_travel_with_an_export() {
    let lost = |cx: &sskuba::core::provider::Cx, op: Op, phase: Phase| {
        (cx.address.name() == "grant" && op == Op::Create && phase == Phase::After).then_some(Fault::Lost)
    };
    let bench = Bench::with(|provider| provider.fault_plan(lost));
    let program = |stack: &mut Stack| {
        program(stack)?;
        stack.add("grant", Grant::new("ann", Secret::from("canary")))?;
        Ok(())
    };
    bench.up(program).await.unwrap();
    let document = bench.engine.export_state(&bench.stack).await.unwrap();
    assert!(!document.to_string().contains("canary"));
    let elsewhere: StackId = "local/test/other".parse().unwrap();
    let mut session = bench.engine.open(&elsewhere, "state import", Duration::ZERO).await.unwrap();
    // Two stacks would change and delete the same objects.
    let text = message_of(session.import_state(document.clone()).await);
    has(&text, &[NET, "are recorded in local/test/dev", "[TakeOver]"]);
    assert!(session.state().is_empty());
    let mut other = open(&bench, "state rm").await;
    let names: Vec<_> = other.state().records().map(|record| record.address.clone()).collect();
    other.forget_all(&names).await.unwrap();
    let text = message_of(session.import_state(document.clone()).await);
    has(&text, &["sim:access:Grant::grant are recorded in local/test/dev"]);
    other.resolve(&at("sim:access:Grant::grant"), Resolution::NotCreated).await.unwrap();
    other.close().await.unwrap();
    session.import_state(document.clone()).await.unwrap();
    let open = session.state().pending().next().unwrap();
    assert_eq!(open.inputs["action"].exposed().unwrap(), "canary");
    // What is open here would be forgotten by another import.
    let text = message_of(session.import_state(document).await);
    has(&text, &["are interrupted", "sim:access:Grant::grant", "[Recover]"]);
    session.close().await.unwrap();
}

#[tokio::test]
async fn an_import_without_the_key_of_its_secrets_is_refused() {
    let bench = Bench::new();
    bench.up(program).await.unwrap();
    let before = recorded(&bench).await;
    let mut document = bench.engine.export_state(&bench.stack).await.unwrap();
    document.as_object_mut().unwrap().remove("key");
    let mut session = open(&bench, "state import").await;
    has(&message_of(session.import_state(document).await), &["its `key`", "is missing", "[UseExport]"]);
    session.close().await.unwrap();
    assert_eq!(recorded(&bench).await, before);
}

fn engine(bench: &Bench, keyring: impl Keyring + 'static, store: Arc<dyn StateStore>) -> Engine {
    let provider = SimProvider::new("sim", kinds::schemas(), bench.world.clone());
    Engine::builder().store(store).provider(Arc::new(provider)).keyring(Arc::new(keyring)).build()
}

#[tokio::test]
async fn a_rotated_key_opens_what_is_there_and_an_old_export_opens_with_its_own() {
    let bench = Bench::new();
    let people: Vec<_> = (0..3).map(|_| AgeKeyring::generate_identity()).collect();
    let names: Vec<_> = people.iter().map(|p| AgeKeyring::recipient_of(p).unwrap()).collect();
    let holder = |i: usize| AgeKeyring::new(&[], std::slice::from_ref(&people[i])).unwrap();
    let store = Arc::new(Memory::default());
    let (ann, bob, eve) = (
        engine(&bench, holder(0), store.clone()),
        engine(&bench, holder(1), store.clone()),
        engine(&bench, holder(2), store.clone()),
    );
    let bench = Bench { engine: ann, ..bench };
    bench.up(program).await.unwrap();
    let before = recorded(&bench).await;
    let old = bench.engine.export_state(&bench.stack).await.unwrap();

    // Bob is let in: any one of the recipients opens.
    let both = AgeKeyring::new(&names[..2], &[]).unwrap();
    let mut session = open(&bench, "stack recipients add").await;
    session.forget(&at("sim:compute:Machine::web")).await.unwrap();
    session.reseal(&both).await.unwrap();
    session.rotate_key(&both).await.unwrap();
    let undoing = session.undoing(None).await.unwrap();
    session.undo(&undoing, false).await.unwrap();
    session.close().await.unwrap();
    assert_eq!(bench.engine.sealed_to(&bench.stack).await.unwrap().unwrap(), names[..2].join(", "));
    assert_eq!(recorded(&bench).await, before, "an edit from before the rotation is undone after it");
    let of_bob = Bench { engine: bob, ..bench };
    assert_eq!(recorded(&of_bob).await, before);

    // Who is no recipient reads what is open, and is told who could.
    assert!(!eve.read(&of_bob.stack).await.unwrap().opened);
    let text = message_of(eve.open(&of_bob.stack, "up", Duration::ZERO).await);
    has(&text, &["the secrets of local/test/dev", &names[0], &names[1], "[GiveIdentity]"]);
    assert!(!text.contains(&names[2]));
    // The old key opens nothing of now, and its export still opens for Ann.
    let sealed = from_text(old["key"].as_str().unwrap()).unwrap();
    let now = store.load(&of_bob.stack).await.unwrap().unwrap();
    let (then, now) =
        (holder(0).open(&sealed).await.unwrap(), holder(0).open(&now.meta["key"]).await.unwrap());
    assert_ne!(then.expose(), now.expose());
    has(&message_of(of_bob.up_import(old.clone()).await), &[&names[0], "[GiveIdentity]"]);
    let of_ann = Bench { engine: engine(&of_bob, holder(0), store.clone()), ..of_bob };
    of_ann.up_import(old).await.unwrap();
    assert_eq!(recorded(&of_ann).await, before);
}

impl Bench {
    async fn up_import(&self, document: serde_json::Value) -> Result<usize, EngineError> {
        let mut session = self.engine.open(&self.stack, "state import", Duration::ZERO).await?;
        let result = session.import_state(document).await;
        session.end(result).await
    }
}

/// A store whose folds fail, as they do when a program is killed in front of one.
#[derive(Debug)]
struct NoFold(Memory);

#[async_trait::async_trait]
impl Around for NoFold {
    fn inner(&self) -> &dyn StateStore {
        &self.0
    }
    async fn fold(&self, _: &Lease, _: Fold) -> Result<(), StoreError> {
        Err(StoreError::Unsupported("failed to fold".into()))
    }
}

#[tokio::test]
async fn a_rotation_or_a_repair_that_is_cut_short_leaves_what_was() {
    let bench = Bench::new();
    let store = Memory::default();
    let identity = AgeKeyring::generate_identity();
    let keyring = AgeKeyring::new(&[], &[identity]).unwrap();
    let whole = engine(&bench, keyring.clone(), Arc::new(store.clone()));
    let bench = Bench { engine: whole, ..bench };
    bench.up(program).await.unwrap();
    let before = recorded(&bench).await;
    let key = store.load(&bench.stack).await.unwrap().unwrap().meta["key"].clone();
    let broken = engine(&bench, keyring.clone(), Arc::new(Outer(NoFold(store.clone()))));
    let mut session = broken.open(&bench.stack, "state rotate-key", Duration::ZERO).await.unwrap();
    has(&message_of(session.rotate_key(&keyring).await), &["failed to fold"]);
    session.close().await.unwrap();
    assert_eq!(store.load(&bench.stack).await.unwrap().unwrap().meta["key"], key);
    assert_eq!(recorded(&bench).await, before, "the old key opens it all");

    crate::bad_input::spoil(&store, &bench.stack).await;
    broken.repair(&bench.stack, Duration::ZERO, false, |_| Ok(())).await.unwrap_err();
    bench.engine.repair(&bench.stack, Duration::ZERO, false, |_| Ok(())).await.unwrap();
    assert_eq!(recorded(&bench).await, before, "repeated, it does what it was to do");
}

#[tokio::test]
async fn a_repair_keeps_what_can_be_read_and_says_what_cannot() {
    let bench = Bench::new();
    bench.up(program).await.unwrap();
    let mut session = open(&bench, "state import").await;
    let mut document = bench.engine.export_state(&bench.stack).await.unwrap();
    let lost = NET;
    document["records"][0]["took"] = 1.into();
    session.import_state(document).await.unwrap();
    session.close().await.unwrap();
    let whole = bench.engine.examine(&bench.stack).await.unwrap();
    assert!(!whole.is_damaged() && whole.salvage.findings().is_empty(), "{:?}", whole.salvage);

    let store = bench.engine.store();
    let image = store.load(&bench.stack).await.unwrap().unwrap();
    let owner = Owner { user: "eve".into(), host: "here".into(), pid: 1, command: "meddling".into() };
    let lease = store.acquire(&bench.stack, &owner).await.unwrap();
    let spoilt = |(key, bytes): &(Vec<u8>, Vec<u8>)| {
        let hit = String::from_utf8_lossy(bytes).contains(&format!("\"address\":\"{lost}\""));
        let cut = bytes[..bytes.len() - 1].to_vec();
        hit.then(|| (key.clone(), cut))
    };
    let put = image.records.iter().filter_map(spoilt).collect();
    store.fold(&lease, Fold { records: Records::put(put), ..Fold::default() }).await.unwrap();
    store.release(&lease).await.unwrap();
    has(&message_of(bench.engine.read(&bench.stack).await), &["record ", "checksum", "[Repair]"]);

    let found = bench.engine.examine(&bench.stack).await.unwrap();
    assert_eq!((found.salvage.state.len(), found.salvage.unreadable.len()), (2, 1));
    has(found.salvage.unreadable[0].about.as_deref().unwrap(), &[lost]);
    assert!(
        found
            .salvage
            .findings()
            .iter()
            .any(|finding| finding.to_string().contains(&format!("depends on {lost}")))
    );
    assert_eq!(found.readable.as_ref().unwrap()["records"].as_array().unwrap().len(), 2);
    // Without copies nothing is written.
    let refused = bench.engine.repair(&bench.stack, Duration::ZERO, false, |_| Err("no room".into())).await;
    assert_eq!(message_of(refused), "no room");
    assert!(bench.engine.read(&bench.stack).await.is_err());
    let mut copied = String::new();
    let keep = |found: &sskuba::core::engine::Examination| {
        copied = found.raw.to_string();
        Ok(())
    };
    bench.engine.repair(&bench.stack, Duration::ZERO, false, keep).await.unwrap();
    assert!(copied.len() > 1000);
    assert_eq!(bench.engine.read(&bench.stack).await.unwrap().state.len(), 2);
    let history = bench.engine.history(&bench.stack, 5).await.unwrap();
    assert_eq!(history[0].command, "state repair");
    assert!(history[0].message.as_ref().unwrap().starts_with("left out record "));
    assert_eq!(history.iter().filter(|run| run.command == "up").count(), 1, "the history is still there");
}

#[tokio::test]
async fn secrets_that_nobody_can_open_can_be_left_out_and_are_sent_anew() {
    let bench = Bench::new();
    let store = Arc::new(Memory::default());
    let keyring = || AgeKeyring::new(&[], &[AgeKeyring::generate_identity()]).unwrap();
    let bench = Bench { engine: engine(&bench, keyring(), store.clone()), ..bench };
    let program = |stack: &mut Stack| {
        stack.add("open", Bucket::new("open"))?;
        stack.add("net", Network::new("10.0.0.0/16").tag("login", Secret::from("canary")))?;
        Ok(())
    };
    bench.up(program).await.unwrap();
    // The identity is lost; there is another one now.
    let bench = Bench { engine: engine(&bench, keyring(), store), ..bench };
    let found = bench.engine.examine(&bench.stack).await.unwrap();
    assert!(found.is_damaged() && found.closed.is_some() && found.readable.is_none());
    let refused = bench.engine.repair(&bench.stack, Duration::ZERO, false, |_| Ok(())).await;
    has(&message_of(refused), &["none of the identities given opens them"]);
    bench.engine.repair(&bench.stack, Duration::ZERO, true, |_| Ok(())).await.unwrap();
    let snapshot = bench.engine.read(&bench.stack).await.unwrap();
    assert!(snapshot.opened && snapshot.state.len() == 2);
    assert!(!format!("{:?}", snapshot.state).contains("(sealed)"));
    let (plan, report) = bench.up(program).await.unwrap();
    assert_eq!((plan.counts().update, report.counts.failed), (1, 0), "{plan:?}");
    assert_eq!(bench.world.objects().unwrap().len(), 2);
    let net = bench.engine.read(&bench.stack).await.unwrap();
    let net = net.state.current(&at(NET)).unwrap().applied["tags"].exposed().unwrap();
    assert_eq!(net["login"], "canary");
}
