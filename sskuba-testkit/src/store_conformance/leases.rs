//! One writer, many readers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sskuba_core::state::{Fold, Records, StoreError};

use super::{Subject, acquire, append, dev, entries, entry, owner};

pub(super) async fn a_second_writer_is_told_who_holds_the_stack(subject: Subject) {
    let (first, second) = (subject.open(), subject.open());
    assert_eq!(first.holder(&dev()).await.unwrap(), None, "nobody holds a stack that is not there");
    let lease = acquire(&*first).await;
    for store in [&first, &second] {
        let error = store.acquire(&dev(), &owner("bob")).await.unwrap_err();
        let StoreError::Busy { stack, holder } = error else { panic!("{error}") };
        assert_eq!((stack, &holder.owner, holder.fence), (dev(), &owner("ann"), lease.fence));
        assert_eq!(store.holder(&dev()).await.unwrap(), Some(*holder));
    }
    first.renew(&lease).await.unwrap();
    first.release(&lease).await.unwrap();
    for store in [first, second] {
        assert_eq!(store.holder(&dev()).await.unwrap(), None, "after the release");
    }
}

pub(super) async fn fences_grow(subject: Subject) {
    let mut newest = 0;
    for _ in 0..5 {
        let store = subject.open();
        let lease = acquire(&*store).await;
        assert!(lease.fence > newest, "fence {} after {newest}", lease.fence);
        newest = lease.fence;
        store.release(&lease).await.unwrap();
    }
}

pub(super) async fn an_old_lease_writes_nothing(subject: Subject) {
    let store = subject.open();
    let old = acquire(&*store).await;
    append(&*store, &old, 1..=1).await;
    store.release(&old).await.unwrap();
    let new = acquire(&*store).await;
    for error in [
        store.append(&old, 1, vec![entry(9)]).await.unwrap_err(),
        store.append(&old, 1, vec![]).await.unwrap_err(),
        store.fold(&old, Fold { upto: 1, ..Fold::default() }).await.unwrap_err(),
        store.put_meta(&old, "key", vec![]).await.unwrap_err(),
        store.renew(&old).await.unwrap_err(),
        store.release(&old).await.unwrap_err(),
        store.remove(&old).await.unwrap_err(),
    ] {
        let StoreError::Fenced { fence, newest, .. } = error else { panic!("{error}") };
        assert_eq!((fence, newest), (old.fence, new.fence));
    }
    append(&*store, &new, 2..=2).await;
    let image = store.load(&dev()).await.unwrap().unwrap();
    assert_eq!((image.journal, image.meta.len()), (entries(1..=2), 0));
}

pub(super) async fn a_lease_given_back_writes_nothing(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    store.release(&lease).await.unwrap();
    for error in [
        store.append(&lease, 0, vec![entry(1)]).await.unwrap_err(),
        store.put_meta(&lease, "key", vec![]).await.unwrap_err(),
        store.release(&lease).await.unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::NotHeld { .. }), "{error}");
    }
    assert_eq!(store.load(&dev()).await.unwrap().unwrap().revision, 0);
}

/// A live holder stays or is fenced; it is never both broken and able to write.
pub(super) async fn unlocking(subject: Subject) {
    let (first, second) = (subject.open(), subject.open());
    assert_eq!(second.unlock(&dev()).await.unwrap(), None, "a stack that is not there");
    let lease = acquire(&*first).await;
    match second.unlock(&dev()).await {
        Err(StoreError::Busy { holder, .. }) => {
            assert_eq!(holder.owner, owner("ann"));
            append(&*first, &lease, 1..=1).await;
            first.release(&lease).await.unwrap();
        }
        Ok(Some(holder)) => {
            assert_eq!(holder.owner, owner("ann"));
            let error = first.append(&lease, 0, vec![entry(1)]).await.unwrap_err();
            assert!(matches!(error, StoreError::NotHeld { .. } | StoreError::Fenced { .. }), "{error}");
        }
        other => panic!("a live holder: {other:?}"),
    }
    assert_eq!(second.unlock(&dev()).await.unwrap(), None, "nobody holds it");
    acquire(&*second).await;
}

pub(super) async fn readers_work_while_a_writer_runs(subject: Subject) {
    let (writer, reader) = (subject.open(), subject.open());
    let lease = acquire(&*writer).await;
    assert_eq!(reader.load(&dev()).await.unwrap().unwrap().revision, 0);
    append(&*writer, &lease, 1..=2).await;
    writer.put_meta(&lease, "format", b"1".to_vec()).await.unwrap();
    for store in [&writer, &reader] {
        let image = store.load(&dev()).await.unwrap().unwrap();
        assert_eq!((image.revision, image.journal, &*image.meta["format"]), (2, entries(1..=2), &b"1"[..]));
    }
    let fold = Fold { upto: 2, history: vec![(2, b"up".to_vec())], ..Fold::default() };
    writer.fold(&lease, fold).await.unwrap();
    assert_eq!(reader.history(&dev(), 5).await.unwrap(), [(2, b"up".to_vec())]);
    assert_eq!(reader.stacks().await.unwrap(), [dev()]);
}

/// Every load sees all that was acknowledged before it, and an image that is whole, whatever the writer does.
pub(super) async fn readers_race_writers(subject: Subject) {
    let (writer, reader) = (subject.open(), subject.open());
    let acknowledged = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&acknowledged);
    let lease = acquire(&*writer).await;
    let writing = async move {
        for round in 0..20 {
            for step in 1..=5 {
                let at = round * 10 + step * 2;
                append(&*writer, &lease, at - 1..=at).await;
                acknowledged.store(at, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
            let upto = round * 10 + 7;
            let put = (1..=upto).map(|at| (entry(at), entry(at))).collect();
            writer.fold(&lease, Fold { upto, records: Records::put(put), ..Fold::default() }).await.unwrap();
        }
        writer.release(&lease).await.unwrap();
        acknowledged.store(u64::MAX, Ordering::SeqCst);
    };
    let reading = async move {
        let mut loads = 0;
        loop {
            let before = seen.load(Ordering::SeqCst);
            let image = reader.load(&dev()).await.unwrap().unwrap();
            let known = image.records.iter().map(|(_, value)| value.clone());
            let known: Vec<_> = known.chain(image.journal.into_iter().map(|(_, value)| value)).collect();
            let whole: Vec<_> = (1..=image.revision).map(entry).collect();
            assert!(known == whole, "half a fold at revision {}", image.revision);
            if before == u64::MAX {
                return loads;
            }
            assert!(image.revision >= before, "{} was acknowledged, {} seen", before, image.revision);
            loads += 1;
            tokio::task::yield_now().await;
        }
    };
    let ((), loads) = tokio::join!(writing, reading);
    assert!(loads > 0, "no load while the writer ran");
}
