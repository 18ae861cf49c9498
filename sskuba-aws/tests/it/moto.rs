//! The server: one for the tests that run at the same time, ended with the last of them.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// A running server.
pub(crate) struct Moto {
    child: Child,
    pub(crate) port: u16,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

static RUNNING: Mutex<Weak<Moto>> = Mutex::new(Weak::new());

/// Returns the server; none, with a line that says so, where moto is not installed.
pub(crate) fn moto() -> Option<Arc<Moto>> {
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = running.upgrade() {
        return Some(server);
    }
    let server = Arc::new(start()?);
    *running = Arc::downgrade(&server);
    Some(server)
}

fn start() -> Option<Moto> {
    let program = std::env::var_os("SSKUBA_TEST_MOTO").unwrap_or_else(|| "moto_server".into());
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let mut command = Command::new(&program);
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let child = match spawned {
        Ok(child) => child,
        Err(error) => {
            println!(
                "skipped: {} does not start ({error}); pip install 'moto[server]' boto3",
                program.display()
            );
            return None;
        }
    };
    let server = Moto { child, port };
    let begun = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "moto does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some(server)
}
