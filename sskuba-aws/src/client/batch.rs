//! Joins questions that are asked within a few milliseconds into one call.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sskuba_core::provider::{Class, Failure};
use tokio::sync::oneshot;

/// How long a question waits for others: until for so long no other one came.
const GATHER: Duration = Duration::from_millis(10);
/// The longest that it waits.
const LONGEST: Duration = Duration::from_millis(100);

/// The questions that wait for a call, by their keys.
type Waiting<T> = Vec<(String, oneshot::Sender<Answer<T>>)>;
type Answer<T> = Result<Option<T>, Failure>;
type Asking<T> = Pin<Box<dyn Future<Output = Result<Vec<(String, T)>, Failure>> + Send>>;

/// Asks for objects by key, many at a time.
pub(crate) struct Batcher<T>(Arc<Shared<T>>);

struct Shared<T> {
    waiting: Mutex<Waiting<T>>,
    ask: Box<dyn Fn(Vec<String>) -> Asking<T> + Send + Sync>,
    most: usize,
}

impl<T: Clone + Send + Sync + 'static> Batcher<T> {
    /// `ask` describes the objects of at most `most` keys; keys that it leaves out do not exist.
    pub(crate) fn new<F>(most: usize, ask: impl Fn(Vec<String>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<(String, T)>, Failure>> + Send + 'static,
    {
        let ask = Box::new(move |keys| -> Asking<T> { Box::pin(ask(keys)) });
        Self(Arc::new(Shared { waiting: Mutex::default(), ask, most }))
    }

    /// Returns the object of a key, as it was after this was called; none if there is none.
    pub(crate) async fn get(&self, key: &str) -> Answer<T> {
        let (sender, answer) = oneshot::channel();
        let first = {
            let mut waiting = self.0.lock();
            waiting.push((key.to_owned(), sender));
            waiting.len() == 1
        };
        if first {
            // A task of its own: whoever asked first may go away, the others still want their answers.
            tokio::spawn(Arc::clone(&self.0).round());
        }
        match answer.await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::new(Class::Transient, "the description was given up")),
        }
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone + Send + Sync + 'static> Shared<T> {
    async fn round(self: Arc<Self>) {
        let mut before = 0;
        for _ in 0..LONGEST.as_millis() / GATHER.as_millis() {
            let now = self.lock().len();
            if now == before {
                break;
            }
            before = now;
            tokio::time::sleep(GATHER).await;
        }
        let waiting = std::mem::take(&mut *self.lock());
        let keys: BTreeSet<&String> = waiting.iter().map(|(key, _)| key).collect();
        let keys: Vec<String> = keys.into_iter().cloned().collect();
        let mut answers: HashMap<String, Answer<T>> = HashMap::new();
        for chunk in keys.chunks(self.most) {
            match (self.ask)(chunk.to_vec()).await {
                Ok(found) => answers.extend(found.into_iter().map(|(key, item)| (key, Ok(Some(item))))),
                Err(failure) => {
                    answers.extend(chunk.iter().map(|key| (key.clone(), Err(failure.clone()))));
                }
            }
        }
        for (key, sender) in waiting {
            let _ = sender.send(answers.get(&key).cloned().unwrap_or(Ok(None)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn questions_of_one_moment_share_a_call() {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&calls);
        let batcher = Arc::new(Batcher::new(2, move |keys: Vec<String>| {
            log.lock().unwrap().push(keys.clone());
            async move { Ok(keys.into_iter().filter(|key| key != "c").map(|key| (key.clone(), key)).collect()) }
        }));
        let ask = |key: &'static str| {
            let batcher = Arc::clone(&batcher);
            tokio::spawn(async move { batcher.get(key).await.unwrap() })
        };
        let (a, b, again, c) = (ask("a"), ask("b"), ask("a"), ask("c"));
        let answers = [a.await.unwrap(), b.await.unwrap(), again.await.unwrap(), c.await.unwrap()];
        assert_eq!(answers, [Some("a".into()), Some("b".into()), Some("a".into()), None]);
        assert_eq!(*calls.lock().unwrap(), [vec!["a".to_owned(), "b".into()], vec!["c".into()]]);
        assert_eq!(batcher.get("d").await.unwrap(), Some("d".into()));
        assert_eq!(calls.lock().unwrap().len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_reaches_everyone_who_asked_and_nobody_later() {
        let first = Arc::new(Mutex::new(true));
        let batcher = Arc::new(Batcher::new(9, move |keys: Vec<String>| {
            let fail = std::mem::take(&mut *first.lock().unwrap());
            async move {
                if fail {
                    return Err(Failure::new(Class::Throttled, "slow down"));
                }
                Ok(keys.into_iter().map(|key| (key, 1_u8)).collect())
            }
        }));
        let (a, b) = tokio::join!(batcher.get("a"), batcher.get("b"));
        assert_eq!((a.unwrap_err().class, b.unwrap_err().class), (Class::Throttled, Class::Throttled));
        assert_eq!(batcher.get("a").await.unwrap(), Some(1));
    }
}
