//! Commands whose program is killed. A test cannot kill itself: this program runs itself.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use sskuba_core::address::Token;
use sskuba_core::advice::Advice;
use sskuba_core::provider::{Cx, Effect, Failure, Instance, Object, Prior};
use sskuba_core::value::{Map, map_of};

use super::commands::{call, command_schema};

const FOLDER: &str = "TEST_FOLDER";

/// A stack's folder, and what its command does: it says that it began, waits until it may go on, and says so again.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Starts the command in another process, and returns when it runs.
    fn start(&self) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "interrupted::child", "--ignored"]).env(FOLDER, self.0.path());
        let child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        let start = Instant::now();
        while !self.log().contains("began") {
            assert!(start.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(5));
        }
        child
    }

    fn kill(&self, mut program: Child) {
        program.kill().unwrap();
        program.wait().unwrap();
    }

    fn go_on(&self) {
        fs::write(self.path("go"), "").unwrap();
    }

    async fn provider(&self) -> std::sync::Arc<dyn Instance> {
        sskuba_local::provider_in(self.0.path(), self.path("commands")).configure(None).await.unwrap()
    }

    async fn recover(&self) -> Result<Object, Failure> {
        let mut cx = call();
        cx.recovering = true;
        self.provider().await.create(&cx, &inputs(self.0.path())).await
    }

    /// Returns the process of the command, which is that of its group.
    fn process(&self) -> i32 {
        fs::read_to_string(self.mark("pid")).unwrap().parse().unwrap()
    }

    fn mark(&self, what: &str) -> PathBuf {
        self.path("commands/local/test/dev").join(format!("{}-create.{what}", call().token))
    }
}

fn inputs(folder: &Path) -> Map {
    let script =
        "echo began >>log; while [ ! -e go ]; do sleep 0.02; done; echo done >>log; echo said; exit $CODE";
    let code = if folder.join("fails").exists() { "3" } else { "0" };
    let own = serde_json::json!({
        "create": ["/bin/sh", "-c", script], "cwd": folder, "env": {"CODE": code},
    });
    command_schema().complete(map_of(&own).unwrap())
}

/// Runs as the program that is killed.
#[tokio::test]
#[ignore = "other tests run it"]
async fn child() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let provider = sskuba_local::provider_in(&folder, folder.join("commands")).configure(None).await.unwrap();
    let _ = provider.create(&call(), &inputs(&folder)).await;
}

#[tokio::test]
async fn a_command_that_goes_on_is_waited_for_and_not_run_beside_itself() {
    let place = Place::new();
    place.kill(place.start());
    let (recovered, ()) = tokio::join!(place.recover(), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(place.log(), "began\n");
        place.go_on();
    });
    assert_eq!(recovered.unwrap().outputs["stdout"].as_str(), Some("said"));
    assert_eq!(place.log(), "began\ndone\n");
    // Asked again, as after a second interruption: the same.
    assert_eq!(place.recover().await.unwrap().outputs["stdout"].as_str(), Some("said"));
    assert_eq!(place.log(), "began\ndone\n");
}

#[tokio::test]
async fn a_command_that_ended_meanwhile_is_taken_as_it_ended() {
    for (fails, effect) in [(false, None), (true, Some(Effect::NotApplied))] {
        let place = Place::new();
        if fails {
            fs::write(place.path("fails"), "").unwrap();
        }
        place.kill(place.start());
        place.go_on();
        while !place.mark("end").exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let recovered = place.recover().await;
        assert_eq!(recovered.as_ref().err().map(|failure| failure.effect.clone()), effect, "{recovered:?}");
        assert_eq!(place.log(), "began\ndone\n");
    }
}

#[tokio::test]
async fn a_command_that_was_killed_too_is_for_a_person() {
    let place = Place::new();
    let program = place.start();
    // The program notes the process after the command has begun.
    while !fs::read_to_string(place.mark("pid")).is_ok_and(|pid| pid.parse::<i32>().is_ok()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    place.kill(program);
    let group = rustix::process::Pid::from_raw(place.process()).unwrap();
    rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
    let failure = place.recover().await.unwrap_err();
    assert_eq!(failure.effect, Effect::Unknown);
    assert!(failure.to_string().contains("ended without leaving a status"), "{failure}");
    let created = Advice::ResolveAs { address: call().address, id: call().token.to_string() };
    assert_eq!(failure.advice, [created], "{failure}");
    assert_eq!(place.log(), "began\n");
    // Who says that it was created is believed, of this token alone.
    let prior = |id: String| Prior { id, inputs: inputs(place.0.path()), outputs: Map::new() };
    let read = place.provider().await.read(&call(), &prior(call().token.to_string())).await.unwrap();
    assert_eq!(read.unwrap().outputs["status"], 0.into());
    assert!(place.provider().await.read(&call(), &prior("other".to_owned())).await.unwrap().is_none());
}

#[tokio::test]
async fn a_command_that_never_began_is_run_and_one_of_another_machine_is_not() {
    let place = Place::new();
    place.go_on();
    let failure = place.recover().await.unwrap_err();
    assert_eq!((failure.effect.clone(), place.log().as_str()), (Effect::Unknown, ""), "{failure}");
    assert!(failure.to_string().contains("nothing on this machine says what came of it"), "{failure}");
    fs::create_dir_all(place.path("commands/local/test/dev")).unwrap();
    place.recover().await.unwrap();
    assert_eq!(place.log(), "began\ndone\n");
}

#[tokio::test]
async fn marks_of_earlier_runs_go_when_something_new_is_begun() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.go_on();
    place.provider().await.create(&call(), &inputs(place.0.path())).await.unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(place.mark("out")), mode(place.path("commands/local"))), (0o600, 0o700));
    tokio::time::sleep(Duration::from_millis(20)).await;
    let other = Cx { token: Token::new([2; 16]), ..call() };
    let provider = place.provider().await;
    provider.create(&other, &inputs(place.0.path())).await.unwrap();
    assert!(!place.mark("out").exists() && !place.mark("end").exists());
    // Those of this run stay: what they ended with may not be recorded yet.
    let third = Cx { token: Token::new([3; 16]), ..call() };
    provider.create(&third, &inputs(place.0.path())).await.unwrap();
    assert!(place.path("commands/local/test/dev").join(format!("{}-create.end", other.token)).exists());
}

#[tokio::test]
async fn a_mark_goes_when_the_end_is_recorded_and_not_while_its_command_runs() {
    let place = Place::new();
    let program = place.start();
    let keeper = sskuba_local::provider_in(place.0.path(), place.path("commands"));
    let settle = |wanted: Token| keeper.settled(&call().stack, &|token| token == wanted);
    settle(call().token);
    assert!(place.mark("out").exists(), "it runs");
    place.kill(program);
    place.go_on();
    place.recover().await.unwrap();
    settle(Token::new([9; 16]));
    assert!(place.mark("out").exists(), "that is another one");
    settle(call().token);
    let left = fs::read_dir(place.path("commands/local/test/dev")).unwrap().count();
    assert_eq!(left, 0);
}
