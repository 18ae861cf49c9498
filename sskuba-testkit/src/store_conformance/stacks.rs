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

pub(super) async fn a_renamed_stack_has_all_that_it_had(subject: Subject) {
    let store = subject.open();
    let (new, other) = (stack("local/demo/prod"), stack("local/demo/other"));
    assert!(matches!(store.rename(&dev(), &new).await, Err(StoreError::NoStack(_))));
    let lease = acquire(&*store).await;
    append(&*store, &lease, 1..=3).await;
    store.put_meta(&lease, "key", b"sealed".to_vec()).await.unwrap();
    let error = store.rename(&dev(), &new).await.unwrap_err();
    assert!(matches!(&error, StoreError::Busy { holder, .. } if holder.owner.user == "ann"), "{error}");
    store.release(&lease).await.unwrap();
    let taken = store.acquire(&other, &owner("ann")).await.unwrap();
    store.release(&taken).await.unwrap();
    let error = store.rename(&dev(), &other).await.unwrap_err();
    assert!(matches!(&error, StoreError::Taken(stack) if *stack == other), "{error}");

    let before = store.load(&dev()).await.unwrap();
    store.rename(&dev(), &new).await.unwrap();
    let after = subject.open();
    assert_eq!(after.stacks().await.unwrap(), [other, new.clone()]);
    assert_eq!(after.load(&dev()).await.unwrap(), None);
    assert_eq!(after.load(&new).await.unwrap(), before);
    assert!(store.append(&lease, 3, vec![entry(4)]).await.is_err(), "an old lease of the former name");
    let again = after.acquire(&new, &owner("ann")).await.unwrap();
    assert!(again.fence > lease.fence, "an old lease is not a new one's");
    after.append(&again, 3, vec![entry(4)]).await.unwrap();
    after.release(&again).await.unwrap();
}
