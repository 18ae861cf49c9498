//! One call of the engine: for whom, where, and until when.

use std::time::Duration;

use sskuba_core::provider::{Class, Cx, Effect, Failure, Object};
use sskuba_core::resource::Resource;
use sskuba_core::value::{Map, Value};
use tokio::time::Instant;

/// The longest that is kept back of a call's time, so that its answer still counts.
const MARGIN: Duration = Duration::from_secs(5);

/// One call of the engine.
pub(crate) struct Call<'a> {
    pub(crate) cx: &'a Cx,
    /// Where the calls go, for messages.
    pub(crate) place: &'a str,
    /// When waiting ends.
    pub(crate) until: Instant,
}

impl<'a> Call<'a> {
    pub(crate) fn new(cx: &'a Cx, place: &'a str) -> Self {
        let time = cx.timeout.saturating_sub((cx.timeout / 10).min(MARGIN));
        Self { cx, place, until: Instant::now() + time }
    }

    /// Returns the token as text.
    pub(crate) fn token(&self) -> String {
        self.cx.token.to_string()
    }

    /// Says that the object `id` is there though the call failed after it was made.
    pub(crate) fn partial<R: Resource>(&self, id: &str, mut failure: Failure) -> Failure {
        let outputs = Map::from([(R::schema().id_field.to_owned(), Value::from(id))]);
        let object = Object { id: id.to_owned(), inputs: Map::new(), outputs };
        failure.effect = Effect::Applied(Box::new(object));
        failure
    }

    /// Says that an answer of AWS lacks what its documentation promises.
    pub(crate) fn lacking(&self, what: &str) -> Failure {
        Failure::unknown(Class::Terminal, format!("the answer of {} has no {what}", self.place))
            .hint("if the endpoint is not AWS itself, it may not be able to do this")
    }
}
