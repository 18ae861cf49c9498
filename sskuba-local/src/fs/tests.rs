use sskuba_core::address::{Address, StackId, Token};
use sskuba_core::provider::{Change, Object, Prior};
use sskuba_core::value::Map;

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
    let args = |path: PathBuf| FileArgs {
        path: path.to_str().unwrap().to_owned(),
        content: "canary".into(),
        mode: "0600".into(),
    };
    // A name that is too long for the file system, though the one beside it is not.
    let failure = write(&args(folder.path().join("x".repeat(300))), &Token::new([1; 16])).unwrap_err();
    assert_eq!(names(folder.path()), [""; 0], "{failure}");
}
