//! The sled store on media that fail, and on files that were damaged.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test: what fails is seen, what is skipped or measured is said"
)]

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use sskuba_core::address::StackId;
use sskuba_core::clock::{IdSource, SeededIds};
use sskuba_core::state::{Fold, Image, Owner, Records, StateStore, StoreError};
use sskuba_core::stores::Sled;

fn dev() -> StackId {
    "local/demo/dev".parse().unwrap()
}

fn owner() -> Owner {
    Owner { user: "ann".into(), host: "desk".into(), pid: 1, command: "up".into() }
}

fn entry(number: u64) -> Vec<u8> {
    let mut bytes = vec![0; 300];
    SeededIds::new(number).fill(&mut bytes);
    bytes
}

/// A file system of its own, gone when dropped.
struct Mount(PathBuf);

impl Mount {
    /// Mounts `options`; none where this machine does not let us.
    fn new(at: &Path, options: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).output();
        match mount {
            Ok(output) if output.status.success() => Some(Self(at.to_owned())),
            Ok(output) => {
                println!("skipped: mount answers {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                println!("skipped: there is no mount here: {error}");
                None
            }
        }
    }

    /// Changes the options, once nobody is about to write: a database that was closed may take a moment.
    fn again(&self, options: &str) {
        for _ in 0..40 {
            let remount =
                Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.0).status();
            if remount.unwrap().success() {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("failed to mount again with {options}");
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_file_where_the_folder_should_be() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("state");
    fs::write(&file, "not a folder").unwrap();
    for place in [file.clone(), file.join("deeper")] {
        let store = Sled::open(&place);
        let error = store.acquire(&dev(), &owner()).await.unwrap_err();
        let StoreError::Io { action: "create", place: named, error: source } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(*named, place.display().to_string());
        assert!(matches!(source.kind(), ErrorKind::AlreadyExists | ErrorKind::NotADirectory), "{error:?}");
        let error = store.load(&dev()).await.unwrap_err();
        assert!(matches!(&error, StoreError::Io { action: "open", .. }), "{error:?}");
        assert!(matches!(store.stacks().await, Err(StoreError::Io { action: "list", .. })));
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a folder");
}

#[tokio::test]
async fn a_read_only_folder() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path().join("mount");
    let Some(mount) = Mount::new(&at, "size=8m") else { return };
    let store = Sled::open(&at);
    let lease = store.acquire(&dev(), &owner()).await.unwrap();
    store.append(&lease, 0, vec![entry(1)]).await.unwrap();
    store.release(&lease).await.unwrap();
    mount.again("ro");
    assert_eq!(store.load(&dev()).await.unwrap().unwrap().revision, 1, "there is a copy for readers");
    mount.again("rw");
    std::fs::remove_file(at.join("local/demo/dev/copy")).unwrap();
    mount.again("ro");
    for error in [
        store.acquire(&dev(), &owner()).await.unwrap_err(),
        store.acquire(&"local/demo/new".parse().unwrap(), &owner()).await.unwrap_err(),
    ] {
        let StoreError::Io { error: source, .. } = &error else { panic!("{error:?}") };
        assert_eq!(source.kind(), ErrorKind::ReadOnlyFilesystem, "{error}");
        assert!(error.to_string().contains("make the folder writable"), "{error}");
    }
    assert_eq!(store.load(&dev()).await.unwrap().unwrap().revision, 1, "a duplicate is read");
    mount.again("rw");
    assert_eq!(store.load(&dev()).await.unwrap().unwrap().revision, 1);
}

#[tokio::test]
async fn a_full_disk() {
    let root = tempfile::tempdir().unwrap();
    let at = root.path().join("mount");
    let Some(mount) = Mount::new(&at, "size=2m") else { return };
    let store = Sled::open(&at);
    let lease = store.acquire(&dev(), &owner()).await.unwrap();
    let mut revision = 0;
    let error = loop {
        let group = (revision + 1..=revision + 20).map(entry).collect();
        match store.append(&lease, revision, group).await {
            Ok(next) => revision = next,
            Err(error) => break error,
        }
        assert!(revision < 20_000, "the disk is never full");
    };
    let StoreError::Io { action: "write to", error: source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.kind(), ErrorKind::StorageFull, "{error}");
    assert!(error.to_string().contains("free some space"), "{error}");
    assert!(revision > 1_000, "{revision} entries on the disk");

    // Nothing more under this lease: what reached the disk is not known.
    let error = store.append(&lease, revision, vec![entry(revision + 1)]).await.unwrap_err();
    assert!(error.to_string().contains("an earlier write failed"), "{error}");
    let error = store.load(&dev()).await.unwrap_err();
    assert!(error.to_string().contains("an earlier write failed"), "{error}");
    store.release(&lease).await.unwrap();

    mount.again("size=16m");
    let image = store.load(&dev()).await.unwrap().unwrap();
    assert!(image.revision >= revision, "{revision} was acknowledged, {} is there", image.revision);
    let expected: Vec<_> = (1..=image.revision).map(|at| (at, entry(at))).collect();
    assert!(image.journal == expected, "every entry as it was");
    let lease = store.acquire(&dev(), &owner()).await.unwrap();
    store.append(&lease, image.revision, vec![entry(image.revision + 1)]).await.unwrap();
}

/// A stack of 40 records, a journal of 60 entries and some history; returns its image.
async fn some_stack(root: &Path) -> Image {
    let store = Sled::open(root);
    let lease = store.acquire(&dev(), &owner()).await.unwrap();
    let mut revision = 0;
    for round in 0..10 {
        let group = (revision + 1..=revision + 10).map(entry).collect();
        revision = store.append(&lease, revision, group).await.unwrap();
        if round == 3 {
            let put = (1..=40).map(|at| (at.to_string().into_bytes(), entry(at))).collect();
            let history = vec![(revision, entry(revision))];
            store
                .fold(&lease, Fold { upto: revision, records: Records::put(put), history, ..Fold::default() })
                .await
                .unwrap();
        }
    }
    store.release(&lease).await.unwrap();
    store.load(&dev()).await.unwrap().unwrap()
}

/// Whatever is done to the files, a load answers: with the whole stack, or with what is wrong; it neither panics nor
/// hangs, and never answers with less than there was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_is_an_error_and_never_a_panic() {
    let root = tempfile::tempdir().unwrap();
    let image = some_stack(root.path()).await;
    let folder = root.path().join(dev().as_str());
    let originals: Vec<(PathBuf, Vec<u8>)> = fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| (path.clone(), fs::read(&path).unwrap()))
        .collect();
    let ids = SeededIds::new(11);
    let random = |below: usize| {
        let mut bytes = [0; 8];
        ids.fill(&mut bytes);
        usize::try_from(u64::from_le_bytes(bytes) >> 8).unwrap() % below.max(1)
    };
    let (mut same, mut refused) = (0, 0);
    for round in 0..120 {
        let copy = tempfile::tempdir().unwrap();
        let there = copy.path().join(dev().as_str());
        fs::create_dir_all(there.join("blobs")).unwrap();
        let victim = random(originals.len());
        for (at, (path, bytes)) in originals.iter().enumerate() {
            let mut bytes = bytes.clone();
            if at == victim {
                match round % 3 {
                    0 => bytes.truncate(random(bytes.len())),
                    1 => (0..8).for_each(|_| {
                        let at = random(bytes.len());
                        bytes[at] ^= 1 << random(8);
                    }),
                    _ => {
                        let at = random(bytes.len());
                        let end = (at + 4096).min(bytes.len());
                        bytes[at..end].fill(0);
                    }
                }
            }
            fs::write(there.join(path.file_name().unwrap()), bytes).unwrap();
        }
        let store = Sled::open(copy.path());
        let stack = dev();
        let load = tokio::time::timeout(Duration::from_secs(20), store.load(&stack)).await;
        match load.unwrap_or_else(|_| panic!("round {round} hangs")) {
            Ok(Some(found)) if found == image => same += 1,
            Ok(found) => panic!("round {round} sees less: revision {:?}", found.map(|found| found.revision)),
            Err(StoreError::Corrupt { .. } | StoreError::Io { .. } | StoreError::Unsupported(_)) => {
                refused += 1
            }
            Err(error) => panic!("round {round}: {error:?}"),
        }
    }
    println!("{same} loads saw no harm, {refused} refused");
}
