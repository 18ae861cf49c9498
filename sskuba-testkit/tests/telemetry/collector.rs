//! A collector that keeps what it gets, and the program that sends to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

/// A secret that no test wants to see anywhere.
pub(crate) const CANARY: &str = "canary-7c20";

/// How a collector answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Answer {
    /// It takes everything.
    Thanks,
    /// It answers with this status.
    Status(u16),
    /// It sends whoever comes to another port.
    Moved(u16),
    /// It never answers.
    Never,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    /// The request line and the headers.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Got {
    /// Returns the body as it was before it was compressed.
    pub(crate) fn plain(&self) -> Vec<u8> {
        if !self.head.to_lowercase().contains("content-encoding: gzip") {
            return self.body.clone();
        }
        let mut plain = Vec::new();
        GzDecoder::new(&*self.body).read_to_end(&mut plain).unwrap();
        plain
    }
}

/// A collector on a port of its own, for as long as the test runs.
pub(crate) struct Collector {
    pub(crate) port: u16,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Collector {
    pub(crate) fn new(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let got: Arc<Mutex<Vec<Got>>> = Arc::default();
        let keep = Arc::clone(&got);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let keep = Arc::clone(&keep);
                std::thread::spawn(move || serve(stream, answer, &keep));
            }
        });
        Self { port, got }
    }

    /// Returns all requests.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// Returns all requests, decoded.
    pub(crate) fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        self.got().iter().map(|got| ExportTraceServiceRequest::decode(&*got.plain()).unwrap()).collect()
    }

    /// Returns all spans, in the order of their begin.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let resources = self.requests().into_iter().flat_map(|request| request.resource_spans);
        let scopes = resources.flat_map(|resource| resource.scope_spans);
        let mut spans: Vec<Span> = scopes.flat_map(|scope| scope.spans).collect();
        spans.sort_by_key(|span| span.start_time_unix_nano);
        spans
    }
}

fn serve(stream: TcpStream, answer: Answer, keep: &Mutex<Vec<Got>>) {
    let mut reader = BufReader::new(&stream);
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or_default() == 0 {
                return;
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            head.push_str(line);
            head.push('\n');
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        keep.lock().unwrap().push(Got { head, body });
        let (status, more) = match answer {
            Answer::Thanks => (200, String::new()),
            Answer::Status(status) => (status, String::new()),
            Answer::Moved(port) => (307, format!("location: http://127.0.0.1:{port}/v1/traces\r\n")),
            Answer::Never => continue,
        };
        let text = format!("HTTP/1.1 {status} So\r\n{more}content-length: 0\r\n\r\n");
        (&stream).write_all(text.as_bytes()).unwrap();
    }
}

/// Returns a field of a span, or of a resource, as text.
pub(crate) fn field(fields: &[KeyValue], name: &str) -> Option<String> {
    let field = fields.iter().find(|field| field.key == name)?;
    Some(match field.value.clone()?.value? {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        Value::BoolValue(truth) => truth.to_string(),
        other => panic!("{name} is {other:?}"),
    })
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) errors: String,
    pub(crate) took: Duration,
}

impl Ran {
    /// Returns the warnings.
    pub(crate) fn warnings(&self) -> Vec<&str> {
        self.errors.lines().filter(|line| line.contains("warning:")).collect()
    }
}

/// Runs the program with these variables, in a folder of its own and with a state in memory.
#[track_caller]
pub(crate) fn run(args: &str, variables: &[(&str, &str)]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("Cargo.toml"), "").unwrap();
    let start = Instant::now();
    let ran = Command::new(env!("CARGO_BIN_EXE_traced"))
        .args(args.split(' '))
        .args(["--state", "memory:", "-c", &format!("code={CANARY}")])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .env("SSKUBA_CONFIG_CODE", CANARY)
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let took = start.elapsed();
    let (out, errors) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    let ran = Ran { code: ran.status.code().unwrap(), out, errors, took };
    assert!(!ran.errors.contains("panicked"), "{ran:?}");
    assert!(!ran.errors.contains(CANARY) && !ran.out.contains(CANARY), "{ran:?}");
    ran
}

/// Runs the program with this collector.
#[track_caller]
pub(crate) fn run_with(collector: &Collector, args: &str, variables: &[(&str, &str)]) -> Ran {
    let endpoint = format!("http://127.0.0.1:{}", collector.port);
    run(args, &[&[("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint)], variables].concat())
}
