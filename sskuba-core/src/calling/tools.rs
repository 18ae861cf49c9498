//! What a run, a recovery and a refresh need to make calls.

use std::sync::Arc;

use super::instances::Instances;
use crate::clock::{Clock, IdSource};
use crate::provider::Registry;

/// What a run needs from its engine.
#[derive(Debug, Clone)]
pub struct Tools {
    /// The providers.
    pub registry: Arc<Registry>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Tokens.
    pub ids: Arc<dyn IdSource>,
    /// `user@host`.
    pub who: String,
    /// The command, e.g. `up`.
    pub command: String,
    /// The provider instances of the run.
    pub(crate) instances: Instances,
}
