//! What the conformance suite cannot see: files, and what is in them.

use super::*;
use crate::state::StateStore;

fn owner() -> Owner {
    Owner { user: "ann".into(), host: "desk".into(), pid: std::process::id(), command: "up".into() }
}

fn stack() -> StackId {
    "local/demo/dev".parse().unwrap()
}

#[tokio::test]
async fn what_was_appended_is_there_after_a_reopen() {
    let root = tempfile::tempdir().unwrap();
    let store = Sled::open(root.path());
    assert_eq!(store.load(&stack()).await.unwrap(), None);
    assert!(root.path().read_dir().unwrap().next().is_none(), "a load makes nothing");
    let lease = store.acquire(&stack(), &owner()).await.unwrap();
    assert_eq!(store.append(&lease, 0, vec![b"a".to_vec(), b"b".to_vec()]).await.unwrap(), 2);
    store.release(&lease).await.unwrap();
    let other = Sled::open(root.path());
    let image = other.load(&stack()).await.unwrap().unwrap();
    assert_eq!(image.journal, vec![(1, b"a".to_vec()), (2, b"b".to_vec())]);
    assert_eq!(other.acquire(&stack(), &owner()).await.unwrap().fence, 2);
    assert_eq!(std::fs::read_to_string(root.path().join(".gitignore")).unwrap(), "*\n");
}

#[tokio::test]
async fn two_values_of_one_root_are_as_two_processes() {
    let root = tempfile::tempdir().unwrap();
    let (writer, reader) = (Sled::open(root.path()), Sled::open(root.path()));
    let lease = writer.acquire(&stack(), &owner()).await.unwrap();
    writer.append(&lease, 0, vec![b"a".to_vec()]).await.unwrap();
    let Err(StoreError::Busy { holder, .. }) = reader.acquire(&stack(), &owner()).await else {
        panic!("two holders");
    };
    assert_eq!(holder.owner, owner());
    assert_eq!(reader.load(&stack()).await.unwrap().unwrap().journal, vec![(1, b"a".to_vec())]);
}
