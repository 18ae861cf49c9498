use sskuba_core::address::{Address, StackId, Token};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn cx(timeout: Duration) -> Cx {
    Cx::new(
        StackId::parse("local/test/dev").unwrap(),
        Address::parse("local:wait:Tcp::main").unwrap(),
        Token::new([1; 16]),
        timeout,
    )
}

const LONG: Duration = Duration::from_secs(60);

fn tcp(address: String, timeout: u32) -> TcpArgs {
    TcpArgs { address, timeout, interval_ms: 20, triggers: BTreeMap::new() }
}

/// Answers with these statuses, one a connection, then with the last for ever.
async fn serve(statuses: Vec<u16>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut statuses = statuses.into_iter().peekable();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let status = *statuses.peek().unwrap();
            if statuses.len() > 1 {
                statuses.next();
            }
            let mut buffer = [0_u8; 1024];
            let count = stream.read(&mut buffer).await.unwrap();
            let asked = String::from_utf8_lossy(&buffer[..count]).into_owned();
            let status = if asked.starts_with("GET /health?full=1 HTTP/1.1\r\n") { status } else { 404 };
            let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    address
}

fn http(address: &str, expect: Option<u16>, timeout: u32) -> HttpArgs {
    let url = format!("http://{address}/health?full=1");
    HttpArgs { url, expect, timeout, interval_ms: 10, triggers: BTreeMap::new() }
}

#[tokio::test]
async fn a_port_that_opens_later_is_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let args = tcp(address.clone(), 30);
    let wait = tokio::spawn(async move { TcpHandler.create(&cx(LONG), args).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!wait.is_finished());
    let _listener = TcpListener::bind(&address).await.unwrap();
    wait.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_never_answers_is_named_with_the_last_reason() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let failure = TcpHandler.create(&cx(LONG), tcp(address.clone(), 1)).await.unwrap_err();
    let text = failure.to_string();
    assert_eq!(failure.class, Class::Timeout);
    assert!(text.contains(&address) && text.contains("refused") && text.contains("1.0 s"), "{text}");
    let short = cx(Duration::from_millis(200));
    let start = Instant::now();
    TcpHandler.create(&short, tcp(address, 600)).await.unwrap_err();
    assert!(start.elapsed() < short.timeout, "it ends before the engine's own timeout");
}

#[tokio::test]
async fn a_page_is_waited_for_until_its_status_is_right() {
    let address = serve(vec![503, 302, 204]).await;
    HttpHandler.create(&cx(LONG), http(&address, None, 30)).await.unwrap();
    let address = serve(vec![200, 418]).await;
    HttpHandler.create(&cx(LONG), http(&address, Some(418), 30)).await.unwrap();
    let failure = HttpHandler.create(&cx(LONG), http(&address, None, 1)).await.unwrap_err();
    assert!(failure.to_string().contains("last: status 418"), "{failure}");
}

#[tokio::test]
async fn what_does_not_speak_http_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(b"220 mail.example.org ESMTP\r\n").await;
            let _ = stream.read(&mut [0_u8; 1024]).await;
        }
    });
    let failure = HttpHandler.create(&cx(LONG), http(&address, None, 1)).await.unwrap_err();
    assert!(failure.to_string().contains("does not speak HTTP"), "{failure}");
}

#[test]
fn mistakes_are_named_before_anything_is_asked() {
    let args = HttpArgs { url: "https://x".into(), ..http("x", None, 0) };
    let fields: Vec<String> = HttpHandler.check(&args).into_iter().map(|error| error.field).collect();
    assert_eq!(fields, ["timeout", "url"]);
    assert_eq!(TcpHandler.check(&tcp("x".into(), 1))[0].field, "address");
}
