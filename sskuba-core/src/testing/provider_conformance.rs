//! A suite that runs a kind of any provider through its life and says where it breaks the contract.
//!
//! ```no_run
//! # async fn example(provider: &dyn sskuba_core::provider::Provider) {
//! use serde_json::json;
//! use sskuba_core::testing::provider_conformance::{Case, assert_conforms};
//!
//! let case = Case::new(json!({"title": "Home", "text": "Hello."})).update(json!({"title": "Home", "text": "Bye."}));
//! assert_conforms(provider, "wiki:page:Page", &case).await;
//! # }
//! ```

use std::sync::Arc;
use std::time::Duration;

use crate::address::{Address, Name, StackId, Token};
use crate::clock::{IdSource, SystemIds};
use crate::provider::{Change, Cx, Instance, Object, Prior, Provider};
use crate::schema::{Idempotency, Schema};
use crate::value::{Map, Value};

mod inputs;
mod life;

/// The inputs that a kind is tried with.
#[derive(Debug, Clone)]
pub struct Case {
    create: Map,
    update: Option<Map>,
    replacement: Option<Map>,
    settings: Option<Map>,
    only_in_state: bool,
    reports_drift: bool,
    timeout: Duration,
}

impl Case {
    /// Starts with the inputs of the first create. What they refer to must exist.
    ///
    /// # Panics
    /// If `inputs` is not an object.
    pub fn new(inputs: serde_json::Value) -> Self {
        Self {
            create: map(inputs),
            update: None,
            replacement: None,
            settings: None,
            only_in_state: false,
            reports_drift: false,
            timeout: Duration::from_secs(60),
        }
    }

    /// Adds inputs that the object can be changed to.
    ///
    /// # Panics
    /// If `inputs` is not an object.
    #[must_use]
    pub fn update(mut self, inputs: serde_json::Value) -> Self {
        self.update = Some(map(inputs));
        self
    }

    /// Adds inputs that need another object.
    ///
    /// # Panics
    /// If `inputs` is not an object.
    #[must_use]
    pub fn replacement(mut self, inputs: serde_json::Value) -> Self {
        self.replacement = Some(map(inputs));
        self
    }

    /// Tries the instance that these settings make instead of the default one.
    #[must_use]
    pub fn settings(mut self, settings: Map) -> Self {
        self.settings = Some(settings);
        self
    }

    /// Says that nothing of the kind exists outside of the state, so that `read` answers after a delete, too, and
    /// a create that is made again may answer with another id.
    #[must_use]
    pub fn only_in_state(mut self) -> Self {
        self.only_in_state = true;
        self
    }

    /// Says that `read` reports the inputs, so that an update must show in it.
    #[must_use]
    pub fn reports_inputs(mut self) -> Self {
        self.reports_drift = true;
        self
    }

    /// Sets how long each call may take; a minute otherwise.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

#[expect(clippy::panic, reason = "a test's own mistake ends the test")]
fn map(json: serde_json::Value) -> Map {
    match Value::from_json(json) {
        Value::Map(map) => map,
        other => panic!("the inputs of a case are an object, not {}", other.sort()),
    }
}

/// Runs a kind through its life; panics with everything that breaks the contract.
///
/// # Panics
/// If anything does.
#[expect(clippy::panic, reason = "this is an assertion for tests")]
pub async fn assert_conforms(provider: &dyn Provider, kind: &str, case: &Case) {
    let failures = failures(provider, kind, case).await;
    if !failures.is_empty() {
        panic!("{kind} breaks the contract of a provider:\n- {}", failures.join("\n- "));
    }
}

/// Runs a kind through its life and returns everything that breaks the contract: checks of the inputs, create,
/// the same create again, read, find, update, read, replacement, delete, delete again, read and find of what is
/// gone. A lookup is asked twice.
pub async fn failures(provider: &dyn Provider, kind: &str, case: &Case) -> Vec<String> {
    let Some(schema) = provider.schemas().into_iter().find(|schema| schema.kind.as_str() == kind) else {
        return vec![format!("provider {} has no kind {kind}", provider.name())];
    };
    let instance = match provider.configure(case.settings.as_ref()).await {
        Ok(instance) => instance,
        Err(failure) => return vec![format!("configure: {failure}")],
    };
    let mut trial = Trial::new(provider, instance, schema, case);
    trial.check_schema();
    trial.check_inputs();
    if trial.failures.is_empty() {
        if trial.schema.is_lookup() {
            trial.look_up().await
        } else {
            trial.live().await
        }
        trial.same_place().await;
    }
    trial.failures
}

/// A run of the suite.
struct Trial<'a> {
    provider: &'a dyn Provider,
    instance: Arc<dyn Instance>,
    schema: Arc<Schema>,
    case: &'a Case,
    failures: Vec<String>,
}

impl<'a> Trial<'a> {
    fn new(
        provider: &'a dyn Provider,
        instance: Arc<dyn Instance>,
        schema: Arc<Schema>,
        case: &'a Case,
    ) -> Self {
        Self { provider, instance, schema, case, failures: Vec::new() }
    }

    /// Notes what breaks the contract.
    fn note(&mut self, what: impl Into<String>) {
        self.failures.push(what.into());
    }

    /// Notes `what` unless it is so.
    fn must(&mut self, is_so: bool, what: impl FnOnce() -> String) {
        if !is_so {
            self.failures.push(what());
        }
    }

    /// Where an instance works stays the same.
    async fn same_place(&mut self) {
        match (self.instance.place().await, self.instance.place().await) {
            (Ok(first), Ok(again)) => {
                self.must(first == again, || format!("place: first {first}, then {again}"));
            }
            (Err(failure), _) | (_, Err(failure)) => self.note(format!("place: {failure}")),
        }
    }

    #[expect(clippy::expect_used, reason = "the texts are right")]
    fn cx(&self, token: Token) -> Cx {
        let name = Name::parse("conformance").expect("a name");
        Cx::new(
            StackId::parse("local/conformance/test").expect("a stack"),
            Address::new("", &self.schema.kind, &name),
            token,
            self.case.timeout,
        )
    }

    fn token() -> Token {
        SystemIds.token()
    }

    /// Finds the fault in a schema that would mislead the engine.
    fn check_schema(&mut self) {
        let schema = Arc::clone(&self.schema);
        let provider = self.provider.name();
        self.must(schema.kind.provider() == provider, || {
            format!("schema: {} does not begin with the provider's name `{provider}`", schema.kind)
        });
        self.must(
            schema.is_lookup() || schema.field(&schema.id_field).is_some_and(|field| field.computed),
            || format!("schema: the id `{}` is no computed field", schema.id_field),
        );
        for field in &schema.fields {
            self.must(!field.doc.is_empty(), || format!("schema: `{}` has no documentation", field.name));
        }
        self.must(
            schema.idempotency != Idempotency::Tag || schema.delete_first || !schema.is_lookup(),
            || "schema: a lookup is never created, so it needs no tag".to_owned(),
        );
    }
}

fn prior(object: &Object, sent: &Map) -> Prior {
    Prior { id: object.id.clone(), inputs: sent.clone(), outputs: object.outputs.clone() }
}

fn change(object: &Object, sent: &Map, to: &Map) -> Change {
    Change { prior: prior(object, sent), inputs: to.clone() }
}

#[cfg(test)]
mod tests;
