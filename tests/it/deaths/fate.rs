//! Where a program is, counted in boundaries, and at which of them it dies.

use std::future::pending;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

/// One life of a program: it passes boundaries, and dies at one of them.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    at: Option<usize>,
    course: Mutex<Course>,
    death: Notify,
}

#[derive(Debug, Default)]
struct Course {
    passed: Vec<String>,
    dead: bool,
}

impl Fate {
    /// A life that ends at the `at`-th boundary, counted from 1; none: that comes to its end.
    pub(crate) fn new(at: Option<usize>) -> Arc<Self> {
        Arc::new(Self { at, ..Self::default() })
    }

    /// Passes a boundary. In a program that is dead nothing goes on.
    pub(crate) async fn boundary(&self, what: String) {
        {
            let mut course = self.course.lock().unwrap();
            if !course.dead {
                course.passed.push(what);
                course.dead = self.at == Some(course.passed.len());
                if !course.dead {
                    return;
                }
                self.death.notify_one();
            }
        }
        pending().await
    }

    /// Waits for the death.
    pub(crate) async fn death(&self) {
        self.death.notified().await;
    }

    /// Returns the boundaries that were passed, that of the death included.
    pub(crate) fn passed(&self) -> Vec<String> {
        self.course.lock().unwrap().passed.clone()
    }
}
