//! The API of the hut, a small cloud: what a real service does, good and bad, in one process.
//!
//! | call | answer |
//! |---|---|
//! | `POST /servers` with `{"tag": …, "fields": {…}}` | 201 and the object |
//! | `GET /servers?page=0&tag=…` | `{"items": […], "next": 1}`, a page of five |
//! | `GET /servers/ID` | the object, or 404 |
//! | `PUT /servers/ID` with `{"fields": {…}}` | the object, with these fields and no others |
//! | `DELETE /servers/ID` | `{}`, or 404 |
//!
//! `domains` work alike. A server is `starting` for a moment, then `up` with an address, or `failed`. Tests make the hut
//! worse: an answer is lost, calls are refused with 429, a new object is seen late.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::extract::{Path, Query, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How many objects a page of a list has.
pub const PAGE: usize = 5;

/// How long a server starts.
const START: Duration = Duration::from_millis(300);

/// For how long a new object may be hidden.
const HIDDEN: Duration = Duration::from_millis(500);

/// What the hut keeps of an object.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Row {
    collection: String,
    tag: String,
    fields: Map<String, Value>,
    /// When it is up, and when it is seen; milliseconds since 1970.
    up: u64,
    seen: u64,
    failed: bool,
}

/// All objects by their numbers, and the number of the account.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Rows {
    account: String,
    made: u64,
    rows: BTreeMap<String, Row>,
}

/// What is to go wrong next.
#[derive(Debug, Default)]
struct Trouble {
    lose: bool,
    throttle: u32,
    hide: bool,
    fail: bool,
}

/// A hut that is open. It stays open as long as the process runs.
#[derive(Debug, Clone)]
pub struct Hut(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    url: String,
    file: Option<PathBuf>,
    rows: Mutex<Rows>,
    trouble: Mutex<Trouble>,
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn after(wait: Duration) -> u64 {
    now().saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hut {
    /// Opens the hut on a port of this machine. What it keeps is in a file, if one is named.
    ///
    /// # Errors
    /// If there is no port, or the file cannot be read.
    pub fn open(file: Option<PathBuf>) -> io::Result<Self> {
        let there = file.as_ref().filter(|file| file.exists());
        let mut rows: Rows = match there {
            Some(file) => serde_json::from_slice(&std::fs::read(file)?)?,
            None => Rows::default(),
        };
        if rows.account.is_empty() {
            rows.account = format!("hut-{}", now());
        }
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let url = format!("http://{}", listener.local_addr()?);
        let hut = Self(Arc::new(Inner { url, file, rows: rows.into(), trouble: Mutex::default() }));
        let router = Router::new()
            .route("/account", get(account))
            .route("/{collection}", get(list).post(create))
            .route("/{collection}/{id}", get(read).put(update).delete(delete))
            .layer(middleware::from_fn_with_state(hut.clone(), trouble))
            .with_state(hut.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(hut)
    }

    /// Returns the address of its API.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// Loses the answer to the next change.
    pub fn lose_next_answer(&self) {
        locked(&self.0.trouble).lose = true;
    }

    /// Refuses the next calls because there were too many.
    pub fn throttle(&self, calls: u32) {
        locked(&self.0.trouble).throttle = calls;
    }

    /// Hides the next object for a moment.
    pub fn hide_next(&self) {
        locked(&self.0.trouble).hide = true;
    }

    /// Lets the next server fail.
    pub fn fail_next(&self) {
        locked(&self.0.trouble).fail = true;
    }

    /// Takes an object away.
    pub fn remove(&self, id: &str) {
        locked(&self.0.rows).rows.remove(id);
    }

    /// Takes the value of a field away.
    pub fn unset(&self, id: &str, field: &str) {
        if let Some(row) = locked(&self.0.rows).rows.get_mut(id) {
            row.fields.remove(field);
        }
    }

    /// Tells how many objects there are.
    pub fn len(&self) -> usize {
        locked(&self.0.rows).rows.len()
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Changes what is kept, and writes the file.
    fn change<T>(&self, change: impl FnOnce(&mut Rows) -> T) -> Result<T, StatusCode> {
        let mut rows = locked(&self.0.rows);
        let result = change(&mut rows);
        let written = self.0.file.as_ref().map_or(Ok(()), |file| {
            serde_json::to_vec_pretty(&*rows)
                .map_err(io::Error::other)
                .and_then(|json| std::fs::write(file, json))
        });
        written.map(|()| result).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl Row {
    fn is_seen(&self, collection: &str) -> bool {
        self.collection == collection && self.seen <= now()
    }

    fn show(&self, id: &str) -> Value {
        let mut shown = self.fields.clone();
        shown.insert("id".into(), id.into());
        if self.collection == "servers" {
            let up = self.up <= now();
            let status = if !up {
                "starting"
            } else if self.failed {
                "failed"
            } else {
                "up"
            };
            shown.insert("status".into(), status.into());
            match status {
                "failed" => shown.insert("reason".into(), "there is no room in the hut".into()),
                "up" => shown.insert("address".into(), format!("{id}.hut.invalid").into()),
                _ => None,
            };
        }
        Value::Object(shown)
    }
}

/// Makes a call go wrong, if it is to.
async fn trouble(State(hut): State<Hut>, request: Request, next: Next) -> Response {
    let changes = request.method() != Method::GET;
    {
        let mut trouble = locked(&hut.0.trouble);
        if trouble.throttle > 0 {
            trouble.throttle -= 1;
            return (StatusCode::TOO_MANY_REQUESTS, "too many calls").into_response();
        }
    }
    let answer = next.run(request).await;
    if changes && std::mem::take(&mut locked(&hut.0.trouble).lose) {
        // A body that breaks off: the client has a status and no answer.
        let broken =
            futures_util::stream::iter([Err::<Vec<u8>, _>(io::Error::other("the connection breaks"))]);
        let broken = axum::body::Body::from_stream(broken);
        return Response::builder().status(StatusCode::OK).body(broken).unwrap_or_default();
    }
    answer
}

async fn account(State(hut): State<Hut>) -> Json<Value> {
    Json(json!({"id": locked(&hut.0.rows).account}))
}

/// Where in a list to go on, and which objects.
#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    page: usize,
    tag: Option<String>,
}

/// What is to be made or changed.
#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    tag: String,
    fields: Map<String, Value>,
}

async fn list(
    State(hut): State<Hut>,
    Path(collection): Path<String>,
    Query(which): Query<Which>,
) -> Json<Value> {
    let rows = locked(&hut.0.rows);
    let tagged = |row: &Row| which.tag.as_ref().is_none_or(|tag| row.tag == *tag);
    let all = rows.rows.iter().filter(|(_, row)| row.is_seen(&collection) && tagged(row));
    let mut items: Vec<Value> =
        all.skip(which.page * PAGE).take(PAGE + 1).map(|(id, row)| row.show(id)).collect();
    let next = (items.len() > PAGE).then_some(which.page + 1);
    items.truncate(PAGE);
    Json(json!({"items": items, "next": next}))
}

type Answer = Result<(StatusCode, Json<Value>), StatusCode>;

async fn create(State(hut): State<Hut>, Path(collection): Path<String>, Json(wish): Json<Wish>) -> Answer {
    let short = match collection.as_str() {
        "servers" => "srv",
        "domains" => "dom",
        _ => return Err(StatusCode::NOT_FOUND),
    };
    let (hide, fail) = {
        let mut trouble = locked(&hut.0.trouble);
        let fails = collection == "servers" && std::mem::take(&mut trouble.fail);
        (std::mem::take(&mut trouble.hide), fails)
    };
    let shown = hut.change(|rows| {
        rows.made += 1;
        let id = format!("{short}-{:06}", rows.made);
        let seen = if hide { after(HIDDEN) } else { 0 };
        let Wish { tag, fields } = wish;
        let row = Row { collection, tag, fields, up: after(START), seen, failed: fail };
        let shown = row.show(&id);
        rows.rows.insert(id, row);
        shown
    })?;
    Ok((StatusCode::CREATED, Json(shown)))
}

async fn read(State(hut): State<Hut>, Path((collection, id)): Path<(String, String)>) -> Answer {
    let rows = locked(&hut.0.rows);
    let row = rows.rows.get(&id).filter(|row| row.is_seen(&collection));
    row.map(|row| (StatusCode::OK, Json(row.show(&id)))).ok_or(StatusCode::NOT_FOUND)
}

async fn update(
    State(hut): State<Hut>,
    Path((collection, id)): Path<(String, String)>,
    Json(wish): Json<Wish>,
) -> Answer {
    let changed = hut.change(|rows| {
        let row = rows.rows.get_mut(&id).filter(|row| row.is_seen(&collection))?;
        row.fields = wish.fields;
        Some(row.show(&id))
    })?;
    changed.map(|shown| (StatusCode::OK, Json(shown))).ok_or(StatusCode::NOT_FOUND)
}

async fn delete(State(hut): State<Hut>, Path((collection, id)): Path<(String, String)>) -> Answer {
    let gone = hut.change(|rows| {
        let is_seen = rows.rows.get(&id).is_some_and(|row| row.is_seen(&collection));
        is_seen.then(|| rows.rows.remove(&id))
    })?;
    gone.map(|_| (StatusCode::OK, Json(json!({})))).ok_or(StatusCode::NOT_FOUND)
}
