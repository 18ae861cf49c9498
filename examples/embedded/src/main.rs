//! The engine inside another program: an HTTP service that gives each team a stack. No terminal, no globals.
//!
//! ```console
//! $ cargo run -p embedded
//! listening on http://127.0.0.1:8080
//! $ curl -X PUT -H 'content-type: application/json' -d '{"machines": 3}' http://127.0.0.1:8080/stacks/fraud
//! {"created":6,"updated":0,"deleted":0,"outputs":{"data":"https://fraud-data.store.sim.invalid"}}
//! $ curl http://127.0.0.1:8080/stacks/fraud
//! $ curl -X DELETE http://127.0.0.1:8080/stacks/fraud
//! ```
//!
//! A client that hangs up cancels its run: what is under way is waited for, and nothing more is begun.

#![expect(clippy::print_stdout, reason = "a program says where it listens")]

mod service;

use std::sync::Arc;

use sskuba::Engine;
use sskuba::core::stores::Memory;
use sskuba::sim::{Options, SimProvider, World, kinds};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let cloud =
        SimProvider::new("sim", kinds::schemas(), World::memory()).options(Options::default().speed(50.0));
    let engine = Engine::builder()
        .store(Arc::new(Memory::default()))
        .provider(Arc::new(cloud))
        .owner("service", "localhost", std::process::id())
        .build();
    let port = std::env::args().nth(1).unwrap_or_else(|| "8080".to_owned());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, service::router(engine)).await
}
