//! A state folder that is read-only, and one on a disk that is full in the middle of an `up`. The disk is a small one
//! in memory, which a process of its own mounts where nobody else sees it.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::stage::Stage;

/// Tells the test, run again, that it may mount.
const INSIDE: &str = "SSKUBA_TEST_INSIDE";

/// Runs the test `name` again where it may mount; true inside of that.
fn may_mount(name: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let unshare = || {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount"]).stdin(Stdio::null());
        command
    };
    let folder = tempfile::tempdir().unwrap();
    let probe = unshare().args(["mount", "-t", "tmpfs", "-o", "size=1m", "none"]).arg(folder.path()).output();
    match probe {
        Err(error) => println!("skipped: unshare cannot be started: {error}"),
        Ok(probe) if !probe.status.success() => {
            println!(
                "skipped: this machine does not let us mount: {}",
                String::from_utf8_lossy(&probe.stderr).trim()
            );
        }
        Ok(_) => {
            let test = std::env::current_exe().unwrap();
            let again = unshare()
                .arg(test)
                .args(["--exact", name, "--nocapture"])
                // Its folders are removed here: it cannot, while its disks are in them.
                .envs([(INSIDE, "1".as_ref()), ("TMPDIR", folder.path().as_os_str())])
                .output()
                .unwrap();
            let (out, errors) =
                (String::from_utf8_lossy(&again.stdout), String::from_utf8_lossy(&again.stderr));
            assert!(again.status.success(), "{out}\n{errors}");
            assert!(out.contains("1 passed"), "{name} names no test: {out}");
        }
    }
    false
}

fn mount(options: &str, at: &Path) {
    let mounted =
        Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(at).status().unwrap();
    assert!(mounted.success());
}

fn mount_again(options: &str, at: &Path) {
    let mounted = Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(at).status().unwrap();
    assert!(mounted.success());
}

/// Makes a stage whose state is on a disk of its own.
fn stage(size: &str, usual: &[&str]) -> Stage {
    let stage = Stage::new("churn", usual).speed(50_000.0);
    let state = stage.path().join("state");
    fs::create_dir(&state).unwrap();
    mount(&format!("size={size}"), &state);
    stage
}

/// Fills the disk but for some bytes.
fn fill(stage: &Stage, leave: u64) {
    let path = stage.path().join("state/filler");
    let mut file = File::create(&path).unwrap();
    while file.write_all(&[7; 4096]).is_ok() {}
    let size = file.metadata().unwrap().len();
    file.set_len(size.saturating_sub(leave)).unwrap();
}

/// Frees what was filled and makes the disk larger: what a run writes depends on how many of its steps share a flush,
/// and the state fills almost all of the small disk.
fn make_room(stage: &Stage) {
    let state = stage.path().join("state");
    fs::remove_file(state.join("filler")).unwrap();
    mount_again("size=64m", &state);
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_an_up() {
    if !may_mount("disk::a_disk_that_is_full_in_the_middle_of_an_up") {
        return;
    }
    let mut in_the_middle = 0;
    for leave in [0, 700, 1000].map(|kib| kib << 10) {
        let stage = stage("8m", &["resources=2500"]);
        stage.run("up --yes -c resources=20").expect(0);
        let before = stage.world().len();
        fill(&stage, leave);
        for args in ["up --yes --json", "up --yes"] {
            let ran = stage.run(args).expect(1);
            ran.says(&["state/local/churn/dev", "No space left on device", "free some space and run again"]);
            if args.ends_with("--json") {
                assert_eq!(ran.summary()["result"], "failed");
                in_the_middle += usize::from(stage.world().len() > before);
            }
        }
        make_room(&stage);
        assert_eq!(stage.run("up --yes --json").expect(0).summary()["result"], "succeeded");
        stage.agrees();
        stage.run("up --yes --expect-no-changes").expect(0);
    }
    assert!(in_the_middle > 0, "the disk was never full in the middle");
}

#[test]
fn a_disk_that_is_full_in_the_middle_of_a_down() {
    if !may_mount("disk::a_disk_that_is_full_in_the_middle_of_a_down") {
        return;
    }
    // How much a run writes depends on how many of its steps share a flush, so not every size hits the middle.
    let mut in_the_middle = 0;
    for leave in [300, 450, 600].map(|kib| kib << 10) {
        let stage = stage("8m", &["resources=2500"]);
        stage.run("up --yes").expect(0);
        let before = stage.world().len();
        fill(&stage, leave);
        stage.run("down --yes").expect(1).says(&["No space left on device", "free some space and run again"]);
        let left = stage.world().len();
        in_the_middle += usize::from(left > 0 && left < before);
        make_room(&stage);
        stage.run("down --yes").expect(0);
        assert_eq!((stage.world().len(), stage.record("dev").len()), (0, 0));
    }
    assert!(in_the_middle > 0, "the disk was never full in the middle");
}

#[test]
fn a_state_folder_that_is_read_only() {
    if !may_mount("disk::a_state_folder_that_is_read_only") {
        return;
    }
    let stage = stage("8m", &["resources=20"]);
    let state = stage.path().join("state");
    let hints = ["Read-only file system", "make the folder writable, or choose another"];
    mount_again("ro", &state);
    for args in ["up --yes", "up --yes --json", "stack init other"] {
        stage.run(args).expect(1).says(&hints);
    }
    assert_eq!(stage.world().len(), 0, "nothing was touched");
    mount_again("rw", &state);
    stage.run("up --yes").expect(0);
    let world = stage.world();
    mount_again("ro", &state);
    for args in ["up --yes -c round=3", "down --yes", "refresh", "stack rm dev --yes"] {
        stage.run(args).expect(1).says(&hints);
    }
    // The last run left a copy for those that only read.
    for args in ["preview", "state list", "output", "history"] {
        stage.run(args).expect(0);
    }
    mount_again("rw", &state);
    std::fs::remove_file(state.join("local/churn/dev/copy")).unwrap();
    mount_again("ro", &state);
    // Without it they read a duplicate of the database.
    for args in ["preview", "state list", "output", "history"] {
        stage.run(args).expect(0);
    }
    assert_eq!(stage.world(), world, "nothing was touched");
    mount_again("rw", &state);
    stage.run("up --yes -c round=3").expect(0);
    stage.agrees();
}
