//! What AWS does and moto does not: a proxy that throttles, loses answers, replays them by client token, and
//! lets states take their time.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::rules::{Form, Rules};

/// What happens to a call.
#[derive(Debug, Clone, Copy)]
pub enum Fate {
    /// It goes through.
    Pass,
    /// It is refused with this status and code, and does not reach the server.
    Refuse(u16, &'static str),
    /// The same, with these words.
    RefuseWith(u16, &'static str, &'static str),
    /// It is carried out, and its answer is lost.
    Lose,
    /// It goes through, and in its answer the first text becomes the second.
    Edit(&'static str, &'static str),
    /// It goes through, and in its body the first text becomes the second.
    Send(&'static str, &'static str),
    /// It does not reach the server; its answer is this document.
    Answer(&'static str),
    /// It is carried out, and its answer does not come.
    Hold,
}

/// Says what happens to the call of an action that comes as the nth of its kind, counted from 1. The action of a call that
/// is told by method and path, as with Route 53, is `METHOD /path`.
type Script = dyn Fn(&str, usize) -> Fate + Send + Sync;

/// A running proxy.
pub struct Proxy {
    /// Its address.
    pub endpoint: String,
    state: Arc<State>,
}

struct State {
    script: Box<Script>,
    upstream: String,
    log: Mutex<Vec<String>>,
    /// What is refused by AWS's rules; none where those of moto are enough.
    rules: Option<Mutex<Rules>>,
    /// The answers of calls with a client token, as AWS keeps them.
    kept: Mutex<HashMap<String, Vec<u8>>>,
    /// How many calls are being carried out.
    running: AtomicUsize,
    /// How many calls were carried out and are held.
    held: AtomicUsize,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Proxy {
    /// Starts a proxy in front of a server.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn start(upstream: &str, script: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) -> Self {
        Self::with_rules(upstream, None, script).await
    }

    /// Starts a proxy that also refuses what AWS refuses and moto accepts, as far as it saw all calls: to delete what is in
    /// use, to share an address or a target group, to detach a gateway while its network has public addresses, to put a
    /// balancer into another network.
    ///
    /// # Panics
    /// If there is no free port.
    pub async fn strict(
        upstream: &str,
        script: impl Fn(&str, usize) -> Fate + Send + Sync + 'static,
    ) -> Self {
        Self::with_rules(upstream, Some(Mutex::default()), script).await
    }

    async fn with_rules(
        upstream: &str,
        rules: Option<Mutex<Rules>>,
        script: impl Fn(&str, usize) -> Fate + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("its address"));
        let upstream = upstream.trim_start_matches("http://").to_owned();
        let (log, kept, running, held) = Default::default();
        let state = Arc::new(State { script: Box::new(script), upstream, log, rules, kept, running, held });
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(serve(Arc::clone(&serving), client));
            }
        });
        Self { endpoint, state }
    }

    /// Returns the actions of all calls that came in, in their order.
    pub fn log(&self) -> Vec<String> {
        lock(&self.state.log).clone()
    }

    /// Returns how many calls of an action came in.
    pub fn calls(&self, action: &str) -> usize {
        lock(&self.state.log).iter().filter(|seen| *seen == action).count()
    }

    /// Returns how many calls were carried out and held.
    pub fn held(&self) -> usize {
        self.state.held.load(Ordering::SeqCst)
    }

    /// Waits until no call is being carried out.
    pub async fn settled(&self) {
        while self.state.running.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl State {
    /// Says whether a call is refused: by the script, or by AWS's rules unless its answer is kept.
    fn refused(
        &self,
        fate: Fate,
        is_kept: bool,
        (action, fields): (&str, &Form),
    ) -> Option<(u16, &'static str, &'static str)> {
        match fate {
            Fate::Refuse(status, code) => Some((status, code, "as the script says")),
            Fate::RefuseWith(status, code, words) => Some((status, code, words)),
            _ => {
                let rules = self.rules.as_ref().filter(|_| !is_kept);
                let by_rule = rules.and_then(|rules| lock(rules).refusal(action, fields));
                by_rule.map(|(code, words)| (400, code, words))
            }
        }
    }

    /// Notes what a call did, and does what AWS does by itself then.
    async fn follow(&self, head: &str, (action, fields): (&str, &Form), answer: &[u8]) {
        let text = String::from_utf8_lossy(answer);
        // What the server refused did nothing.
        let done = text.starts_with("HTTP/1.1 200");
        let rules = self.rules.as_ref().filter(|_| done);
        let more = rules.and_then(|rules| lock(rules).note(action, fields, &text));
        if let Some(form) = more {
            let (head, form) = rewritten(head, &form);
            let _ = forward(&self.upstream, &head, form.as_bytes()).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves one request of a connection, then closes it.
async fn serve(state: Arc<State>, mut client: TcpStream) {
    let Some((head, body)) = request(&mut client).await else { return };
    let form = String::from_utf8_lossy(&body).into_owned();
    let value = |name: &str| form.split('&').find_map(|pair| pair.strip_prefix(name)).map(str::to_owned);
    let action = value("Action=").unwrap_or_else(|| action(&head));
    let nth = {
        let mut log = lock(&state.log);
        log.push(action.clone());
        log.iter().filter(|seen| **seen == action).count()
    };
    let fate = (state.script)(&action, nth);
    let fields = Form::parse(&form);
    let token = value("ClientToken=").map(|token| format!("{action} {token}"));
    let kept = token.as_ref().and_then(|token| lock(&state.kept).get(token).cloned());
    if let Some((status, code, words)) = state.refused(fate, kept.is_some(), (&action, &fields)) {
        let version =
            value("Version=").unwrap_or_else(|| if has_target(&head) { JSON } else { "" }.to_owned());
        let refusal = refusal(status, (code, words), &version);
        let _ = client.write_all(refusal.as_bytes()).await;
        return;
    }
    let document = match fate {
        Fate::Answer(document) => Some(document.to_owned()),
        _ => state.rules.as_ref().and_then(|rules| lock(rules).answer(&action, &fields)),
    };
    if let Some(document) = document {
        let _ = client.write_all(answered(200, "text/xml", &document).as_bytes()).await;
        return;
    }
    let answer = match kept {
        Some(answer) => answer,
        None => {
            state.running.fetch_add(1, Ordering::SeqCst);
            let answer = match fate {
                Fate::Send(from, to) => {
                    let (head, body) = rewritten(&head, &form.replace(from, to));
                    forward(&state.upstream, &head, body.as_bytes()).await
                }
                _ => forward(&state.upstream, &head, &body).await,
            };
            state.running.fetch_sub(1, Ordering::SeqCst);
            // A server that is gone is one that does not answer.
            let Ok(answer) = answer else { return };
            state.follow(&head, (&action, &fields), &answer).await;
            answer
        }
    };
    if let Some(token) = token {
        lock(&state.kept).insert(token, answer.clone());
    }
    match fate {
        Fate::Lose => {}
        Fate::Hold => {
            state.held.fetch_add(1, Ordering::SeqCst);
            let _ = client.read_u8().await;
        }
        Fate::Edit(from, to) => {
            let _ = client.write_all(&edited(&answer, from, to)).await;
        }
        _ => {
            let _ = client.write_all(&answer).await;
        }
    }
}

/// Returns the action of a call that is no form: the one of a call in JSON, else the method and the path.
fn action(head: &str) -> String {
    let target = header(head, TARGET).and_then(|target| target.rsplit('.').next()).map(str::to_owned);
    let line = || head.lines().next().unwrap_or_default().split(' ').take(2).collect::<Vec<_>>().join(" ");
    target.unwrap_or_else(|| line().split('?').next().unwrap_or_default().to_owned())
}

/// The header that names the action of a call in JSON.
const TARGET: &str = "x-amz-target";

fn has_target(head: &str) -> bool {
    header(head, TARGET).is_some()
}

async fn request(client: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if client.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8(bytes).ok()?;
    let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while body.len() < length {
        if client.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, body))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then(|| value.trim()))
}

/// Returns a head without these headers, up to its empty line.
fn without(head: &str, names: &[&str]) -> String {
    let kept = head.lines().filter(|line| {
        let name = line.split(':').next().unwrap_or_default();
        !line.is_empty() && !names.iter().any(|given| name.eq_ignore_ascii_case(given))
    });
    kept.map(|line| format!("{line}\r\n")).collect()
}

/// Returns the head for another body, and the body.
fn rewritten(head: &str, body: &str) -> (String, String) {
    let length = format!("content-length: {}\r\n\r\n", body.len());
    (without(head, &["content-length"]) + &length, body.to_owned())
}

async fn forward(upstream: &str, head: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).await?;
    let head = without(head, &["connection"]) + "connection: close\r\n\r\n";
    server.write_all(head.as_bytes()).await?;
    server.write_all(body).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    Ok(answer)
}

fn edited(answer: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return answer.to_vec() };
    let body = body.replace(from, to);
    let head = without(head, &["content-length"]);
    format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The version of EC2's interface, whose errors have a form of their own.
const EC2: &str = "2016-11-15";

/// What stands for the version of an interface in JSON.
const JSON: &str = "json";

fn refusal(status: u16, (code, words): (&str, &str), version: &str) -> String {
    let error = format!("<Error><Code>{code}</Code><Message>{words}</Message></Error>");
    let body = match version {
        EC2 => format!("<Response><Errors>{error}</Errors><RequestID>scripted</RequestID></Response>"),
        _ => format!("<ErrorResponse>{error}<RequestId>scripted</RequestId></ErrorResponse>"),
    };
    let (kind, body) = match version {
        JSON => ("application/x-amz-json-1.1", format!("{{\"__type\":\"{code}\",\"message\":\"{words}\"}}")),
        _ => ("text/xml", format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>{body}")),
    };
    answered(status, kind, &body)
}

fn answered(status: u16, kind: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} Scripted\r\nx-amzn-requestid: scripted\r\ncontent-type: {kind}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
