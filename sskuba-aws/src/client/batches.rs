//! The descriptions that are asked for in batches, one for each kind.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use async_trait::async_trait;
use sskuba_core::provider::{Class, Failure};

use super::batch::Batcher;
use super::{Aws, Found, Objects, Operations, Service};

/// What is asked for by key, many at a time.
#[async_trait]
pub(crate) trait Batched: 'static {
    type Api: Objects;
    type Item: Clone + Send + Sync + 'static;
    /// The most keys that are asked for at once.
    const MOST: usize = <Self::Api as Objects>::MOST;

    /// Describes what has these keys; a key that is left out is nobody's.
    async fn by_keys(aws: &Aws<Self::Api>, keys: Vec<String>) -> Result<Vec<(String, Self::Item)>, Failure>;
}

#[async_trait]
impl<R: Operations> Batched for R {
    type Api = R::Api;
    type Item = Found<R::Item>;
    const MOST: usize = <R as Operations>::MOST;

    async fn by_keys(aws: &Aws<R::Api>, keys: Vec<String>) -> Result<Vec<(String, Self::Item)>, Failure> {
        R::by_keys(aws, keys).await
    }
}

/// Asks for each key alone, and leaves out those that are not found.
pub(crate) async fn one_by_one<T, F>(keys: Vec<String>, ask: impl Fn(String) -> F) -> Result<Vec<T>, Failure>
where
    F: Future<Output = Result<Vec<T>, Failure>>,
{
    let mut all = Vec::new();
    for key in keys {
        match ask(key).await {
            Err(failure) if failure.class == Class::NotFound => {}
            found => all.extend(found?),
        }
    }
    Ok(all)
}

/// Waits for all of these at the same time; the answers are in the order of the questions.
pub(crate) async fn together<T>(asks: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut asks: Vec<_> = asks.into_iter().map(|ask| (Box::pin(ask), None)).collect();
    poll_fn(|cx| {
        for (ask, answer) in asks.iter_mut().filter(|(_, answer)| answer.is_none()) {
            if let Poll::Ready(ready) = ask.as_mut().poll(cx) {
                *answer = Some(ready);
            }
        }
        if asks.iter().all(|(_, answer)| answer.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    asks.into_iter().filter_map(|(_, answer)| answer).collect()
}

/// The batches of a service.
pub(super) struct Batches<A> {
    aws: Arc<Aws<A>>,
    all: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl<A> Batches<A> {
    pub(super) fn new(aws: Arc<Aws<A>>) -> Self {
        Self { aws, all: Mutex::default() }
    }

    /// Returns the batch of a kind, which is made when it is first needed.
    fn of<B: Batched<Api = A>>(&self) -> Arc<Batcher<B::Item>>
    where
        A: Objects,
    {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let batch = all.entry(TypeId::of::<B>()).or_insert_with(|| {
            let aws = Arc::clone(&self.aws);
            Arc::new(Batcher::<B::Item>::new(B::MOST, move |keys| {
                let aws = Arc::clone(&aws);
                async move { B::by_keys(&aws, keys).await }
            }))
        });
        let batch = Arc::clone(batch).downcast();
        batch.unwrap_or_else(|_| unreachable!("the batch of a kind has its type"))
    }
}

impl<A: Objects> Service<A> {
    /// Returns what has a key, as it was after this was called, in one question with all that is asked for now.
    pub(crate) async fn get<B: Batched<Api = A>>(&self, key: &str) -> Result<Option<B::Item>, Failure> {
        self.batches.of::<B>().get(key).await
    }
}
