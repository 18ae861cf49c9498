use std::path::PathBuf;

use sskuba_core::address::{Address, StackId, Token};
use sskuba_core::provider::{Change, Class, Cx, Effect, Object, Prior};
use sskuba_core::value::Map;

use super::file::{beside, take_free, write, write_private};
use super::*;

fn cx(kind: &str) -> Cx {
    Cx::new(
        StackId::parse("local/test/dev").unwrap(),
        Address::parse(&format!("{kind}::main")).unwrap(),
        Token::new([1; 16]),
        std::time::Duration::from_secs(60),
    )
}

fn file(path: &Path, content: &str) -> Map {
    let text = |text: &str| Value::from(text);
    [
        ("path".into(), text(path.to_str().unwrap())),
        ("content".into(), text(content)),
        ("mode".into(), text("600")),
    ]
    .into()
}

fn prior(object: &Object, sent: &Map) -> Prior {
    Prior { id: object.id.clone(), inputs: sent.clone(), outputs: object.outputs.clone() }
}

const FILE: &str = "local:fs:File";
const DIRECTORY: &str = "local:fs:Directory";

#[tokio::test]
async fn drift_of_content_and_mode_shows() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), crate::provider().configure(None).await.unwrap());
    let path = folder.path().join("a/b/file.txt");
    let sent = file(&path, "hello");
    let object = provider.create(&cx(FILE), &sent).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "hello");
    assert_eq!(
        object.outputs["sha256"].as_str().unwrap(),
        "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    );
    std::fs::write(&path, "other").unwrap();
    let read = provider.read(&cx(FILE), &prior(&object, &sent)).await.unwrap().unwrap();
    assert_eq!(read.inputs["content"], Value::from("other"));
    assert_ne!(read.outputs["sha256"], object.outputs["sha256"]);
    #[cfg(unix)]
    assert_eq!(read.inputs["mode"], Value::from("0600"));
    provider.delete(&cx(FILE), &prior(&object, &sent)).await.unwrap();
    assert!(!path.exists(), "it goes whatever it holds");
    assert!(path.parent().unwrap().exists());
}

#[tokio::test]
async fn nothing_is_left_over_and_a_failed_write_keeps_the_old_file() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), crate::provider().configure(None).await.unwrap());
    let path = folder.path().join("file.txt");
    let sent = file(&path, "one");
    let object = provider.create(&cx(FILE), &sent).await.unwrap();
    let change = Change { prior: prior(&object, &sent), inputs: file(&path, "two") };
    provider.update(&cx(FILE), &change).await.unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let failure = provider.create(&cx(FILE), &file(folder.path(), "x")).await.unwrap_err();
    assert_eq!(failure.class, Class::Invalid("path".into()), "{failure}");
    let below = path.join("below");
    let failure = provider.create(&cx(FILE), &file(&below, "x")).await.unwrap_err();
    assert!(failure.to_string().contains("file.txt"), "{failure}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
}

#[tokio::test]
async fn a_secret_content_stays_one() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), crate::provider().configure(None).await.unwrap());
    let path = folder.path().join("key");
    let mut sent = file(&path, "");
    sent.insert("content".into(), Value::from("canary").into_secret());
    let object = provider.create(&cx(FILE), &sent).await.unwrap();
    let read = provider.read(&cx(FILE), &prior(&object, &sent)).await.unwrap().unwrap();
    assert!(!format!("{object:?}{read:?}").contains("canary"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "canary");
}

#[tokio::test]
async fn a_directory_with_something_in_it_stays() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), crate::provider().configure(None).await.unwrap());
    let path = folder.path().join("d");
    let mut sent: Map = [("path".into(), Value::from(path.to_str().unwrap()))].into();
    sent.extend([("mode".into(), Value::from("0755")), ("force".into(), Value::from(false))]);
    let object = provider.create(&cx(DIRECTORY), &sent).await.unwrap();
    std::fs::write(path.join("kept"), "x").unwrap();
    let failure = provider.delete(&cx(DIRECTORY), &prior(&object, &sent)).await.unwrap_err();
    assert!(failure.class == Class::Conflict && failure.to_string().contains("force"), "{failure}");
    assert!(path.join("kept").exists());
    sent.insert("force".into(), true.into());
    provider.delete(&cx(DIRECTORY), &prior(&object, &sent)).await.unwrap();
    assert!(!path.exists());
}

#[test]
fn modes_have_one_spelling() {
    for text in ["644", "0644", "0o644"] {
        assert_eq!(plain_mode(&Value::from(text)), Value::from("0644"));
    }
    for text in ["", "9", "rw", "0o77777", "-1"] {
        assert!(!check("x", text).is_empty(), "{text}");
    }
    assert_eq!(check("", "644")[0].field, "path");
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_killed_program_left_of_a_file_is_written_over_or_removed() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), crate::provider().configure(None).await.unwrap());
    let path = folder.path().join("file.txt");
    let left = beside(&path, &cx(FILE).token);
    let leave = || std::fs::write(&left, "canary and more than the new one").unwrap();
    let sent = file(&path, "hello");
    leave();
    let made = provider.create(&cx(FILE), &sent).await.unwrap();
    assert_eq!(names(folder.path()), ["file.txt"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "hello");
    leave();
    let change = Change { prior: prior(&made, &sent), inputs: file(&path, "other") };
    provider.update(&cx(FILE), &change).await.unwrap();
    assert_eq!(names(folder.path()), ["file.txt"]);
    leave();
    provider.delete(&cx(FILE), &prior(&made, &sent)).await.unwrap();
    assert_eq!(names(folder.path()), [""; 0]);
}

#[cfg(unix)]
#[test]
fn a_file_is_its_owners_alone_while_it_is_written() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("fresh");
    std::fs::write(&fresh, "left").unwrap();
    std::fs::set_permissions(&fresh, std::fs::Permissions::from_mode(0o666)).unwrap();
    write_private(&fresh, b"canary").unwrap();
    let metadata = std::fs::metadata(&fresh).unwrap();
    assert_eq!((metadata.permissions().mode() & 0o777, metadata.len()), (0o600, 6));
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_take_its_place_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x".repeat(300));
    let args =
        FileArgs { path: path.to_str().unwrap().to_owned(), content: "canary".into(), mode: "0600".into() };
    // A name that is too long for the file system, though the one beside it is not.
    let failure = write(&path, &args, &Token::new([1; 16]), take_free).unwrap_err();
    assert_eq!(names(folder.path()), [""; 0], "{failure}");
}

/// The call that repeats an interrupted one.
fn again(kind: &str) -> Cx {
    Cx { recovering: true, ..cx(kind) }
}

fn directory(path: &Path) -> Map {
    let force = ("force".into(), Value::from(true));
    [("path".into(), Value::from(path.to_str().unwrap())), ("mode".into(), Value::from("0755")), force].into()
}

#[tokio::test]
async fn what_is_there_already_is_never_taken_over_without_a_word() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), crate::provider().configure(None).await.unwrap());
    let (same, empty) = (folder.path().join("same"), folder.path().join("empty"));
    std::fs::write(&same, "hello").unwrap();
    std::fs::create_dir(&empty).unwrap();
    for (kind, path, sent) in [(FILE, &same, file(&same, "hello")), (DIRECTORY, &empty, directory(&empty))] {
        // A call that was refused is no proof that the object is its own, however often it is made.
        for _ in 0..2 {
            let failure = provider.create(&cx(kind), &sent).await.unwrap_err();
            assert_eq!(
                (&failure.class, &failure.effect),
                (&Class::Conflict, &Effect::NotApplied),
                "{failure}"
            );
            assert_eq!(failure.exists.as_deref(), path.to_str(), "{failure}");
        }
        // The import that is offered takes it, and finds nothing to change in what was declared.
        let id = text_of(path);
        let read = provider.read(&cx(kind), &Prior { id, ..Prior::default() }).await.unwrap().unwrap();
        assert_eq!(read.inputs["path"], sent["path"]);
    }
    assert_eq!(std::fs::read_to_string(&same).unwrap(), "hello");
}

fn text_of(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_recovery_knows_its_own_from_what_came_meanwhile() {
    let (folder, provider) = (tempfile::tempdir().unwrap(), crate::provider().configure(None).await.unwrap());
    let path = folder.path().join("file.txt");
    let sent = file(&path, "hello");
    // Killed before the file took its place; then after that.
    std::fs::write(beside(&path, &cx(FILE).token), "hel").unwrap();
    for _ in 0..2 {
        let made = provider.create(&again(FILE), &sent).await.unwrap();
        assert_eq!(
            (made.id.as_str(), names(folder.path())),
            (path.to_str().unwrap(), vec!["file.txt".into()])
        );
    }
    std::fs::write(&path, "precious").unwrap();
    let failure = provider.create(&again(FILE), &sent).await.unwrap_err();
    assert!(failure.class == Class::Conflict && failure.exists.is_some(), "{failure}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    let path = folder.path().join("d");
    for _ in 0..2 {
        provider.create(&again(DIRECTORY), &directory(&path)).await.unwrap();
    }
    std::fs::write(path.join("precious"), "").unwrap();
    let failure = provider.create(&again(DIRECTORY), &directory(&path)).await.unwrap_err();
    assert!(failure.class == Class::Conflict && failure.exists.is_some(), "{failure}");
}

#[test]
fn a_file_that_came_after_the_look_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.txt");
    std::fs::write(&path, "precious").unwrap();
    let args = FileArgs { path: text_of(&path), content: "hello".into(), mode: "0600".into() };
    let failure = write(&path, &args, &Token::new([1; 16]), take_free).unwrap_err();
    assert!(failure.exists.is_some(), "{failure}");
    assert_eq!(
        (names(folder.path()), std::fs::read(&path).unwrap()),
        (vec!["file.txt".into()], b"precious".to_vec())
    );
}

#[cfg(unix)]
#[tokio::test]
async fn what_cannot_be_read_or_is_no_file_is_neither_opened_nor_replaced() {
    use std::os::unix::fs::{FileTypeExt, PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    let (folder, provider) = (tempfile::tempdir().unwrap(), crate::provider().configure(None).await.unwrap());
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("unreadable"), "precious").unwrap();
    std::fs::set_permissions(at("unreadable"), std::fs::Permissions::from_mode(0o000)).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    symlink(folder.path(), at("link")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let _socket = UnixListener::bind(at("socket")).unwrap();
    for name in ["unreadable", "dangling", "link", "pipe", "socket"] {
        let sent = file(&at(name), "hello");
        for cx in [cx(FILE), again(FILE)] {
            // A pipe that is opened waits for its other end.
            let made = tokio::time::timeout(std::time::Duration::from_secs(20), provider.create(&cx, &sent));
            let failure = made.await.expect(name).unwrap_err();
            assert_eq!(failure.effect, Effect::NotApplied, "{name}: {failure}");
        }
        if name == "unreadable" {
            continue;
        }
        // It took the place of a file that was recorded: that one is gone, and this is somebody's.
        let known = Prior { id: text_of(&at(name)), inputs: sent.clone(), outputs: Map::new() };
        assert_eq!(provider.read(&cx(FILE), &known).await.unwrap(), None, "{name}");
        let change = Change { prior: known.clone(), inputs: file(&at(name), "other") };
        let failure = provider.update(&cx(FILE), &change).await.unwrap_err();
        assert_eq!(failure.class, Class::Conflict, "{name}: {failure}");
        provider.delete(&cx(FILE), &known).await.unwrap();
        let known = Prior { inputs: directory(&at(name)), ..known };
        let failure = provider.create(&cx(DIRECTORY), &directory(&at(name))).await.unwrap_err();
        assert_eq!(failure.class, Class::Conflict, "{name}: {failure}");
        provider.delete(&cx(DIRECTORY), &known).await.unwrap();
    }
    assert_eq!(names(folder.path()), ["dangling", "link", "pipe", "socket", "unreadable"]);
    assert!(std::fs::symlink_metadata(at("pipe")).unwrap().file_type().is_fifo());
}

/// A program's folder `home`, and another one, `guest`, each with a file `rr` and a directory `build/deep`.
fn two_folders() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let [home, guest] = ["home", "guest"].map(|name| folder.path().canonicalize().unwrap().join(name));
    std::fs::create_dir(&home).unwrap();
    std::fs::create_dir_all(guest.join("build/deep")).unwrap();
    std::fs::write(guest.join("rr"), "precious").unwrap();
    (folder, home, guest)
}

#[tokio::test]
async fn a_relative_path_counts_from_the_folder_of_the_program() {
    let (_folder, home, guest) = two_folders();
    let within = async |folder: &Path| {
        crate::provider_in(folder, folder.join("commands")).configure(None).await.unwrap()
    };
    let (ours, other) = (within(&home).await, within(&guest).await);
    for (kind, name, sent) in
        [(FILE, "rr", file(Path::new("rr"), "hello")), (DIRECTORY, "build", directory(Path::new("build")))]
    {
        let made = ours.create(&cx(kind), &sent).await.unwrap();
        assert_eq!(made.id, text_of(&home.join(name)), "the id is the same from everywhere");
        let known = prior(&made, &sent);
        let read = ours.read(&cx(kind), &known).await.unwrap().unwrap();
        assert_eq!((&read.id, &read.inputs["path"]), (&made.id, &sent["path"]));
        // Elsewhere the path means what is not ours.
        let change = Change { prior: known.clone(), inputs: sent.clone() };
        let refusals = [
            other.read(&cx(kind), &known).await.err(),
            other.update(&cx(kind), &change).await.err(),
            other.delete(&cx(kind), &known).await.err(),
        ];
        for refusal in refusals {
            let text = refusal.unwrap().to_string();
            let both = [&home, &guest].map(|folder| text.contains(&text_of(&folder.join(name))));
            assert_eq!(both, [true, true], "{text}");
        }
        assert!(home.join(name).exists() && guest.join("build/deep").exists());
        // What an earlier release recorded, and an import by the path of the program, count from there as well.
        for mut earlier in [known.clone(), Prior { id: name.to_owned(), ..Prior::default() }] {
            earlier.id = name.to_owned();
            let read = ours.read(&cx(kind), &earlier).await.unwrap().unwrap();
            let id = if earlier.outputs.is_empty() { &made.id } else { &earlier.id };
            assert_eq!((&read.id, &read.inputs["path"]), (id, &sent["path"]));
        }
        ours.delete(&cx(kind), &known).await.unwrap();
        assert!(!home.join(name).exists());
    }
    assert_eq!(std::fs::read_to_string(guest.join("rr")).unwrap(), "precious");
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_is_reached_by_a_link_is_the_same() {
    let (folder, home, _) = two_folders();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&home, &link).unwrap();
    let within = |folder: &Path| crate::provider_in(folder, folder.join("commands"));
    let sent = file(Path::new("rr"), "hello");
    let made = within(&link).configure(None).await.unwrap().create(&cx(FILE), &sent).await.unwrap();
    let ours = within(&home).configure(None).await.unwrap();
    ours.delete(&cx(FILE), &prior(&made, &sent)).await.unwrap();
    assert!(!home.join("rr").exists());
}
