//! The engine's own stores keep the contract.

use std::sync::Arc;

use sskuba_core::stores::{Memory, Sled};
use sskuba_testkit::store_conformance::{Subject, store_conformance};

#[tokio::test]
async fn memory_keeps_the_contract() {
    store_conformance(|| {
        let store = Memory::default();
        Subject::new(move || Arc::new(store.clone()))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sled_keeps_the_contract() {
    store_conformance(|| {
        let root = tempfile::tempdir().unwrap();
        Subject::new(move || Arc::new(Sled::open(root.path())))
    })
    .await;
}

#[tokio::test]
async fn sled_keeps_the_contract_on_one_thread() {
    store_conformance(|| {
        let root = tempfile::tempdir().unwrap();
        Subject::new(move || Arc::new(Sled::open(root.path())))
    })
    .await;
}

#[tokio::test]
async fn clones_of_a_sled_keep_the_contract() {
    store_conformance(|| {
        let root = tempfile::tempdir().unwrap();
        let store = Sled::open(root.path());
        Subject::new(move || {
            let _kept = &root;
            Arc::new(store.clone())
        })
    })
    .await;
}
