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

use std::path::PathBuf;
use std::sync::Arc;

use sskuba_core::provider::{Handlers, Limits, Provider};

mod client;
pub mod data;
pub mod exec;
pub mod fs;
pub mod random;
pub mod wait;

/// Returns the provider of this crate's kinds, `local`. What came of a command that is interrupted with the program is
/// for a person to find out; see [`provider_keeping`].
pub fn provider() -> Arc<dyn Provider> {
    with(exec::CommandHandler::default())
}

/// As [`provider`]; keeps in `folder` what is known of running commands, so that the next run of a program that was killed
/// finds out what came of them.
pub fn provider_keeping(folder: impl Into<PathBuf>) -> Arc<dyn Provider> {
    with(exec::CommandHandler::keeping(folder))
}

fn with(commands: exec::CommandHandler) -> Arc<dyn Provider> {
    let handlers = Handlers::anywhere("local")
        .limits(Limits { parallel: 64, per_second: None })
        .resource::<data::Data>(data::DataHandler)
        .resource::<exec::Command>(commands)
        .resource::<fs::File>(fs::FileHandler)
        .resource::<fs::Directory>(fs::DirectoryHandler)
        .resource::<random::Id>(random::IdHandler)
        .resource::<random::Password>(random::PasswordHandler)
        .resource::<random::Uuid>(random::UuidHandler)
        .resource::<wait::Tcp>(wait::TcpHandler)
        .resource::<wait::Http>(wait::HttpHandler);
    Arc::new(handlers)
}
