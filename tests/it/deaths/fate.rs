//! Where a program is, counted in boundaries, and at which of them it stops: for good, or until it is woken.

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, watch};

/// The course of one program: it passes boundaries, and stops at one of them.
#[derive(Debug)]
pub(crate) struct Fate {
    at: Option<usize>,
    passed: Mutex<Vec<String>>,
    /// How many calls are on their way to a provider, and have had no effect yet.
    pub(crate) under_way: AtomicUsize,
    stopped: watch::Sender<bool>,
    stops: Notify,
}

impl Fate {
    /// A program that stops at the `at`-th boundary, counted from 1; none: that comes to its end.
    pub(crate) fn new(at: Option<usize>) -> Arc<Self> {
        let (stopped, _) = watch::channel(false);
        Arc::new(Self {
            at,
            passed: Mutex::default(),
            under_way: AtomicUsize::new(0),
            stopped,
            stops: Notify::new(),
        })
    }

    /// Passes a boundary. In a program that has stopped nothing goes on.
    pub(crate) async fn boundary(&self, what: String) {
        self.awake().await;
        {
            let mut passed = self.passed.lock().unwrap();
            passed.push(what);
            if self.at == Some(passed.len()) {
                self.stopped.send_replace(true);
                self.stops.notify_one();
            }
        }
        self.awake().await;
    }

    /// Waits while the program is stopped.
    pub(crate) async fn awake(&self) {
        // The sender is here, so there is no error.
        let _ = self.stopped.subscribe().wait_for(|stopped| !stopped).await;
    }

    /// Waits until the program stops.
    pub(crate) async fn stop(&self) {
        self.stops.notified().await;
    }

    /// Lets it go on.
    pub(crate) fn wake(&self) {
        self.stopped.send_replace(false);
    }

    /// Returns the boundaries that were passed, that of the stop included.
    pub(crate) fn passed(&self) -> Vec<String> {
        self.passed.lock().unwrap().clone()
    }
}
