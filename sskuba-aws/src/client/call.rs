//! One call of the engine: for whom, where, and until when.

use std::time::Duration;

use sskuba_core::advice::Advice;
use sskuba_core::provider::{Class, Cx, Effect, Failure, Object};
use sskuba_core::resource::Resource;
use sskuba_core::value::{Map, Value};
use tokio::time::Instant;

use super::failure::Placed;
use super::{Objects, Service};
use crate::tags::{self, Tags};
use crate::texts::TextRule;

/// The longest that is kept back of a call's time, so that its answer still counts.
const MARGIN: Duration = Duration::from_secs(5);

/// One call of the engine.
pub(crate) struct Call<'a, A> {
    pub(crate) cx: &'a Cx,
    /// Whom it asks.
    pub(crate) aws: &'a Service<A>,
    /// When waiting ends.
    pub(crate) until: Instant,
}

impl<A> Placed for Call<'_, A> {
    fn place(&self) -> &str {
        &self.aws.place
    }
}

impl<'a, A: Objects> Call<'a, A> {
    pub(crate) fn new(cx: &'a Cx, aws: &'a Service<A>) -> Self {
        let time = cx.timeout.saturating_sub((cx.timeout / 10).min(MARGIN));
        Self { cx, aws, until: Instant::now() + time }
    }

    /// Returns the token as text.
    pub(crate) fn token(&self) -> String {
        self.cx.token.to_string()
    }

    /// Returns the name that an object is made with: the given one, or one that the service takes.
    pub(crate) fn name(&self, given: Option<&String>, rule: &TextRule) -> String {
        given.cloned().unwrap_or_else(|| rule.made(&self.cx.token, self.cx.address.name()))
    }

    /// Returns all tags of an object whose own are these.
    pub(crate) fn tags(&self, own: &Tags) -> Tags {
        tags::desired(self.cx, own)
    }

    /// Brings the tags of an object up to date; tags that others gave it stay.
    pub(crate) async fn retag(&self, id: &str, before: Option<&Tags>, own: &Tags) -> Result<(), Failure> {
        let desired = self.tags(own);
        let dropped = before.map(|before| tags::dropped(before, &desired)).unwrap_or_default();
        A::tag(self.aws, id, desired).await?;
        if dropped.is_empty() { Ok(()) } else { A::untag(self.aws, id, dropped).await }
    }

    /// Says that the object `id` is there though the call failed after it was made.
    pub(crate) fn partial<R: Resource>(&self, id: &str, mut failure: Failure) -> Failure {
        let outputs = Map::from([(R::schema().id_field.to_string(), Value::from(id))]);
        let object = Object { id: id.to_owned(), inputs: Map::new(), outputs };
        failure.effect = Effect::Applied(Box::new(object));
        failure
    }

    /// Says that an answer of AWS lacks what its documentation promises.
    pub(crate) fn lacking(&self, what: &str) -> Failure {
        Failure::unknown(Class::Terminal, format!("the answer of {} has no {what}", self.place()))
            .hint("if the endpoint is not AWS itself, it may not be able to do this")
    }

    /// Says that an object which was made is not there.
    pub(crate) fn not_there(&self) -> Failure {
        Failure::new(Class::NotFound, format!("{} does not know the object", self.place()))
            .hint("it may have been deleted meanwhile")
            .advice(Advice::RefreshFirst)
    }
}
