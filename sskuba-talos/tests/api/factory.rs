//! A factory that is told of schematics: a small server of the test.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sskuba_talos::client::{Factory, FactoryError};
use sskuba_talos::schematic::Schematic;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// What the server was asked: the line of the request, and the body.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// Starts a server that gives every request this answer; returns its URL and what it is asked.
async fn serves(status: &'static str, body: &str) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let asked = Asked::default();
    let (noted, body) = (Arc::clone(&asked), body.to_owned());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut text, mut piece) = (String::new(), [0; 1024]);
            let whole = |text: &str| {
                let (head, body) = text.split_once("\r\n\r\n")?;
                let length =
                    head.to_lowercase().split_once("content-length: ")?.1.lines().next()?.parse::<usize>();
                (body.len() >= length.ok()?)
                    .then(|| (head.lines().next().unwrap_or_default().to_owned(), body.to_owned()))
            };
            let found = loop {
                if let Some(found) = whole(&text) {
                    break found;
                }
                match stream.read(&mut piece).await {
                    Ok(read) if read > 0 => text.push_str(&String::from_utf8_lossy(&piece[..read])),
                    _ => break (text.clone(), String::new()),
                }
            };
            noted.lock().unwrap().push(found);
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, asked)
}

async fn post(url: &str) -> Result<String, FactoryError> {
    let schematic = Schematic::default().extension("siderolabs/iscsi-tools");
    Factory::new(url, Duration::from_secs(20)).post(&schematic).await
}

#[tokio::test]
async fn a_schematic_is_posted_as_it_is_reckoned_and_the_ids_agree() {
    let schematic = Schematic::default().extension("siderolabs/iscsi-tools");
    let (url, asked) = serves("201 Created", &format!(r#"{{"id":"{}"}}"#, schematic.id())).await;
    assert_eq!(post(&url).await.unwrap(), schematic.id());
    let asked = asked.lock().unwrap().clone();
    assert_eq!(asked, [("POST /schematics HTTP/1.1".to_owned(), schematic.canonical())]);
}

#[tokio::test]
async fn another_id_and_what_is_none_are_errors() {
    let (url, _) = serves("201 Created", r#"{"id":"0000"}"#).await;
    let error = post(&url).await.unwrap_err();
    assert!(matches!(&error, FactoryError::OtherId { theirs, .. } if theirs.contains("0000")), "{error}");
    for (status, body) in
        [("200 OK", "<html>"), ("200 OK", r#"{"id": 5}"#), ("400 Bad Request", "unknown extension")]
    {
        let (url, _) = serves(status, body).await;
        let error = post(&url).await.unwrap_err();
        assert!(
            matches!(&error, FactoryError::Refused { .. }) && error.to_string().contains(body),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_factory_that_is_not_there_is_silent_and_its_url_is_not_shown() {
    let error = post("http://ann:hunter2@127.0.0.1:1").await.unwrap_err();
    assert!(matches!(error, FactoryError::Silent { .. }), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}
