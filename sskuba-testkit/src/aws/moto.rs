//! The server: moto, which first holds every request against the model that AWS's own clients are made of (`server.py`).

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A running server, on a port of its own. It ends when this is dropped.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    port: u16,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

static RUNNING: Mutex<Weak<Moto>> = Mutex::new(Weak::new());

impl Moto {
    /// Returns the server that the tests of this process share, which ends with the last of them; none, with a
    /// line that says so, where moto is not installed.
    pub fn shared() -> Option<Arc<Self>> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = running.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::start(&[])?);
        *running = Arc::downgrade(&server);
        Some(server)
    }

    /// Starts a server of one's own with these variables, in the Python that `SSKUBA_TEST_PYTHON` names. Returns none,
    /// with a line that says so, where moto is not installed.
    ///
    /// # Panics
    /// If it starts and does not listen within a minute.
    pub fn start(variables: &[(&str, &str)]) -> Option<Self> {
        let program = std::env::var_os("SSKUBA_TEST_PYTHON").unwrap_or_else(|| OsString::from("python3"));
        let port = free_port();
        let mut command = Command::new(&program);
        command.args(["-c", include_str!("server.py"), &port.to_string()]).envs(variables.iter().copied());
        let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => {
                skipped(&format!("{} does not start ({error})", program.display()));
                return None;
            }
        };
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if child.try_wait().is_ok_and(|status| status.is_some()) {
                skipped(&format!("{} has no moto; pip install 'moto[server]' boto3", program.display()));
                return None;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "moto does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Self { child, port })
    }

    /// Returns its address.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

#[expect(clippy::print_stdout, reason = "a test that was skipped says so")]
fn skipped(why: &str) {
    println!("skipped: {why}");
}
