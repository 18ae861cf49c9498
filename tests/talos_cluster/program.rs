//! The program: the example's binary, built as a user builds it, in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// Returns the binary; built once in a run of the tests, into the folder that they were built into.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| sskuba_testkit::example("talos-cluster", "talos-testing"))
}

/// Returns the name under which the program has a machine.
pub(crate) fn named(address: &str) -> String {
    address.replace(':', "-")
}

/// A stack of the program, and what it is told of its machines.
pub(crate) struct Program {
    folder: TempDir,
    pub(crate) control_planes: Vec<String>,
    pub(crate) workers: Vec<String>,
    pub(crate) fingerprints: BTreeMap<String, String>,
    pub(crate) talos: &'static str,
    /// More of its configuration.
    pub(crate) more: Vec<(&'static str, String)>,
}

impl Program {
    /// Describes a cluster of machines of which so many are control planes.
    pub(crate) fn new(addresses: &[String], control_planes: usize) -> Self {
        let (control_planes, workers) = addresses.split_at(control_planes);
        Self {
            folder: tempfile::tempdir().unwrap(),
            control_planes: control_planes.to_vec(),
            workers: workers.to_vec(),
            fingerprints: BTreeMap::new(),
            talos: "v1.13.9",
            more: Vec::new(),
        }
    }

    /// Makes a call of the program; it inherits nothing.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let list = |name: &str, items: &[String]| format!("{name}={}", serde_json::to_string(items).unwrap());
        let folder = self.folder.path();
        let mut command = Command::new(binary());
        command
            .args(args)
            .args(["-c", "endpoint=https://127.0.0.1:6443", "-c", &format!("talos={}", self.talos)])
            .args(["-c", &list("control_planes", &self.control_planes)])
            .args(["-c", &list("workers", &self.workers)])
            .args(["-c", &format!("fingerprints={}", serde_json::to_string(&self.fingerprints).unwrap())])
            .args(self.more.iter().flat_map(|(key, value)| ["-c".to_owned(), format!("{key}={value}")]))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .current_dir(folder)
            .env_clear()
            .env("HOME", folder)
            .env("XDG_CONFIG_HOME", folder.join("config"))
            .env("SSKUBA_STATE", format!("sled:{}", folder.join("state").display()));
        command
    }

    /// Runs the program.
    pub(crate) async fn run(&self, args: &[&str]) -> Said {
        let mut command = self.command(args);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
        Said::new(&output.unwrap())
    }

    /// Returns the cluster's secrets.
    pub(crate) async fn secrets(&self) -> String {
        self.run(&["output", "secrets", "--show-secrets"]).await.good().out
    }
}

/// What a run of the program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) text: String,
}

impl Said {
    pub(crate) fn new(output: &Output) -> Self {
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        let text = format!("{out}{}", String::from_utf8_lossy(&output.stderr));
        assert!(!text.contains("panicked"), "{text}");
        assert!(
            !text.contains("PRIVATE KEY") || out.starts_with("cluster:") || out.starts_with("context:"),
            "a key: {text}"
        );
        Self { code: output.status.code(), out, text }
    }

    /// Returns the run if it went well.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.text);
        self
    }

    /// Returns the run if it failed and says this.
    #[track_caller]
    pub(crate) fn bad(self, says: &[&str]) -> Self {
        assert_eq!(self.code, Some(1), "{}", self.text);
        for words in says {
            assert!(self.text.contains(words), "{words:?} is missing in {}", self.text);
        }
        self
    }
}
