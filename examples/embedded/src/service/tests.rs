//! The service as a client meets it, over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use sskuba::Engine;
use sskuba::core::stores::Memory;
use sskuba::sim::{Options, SimProvider, World, kinds};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::router;

async fn serve(speed: f64) -> (SocketAddr, World, Engine) {
    let world = World::memory();
    let cloud = SimProvider::new("sim", kinds::schemas(), world.clone());
    let engine = Engine::builder()
        .store(Arc::new(Memory::default()))
        .provider(Arc::new(cloud.options(Options::default().speed(speed))))
        .owner("service", "localhost", std::process::id())
        .build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, router(engine.clone())).into_future());
    (address, world, engine)
}

/// Sends a request and leaves the connection open.
async fn send(address: SocketAddr, method: &str, path: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    stream
}

/// Sends a request and returns the status and the body.
async fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut answer = String::new();
    send(address, method, path, body).await.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[tokio::test]
async fn teams_get_their_stacks_and_lose_them() {
    let (address, world, _) = serve(10_000.0).await;
    let (status, body) = ask(address, "PUT", "/stacks/fraud", "{\"machines\": 3}").await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("\"created\":6") && body.contains("fraud-data"), "{body}");
    let (_, body) = ask(address, "PUT", "/stacks/fraud", "{\"machines\": 1}").await;
    assert!(body.contains("\"created\":0") && body.contains("\"deleted\":2"), "{body}");
    let (status, body) = ask(address, "GET", "/stacks/fraud", "").await;
    assert!(status == 200 && body.contains("worker-0") && !body.contains("worker-1"), "{body}");
    assert_eq!(ask(address, "GET", "/stacks/risk", "").await.0, 404);
    assert_eq!(ask(address, "PUT", "/stacks/a b", "{}").await.0, 400);
    let (status, body) = ask(address, "DELETE", "/stacks/fraud", "").await;
    assert!(status == 200 && body.contains("\"deleted\":4"), "{body}");
    assert!(world.objects().unwrap().is_empty());
}

#[tokio::test]
async fn a_client_that_hangs_up_cancels_its_run_and_leaves_nothing_open() {
    let (address, world, engine) = serve(100.0).await;
    let stream = send(address, "PUT", "/stacks/fraud", "{\"machines\": 20}").await;
    while world.objects().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(stream);
    let stack = "local/embedded/fraud".parse().unwrap();
    let snapshot = loop {
        let snapshot = engine.read(&stack).await.unwrap();
        if snapshot.holder.is_none() {
            break snapshot;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    assert_eq!(snapshot.state.pending().count(), 0);
    assert!(snapshot.state.len() < 23, "{} are there", snapshot.state.len());
    assert_eq!(world.objects().unwrap().len(), snapshot.state.len());
    let (status, body) = ask(address, "PUT", "/stacks/fraud", "{\"machines\": 20}").await;
    assert_eq!((status, world.objects().unwrap().len()), (200, 23), "{body}");
}
