//! Entries, records, history and small values.

use sskuba_core::state::{Fold, Image, Records, StoreError};

use super::{Subject, acquire, append, dev, entries, entry};

pub(super) async fn appends_come_back_with_their_revisions(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    assert_eq!(store.load(&dev()).await.unwrap(), Some(Image::default()), "a new stack is at revision 0");
    append(&*store, &lease, 1..=1).await;
    append(&*store, &lease, 2..=5).await;
    append(&*store, &lease, 6..=6).await;
    let image = store.load(&dev()).await.unwrap().unwrap();
    assert_eq!(image, Image { revision: 6, journal: entries(1..=6), ..Image::default() });
}

pub(super) async fn an_empty_append_changes_nothing(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    assert_eq!(store.append(&lease, 0, vec![]).await.unwrap(), 0);
    append(&*store, &lease, 1..=2).await;
    assert_eq!(store.append(&lease, 2, vec![]).await.unwrap(), 2);
    let error = store.append(&lease, 1, vec![]).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { expected: 1, found: 2, .. }), "{error}");
    append(&*store, &lease, 3..=3).await;
    assert_eq!(store.load(&dev()).await.unwrap().unwrap().journal, entries(1..=3));
}

pub(super) async fn every_byte_survives(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    let all: Vec<u8> = (0..=255).collect();
    let group: Vec<Vec<u8>> = (0..=255).map(|byte| vec![byte]).chain([vec![], all.clone()]).collect();
    let last = store.append(&lease, 0, group.clone()).await.unwrap();
    assert_eq!(last, 258);
    let put: Vec<_> = group.iter().filter(|bytes| !bytes.is_empty()).cloned().zip(group.clone()).collect();
    store.put_meta(&lease, "all", all.clone()).await.unwrap();
    store.put_meta(&lease, "none", vec![]).await.unwrap();
    store.put_meta(&lease, "", b"no name".to_vec()).await.unwrap();
    let meta = vec![("folded".to_owned(), all.clone()), ("none".to_owned(), vec![])];
    let history = vec![(1, all.clone()), (2, vec![])];
    let fold = Fold { upto: 0, records: Records::put(put.clone()), history, meta };
    store.fold(&lease, fold).await.unwrap();
    store.release(&lease).await.unwrap();

    let image = subject.open().load(&dev()).await.unwrap().unwrap();
    assert_eq!(image.journal.into_iter().map(|(_, bytes)| bytes).collect::<Vec<_>>(), group);
    let mut put = put;
    put.sort();
    assert_eq!(image.records, put, "records of every byte, also the one that is empty");
    assert_eq!(image.meta["all"], all);
    assert_eq!(image.meta["none"], b"");
    assert_eq!(image.meta["folded"], all, "a small value that came with a fold");
    assert_eq!(image.meta[""], b"no name");
    assert_eq!(store.history(&dev(), 9).await.unwrap(), [(2, vec![]), (1, all)]);
}

pub(super) async fn a_wrong_base_is_a_conflict(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    append(&*store, &lease, 1..=3).await;
    for base in [0, 2, 4, u64::MAX] {
        let error = store.append(&lease, base, vec![entry(9)]).await.unwrap_err();
        let StoreError::Conflict { stack, expected, found } = error else { panic!("{error}") };
        assert_eq!((stack, expected, found), (dev(), base, 3));
    }
    let error = store.fold(&lease, Fold { upto: 4, ..Fold::default() }).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { expected: 4, found: 3, .. }), "{error}");
    assert_eq!(store.load(&dev()).await.unwrap().unwrap().journal, entries(1..=3));
    append(&*store, &lease, 4..=4).await;
}

pub(super) async fn a_reopen_sees_all_that_was_acknowledged(subject: Subject) {
    for round in 0..4 {
        let store = subject.open();
        let lease = acquire(&*store).await;
        for step in 1..=13 {
            let at = round * 26 + step * 2;
            append(&*store, &lease, at - 1..=at).await;
        }
        store.release(&lease).await.unwrap();
        drop(store);
        let last = (round + 1) * 26;
        let image = subject.open().load(&dev()).await.unwrap().unwrap();
        assert_eq!(image, Image { revision: last, journal: entries(1..=last), ..Image::default() });
    }
}

pub(super) async fn a_fold_moves_entries_into_records(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    append(&*store, &lease, 1..=4).await;
    let put = vec![(b"b".to_vec(), b"2".to_vec()), (b"a".to_vec(), b"1".to_vec())];
    let fold = Fold {
        upto: 4,
        records: Records::Some { put, delete: vec![b"not there".to_vec()] },
        history: vec![(4, b"up".to_vec())],
        ..Fold::default()
    };
    store.fold(&lease, fold).await.unwrap();

    let folded = Image {
        revision: 4,
        records: vec![(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), b"2".to_vec())],
        ..Image::default()
    };
    assert_eq!(store.load(&dev()).await.unwrap().unwrap(), folded, "the revision stays");
    append(&*store, &lease, 5..=5).await;
    let put = vec![(b"b".to_vec(), b"3".to_vec())];
    let fold =
        Fold { upto: 5, records: Records::Some { put, delete: vec![b"a".to_vec()] }, ..Fold::default() };
    store.fold(&lease, fold).await.unwrap();
    store.release(&lease).await.unwrap();
    let store = subject.open();
    let image = store.load(&dev()).await.unwrap().unwrap();
    assert_eq!(image.records, [(b"b".to_vec(), b"3".to_vec())]);
    assert_eq!((image.revision, image.journal), (5, vec![]));
    let lease = acquire(&*store).await;
    append(&*store, &lease, 6..=6).await;
}

pub(super) async fn a_fold_of_many_records_keeps_each(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    append(&*store, &lease, 1..=10).await;
    let record = |number: u64, add: u64| (format!("key {number:04}").into_bytes(), entry(number + add));
    let put = (0..1000).map(|number| record(number, 0)).collect();
    store.fold(&lease, Fold { upto: 5, records: Records::put(put), ..Fold::default() }).await.unwrap();
    let (put, delete) = ((500..1500).map(|number| record(number, 7)).collect(), vec![b"key 0000".to_vec()]);
    store
        .fold(&lease, Fold { upto: 10, records: Records::Some { put, delete }, ..Fold::default() })
        .await
        .unwrap();
    store.release(&lease).await.unwrap();

    let image = subject.open().load(&dev()).await.unwrap().unwrap();
    let kept = (1..500).map(|number| record(number, 0)).chain((500..1500).map(|number| record(number, 7)));
    assert_eq!(image.records, kept.collect::<Vec<_>>());
}

/// Whoever writes all records leaves no other, whatever there was before, and changes nothing else.
pub(super) async fn a_fold_of_all_records_leaves_no_other(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    append(&*store, &lease, 1..=4).await;
    store.put_meta(&lease, "key", b"sealed".to_vec()).await.unwrap();
    let record = |number: u64, add: u64| (format!("key {number:02}").into_bytes(), entry(number + add));
    let history = vec![(1, entry(1))];
    let put = Records::put((0..40).map(|number| record(number, 0)).collect());
    store.fold(&lease, Fold { upto: 2, records: put, history, ..Fold::default() }).await.unwrap();
    let all: Vec<_> = (30..60).map(|number| record(number, 7)).collect();
    let (records, meta) = (Records::All(all.clone()), vec![("more".to_owned(), b"value".to_vec())]);
    store.fold(&lease, Fold { upto: 3, records, meta, ..Fold::default() }).await.unwrap();
    store.release(&lease).await.unwrap();

    let store = subject.open();
    let image = store.load(&dev()).await.unwrap().unwrap();
    assert_eq!(image.records, all, "those that are not named go");
    assert_eq!((image.revision, &image.journal, &image.damage), (4, &entries(4..=4), &None));
    assert_eq!(image.meta.keys().collect::<Vec<_>>(), ["key", "more"]);
    assert_eq!(store.history(&dev(), 9).await.unwrap(), [(1, entry(1))]);
    let lease = acquire(&*store).await;
    store.fold(&lease, Fold { upto: 4, records: Records::All(vec![]), ..Fold::default() }).await.unwrap();
    let image = subject.open().load(&dev()).await.unwrap().unwrap();
    assert_eq!((image.revision, image.records, image.damage), (4, vec![], None), "none is all, too");
}

pub(super) async fn folds_in_the_middle_of_the_journal_keep_the_rest(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    let mut last = 0;
    for upto in [0, 1, 7, 20, 20, 33, 58, 60] {
        while last < 60 && last < upto + 25 {
            let next = (last + 3).min(60);
            append(&*store, &lease, last + 1..=next).await;
            last = next;
        }
        store.fold(&lease, Fold { upto, ..Fold::default() }).await.unwrap();
        let image = subject.open().load(&dev()).await.unwrap().unwrap();
        assert_eq!((image.revision, image.journal), (last, entries(upto + 1..=last)), "folded to {upto}");
    }
    store.fold(&lease, Fold { upto: 5, ..Fold::default() }).await.unwrap();
    assert_eq!(store.load(&dev()).await.unwrap().unwrap().revision, 60, "an older fold brings nothing back");
}

pub(super) async fn history_is_newest_first(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    append(&*store, &lease, 1..=300).await;
    assert_eq!(store.history(&dev(), 10).await.unwrap(), [], "a stack without history");
    for upto in [100, 200, 300] {
        let history = vec![(upto - 1, entry(upto - 1)), (upto, entry(upto))];
        store.fold(&lease, Fold { upto, history, ..Fold::default() }).await.unwrap();
    }
    let newest = [(300, entry(300)), (299, entry(299)), (200, entry(200))];
    assert_eq!(store.history(&dev(), 3).await.unwrap(), newest);
    assert_eq!(subject.open().history(&dev(), usize::MAX).await.unwrap().len(), 6);
    assert_eq!(store.history(&dev(), 0).await.unwrap(), []);
}

pub(super) async fn small_values_are_kept_and_replaced(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    store.put_meta(&lease, "format", b"1".to_vec()).await.unwrap();
    store.put_meta(&lease, "key", b"sealed".to_vec()).await.unwrap();
    store.put_meta(&lease, "format", b"2".to_vec()).await.unwrap();
    store.release(&lease).await.unwrap();
    let image = subject.open().load(&dev()).await.unwrap().unwrap();
    let expected = [("format".to_string(), b"2".to_vec()), ("key".to_string(), b"sealed".to_vec())];
    assert_eq!((image.revision, image.meta), (0, expected.into()), "and are no revisions");
}

pub(super) async fn ten_thousand_entries(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    for group in 0..100 {
        append(&*store, &lease, group * 100 + 1..=group * 100 + 100).await;
    }
    let image = subject.open().load(&dev()).await.unwrap().unwrap();
    assert_eq!((image.revision, image.journal), (10_000, entries(1..=10_000)));
    let put = (1..=10_000).map(|number| (entry(number), entry(number))).collect();
    store.fold(&lease, Fold { upto: 10_000, records: Records::put(put), ..Fold::default() }).await.unwrap();
    store.release(&lease).await.unwrap();
    let image = subject.open().load(&dev()).await.unwrap().unwrap();
    assert_eq!((image.revision, image.records.len(), image.journal.len()), (10_000, 10_000, 0));
}

pub(super) async fn large_entries(subject: Subject) {
    let store = subject.open();
    let lease = acquire(&*store).await;
    let large = |byte: u8| (0..1_000_000_u32).map(|at| (at % 251) as u8 ^ byte).collect::<Vec<u8>>();
    store.append(&lease, 0, vec![large(1), large(2)]).await.unwrap();
    let put = vec![(b"large".to_vec(), large(3))];
    store.fold(&lease, Fold { upto: 1, records: Records::put(put), ..Fold::default() }).await.unwrap();
    store.release(&lease).await.unwrap();
    let image = subject.open().load(&dev()).await.unwrap().unwrap();
    assert!(image.journal == [(2, large(2))], "a journal of a large entry");
    assert!(image.records == [(b"large".to_vec(), large(3))], "a large record");
}
