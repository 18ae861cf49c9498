//! Stacks come, go and do not meet.

use sskuba_core::address::StackId;
use sskuba_core::state::{Image, StoreError};

use super::{Subject, acquire, append, dev, entries, entry, owner};

fn stack(text: &str) -> StackId {
    text.parse().unwrap()
}

pub(super) async fn a_missing_stack_is_missing(subject: Subject) {
    let store = subject.open();
    assert_eq!(store.load(&dev()).await.unwrap(), None);
    let error = store.history(&dev(), 5).await.unwrap_err();
    assert!(matches!(&error, StoreError::NoStack(stack) if *stack == dev()), "{error}");
    assert_eq!(store.holder(&dev()).await.unwrap(), None);
    assert_eq!(store.stacks().await.unwrap(), [], "looking made no stack");
}

pub(super) async fn stacks_are_listed(subject: Subject) {
    let store = subject.open();
    let names = ["acme/shop/prod", "local/demo/dev", "local/demo/dev-2", "local/web.site/dev"];
    for name in names.iter().rev() {
        let lease = store.acquire(&stack(name), &owner("ann")).await.unwrap();
        store.release(&lease).await.unwrap();
    }
    let listed = subject.open().stacks().await.unwrap();
    assert_eq!(listed, names.map(stack), "in the order of their names");
}

pub(super) async fn a_removed_stack_is_gone(subject: Subject) {
    let store = subject.open();
    let other = store.acquire(&stack("local/demo/other"), &owner("ann")).await.unwrap();
    let lease = acquire(&*store).await;
    append(&*store, &lease, 1..=3).await;
    store.put_meta(&lease, "key", b"sealed".to_vec()).await.unwrap();
    store.remove(&lease).await.unwrap();
    assert_eq!(store.load(&dev()).await.unwrap(), None);
    assert_eq!(store.stacks().await.unwrap(), [stack("local/demo/other")]);
    let error = store.append(&lease, 3, vec![entry(4)]).await.unwrap_err();
    assert!(matches!(error, StoreError::NotHeld { .. } | StoreError::Fenced { .. }), "{error}");

    let again = acquire(&*store).await;
    assert!(again.fence > lease.fence, "a new stack of the old name does not take an old lease");
    assert_eq!(store.load(&dev()).await.unwrap(), Some(Image::default()), "nothing of the old one is left");
    assert!(store.append(&lease, 0, vec![entry(1)]).await.is_err());
    store.release(&again).await.unwrap();
    store.release(&other).await.unwrap();
}

pub(super) async fn two_stacks_at_once(subject: Subject) {
    let store = subject.open();
    let write = async |name: &str, length: u64| {
        let lease = store.acquire(&stack(name), &owner("ann")).await.unwrap();
        for at in 1..=length {
            append(&*store, &lease, at..=at).await;
        }
        store.release(&lease).await.unwrap();
    };
    tokio::join!(write("local/demo/one", 40), write("local/demo/two", 60), write("local/else/one", 50));
    for (name, length) in [("local/demo/one", 40), ("local/demo/two", 60), ("local/else/one", 50)] {
        let image = subject.open().load(&stack(name)).await.unwrap().unwrap();
        assert_eq!(image.journal, entries(1..=length), "{name}");
    }
}
