//! What the conformance suite cannot see: files, and what is in them.

use super::*;
use crate::state::{Fold, StateStore};

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

/// Holds the stack with one entry in it, and says where it answers.
async fn held(root: &Path) -> (Sled, Lease, wire::Desk) {
    let store = Sled::open(root);
    let lease = store.acquire(&stack(), &owner()).await.unwrap();
    store.append(&lease, 0, vec![b"a".to_vec()]).await.unwrap();
    let desk = side::read(&store.folder(&stack()), side::READER).unwrap();
    (store, lease, desk)
}

#[tokio::test]
async fn who_may_not_read_the_folder_is_not_answered() {
    let root = tempfile::tempdir().unwrap();
    let (_store, _lease, desk) = held(root.path()).await;
    assert!(matches!(desk::ask(&desk, &SystemIds, Ask::Load).await, Ok(Answer::Image(_))));
    let guessed = wire::Desk { token: SystemIds.token(), ..desk };
    assert!(desk::ask(&guessed, &SystemIds, Ask::Load).await.is_err());
}

#[cfg(unix)]
#[tokio::test]
async fn the_token_is_for_its_owner_alone_and_gone_after_the_release() {
    use std::os::unix::fs::PermissionsExt;

    let root = tempfile::tempdir().unwrap();
    let (store, lease, desk) = held(root.path()).await;
    let path = store.folder(&stack()).join(side::READER);
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    store.release(&lease).await.unwrap();
    assert!(!path.exists());
    assert!(!store.folder(&stack()).join(side::HOLDER).exists());
    assert!(desk::ask(&desk, &SystemIds, Ask::Load).await.is_err(), "nobody is at the port");
}

/// The port of a dead writer may be another program's by now: what that says is not believed.
#[tokio::test]
async fn a_stranger_at_the_port_is_not_believed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let root = tempfile::tempdir().unwrap();
    let (_store, _lease, desk) = held(root.path()).await;
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
    let token = desk.token.to_string();
    let error = desk::ask(&wire::Desk { port, ..desk }, &SystemIds, Ask::Load).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
    assert!(!String::from_utf8_lossy(&stranger.await.unwrap()).contains(&token), "the token was sent");
}

/// Without an answer from the holder a reader is told who that is, soon.
#[tokio::test]
async fn a_holder_that_does_not_answer_is_named() {
    let root = tempfile::tempdir().unwrap();
    let (store, _lease, _) = held(root.path()).await;
    side::remove(&store.folder(&stack()), side::READER).unwrap();
    let reader = Sled::open(root.path());
    let start = Instant::now();
    let error = reader.load(&stack()).await.unwrap_err();
    assert!(matches!(&error, StoreError::Busy { holder, .. } if holder.owner == owner()), "{error}");
    assert!(start.elapsed() < PATIENCE * 3);
}

/// What a kill leaves behind is no obstacle: side files of a dead holder, room for records that never came, a
/// journal of entries that are folded.
#[tokio::test]
async fn leftovers_are_no_obstacle() {
    let root = tempfile::tempdir().unwrap();
    let (store, _, _) = held(root.path()).await;
    let folder = store.folder(&stack());
    let left: Vec<_> =
        [side::HOLDER, side::READER].map(|name| (name, std::fs::read(folder.join(name)).unwrap())).into();
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
    let open = |create| match Database::open(root.path(), create).unwrap() {
        Opening::Open(database) => database,
        _ => panic!("not open"),
    };
    let record = |number: u8| (vec![number], vec![number]);
    let fold = crate::state::Fold { put: (0..100).map(record).collect(), ..Default::default() };
    let database = open(true);
    database.make_room(&fold).unwrap();
    assert_eq!(database.answer(Ask::Load, 0).unwrap(), Answer::Image(crate::state::Image::default()));
    database.fold(fold.clone()).unwrap();
    drop(database);
    let Answer::Image(image) = open(false).answer(Ask::Load, 0).unwrap() else { panic!("no image") };
    assert_eq!(image.records, fold.put);
}

#[tokio::test]
async fn a_panic_while_reading_is_damage() {
    let place = Path::new("/state");
    let error = blocking::<()>(place, || panic!("page 7 is odd\nand more")).await.unwrap_err().to_string();
    assert!(error.contains("of /state is damaged: page 7 is odd; put a backup"), "{error}");
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
        let fold = Fold { upto: 1, put: records(text), ..Fold::default() };
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
    let (upto, put) = (1, vec![records("new").remove(0)]);
    let left = Fold { upto, put, anew: true, ..Fold::default() };
    store.fold(&lease, left.clone()).await.unwrap();
    let image = store.load(&stack()).await.unwrap().unwrap();
    assert_eq!((image.records, image.damage), (left.put, None), "what is left is whole");
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
