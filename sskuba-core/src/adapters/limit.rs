//! A bound on calls at once, below what the provider says itself.

use super::around::{Around, Call};
use crate::provider::{Failure, Limits};

/// Lowers how many calls the engine makes at once.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// The most calls at once.
    pub parallel: usize,
}

impl Around for Limit {
    async fn around<'a, T: Send>(
        &'a self,
        call: &'a (dyn Fn() -> Call<'a, T> + Send + Sync),
    ) -> Result<T, Failure> {
        call().await
    }

    fn limits(&self, inner: Limits) -> Limits {
        Limits { parallel: inner.parallel.min(self.parallel.max(1)), ..inner }
    }
}
