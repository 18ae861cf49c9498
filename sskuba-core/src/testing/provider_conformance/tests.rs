use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::json;

use super::*;
use crate::prelude::*;
use crate::provider::{Class, Failure, Handler, Handlers, TypedChange, TypedObject, TypedPrior, Update};
use crate::schema::FieldError;

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
    failures(&wiki, "wiki:page:Page", &case).await.join("\n")
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
    let found = failures(&wiki, "wiki:page:Page", &Case::new(json!({"title": 1}))).await.join("\n");
    assert!(found.contains("`title`: 1 is a number") && found.contains("`text`: is required"), "{found}");
    let found = failures(&wiki, "wiki:page:Nix", &Case::new(json!({}))).await.join("\n");
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
