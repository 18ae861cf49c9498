//! What programs leave in a state folder: for its owner alone, and never through links of others.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use crate::stage::Stage;

/// Returns all that is in a folder, the folder first.
pub(crate) fn all(folder: &Path) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        match path.is_dir() && !path.is_symlink() {
            true => found.extend(all(&path)),
            false => found.push(path),
        }
    }
    found
}

#[track_caller]
fn are_private(folder: &Path) {
    for path in all(folder) {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
}

#[test]
fn a_stack_is_readable_by_its_owner_alone_and_one_that_was_not_is_mended() {
    let stage = Stage::new("scale", &["resources=30"]);
    let organisation = stage.path().join("state/local");
    let mut up = stage.start("up --yes --quiet");
    while !stage.database("dev").join("db").exists() && !up.has_ended() {}
    if stage.database("dev").exists() {
        let mode = fs::metadata(stage.database("dev")).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "from the beginning");
    }
    up.end().expect(0);
    are_private(&organisation);
    stage.run("up --yes --quiet -c resources=20").expect(0);
    assert!(stage.database("dev").join("backups").is_dir());
    are_private(&organisation);
    for path in all(&stage.database("dev")) {
        fs::set_permissions(&path, fs::Permissions::from_mode(if path.is_dir() { 0o755 } else { 0o644 }))
            .unwrap();
    }
    stage.run("up --yes --quiet -c resources=10").expect(0);
    are_private(&organisation);
    stage.run("state rotate-key").expect(0);
    are_private(&organisation);
}

#[test]
fn a_state_is_not_written_through_links() {
    let stage = Stage::new("scale", &["resources=10"]);
    let victim = stage.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    let folder = stage.database("dev");
    fs::create_dir_all(&folder).unwrap();
    for name in ["db", "mark", "copy", "conf", "holder.json"] {
        symlink(&victim, folder.join(name)).unwrap();
        for args in ["up --yes", "state list", "preview", "stack list"] {
            let ran = stage.run(args);
            let told = format!("{}{}", ran.out, ran.errors);
            // Where nothing is found of a stack there is nothing to be told.
            if args == "up --yes" {
                ran.expect(1).says(&["is a symbolic link", name, "remove it"]);
            }
            assert!(!told.contains("precious"), "{told}");
        }
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{name}");
        fs::remove_file(folder.join(name)).unwrap();
    }
    // The stack's folder itself.
    fs::remove_dir_all(&folder).unwrap();
    let elsewhere = stage.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, &folder).unwrap();
    stage.run("up --yes").expect(1).says(&["is a symbolic link", "dev"]);
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
    fs::remove_file(&folder).unwrap();
    // And what keeps the state out of repositories.
    let ignore = stage.path().join("state/.gitignore");
    let _ = fs::remove_file(&ignore);
    symlink(stage.path().join("not-there"), &ignore).unwrap();
    stage.run("up --yes").expect(0);
    assert!(!stage.path().join("not-there").exists());
}
