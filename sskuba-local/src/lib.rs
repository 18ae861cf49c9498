//! Kinds that need no cloud: random values, files, commands, waits, and data that is only recorded.
//!
//! ```
//! use sskuba_core::prelude::*;
//! use sskuba_local::data::Data;
//!
//! let note = Data::new(serde_json::json!({"who": "ann"}));
//! # let _ = note;
//! let provider = sskuba_local::provider();
//! assert_eq!(provider.name(), "local");
//! ```

use std::sync::Arc;

use sskuba_core::provider::{Handlers, Limits, Provider};

pub mod data;

/// Returns the provider of this crate's kinds, `local`.
pub fn provider() -> Arc<dyn Provider> {
    let handlers = Handlers::new("local")
        .limits(Limits { parallel: 64, per_second: None })
        .resource::<data::Data>(data::DataHandler);
    Arc::new(handlers)
}
