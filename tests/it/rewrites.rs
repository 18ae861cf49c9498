//! What writes the whole of a stack anew brings back nothing that was deleted: a new data key, a recipient who leaves,
//! an import, a repair; in any order, and after a kill between.

use std::sync::Arc;
use std::time::Duration;

use sskuba::core::engine::with_causes;
use sskuba::core::state::{AgeKeyring, Keyring as _, StateStore};
use sskuba::core::stores::{Memory, Sled};
use sskuba::prelude::*;
use sskuba::sim::kinds::{self, Bucket};
use sskuba::sim::{SimProvider, World};
use sskuba::{Engine, core::address::StackId};

use crate::bad_input::spoil;

/// A stack of buckets, one store, and a keyring that outlives engines.
struct Shelf {
    store: Arc<dyn StateStore>,
    keyring: AgeKeyring,
    world: World,
    stack: StackId,
}

impl Shelf {
    fn new(store: Arc<dyn StateStore>) -> Self {
        let keyring = AgeKeyring::new(&[], &[AgeKeyring::generate_identity()]).unwrap();
        Self { store, keyring, world: World::memory(), stack: "local/test/dev".parse().unwrap() }
    }

    fn engine(&self) -> Engine {
        let provider = SimProvider::new("sim", kinds::schemas(), self.world.clone());
        Engine::builder()
            .store(Arc::clone(&self.store))
            .provider(Arc::new(provider))
            .keyring(Arc::new(self.keyring.clone()))
            .build()
    }

    async fn up(&self, count: usize) {
        let program = move |stack: &mut Stack| {
            for name in (0..count).map(|i| format!("b{i}")) {
                stack.add(&name, Bucket::new(name.as_str()))?;
            }
            Ok(())
        };
        assert_eq!(self.engine().up(&self.stack, program).await.unwrap().counts.failed, 0);
        self.has(count).await;
    }

    /// Makes sure that the buckets below `count` are recorded, and nothing else: the stored bytes say so too.
    #[track_caller]
    fn has(&self, count: usize) -> impl Future<Output = ()> + '_ {
        let place = std::panic::Location::caller();
        async move {
            let state = self.engine().read(&self.stack).await.unwrap().state;
            let mut names: Vec<String> = state.records().map(|r| r.address.name().to_owned()).collect();
            names.sort();
            let expected: Vec<String> = (0..count).map(|i| format!("b{i}")).collect();
            assert_eq!(names, expected, "at {place}");
        }
    }

    async fn rotate(&self) {
        let mut session = self.engine().open(&self.stack, "state rotate-key", Duration::ZERO).await.unwrap();
        session.rotate_key(&self.keyring).await.unwrap();
        session.close().await.unwrap();
    }

    async fn import(&self, document: serde_json::Value) {
        let mut session = self.engine().open(&self.stack, "state import", Duration::ZERO).await.unwrap();
        session.import_state(document).await.unwrap();
        session.close().await.unwrap();
    }

    async fn export(&self) -> serde_json::Value {
        self.engine().export_state(&self.stack).await.unwrap()
    }

    /// A session that edits and is dropped, as by a kill.
    async fn forget_and_die(&self, name: &str) {
        let mut session = self.engine().open(&self.stack, "state rm", Duration::ZERO).await.unwrap();
        session.forget(&format!("sim:store:Bucket::{name}").parse().unwrap()).await.unwrap();
        drop(session);
        self.store.unlock(&self.stack).await.unwrap();
    }
}

async fn deleted_records_stay_deleted(shelf: Shelf) {
    shelf.up(3).await;
    let old = shelf.export().await;
    shelf.rotate().await;
    shelf.has(3).await;
    shelf.up(1).await;
    shelf.rotate().await;
    shelf.has(1).await;

    // An import brings them back because it says so, and the next one takes them away for good.
    let few = shelf.export().await;
    shelf.import(old).await;
    shelf.has(3).await;
    shelf.import(few).await;
    shelf.has(1).await;
    shelf.rotate().await;
    shelf.has(1).await;
    shelf.rotate().await;
    shelf.has(1).await;
}

#[tokio::test]
async fn deleted_records_stay_deleted_in_memory() {
    deleted_records_stay_deleted(Shelf::new(Arc::new(Memory::default()))).await;
}

#[tokio::test]
async fn deleted_records_stay_deleted_in_sled() {
    let root = tempfile::tempdir().unwrap();
    deleted_records_stay_deleted(Shelf::new(Arc::new(Sled::open(root.path())))).await;
}

#[tokio::test]
async fn a_repair_and_then_a_new_key_bring_nothing_back() {
    let store = Memory::default();
    let shelf = Shelf::new(Arc::new(store.clone()));
    shelf.up(4).await;
    shelf.rotate().await;
    shelf.up(2).await;
    spoil(&store, &shelf.stack).await;
    shelf.engine().repair(&shelf.stack, Duration::ZERO, false, |_| Ok(())).await.unwrap();
    shelf.has(2).await;
    shelf.rotate().await;
    shelf.has(2).await;
    // Killed between a delete and the new key.
    shelf.forget_and_die("b1").await;
    shelf.rotate().await;
    shelf.has(1).await;
    shelf.rotate().await;
    shelf.up(1).await;
}

#[tokio::test]
async fn recipients_who_come_and_go_bring_nothing_back() {
    let shelf = Shelf::new(Arc::new(Memory::default()));
    shelf.up(3).await;
    shelf.rotate().await;
    shelf.up(1).await;
    let other = AgeKeyring::recipient_of(&AgeKeyring::generate_identity()).unwrap();
    let own = shelf.keyring.recipients();
    let both = AgeKeyring::new(&[own, other], &[]).unwrap();
    let mut session =
        shelf.engine().open(&shelf.stack, "stack recipients add", Duration::ZERO).await.unwrap();
    session.reseal(&both).await.unwrap();
    session.close().await.unwrap();
    shelf.has(1).await;
    // Who leaves has had the key, so there is a new one.
    shelf.rotate().await;
    shelf.has(1).await;
}

/// Two records that cannot both be are refused, all of them at once.
#[tokio::test]
async fn a_document_that_contradicts_itself_is_refused() {
    let shelf = Shelf::new(Arc::new(Memory::default()));
    shelf.up(4).await;
    let good = shelf.export().await;
    let mut bad = good.clone();
    let records = bad["records"].as_array_mut().unwrap();
    let copy = |of: &serde_json::Value, changes: &[(&str, &str)]| {
        let mut record = of.clone();
        for (name, value) in changes {
            record[*name] = (*value).into();
        }
        record
    };
    let token = "0123456789abcdef0123456789abcdef";
    let other = "1123456789abcdef0123456789abcdef";
    let same_object = copy(&records[0], &[("token", token), ("address", "sim:store:Bucket::again")]);
    let same_address = copy(&records[1], &[("token", other), ("id", "another")]);
    let same_token = copy(&records[2], &[("address", "sim:store:Bucket::twin"), ("id", "twin")]);
    records.extend([same_object, same_address, same_token]);
    let mut session = shelf.engine().open(&shelf.stack, "state import", Duration::ZERO).await.unwrap();
    let error = with_causes(&session.import_state(bad).await.unwrap_err());
    for part in [
        "it contradicts itself",
        "sim:store:Bucket::again (b0) are one object",
        "sim:store:Bucket::b1 (another) have one address",
        "sim:store:Bucket::twin (twin) have one token, ",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_eq!(error.lines().count(), 4, "{error}");
    session.close().await.unwrap();
    shelf.has(4).await;
    // Of what was replaced and waits for its delete there may be more.
    let mut replaced = good;
    let records = replaced["records"].as_array_mut().unwrap();
    let old = copy(&records[0], &[("token", token), ("id", "old"), ("status", "superseded")]);
    records.push(old);
    shelf.import(replaced).await;
    assert_eq!(shelf.engine().read(&shelf.stack).await.unwrap().state.len(), 5);
}
