//! Machines of Talos's own code (`interop/talos/machined`), where the program was built.

use std::env;
use std::process::Stdio;
use std::time::Duration;

use sskuba_talos::api::{Fingerprint, Target};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The variable that names the program.
const PROGRAM: &str = "SSKUBA_TALOS_MACHINED";

/// A process with several machines.
pub(crate) struct Peer {
    pub(crate) nodes: Vec<PeerNode>,
    // Killed when it is dropped.
    _process: Child,
    _state: TempDir,
}

/// One of them.
pub(crate) struct PeerNode {
    pub(crate) target: Target,
    pub(crate) fingerprint: Fingerprint,
}

impl Peer {
    /// Starts machines, or says that they are not to be had.
    pub(crate) async fn start(count: usize) -> Option<Self> {
        let Some(program) = env::var_os(PROGRAM) else {
            println!("skipped: {PROGRAM} does not name a built interop/talos/machined");
            return None;
        };
        let state = TempDir::new().unwrap();
        let mut process = Command::new(program)
            .args(["--nodes", &count.to_string(), "--bootstrap-too-early", "1", "--outage", "150ms", "--dir"])
            .arg(state.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut nodes = Vec::new();
        while nodes.len() < count {
            let line = timeout(Duration::from_secs(60), lines.next_line()).await.unwrap().unwrap().unwrap();
            let said: serde_json::Value = serde_json::from_str(&line).unwrap();
            let text = |key: &str| said[key].as_str().unwrap().to_owned();
            nodes.push(PeerNode {
                target: text("address").parse().unwrap(),
                fingerprint: text("fingerprint").parse().unwrap(),
            });
        }
        // Whoever prints into a closed pipe ends.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Some(Self { nodes, _process: process, _state: state })
    }
}
