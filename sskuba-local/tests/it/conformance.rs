//! Every local kind keeps the contract of a provider.

use serde_json::json;
use sskuba_core::testing::provider_conformance::{Case, assert_conforms};
use sskuba_local::exec::shell;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// Answers every connection with status 200.
async fn serve() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0_u8; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        }
    });
    address
}

#[tokio::test]
async fn every_kind_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (a, b, d, e) = (path("a"), path("b"), path("d"), path("e"));
    let address = serve().await;
    let url = format!("http://{address}/");
    let env = json!({"KEY": "canary-value"});
    let cases = vec![
        (
            "local:data:Data",
            Case::new(json!({"value": {"a": [1, null]}})).update(json!({"value": "b"})).only_in_state(),
        ),
        (
            "local:random:Id",
            Case::new(json!({"prefix": "web-"})).replacement(json!({"bytes": 16})).only_in_state(),
        ),
        (
            "local:random:Uuid",
            Case::new(json!({})).replacement(json!({"triggers": {"a": "b"}})).only_in_state(),
        ),
        (
            "local:random:Password",
            Case::new(json!({"classes": ["digits", "lower"]}))
                .replacement(json!({"length": 30}))
                .only_in_state(),
        ),
        (
            "local:fs:File",
            Case::new(json!({"path": a, "content": "one"}))
                .update(json!({"path": a, "content": "two", "mode": "600"}))
                .replacement(json!({"path": b, "content": "one"}))
                .reports_inputs(),
        ),
        (
            "local:fs:Directory",
            Case::new(json!({"path": d}))
                .update(json!({"path": d, "mode": "700", "force": true}))
                .replacement(json!({"path": e}))
                .reports_inputs(),
        ),
        (
            "local:exec:Command",
            Case::new(json!({"create": shell("echo $KEY | wc -c"), "env": env}))
                .update(json!({"create": shell("echo other"), "env": env, "delete": ["true"]}))
                .replacement(json!({"create": ["true"], "triggers": {"a": "b"}}))
                .only_in_state(),
        ),
        (
            "local:wait:Tcp",
            Case::new(json!({"address": address}))
                .update(json!({"address": address, "timeout": 9}))
                .only_in_state(),
        ),
        (
            "local:wait:Http",
            Case::new(json!({"url": url})).update(json!({"url": url, "expect": 200})).only_in_state(),
        ),
    ];
    let provider = sskuba_local::provider();
    let kinds: Vec<String> = provider.schemas().iter().map(|schema| schema.kind.to_string()).collect();
    assert_eq!(kinds.len(), cases.len(), "every kind has a case: {kinds:?}");
    for (kind, case) in &cases {
        assert_conforms(provider.as_ref(), kind, case).await;
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the suite leaves nothing behind");
}
