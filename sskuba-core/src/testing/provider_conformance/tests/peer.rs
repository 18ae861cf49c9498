//! A peer that misbehaves when it is told to, and a provider for it with the mistakes that the suite has to see.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use tokio::time::Instant;

use super::super::*;
use crate::prelude::*;
use crate::provider::{
    Class, Failure, Find, Handler, Handlers, Ready, TypedChange, TypedObject, TypedPrior, TypedReadiness,
    Update,
};
use crate::schema::FieldError;
use crate::value::Map;

/// A site of a wiki.
#[derive(Resource)]
#[resource(kind = "wiki:site:Site", idempotency = "tag", visibility = "300ms")]
struct Site {
    /// Its name.
    #[resource(force_new)]
    name: Input<String>,
    /// What it says.
    note: Option<Input<String>>,
    /// Its id.
    #[resource(computed, id, early)]
    id: Computed<String>,
    /// Where it is, once it is there.
    url: Computed<Option<String>>,
}

/// What the provider does wrong.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Mistake {
    None,
    LostIsNotApplied,
    ForgetsTheTag,
    ThrottledIsTransient,
    ThrottledReadIsGone,
    SeenTooLate,
    FailedIsPending,
    FailedIsReady,
    UnsetIsUnreported,
    FirstPageOnly,
    GoneIsAnError,
    UnknownIdPanics,
    CheckPanics,
    OneForAll,
    OddRecordIsGone,
}

#[derive(Clone)]
struct Row {
    args: SiteArgs,
    token: Token,
    seen: Instant,
    failed: bool,
}

/// What the peer holds, and what it does next.
#[derive(Default)]
struct Peer {
    rows: BTreeMap<String, Row>,
    made: usize,
    lose: bool,
    throttle: usize,
    hide: bool,
    fail: bool,
}

struct Sites(Mistake, Arc<Mutex<Peer>>);

const PAGE: usize = 3;

impl Sites {
    fn peer(&self) -> MutexGuard<'_, Peer> {
        self.1.lock().unwrap()
    }

    /// Refuses the call if the peer is to.
    fn begin(&self) -> Result<(), Failure> {
        let mut peer = self.peer();
        if peer.throttle == 0 {
            return Ok(());
        }
        peer.throttle -= 1;
        let class = if self.0 == Mistake::ThrottledIsTransient { Class::Transient } else { Class::Throttled };
        Err(Failure::new(class, "slow down"))
    }

    /// Loses the answer if the peer is to.
    fn end(&self) -> Result<(), Failure> {
        if !std::mem::take(&mut self.peer().lose) {
            return Ok(());
        }
        let applied = self.0 == Mistake::LostIsNotApplied;
        let make = if applied { Failure::new } else { Failure::unknown };
        Err(make(Class::Transient, "the connection broke".to_owned()))
    }

    fn object(&self, id: &str, row: &Row) -> TypedObject<Site> {
        let object =
            TypedObject::new(id, SiteState { id: id.to_owned(), url: Some(format!("https://{id}")) });
        let object = object.args(row.args.clone());
        if self.0 == Mistake::UnsetIsUnreported { object.unreported(["note"]) } else { object }
    }

    fn seen(&self) -> Vec<(String, Row)> {
        let rows = self.peer().rows.clone().into_iter();
        rows.filter(|(_, row)| row.seen <= Instant::now()).collect()
    }
}

#[async_trait]
impl Handler<Site> for Sites {
    async fn create(&self, cx: &Cx, args: SiteArgs) -> Result<TypedObject<Site>, Failure> {
        self.begin()?;
        let object = {
            let mut peer = self.peer();
            peer.made += 1;
            let one = self.0 == Mistake::OneForAll && args.name.starts_with('n');
            let id = if one { "s0".into() } else { format!("s{}", peer.made) };
            let late = match (std::mem::take(&mut peer.hide), self.0) {
                (true, Mistake::SeenTooLate) => Duration::from_secs(10),
                (true, _) => Duration::from_millis(200),
                _ => Duration::ZERO,
            };
            let token =
                if self.0 == Mistake::ForgetsTheTag && peer.lose { Token::new([0; 16]) } else { cx.token };
            let failed = std::mem::take(&mut peer.fail);
            let row = Row { args, token, seen: Instant::now() + late, failed };
            peer.rows.insert(id.clone(), row.clone());
            let mut object = self.object(&id, &row);
            object.state.url = None;
            object
        };
        self.end()?;
        Ok(object)
    }
    async fn read(&self, _: &Cx, prior: TypedPrior<Site>) -> Result<Option<TypedObject<Site>>, Failure> {
        if self.0 == Mistake::ThrottledReadIsGone && self.begin().is_err() {
            return Ok(None);
        }
        self.begin()?;
        assert!(self.0 != Mistake::UnknownIdPanics || prior.id.starts_with('s'), "no such form");
        if self.0 == Mistake::OddRecordIsGone && prior.args.is_none() {
            return Ok(None);
        }
        let found = self.seen().into_iter().find(|(id, _)| *id == prior.id);
        if found.is_none() && self.0 == Mistake::GoneIsAnError {
            return Err(Failure::new(Class::NotFound, "no such site"));
        }
        Ok(found.map(|(id, row)| self.object(&id, &row)))
    }
    async fn delete(&self, _: &Cx, prior: TypedPrior<Site>) -> Result<(), Failure> {
        self.begin()?;
        self.peer().rows.remove(&prior.id);
        self.end()
    }
    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Site>>, Failure> {
        let most = if self.0 == Mistake::FirstPageOnly { PAGE } else { usize::MAX };
        Ok(self.seen().iter().take(most).map(|(id, row)| self.object(id, row)).collect())
    }
    fn check(&self, _: &SiteArgs) -> Vec<FieldError> {
        Vec::new()
    }
    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        assert!(self.0 != Mistake::CheckPanics || inputs["name"].as_str().is_some(), "a name");
        Vec::new()
    }
}

#[async_trait]
impl Update<Site> for Sites {
    async fn update(&self, _: &Cx, change: TypedChange<Site>) -> Result<TypedObject<Site>, Failure> {
        let gone = || Failure::new(Class::NotFound, "no such site");
        let row = {
            let mut peer = self.peer();
            let row = peer.rows.get_mut(&change.prior.id).ok_or_else(gone)?;
            row.args = change.args;
            row.clone()
        };
        self.end()?;
        Ok(self.object(&change.prior.id, &row))
    }
}

#[async_trait]
impl Find<Site> for Sites {
    async fn find(&self, cx: &Cx) -> Result<Option<TypedObject<Site>>, Failure> {
        let found = self.seen().into_iter().find(|(_, row)| row.token == cx.token);
        Ok(found.map(|(id, row)| self.object(&id, &row)))
    }
}

#[async_trait]
impl Ready<Site> for Sites {
    async fn ready(&self, _: &Cx, prior: TypedPrior<Site>) -> Result<TypedReadiness<Site>, Failure> {
        let row = self.peer().rows.get(&prior.id).cloned();
        Ok(match row {
            Some(row) if row.failed && self.0 == Mistake::FailedIsPending => TypedReadiness::Pending(None),
            Some(row) if row.failed && self.0 != Mistake::FailedIsReady => {
                TypedReadiness::Failed("no room".into())
            }
            Some(row) => TypedReadiness::Ready(self.object(&prior.id, &row)),
            None => TypedReadiness::Pending(None),
        })
    }
}

/// Returns what the suite finds of a provider with a mistake.
pub(super) async fn tried(mistake: Mistake) -> Findings {
    let peer = Arc::new(Mutex::new(Peer::default()));
    let set = |set: fn(&mut Peer)| {
        let peer = Arc::clone(&peer);
        async move || set(&mut peer.lock().unwrap())
    };
    let of = |change: fn(&mut Peer, &str)| {
        let peer = Arc::clone(&peer);
        async move |id: String| change(&mut peer.lock().unwrap(), &id)
    };
    let case = Case::new(json!({"name": "a", "note": "one"}))
        .update(json!({"name": "a", "note": "two"}))
        .replacement(json!({"name": "b"}))
        .another(|n| json!({"name": format!("n{n}")}))
        .page_size(PAGE)
        .unknown_id("s99999")
        .timeout(Duration::from_secs(2))
        .lose_next_answer(set(|peer| peer.lose = true))
        .throttle(set(|peer| peer.throttle = 3))
        .hide(set(|peer| peer.hide = true))
        .fail(set(|peer| peer.fail = true))
        .remove(of(|peer, id| drop(peer.rows.remove(id))))
        .unset_field("note", of(|peer, id| peer.rows.get_mut(id).unwrap().args.note = None));
    let wiki = Handlers::anywhere("wiki").resource::<Site>(Sites(mistake, peer));
    findings(&wiki, "wiki:site:Site", &case).await
}
