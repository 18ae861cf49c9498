use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::prelude::*;
use crate::provider::{
    Class, Failure, Foresight, Handler, Handlers, TypedChange, TypedObject, TypedPrior, Update,
};
use crate::schema::FieldError;
use crate::value::Value;

/// A page.
#[derive(Resource)]
#[resource(kind = "wiki:page:Page", idempotency = "token")]
pub(super) struct Page {
    /// Its title.
    #[resource(force_new)]
    title: Input<String>,
    /// Its text.
    text: Input<String>,
    /// What opens it.
    password: Option<Input<Secret<String>>>,
    /// Its number.
    #[resource(computed, id)]
    id: Computed<String>,
    /// Its length.
    length: Computed<u32>,
}

/// What a wiki does wrong.
#[derive(Clone, Copy, PartialEq)]
enum Bug {
    None,
    ForgetsTokens,
    RefusesSecondDelete,
    KeepsDeleted,
    LosesUpdates,
    ChangesLength,
    ForeseesOther,
}

struct Wiki(Bug, Mutex<HashMap<String, PageArgs>>);

impl Wiki {
    fn object(&self, id: &str, args: PageArgs) -> TypedObject<Page> {
        let length = if self.0 == Bug::ChangesLength { args.text.len() } else { 7 };
        let state = PageState { id: id.to_owned(), length: u32::try_from(length).unwrap() };
        TypedObject::new(id, state).args(args)
    }
}

#[async_trait]
impl Handler<Page> for Wiki {
    async fn create(&self, cx: &Cx, args: PageArgs) -> Result<TypedObject<Page>, Failure> {
        let mut pages = self.1.lock().unwrap();
        let mut id = cx.token.to_string();
        if self.0 == Bug::ForgetsTokens {
            id = format!("{id}-{}", pages.len());
        }
        pages.insert(id.clone(), args.clone());
        Ok(self.object(&id, args))
    }
    async fn read(&self, _: &Cx, prior: TypedPrior<Page>) -> Result<Option<TypedObject<Page>>, Failure> {
        let args = self.1.lock().unwrap().get(&prior.id).cloned();
        Ok(args.map(|args| self.object(&prior.id, args)))
    }
    async fn delete(&self, _: &Cx, prior: TypedPrior<Page>) -> Result<(), Failure> {
        if self.0 == Bug::KeepsDeleted {
            return Ok(());
        }
        match self.1.lock().unwrap().remove(&prior.id) {
            None if self.0 == Bug::RefusesSecondDelete => Err(Failure::new(Class::NotFound, "no such page")),
            _ => Ok(()),
        }
    }
    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Page>>, Failure> {
        Ok(Vec::new())
    }
    fn check(&self, _: &PageArgs) -> Vec<FieldError> {
        Vec::new()
    }
    fn foresee(&self, _: Option<&PageArgs>, _: &PageArgs) -> Foresight {
        let length = match self.0 {
            Bug::ForeseesOther => 8,
            Bug::ChangesLength => return Foresight::default(),
            _ => 7,
        };
        let outputs = Map::from([("length".to_owned(), Value::from(length))]);
        Foresight { outputs, ..Foresight::default() }
    }
}

#[async_trait]
impl Update<Page> for Wiki {
    async fn update(&self, _: &Cx, change: TypedChange<Page>) -> Result<TypedObject<Page>, Failure> {
        if self.0 != Bug::LosesUpdates {
            self.1.lock().unwrap().insert(change.prior.id.clone(), change.args.clone());
        }
        Ok(self.object(&change.prior.id, change.args))
    }
}

async fn tried(bug: Bug) -> String {
    let wiki = Handlers::anywhere("wiki").resource::<Page>(Wiki(bug, Mutex::default()));
    let case = Case::new(json!({"title": "a", "text": "one", "password": "canary-1"}))
        .update(json!({"title": "a", "text": "other", "password": "canary-2"}))
        .replacement(json!({"title": "b", "text": "one"}))
        .reports_inputs();
    findings(&wiki, "wiki:page:Page", &case).await.breaches.join("\n")
}

#[tokio::test]
async fn a_provider_that_keeps_the_contract_passes() {
    assert_eq!(tried(Bug::None).await, "");
}

#[tokio::test]
async fn each_breach_is_named() {
    for (bug, words) in [
        (Bug::ForgetsTokens, "create again with the same token: made"),
        (Bug::RefusesSecondDelete, "delete again: failed: not found"),
        (Bug::KeepsDeleted, "read after the delete"),
        (Bug::LosesUpdates, "read after the update: `text` was sent as \"other\""),
        (Bug::ForeseesOther, "create: `length` is not what was foreseen of it"),
        (Bug::ChangesLength, "update: computed `length` changed from 3 to 5; if it may, mark it `volatile`"),
    ] {
        let text = tried(bug).await;
        assert!(text.contains(words), "{words}: {text}");
        assert!(!text.contains("canary"), "{text}");
    }
}

#[tokio::test]
async fn a_case_that_is_wrong_is_named() {
    let wiki = Handlers::anywhere("wiki").resource::<Page>(Wiki(Bug::None, Mutex::default()));
    let found = findings(&wiki, "wiki:page:Page", &Case::new(json!({"title": 1}))).await.breaches.join("\n");
    assert!(found.contains("`title`: 1 is a number") && found.contains("`text`: is required"), "{found}");
    let found = findings(&wiki, "wiki:page:Nix", &Case::new(json!({}))).await.breaches.join("\n");
    assert!(found.contains("has no kind wiki:page:Nix"), "{found}");
}

#[tokio::test]
async fn a_value_that_was_given_as_secret_comes_back_as_one() {
    let wiki = Handlers::anywhere("wiki").resource::<Page>(Wiki(Bug::None, Mutex::default()));
    let case = Case::new(json!({"title": "a", "text": "canary-text"}));
    let mut sent = case.create.clone();
    sent.insert("text".into(), Value::from("canary-text").into_secret());
    let schema = Page::schema();
    let instance = wiki.configure(None).await.unwrap();
    let trial = Trial::new(&wiki, Arc::clone(&instance), schema, &case);
    let object = instance.create(&trial.cx(Trial::token()), &sent).await.unwrap();
    assert!(!format!("{object:?}").contains("canary"), "{object:?}");
}

mod peer;

#[tokio::test(start_paused = true)]
async fn with_every_hook_everything_is_tried() {
    assert_eq!(peer::tried(peer::Mistake::None).await, Findings::default());
}

#[tokio::test(start_paused = true)]
async fn what_a_provider_makes_of_faults_is_named() {
    use peer::Mistake::*;
    for (mistake, words) in [
        (
            LostIsNotApplied,
            "create whose answer is lost: the answer was lost, and the failure says that nothing was",
        ),
        (LostIsNotApplied, "delete whose answer is lost: the answer was lost"),
        (LostIsNotApplied, "update whose answer is lost: the answer was lost"),
        (
            ForgetsTheTag,
            "create whose answer is lost: it took effect, and the object is not found by its token",
        ),
        (ThrottledIsTransient, "create while throttled: failed: passing fault: slow down"),
        (ThrottledReadIsGone, "read while throttled: `s"),
        (SeenTooLate, "is not seen 300ms after its create, which is the kind's `visibility`"),
        (FailedIsPending, "`ready` fails (timeout: it is still not ready after 3s)"),
        (FailedIsReady, "object that its service gives up: `ready` says Ready("),
        (UnsetIsUnreported, "`note` that others remove: the read says nothing of it"),
        (FirstPageOnly, "list: lacks 1 of 4 objects; follow the pages to the end"),
        (GoneIsAnError, "read after the delete: failed: not found: no such site"),
        (UnknownIdPanics, "unknown id `no-such-object`: failed: failed: it panicked: no such form"),
        (CheckPanics, "check: with a boolean in place of a text: it panicked: a name"),
        (OddRecordIsGone, "record with fields of other types: `s3` is said to be gone"),
        (OneForAll, "creates at once: two tokens have one object, `s0`"),
    ] {
        let found = peer::tried(mistake).await;
        assert!(found.to_string().contains(words), "{mistake:?}: {words}:\n{found}");
    }
}

#[tokio::test]
async fn what_is_not_tried_is_told_with_the_reason() {
    let wiki = Handlers::anywhere("wiki").resource::<Page>(Wiki(Bug::None, Mutex::default()));
    let case = Case::new(json!({"title": "a", "text": "one"}));
    let found = findings(&wiki, "wiki:page:Page", &case).await;
    assert_eq!(found.breaches, Vec::<String>::new());
    for line in [
        "lost answers: the case has no hook `lose_next_answer`",
        "throttling: the case has no hook `throttle`",
        "late visibility: the case has no hook `hide`",
        "failed after made: the case has no hook `fail`",
        "fields removed by others: the case has no hook `unset_field`",
        "objects removed by others: the case has no hook `remove`",
        "pages of a list: the case has no inputs for several objects (`another`)",
        "unknown id: the case has no `unknown_id`; what cannot be an id was tried, and may be refused",
    ] {
        assert!(found.to_string().contains(&format!("- not tried: {line}\n")), "{line}:\n{found}");
    }
}
