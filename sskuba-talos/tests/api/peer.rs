//! Machines of Talos's own code (`interop/talos/machined`), where the program was built.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use sskuba_talos::api::{Fingerprint, Target};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The variable that names the program.
const PROGRAM: &str = "SSKUBA_TALOS_MACHINED";

/// A process with several machines.
pub(crate) struct Peer {
    pub(crate) nodes: Vec<PeerNode>,
    program: OsString,
    // Killed when it is dropped.
    process: Child,
    state: TempDir,
}

/// One of them.
pub(crate) struct PeerNode {
    pub(crate) target: Target,
    pub(crate) fingerprint: Fingerprint,
    control: String,
}

impl Peer {
    /// Starts machines, or says that they are not to be had.
    #[expect(clippy::print_stdout, reason = "whoever runs the tests is to know what did not run")]
    pub(crate) async fn start(count: usize) -> Option<Self> {
        let Some(program) = env::var_os(PROGRAM) else {
            println!("skipped: {PROGRAM} does not name a built interop/talos/machined");
            return None;
        };
        let state = TempDir::new().unwrap();
        let (nodes, process) = run(&program, state.path(), count).await;
        Some(Self { nodes, program, process, state })
    }

    /// Ends the process as if the power had failed, and starts it with what it kept.
    pub(crate) async fn start_again(&mut self) {
        self.process.kill().await.unwrap();
        (self.nodes, self.process) = run(&self.program, self.state.path(), self.nodes.len()).await;
    }
}

impl PeerNode {
    /// Says what is to go wrong on the machine, in JSON.
    pub(crate) async fn trouble(&self, json: &str) {
        let (host, path) = self.control.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).await.unwrap();
        let head = format!("POST /{path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{json}", json.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    }
}

async fn run(program: &OsStr, state: &Path, count: usize) -> (Vec<PeerNode>, Child) {
    let mut process = Command::new(program)
        .args(["--nodes", &count.to_string(), "--bootstrap-too-early", "1", "--outage", "150ms", "--dir"])
        .arg(state)
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
            control: text("control"),
        });
    }
    (nodes, process)
}
