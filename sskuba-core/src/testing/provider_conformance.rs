//! A suite that runs a kind of any provider through its life, and through what goes wrong in it, and says where it breaks
//! the contract.
//!
//! What only the peer can bring about, such as a lost answer, is brought about by hooks of the [`Case`]; what was not tried
//! for want of one is in the [`Findings`].
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

use crate::address::{Address, Name, StackId, Token};
use crate::clock::{IdSource, SystemIds};
use crate::provider::{Change, Cx, Instance, Object, Prior, Provider};
use crate::schema::{Idempotency, Schema};
use crate::value::Map;

mod calls;
mod case;
mod faults;
mod findings;
mod inputs;
mod life;
mod many;
mod outside;

pub use case::Case;
pub use findings::{Findings, NotTried};

/// Runs a kind through its life; panics with everything that breaks the contract. Prints at its end which parts were
/// not tried, and why; `cargo test -- --nocapture` shows it. Returns the same, for tests that want everything tried.
///
/// # Panics
/// If anything breaks the contract.
#[expect(
    clippy::panic,
    clippy::print_stderr,
    reason = "this is an assertion for tests, which tells what it left out"
)]
pub async fn assert_conforms(provider: &dyn Provider, kind: &str, case: &Case) -> Findings {
    let findings = findings(provider, kind, case).await;
    for part in &findings.not_tried {
        eprintln!("{kind}: not tried: {part}");
    }
    if !findings.breaches.is_empty() {
        panic!("{kind} breaks the contract of a provider:\n{findings}");
    }
    findings
}

/// Runs a kind through its life and returns what it found.
///
/// First its own life: checks of the inputs, create, the same create again, read, find, update, read, replacement,
/// delete, delete again, read and find of what is gone. A lookup is asked twice. Then what others do to it, as far as the
/// case has hooks for it: answers that are lost, throttling, objects that are seen late, that fail after they were made,
/// that lose a field or go; ids that nobody has; more objects than a page of the list holds; creates at once.
pub async fn findings(provider: &dyn Provider, kind: &str, case: &Case) -> Findings {
    let failed = |breach: String| Findings { breaches: vec![breach], ..Findings::default() };
    let Some(schema) = provider.schemas().into_iter().find(|schema| schema.kind.as_str() == kind) else {
        return failed(format!("provider {} has no kind {kind}", provider.name()));
    };
    let instance = match provider.configure(case.settings.as_ref()).await {
        Ok(instance) => instance,
        Err(failure) => return failed(format!("configure: {failure}")),
    };
    let mut trial = Trial::new(provider, instance, schema, case);
    trial.check_schema();
    trial.check_inputs();
    if trial.findings.breaches.is_empty() {
        trial.calls().await;
    }
    trial.findings
}

/// A run of the suite.
struct Trial<'a> {
    provider: &'a dyn Provider,
    instance: Arc<dyn Instance>,
    schema: Arc<Schema>,
    case: &'a Case,
    findings: Findings,
}

impl<'a> Trial<'a> {
    fn new(
        provider: &'a dyn Provider,
        instance: Arc<dyn Instance>,
        schema: Arc<Schema>,
        case: &'a Case,
    ) -> Self {
        Self { provider, instance, schema, case, findings: Findings::default() }
    }

    /// Notes what breaks the contract.
    fn note(&mut self, what: impl Into<String>) {
        self.findings.breaches.push(what.into());
    }

    /// Notes `what` unless it is so.
    fn must(&mut self, is_so: bool, what: impl FnOnce() -> String) {
        if !is_so {
            self.findings.breaches.push(what());
        }
    }

    /// Notes a part that is not tried.
    fn not_tried(&mut self, part: &'static str, why: impl Into<String>) {
        self.findings.not_tried.push(NotTried { part, why: why.into() });
    }

    /// Makes all calls.
    async fn calls(&mut self) {
        if self.schema.is_lookup() {
            self.look_up().await;
        } else {
            self.live().await;
            if self.case.only_in_state || self.schema.is_instance() {
                self.not_tried("what others do", "there is nothing of the kind outside of the state");
            } else if self.findings.breaches.is_empty() {
                self.outside().await;
                self.many().await;
                self.faults().await;
            } else {
                self.not_tried("what others do", "the kind's own life has to be right first");
            }
        }
        self.same_place().await;
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
