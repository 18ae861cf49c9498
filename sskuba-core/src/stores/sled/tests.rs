//! What the conformance suite cannot see: files, and what is in them.

use super::mark::Mark;
use super::*;
use crate::state::{Anew, Fold, Records, StateStore};

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

/// The answer may be there before it is first asked for, above all where it is quick and the machine is busy.
#[tokio::test(flavor = "multi_thread")]
async fn a_quick_answer_is_not_missed() {
    let root = tempfile::tempdir().unwrap();
    let store = Sled::open(root.path());
    let busy = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let spin = || {
        let busy = Arc::clone(&busy);
        thread::spawn(move || while busy.load(Ordering::Relaxed) {})
    };
    let threads: Vec<_> = (0..4).map(|_| spin()).collect();
    for round in 0..4_000 {
        let answer = store.read_locally(&stack(), Ask::Load).await.unwrap();
        assert_eq!(answer, Some(None), "round {round}: there is no stack, and nobody has it open");
    }
    busy.store(false, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Holds the stack with one entry in it, and says where it answers.
async fn held(root: &Path) -> (Sled, Lease, wire::ReaderAddress) {
    let store = Sled::open(root);
    let lease = store.acquire(&stack(), &owner()).await.unwrap();
    store.append(&lease, 0, vec![b"a".to_vec()]).await.unwrap();
    let address = sidecar::read(&store.folder(&stack()), sidecar::READER).unwrap();
    (store, lease, address)
}

#[tokio::test]
async fn who_may_not_read_the_folder_is_not_answered() {
    let root = tempfile::tempdir().unwrap();
    let (_store, _lease, address) = held(root.path()).await;
    assert!(matches!(reader_server::ask(&address, &SystemIds, Ask::Load).await, Ok(Answer::Image(_))));
    let guessed = wire::ReaderAddress { token: SystemIds.token(), ..address };
    assert!(reader_server::ask(&guessed, &SystemIds, Ask::Load).await.is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn the_token_is_for_its_owner_alone_and_gone_after_the_release() {
    use std::os::unix::fs::PermissionsExt;

    let root = tempfile::tempdir().unwrap();
    let (store, lease, address) = held(root.path()).await;
    let path = store.folder(&stack()).join(sidecar::READER);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    store.release(&lease).await.unwrap();
    assert!(!path.exists());
    assert!(!store.folder(&stack()).join(sidecar::HOLDER).exists());
    assert!(reader_server::ask(&address, &SystemIds, Ask::Load).await.is_err(), "nobody is at the port");
}

/// The port of a dead writer may be another program's by now: what that says is not believed.
#[tokio::test]
async fn a_stranger_at_the_port_is_not_believed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let root = tempfile::tempdir().unwrap();
    let (_store, _lease, address) = held(root.path()).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let stranger = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        let length = stream.read(&mut heard).await.unwrap();
        heard.truncate(length);
        let forged = Answer::Image(crate::state::Image { revision: 99, ..Default::default() }).encode();
        stream.write_u64((wire::PROOF + forged.len()) as u64).await.unwrap();
        stream.write_all(&[b'0'; wire::PROOF]).await.unwrap();
        stream.write_all(&forged).await.unwrap();
        heard
    });
    let token = address.token.to_string();
    let error = reader_server::ask(&wire::ReaderAddress { port, ..address }, &SystemIds, Ask::Load)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    assert!(!String::from_utf8_lossy(&stranger.await.unwrap()).contains(&token), "the token was sent");
}

/// Without an answer from the holder a reader is told who that is, soon.
#[tokio::test]
async fn a_holder_that_does_not_answer_is_named() {
    let root = tempfile::tempdir().unwrap();
    let (store, _lease, _) = held(root.path()).await;
    sidecar::remove(&store.folder(&stack()), sidecar::READER).unwrap();
    let reader = Sled::open(root.path());
    let start = Instant::now();
    let error = reader.load(&stack()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Busy { holder, .. } if holder.owner == owner()), "{error}");
    assert!(start.elapsed() < ANSWER * 3);
}

/// What a kill leaves behind is no obstacle: side files of a dead holder, room for records that never came, a
/// journal of entries that are folded.
#[tokio::test]
async fn leftovers_are_no_obstacle() {
    let root = tempfile::tempdir().unwrap();
    let (store, _, _) = held(root.path()).await;
    let folder = store.folder(&stack());
    let left: Vec<_> = [sidecar::HOLDER, sidecar::READER]
        .map(|name| (name, std::fs::read(folder.join(name)).unwrap()))
        .into();
    drop(store);
    for (name, bytes) in left {
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    std::fs::write(folder.join("holder.json.new"), b"{").unwrap();
    let store = Sled::open(root.path());
    assert_eq!(store.load(&stack()).await.unwrap().unwrap().revision, 1);
    assert_eq!(store.holder(&stack()).await.unwrap(), None);
    let lease = store.acquire(&stack(), &owner()).await.unwrap();
    assert_eq!(lease.fence, 2);
    assert_eq!(store.append(&lease, 1, vec![b"b".to_vec()]).await.unwrap(), 2);
}

/// A fold that is cut short after it made room for its records has changed nothing.
#[tokio::test]
async fn room_for_a_record_is_no_record() {
    let root = tempfile::tempdir().unwrap();
    let open = |create| match open_patiently(root.path(), create).unwrap() {
        Opening::Open(database) => database,
        _ => panic!("not open"),
    };
    let record = |number: u8| (vec![number], vec![number]);
    let put: Vec<_> = (0..100).map(record).collect();
    let fold = Fold { records: Records::put(put.clone()), ..Fold::default() };
    let database = open(true);
    database.make_room(&put).unwrap();
    assert_eq!(database.answer(Ask::Load, 0).unwrap(), Answer::Image(crate::state::Image::default()));
    database.fold(fold).unwrap();
    drop(database);
    let Answer::Image(image) = open(false).answer(Ask::Load, 0).unwrap() else { panic!("no image") };
    assert_eq!(image.records, put);
}

#[tokio::test]
async fn a_panic_while_reading_is_damage() {
    let place = Path::new("/state");
    let error = blocking::<()>(place, || panic!("page 7 is odd\nand more")).await.unwrap_err().to_string();
    assert!(error.contains("of /state is damaged: page 7 is odd"), "{error}");
}

#[tokio::test]
async fn an_entry_that_is_gone_is_named() {
    let root = tempfile::tempdir().unwrap();
    let (store, lease, _) = held(root.path()).await;
    for at in 1..20 {
        store.append(&lease, at, vec![b"x".to_vec()]).await.unwrap();
    }
    store.release(&lease).await.unwrap();
    let folder = store.folder(&stack());
    let sled = ::sled::Config::new().path(&folder).open().unwrap();
    sled.drop_tree(layout::numbered(layout::JOURNAL, 9)).unwrap();
    drop(sled);
    let error = store.load(&stack()).await.unwrap_err().to_string();
    assert!(error.starts_with("the record `entry 9` of "), "{error}");
}

#[tokio::test]
async fn a_record_that_is_gone_or_old_is_noticed() {
    let root = tempfile::tempdir().unwrap();
    let (store, lease, _) = held(root.path()).await;
    let records = |text: &str| vec![(b"a".to_vec(), text.into()), (b"b".to_vec(), b"other".to_vec())];
    for text in ["old", "new"] {
        let fold = Fold { upto: 1, records: Records::put(records(text)), ..Fold::default() };
        store.fold(&lease, fold).await.unwrap();
    }
    store.put_meta(&lease, "key", b"sealed".to_vec()).await.unwrap();
    store.release(&lease).await.unwrap();
    drop(store);
    let folder = root.path().join(stack().as_str());
    let damage = async |key: &[u8], value: Option<&[u8]>| {
        let sled = ::sled::Config::new().path(&folder).open().unwrap();
        let was = match value {
            Some(value) => sled.insert(key, value).unwrap(),
            None => sled.remove(key).unwrap(),
        };
        sled.flush().unwrap();
        drop(sled);
        let store = Sled::open(root.path());
        let image = store.load(&stack()).await.unwrap().unwrap();
        // Waits until the reader has closed.
        store.holder(&stack()).await.unwrap();
        (was, image.damage)
    };
    assert_eq!(damage(b"nothing", None).await.1, None, "whole");
    for (key, value) in [(&b"ra"[..], Some(&b"rold"[..])), (b"rb", None), (b"mkey", None)] {
        let (was, found) = damage(key, value).await;
        assert!(found.is_some_and(|damage| damage.why.contains("missing")), "{}", key.escape_ascii());
        assert_eq!(damage(key, was.as_deref()).await.1, None, "mended");
    }
    assert!(damage(b"rb", None).await.1.is_some());
    let store = Sled::open(root.path());
    let lease = store.acquire(&stack(), &owner()).await.unwrap();
    let left = vec![records("new").remove(0)];
    store
        .fold(&lease, Fold { upto: 1, records: Records::All(left.clone()), ..Fold::default() })
        .await
        .unwrap();
    let image = store.load(&stack()).await.unwrap().unwrap();
    assert_eq!((image.records, image.damage), (left, None), "what is left is whole");
}

/// The second process of a damaged stack: what opens it, and what it is told.
async fn told(root: &Path) -> (String, String) {
    let error = |error: StoreError| {
        assert!(matches!(&error, StoreError::Corrupt { .. }), "{error:?}");
        error.to_string()
    };
    let loaded = error(Sled::open(root).load(&stack()).await.unwrap_err());
    (loaded, error(Sled::open(root).acquire(&stack(), &owner()).await.unwrap_err()))
}

#[tokio::test]
async fn a_database_that_lost_its_end_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let (store, lease, _) = held(root.path()).await;
    let folder = store.folder(&stack());
    let early = std::fs::read(database::file(&folder)).unwrap();
    store.append(&lease, 1, vec![b"b".to_vec()]).await.unwrap();
    store.release(&lease).await.unwrap();
    drop(store);

    std::fs::write(database::file(&folder), early).unwrap();
    for told in [told(root.path()).await, told(root.path()).await] {
        for text in [told.0, told.1] {
            assert!(text.contains("it ends at revision 1"), "{text}");
            assert!(text.contains("revision 2 and lease 1 had been written"), "{text}");
        }
    }
    std::fs::remove_file(database::file(&folder)).unwrap();
    assert!(told(root.path()).await.1.contains("it ends at revision 0 and lease 0"));
    assert_eq!(
        Sled::open(root.path()).stacks().await.unwrap(),
        [stack()],
        "it does not look as if it had never been"
    );
}

/// Tells whether a reader would open the database.
fn copied(store: &Sled) -> Option<crate::state::Image> {
    copy::read(&store.folder(&stack())).map(|content| content.image)
}

/// A copy is read as long as nothing happened since, and says what the database says.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_copy_is_as_good_as_the_database_or_is_not_read() {
    let root = tempfile::tempdir().unwrap();
    let store = Sled::open(root.path());
    let record = |value: &[u8]| Records::put(vec![(b"key".to_vec(), value.to_vec())]);
    let fold = |value: &[u8]| Fold { upto: 1, records: record(value), ..Fold::default() };
    let mut base = 0;
    for round in 0..5_u8 {
        let lease = store.acquire(&stack(), &owner()).await.unwrap();
        assert_eq!(copied(&store), None, "held, round {round}");
        base = store.append(&lease, base, vec![vec![round; 100]]).await.unwrap();
        store.put_meta(&lease, "round", vec![round]).await.unwrap();
        if round == 2 {
            store.fold(&lease, fold(b"value")).await.unwrap();
        }
        assert_eq!(copied(&store), None, "written, round {round}");
        store.release(&lease).await.unwrap();
        let image = copied(&store).expect("a copy was left");
        let database = read_once_without_copy(&store);
        assert_eq!(image, database, "round {round}");
        assert_eq!(Sled::open(root.path()).load(&stack()).await.unwrap(), Some(image));
    }
    let lease = store.acquire(&stack(), &owner()).await.unwrap();
    drop(store);
    drop(lease);
    let store = Sled::open(root.path());
    assert_eq!(copied(&store), None, "whoever held it since died");
    assert_eq!(store.load(&stack()).await.unwrap().unwrap().revision, base);
}

fn read_once_without_copy(store: &Sled) -> crate::state::Image {
    let folder = store.folder(&stack());
    let Ok(Opening::Open(database)) = open_patiently(&folder, false) else { panic!("it cannot be opened") };
    let Ok(Answer::Image(image)) = database.answer(Ask::Load, database.revision().unwrap()) else {
        panic!("it cannot be read")
    };
    image
}

/// A copy that is damaged, of other files or of another boot is none.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn only_a_whole_copy_of_this_database_and_boot_is_read() {
    let root = tempfile::tempdir().unwrap();
    let (store, lease, _) = held(root.path()).await;
    store.release(&lease).await.unwrap();
    let path = store.folder(&stack()).join("copy");
    let whole = std::fs::read(&path).unwrap();
    assert!(copied(&store).is_some());
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(copied(&store), None, "byte {at}");
        std::fs::write(&path, &whole[..at]).unwrap();
        assert_eq!(copied(&store), None, "{at} bytes");
    }
    std::fs::write(&path, &whole).unwrap();
    assert!(copied(&store).is_some());

    let database = database::file(&store.folder(&stack()));
    let same = std::fs::metadata(&database).unwrap().modified().unwrap();
    let file = std::fs::File::options().write(true).open(&database).unwrap();
    file.set_modified(same + Duration::from_millis(1)).unwrap();
    assert_eq!(copied(&store), None, "the database was written to");
    file.set_modified(same).unwrap();
    assert!(copied(&store).is_some());

    // Somebody put a backup in its place.
    let backup = database.with_extension("backup");
    std::fs::copy(&database, &backup).unwrap();
    std::fs::rename(&backup, &database).unwrap();
    std::fs::File::options().write(true).open(&database).unwrap().set_modified(same).unwrap();
    assert_eq!(copied(&store), None, "it is another file");
    assert!(store.load(&stack()).await.unwrap().is_some());
    // Who only reads leaves none; the next holder does.
    drop(store.entry(&stack()).write_owned().await);
    assert_eq!(copied(&store), None);
    let lease = store.acquire(&stack(), &owner()).await.unwrap();
    store.release(&lease).await.unwrap();
    assert!(copied(&store).is_some());
}

/// What a holder offers is what readers of the copy are given, until it writes again; and whoever opens the database
/// to read its history leaves that copy as it was.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn readers_are_given_what_the_holder_offered_last() {
    let root = tempfile::tempdir().unwrap();
    let (store, lease, _) = held(root.path()).await;
    let offer = |upto, put: &[u8]| Fold {
        upto,
        records: Records::All(vec![(b"b".to_vec(), put.to_vec()), (b"a".to_vec(), put.to_vec())]),
        history: vec![(upto, b"up".to_vec())],
        ..Fold::default()
    };
    store.put_meta(&lease, "key", b"sealed".to_vec()).await.unwrap();
    store.offer(&lease, offer(1, b"first")).await.unwrap();
    let stored = store.load(&stack()).await.unwrap().unwrap();
    assert_eq!((stored.records.len(), stored.journal.len()), (0, 1), "what is stored is as it was");
    store.release(&lease).await.unwrap();
    let image = copied(&store).expect("a copy was left");
    let record = |key: &[u8]| (key.to_vec(), b"first".to_vec());
    assert_eq!((image.revision, &image.records), (1, &vec![record(b"a"), record(b"b")]));
    assert_eq!((&image.journal, &image.meta), (&vec![(1, b"up".to_vec())], &stored.meta));

    store.history(&stack(), 5).await.unwrap();
    // That closes behind the reader's back.
    drop(store.entry(&stack()).write_owned().await);
    assert_eq!(copied(&store), Some(image), "the history was read");

    let lease = store.acquire(&stack(), &owner()).await.unwrap();
    let error = store.offer(&lease, offer(7, b"of another revision")).await.unwrap_err();
    assert!(matches!(error, StoreError::Conflict { expected: 7, found: 1, .. }), "{error}");
    store.offer(&lease, offer(1, b"old")).await.unwrap();
    store.append(&lease, 1, vec![b"entry".to_vec()]).await.unwrap();
    store.release(&lease).await.unwrap();
    assert_eq!(copied(&store), Some(read_once_without_copy(&store)), "it wrote after the offer");
    let error = store.offer(&lease, offer(2, b"without the lease")).await.unwrap_err();
    assert!(matches!(error, StoreError::NotHeld { .. }), "{error}");
}

/// A copy is left whatever the size of the stack, and with it the history that a reader asks for most often.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_large_stack_leaves_a_copy_too() {
    let root = tempfile::tempdir().unwrap();
    let (store, lease, _) = held(root.path()).await;
    store.append(&lease, 1, vec![vec![7; 5 << 20]]).await.unwrap();
    let history = (1..=300).map(|at| (at, vec![7; 10])).collect();
    store.fold(&lease, Fold { upto: 1, history, ..Fold::default() }).await.unwrap();
    store.release(&lease).await.unwrap();
    let database = std::fs::metadata(database::file(&store.folder(&stack()))).unwrap().modified().unwrap();
    let image = copied(&store).expect("a copy");
    assert_eq!(image.journal, [(2, vec![7; 5 << 20])]);
    assert_eq!(store.load(&stack()).await.unwrap(), Some(image));
    assert_eq!(store.history(&stack(), 256).await.unwrap().len(), 256);
    let modified = || std::fs::metadata(database::file(&store.folder(&stack()))).unwrap().modified().unwrap();
    assert_eq!(modified(), database, "nobody opened it");
    assert_eq!(store.history(&stack(), 1000).await.unwrap().len(), 300, "the copy has not as many");
}

/// The copies of the last runs that changed something are kept; a run that changed nothing leaves none.
#[tokio::test]
async fn copies_of_earlier_runs_are_kept_and_the_oldest_go() {
    let root = tempfile::tempdir().unwrap();
    let store = Sled::open(root.path());
    for round in 0..9_u64 {
        let lease = store.acquire(&stack(), &owner()).await.unwrap();
        store.append(&lease, round, vec![vec![7; 10]]).await.unwrap();
        store.release(&lease).await.unwrap();
        let idle = store.acquire(&stack(), &owner()).await.unwrap();
        store.release(&idle).await.unwrap();
    }
    let backups = store.backups(&stack()).await.unwrap();
    assert_eq!(backups.iter().map(|backup| backup.revision).collect::<Vec<_>>(), [8, 7, 6, 5, 4]);
    let fewer = Sled::open(root.path()).keep_backups(2);
    let lease = fewer.acquire(&stack(), &owner()).await.unwrap();
    fewer.append(&lease, 9, vec![vec![7; 10]]).await.unwrap();
    fewer.release(&lease).await.unwrap();
    let kept = fewer.backups(&stack()).await.unwrap();
    assert_eq!(kept.iter().map(|backup| backup.revision).collect::<Vec<_>>(), [9, 8]);
    let eighth = store.backup(&stack(), &backups[0].name).await.unwrap().unwrap();
    assert_eq!((eighth.image.revision, eighth.image.journal.len()), (8, 8));
    assert_eq!(store.backup(&stack(), "../copy").await.unwrap(), None);
    let path = store.folder(&stack()).join("backups").join(&backups[0].name);
    let mut bytes = std::fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(store.backup(&stack(), &backups[0].name).await.unwrap(), None, "it is damaged");
}

/// A stack is made anew beside the one that is damaged, and of a kill at any point between nothing is lost.
#[tokio::test]
async fn a_stack_is_made_anew_and_a_kill_between_loses_neither() {
    let root = tempfile::tempdir().unwrap();
    let (store, lease, _) = held(root.path()).await;
    store.append(&lease, 1, vec![b"b".to_vec()]).await.unwrap();
    store.put_meta(&lease, "key", b"sealed".to_vec()).await.unwrap();
    store.release(&lease).await.unwrap();
    let (folder, anew) = (store.folder(&stack()), folders::fresh(&store.folder(&stack())));
    // Killed in the middle of the making: the old one is there, and counts.
    std::fs::create_dir(&anew).unwrap();
    std::fs::write(anew.join("db"), b"half").unwrap();
    assert_eq!(store.load(&stack()).await.unwrap().unwrap().journal.len(), 2);
    assert_eq!(store.stacks().await.unwrap(), [stack()]);

    let records = vec![(b"key".to_vec(), b"record".to_vec())];
    let (meta, entries) = ([("key".to_owned(), b"sealed".to_vec())].into(), vec![b"open".to_vec()]);
    let history = vec![(1, b"up".to_vec())];
    let made = Anew { revision: 7, meta, records: records.clone(), history, entries };
    let aside = store.rebuild(&stack(), made).await.unwrap();
    assert!(Path::new(&aside).join("db").exists(), "the old one is kept");
    let check = async |store: &Sled| {
        let image = store.load(&stack()).await.unwrap().unwrap();
        assert_eq!(
            (image.revision, &image.records, &image.journal),
            (8, &records, &vec![(8, b"open".to_vec())])
        );
        assert_eq!((&*image.meta["key"], image.damage), (&b"sealed"[..], None));
        assert_eq!(store.history(&stack(), 9).await.unwrap(), [(1, b"up".to_vec())]);
    };
    check(&store).await;
    // That may still be closing behind the reader's back.
    drop(store.entry(&stack()).write_owned().await);

    // Killed between the two renames.
    std::fs::rename(&folder, &anew).unwrap();
    let store = Sled::open(root.path());
    assert_eq!(store.stacks().await.unwrap(), [stack()], "it does not look as if it had never been");
    assert!(!folder.exists(), "a list changes nothing");
    check(&store).await;
    drop(store.entry(&stack()).write_owned().await);
    let lease = store.acquire(&stack(), &owner()).await.unwrap();
    assert!(lease.fence > 1, "an old lease is of no use");
    assert_eq!(store.append(&lease, 8, vec![b"next".to_vec()]).await.unwrap(), 9);
}

/// What was half made anew when its program was killed does not take the place of a stack that is removed later.
#[tokio::test]
async fn what_was_half_made_anew_goes_with_the_stack() {
    let root = tempfile::tempdir().unwrap();
    let (store, lease, _) = held(root.path()).await;
    let (folder, anew) = (store.folder(&stack()), folders::fresh(&store.folder(&stack())));
    std::fs::create_dir(&anew).unwrap();
    for name in ["db", "conf", "mark"] {
        std::fs::copy(folder.join(name), anew.join(name)).unwrap();
    }
    store.remove(&lease).await.unwrap();
    assert_eq!(store.stacks().await.unwrap(), []);
    assert_eq!(store.load(&stack()).await.unwrap(), None);
}

/// With new files a stack is the same, and nothing is left of what the old ones had; whoever took it meanwhile is not
/// disturbed.
#[tokio::test]
async fn a_stack_with_new_files_has_what_it_had() {
    let root = tempfile::tempdir().unwrap();
    let (store, lease, _) = held(root.path()).await;
    store.append(&lease, 1, vec![b"canary-in-an-entry".to_vec(), b"other".to_vec()]).await.unwrap();
    let records = Records::put(vec![(b"key".to_vec(), b"record".to_vec())]);
    let history = vec![(3, b"up".to_vec())];
    store.fold(&lease, Fold { upto: 3, records, history, ..Fold::default() }).await.unwrap();
    store.append(&lease, 3, vec![b"open".to_vec()]).await.unwrap();
    let (image, history) = (store.load(&stack()).await.unwrap(), store.history(&stack(), 9).await.unwrap());
    let log = database::file(&store.folder(&stack()));
    let has_canary = || {
        let bytes = std::fs::read(&log).unwrap();
        bytes.windows(6).any(|part| part == b"canary")
    };
    assert!(has_canary());
    store.release_renewed(&lease, Vec::new()).await.unwrap();
    assert!(!has_canary());
    assert_eq!(store.load(&stack()).await.unwrap(), image);
    assert_eq!(store.history(&stack(), 9).await.unwrap(), history);
    let next = store.acquire(&stack(), &owner()).await.unwrap();
    assert!(next.fence > lease.fence);

    // Somebody else took it between the release and the renewal.
    let folder = store.folder(&stack());
    let mark = Mark::read(&folder).unwrap();
    assert!(!rebuild::renew(&folder, mark, Anew::default(), 5).unwrap(), "it is held");
    store.append(&next, 4, vec![b"more".to_vec()]).await.unwrap();
    store.release(&next).await.unwrap();
    assert!(!rebuild::renew(&folder, mark, Anew::default(), 5).unwrap(), "it has gone on");
    assert_eq!(store.load(&stack()).await.unwrap().unwrap().revision, 5);
}

/// Whatever of the log sled clears when it opens it, a repair has what was there before.
#[tokio::test]
async fn what_a_damaged_log_had_is_kept_before_it_is_opened() {
    let root = tempfile::tempdir().unwrap();
    let (store, lease, _) = held(root.path()).await;
    for at in 1..40 {
        store.append(&lease, at, vec![vec![7; 100]]).await.unwrap();
    }
    store.release(&lease).await.unwrap();
    drop(store);
    let folder = root.path().join(stack().as_str());
    std::fs::remove_file(copy::path(&folder)).unwrap();
    let path = database::file(&folder);
    let mut bytes = std::fs::read(&path).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[used / 2] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let store = Sled::open(root.path());
    for _ in 0..3 {
        assert!(store.acquire(&stack(), &owner()).await.is_err());
    }
    let leftovers = store.remains(&stack()).await.unwrap();
    assert!(leftovers.broken.is_some());
    assert_eq!(leftovers.acknowledged, 40);
    let found = leftovers.parts.iter().map(|part| part.image.journal.len()).max().unwrap();
    assert!(found >= 39, "{found} of 40 entries");
}
