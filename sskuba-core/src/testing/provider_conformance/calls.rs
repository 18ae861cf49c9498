//! The calls that the suite makes: bounded in time, and a panic is a failure.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::{Trial, change, prior};
use crate::address::Token;
use crate::provider::{Class, Effect, Failure, Object, Prior, Readiness};
use crate::schema::{FieldError, Schema};
use crate::value::Map;

/// How often an object is asked whether it can be used, at the most, and a throttled call is made.
pub(super) const MOST: usize = 1000;

/// The pause between two looks where the service does not say it.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

impl Trial<'_> {
    pub(super) async fn create(&self, token: Token, inputs: &Map) -> Result<Object, Failure> {
        self.bounded(self.instance.create(&self.cx(token), inputs)).await
    }

    pub(super) async fn read(
        &self,
        token: Token,
        object: &Object,
        sent: &Map,
    ) -> Result<Option<Object>, Failure> {
        self.read_prior(token, &prior(object, sent)).await
    }

    pub(super) async fn read_prior(&self, token: Token, prior: &Prior) -> Result<Option<Object>, Failure> {
        self.bounded(self.instance.read(&self.cx(token), prior)).await
    }

    pub(super) async fn update(
        &self,
        token: Token,
        object: &Object,
        sent: &Map,
        to: &Map,
    ) -> Result<Object, Failure> {
        self.bounded(self.instance.update(&self.cx(token), &change(object, sent, to))).await
    }

    pub(super) async fn preview(
        &self,
        token: Token,
        object: &Object,
        sent: &Map,
        to: &Map,
    ) -> Result<Vec<String>, Failure> {
        self.bounded(self.instance.preview(&self.cx(token), &change(object, sent, to))).await
    }

    pub(super) async fn delete(&self, token: Token, object: &Object, sent: &Map) -> Result<(), Failure> {
        self.delete_prior(token, &prior(object, sent)).await
    }

    pub(super) async fn delete_prior(&self, token: Token, prior: &Prior) -> Result<(), Failure> {
        self.bounded(self.instance.delete(&self.cx(token), prior)).await
    }

    pub(super) async fn find(&self, token: Token) -> Result<Option<Object>, Failure> {
        self.bounded(self.instance.find(&self.cx(token))).await
    }

    pub(super) async fn lookup(&self, inputs: &Map) -> Result<Map, Failure> {
        self.bounded(self.instance.lookup(&self.cx(Self::token()), inputs)).await
    }

    pub(super) async fn list(&self) -> Result<Vec<Object>, Failure> {
        self.bounded(self.instance.list(&self.cx(Self::token()))).await
    }

    /// Returns the ids of all objects of the kind, if it can be listed.
    pub(super) async fn ids(&self) -> Option<BTreeSet<String>> {
        Some(self.list().await.ok()?.into_iter().map(|object| object.id).collect())
    }

    /// Looks once whether the object can be used.
    pub(super) async fn ready(
        &self,
        token: Token,
        object: &Object,
        sent: &Map,
    ) -> Result<Readiness, Failure> {
        self.bounded(self.instance.ready(&self.cx(token), &prior(object, sent))).await
    }

    /// Asks until it is known whether the object can be used.
    pub(super) async fn settled(
        &self,
        token: Token,
        object: &Object,
        sent: &Map,
    ) -> Result<Readiness, Failure> {
        let most = self.case.timeout.max(self.schema.expected.create * 3);
        let until = tokio::time::Instant::now() + most;
        loop {
            let readiness = self.ready(token, object, sent).await?;
            let Readiness::Pending(again) = readiness else { return Ok(readiness) };
            if tokio::time::Instant::now() >= until {
                let message = format!("it is still not ready after {most:?}");
                return Err(Failure::new(Class::Timeout, message));
            }
            tokio::time::sleep(again.unwrap_or(PAUSE).min(self.case.timeout)).await;
        }
    }

    /// Says what the provider has against inputs; a panic is an error of no field.
    pub(super) fn provider_check(&self, schema: &Schema, inputs: &Map) -> Result<Vec<FieldError>, String> {
        catch_unwind(AssertUnwindSafe(|| self.provider.check(schema, inputs))).map_err(|panic| said(&*panic))
    }

    async fn bounded<T>(&self, call: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let mut call = pin!(call);
        let caught =
            std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(cx))) {
                Ok(poll) => poll,
                Err(panic) => Poll::Ready(Err(Failure::unknown(Class::Terminal, said(&*panic)))),
            });
        match tokio::time::timeout(self.case.timeout, caught).await {
            Ok(answer) => answer,
            Err(_) => {
                let message = format!("the call did not end in {:?}", self.case.timeout);
                Err(Failure::unknown(Class::Timeout, message))
            }
        }
    }

    /// Returns the inputs of the first create, complete.
    pub(super) fn inputs(&self) -> Map {
        self.schema.complete(self.case.create.clone())
    }

    /// Makes an object, waits until it can be used, and returns its token, too.
    pub(super) async fn made(&mut self, step: &str, inputs: &Map) -> Option<(Token, Object)> {
        let token = Self::token();
        let made = self.create(token, inputs).await;
        let object = self.done(step, made)?;
        Some((token, self.usable(step, token, object, inputs).await))
    }

    /// Waits until an object of a kind with early fields can be used, and returns it as it is then.
    pub(super) async fn usable(&mut self, step: &str, token: Token, object: Object, sent: &Map) -> Object {
        if !self.schema.has_early() {
            return object;
        }
        match self.settled(token, &object, sent).await {
            Ok(Readiness::Ready(ready)) => {
                let schema = Arc::clone(&self.schema);
                for field in schema.outputs().filter(|field| field.early && !field.volatile) {
                    let (made, ready) = (object.outputs.get(&*field.name), ready.outputs.get(&*field.name));
                    self.must(made == ready, || {
                        format!("{step}: `{}` is early, and changed until the object was ready", field.name)
                    });
                }
                return ready;
            }
            Ok(other) => self.note(format!("{step}: the object does not get ready: {other:?}")),
            Err(failure) => self.note(format!("{step}: ready: failed: {failure}")),
        }
        object
    }

    /// Deletes what a part of the suite made.
    pub(super) async fn clean(&mut self, step: &str, token: Token, object: &Object, sent: &Map) {
        let deleted = self.delete(token, object, sent).await;
        self.done(&format!("{step}: delete"), deleted);
    }

    pub(super) fn done<T>(&mut self, step: &str, result: Result<T, Failure>) -> Option<T> {
        result.map_err(|failure| self.note(format!("{step}: failed: {failure}"))).ok()
    }

    /// Notes a failure that hides that something was changed, or may have been.
    pub(super) fn admits(&mut self, step: &str, failure: &Failure) {
        self.must(failure.effect != Effect::NotApplied, || {
            format!(
                "{step}: the answer was lost, and the failure says that nothing was changed ({failure}): where that is not \
                 known, say so with `Failure::unknown`"
            )
        });
    }
}

/// Returns the words of a panic.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("it panicked: {}", text.unwrap_or("without words"))
}
