//! The machines of a test.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use sskuba::talos::api::{Mode, Target};
use sskuba::talos::client::{Credentials, Identity, Machine, Settings, tell_mode};
use sskuba::talos::contract::Contract;
use sskuba::talos::credentials::Talosconfig;
use sskuba::talos::secrets::{Bundle, Role, generate_with};
use sskuba::talos::testing::{FakeMachine, Fleet};
use sskuba_core::clock::{Clock, SystemClock, SystemIds};
use sskuba_core::secret::Secret;
use tempfile::TempDir;

/// The variable that names the program with machines of Talos's own code.
const PROGRAM: &str = "SSKUBA_TALOS_MACHINED";

/// Makes secrets of a cluster, without waiting for an RSA key: what signs service accounts is of another kind.
pub(crate) fn quick_bundle() -> Secret<String> {
    let (now, ids) = (SystemClock.now(), SystemIds);
    let first = generate_with(Secret::default(), Contract::default(), now, &ids).unwrap();
    let key = first.certificates.kubernetes.key.clone();
    generate_with(key, Contract::default(), now, &ids).unwrap().to_yaml()
}

/// Machines without a config.
pub(crate) struct Machines {
    pub(crate) addresses: Vec<String>,
    pub(crate) fakes: Vec<FakeMachine>,
    pub(crate) fleet: Fleet,
    process: Option<(Child, TempDir)>,
    controls: Vec<String>,
}

impl Machines {
    /// Starts machines of this test.
    pub(crate) async fn fake(count: usize) -> Self {
        Self::fake_of(count, "v1.13.9").await
    }

    /// Starts machines of this test that run a version.
    pub(crate) async fn fake_of(count: usize, tag: &'static str) -> Self {
        let mut this = Self {
            addresses: Vec::new(),
            fakes: Vec::new(),
            fleet: Fleet::default(),
            process: None,
            controls: Vec::new(),
        };
        for _ in 0..count {
            this.start(tag).await;
        }
        this
    }

    /// Starts one more machine of this test; returns its address.
    pub(crate) async fn another(&mut self) -> String {
        self.start("v1.13.9").await
    }

    async fn start(&mut self, tag: &str) -> String {
        let name = format!("node-{}", self.fakes.len() + 1);
        let machine = self.fleet.start(&name, tag).await.unwrap();
        let address = machine.target().to_string();
        self.fakes.push(machine);
        self.addresses.push(address.clone());
        address
    }

    /// Starts one more machine of this test, which its platform hands a config to.
    pub(crate) async fn boots(&mut self, config: &Secret<String>) {
        let name = format!("node-{}", self.fakes.len() + 1);
        let machine = self.fleet.boot(&name, "v1.13.9", config).await.unwrap();
        self.addresses.push(machine.target().to_string());
        self.fakes.push(machine);
    }

    /// Has a machine of Talos's own code boot with a config.
    pub(crate) fn hands(&self, index: usize, config: &Secret<String>) {
        Self::tell(&self.controls[index], &serde_json::json!({"user_data": config.expose()}));
    }

    /// Starts machines of Talos's own code, or says that they are not to be had.
    #[expect(clippy::print_stdout, reason = "whoever runs the tests is to know what did not run")]
    pub(crate) fn of_talos(count: usize) -> Option<Self> {
        let Some(program) = std::env::var_os(PROGRAM) else {
            println!("skipped: {PROGRAM} does not name a built interop/talos/machined");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(program)
            .args(["--nodes", &count.to_string(), "--outage", "150ms", "--dir"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines().take(count);
        let said = lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap());
        let said: Vec<serde_json::Value> = said.collect();
        let text = |key: &str| said.iter().map(|said| said[key].as_str().unwrap().to_owned()).collect();
        let (addresses, controls) = (text("address"), text("control"));
        let process = Some((process, folder));
        Some(Self { addresses, fakes: Vec::new(), fleet: Fleet::default(), process, controls })
    }

    /// Takes a machine off the network.
    pub(crate) fn lose(&self, index: usize) {
        match self.controls.get(index) {
            None => self.fakes[index].disappear(),
            Some(control) => Self::switch(control, true),
        }
    }

    /// Brings a lost machine back as it was.
    pub(crate) fn find(&self, index: usize) {
        match self.controls.get(index) {
            None => self.fakes[index].appear(),
            Some(control) => Self::switch(control, false),
        }
    }

    /// Takes a machine of Talos's own code off the network or brings it back.
    fn switch(control: &str, off: bool) {
        Self::tell(control, &serde_json::json!({"off": off}));
    }

    /// Tells the control server of a machine of Talos's own code.
    fn tell(control: &str, what: &serde_json::Value) {
        let (host, path) = control.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let body = what.to_string();
        write!(stream, "POST /{path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    }

    /// Returns the fingerprints of the machines of this test.
    pub(crate) fn fingerprints(&self) -> BTreeMap<String, String> {
        let pins = self.fakes.iter().map(|fake| fake.fingerprint().to_string());
        self.addresses.iter().cloned().zip(pins).collect()
    }

    /// Returns who was reset, in that order.
    pub(crate) fn resets(&self) -> Vec<String> {
        let history = self.fleet.history();
        history.iter().filter_map(|line| line.strip_suffix(": reset")).map(str::to_owned).collect()
    }

    /// Tells whether a machine has no config.
    pub(crate) async fn is_blank(&self, index: usize) -> bool {
        let target: Target = self.addresses[index].parse().unwrap();
        tell_mode(&target, None, &Settings::default()).await.unwrap() == Mode::Maintenance
    }

    /// Returns how many of the machines answer and have a config.
    pub(crate) async fn configured_now(&self) -> usize {
        let mut count = 0;
        for address in &self.addresses {
            let target: Target = address.parse().unwrap();
            let mode = tell_mode(&target, None, &Settings::default()).await;
            count += usize::from(mode.is_ok_and(|mode| mode == Mode::Configured));
        }
        count
    }

    /// Returns how many of the machines have a config.
    pub(crate) async fn configured(&self) -> usize {
        let mut count = 0;
        for address in &self.addresses {
            let target: Target = address.parse().unwrap();
            let mode = tell_mode(&target, None, &Settings::default()).await.unwrap();
            count += usize::from(mode == Mode::Configured);
        }
        count
    }

    /// Returns a machine as whoever has this file reaches it.
    pub(crate) fn with_talosconfig(&self, index: usize, file: &str) -> Machine {
        let file = Talosconfig::read(file).unwrap();
        let context = file.context(file.current().unwrap()).unwrap();
        let (ca, client) = (context.authority.unwrap(), context.client.unwrap());
        let credentials = Credentials::from_pem(&ca, &client.certificate, &client.key).unwrap();
        Machine::connect(self.addresses[index].parse().unwrap(), Identity::Cluster(credentials))
    }

    /// Returns a machine as an administrator of the cluster has it.
    pub(crate) fn admin(&self, index: usize, secrets: &str) -> Machine {
        let bundle = Bundle::from_yaml(secrets).unwrap();
        let hour = std::time::Duration::from_secs(3600);
        let client = bundle.client_certificate(&[Role::Admin], hour, SystemClock.now(), &SystemIds).unwrap();
        let ca = &bundle.certificates.os.certificate;
        let credentials = Credentials::from_pem(ca, &client.certificate, &client.key).unwrap();
        Machine::connect(self.addresses[index].parse().unwrap(), Identity::Cluster(credentials))
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        if let Some((process, _)) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
