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

use folder::ProgramFolder;

mod client;
pub mod data;
pub mod exec;
mod folder;
pub mod fs;
pub mod random;
pub mod wait;

/// Returns the provider of this crate's kinds, `local`. Relative paths count from the current folder of the process, and what
/// came of a command that is interrupted with the program is for a person to find out; see [`provider_in`].
pub fn provider() -> Arc<dyn Provider> {
    with(ProgramFolder::default(), exec::CommandHandler::default())
}

/// As [`provider`], for a program that has a folder: relative paths count from there, wherever it is run, and commands run
/// there. What is known of running commands is kept in `commands`, so that the next run of a program that was killed finds
/// out what came of them.
pub fn provider_in(folder: impl Into<PathBuf>, commands: impl Into<PathBuf>) -> Arc<dyn Provider> {
    let folder = ProgramFolder::new(folder);
    with(folder.clone(), exec::CommandHandler::keeping(commands).within(folder))
}

fn with(folder: ProgramFolder, commands: exec::CommandHandler) -> Arc<dyn Provider> {
    let handlers = Handlers::anywhere("local")
        .limits(Limits { parallel: 64, per_second: None, reads: 64 })
        .resource::<data::Data>(data::DataHandler)
        .resource::<exec::Command>(commands)
        .resource::<fs::File>(fs::FileHandler::within(folder.clone()))
        .resource::<fs::Directory>(fs::DirectoryHandler::within(folder))
        .resource::<random::Id>(random::IdHandler)
        .resource::<random::Password>(random::PasswordHandler)
        .resource::<random::Uuid>(random::UuidHandler)
        .resource::<wait::Tcp>(wait::TcpHandler)
        .resource::<wait::Http>(wait::HttpHandler);
    Arc::new(handlers)
}
