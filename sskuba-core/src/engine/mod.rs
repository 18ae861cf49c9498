//! The engine: what a program that embeds sskuba talks to.

mod asking;
mod backups;
mod build;
mod compare;
mod discard;
mod edit;
mod error;
mod history;
mod import;
mod import_all;
mod keys;
mod learning;
mod listing;
mod open;
mod placing;
mod planned;
mod portable;
mod read;
mod read_object;
mod reference;
mod rename;
mod repair;
mod run;
mod run_changes;
mod session;
mod tags;

pub use crate::calling::Misplaced;
pub use tokio_util::sync::CancellationToken;

pub use crate::advice::Advice;
pub use crate::refresh::{Doubt, RefreshReport, Refreshed};
pub use build::{Engine, EngineBuilder};
pub use compare::{Became, ObjectChange};
pub use discard::discard;
pub use edit::Undoing;
pub use error::{DocumentError, EditError, EngineError, ImportError, Undertaking, with_causes};
pub use history::Run;
pub use import::Imported;
pub use import_all::{Import, Imports, ToImport};
pub use listing::{Listing, Unmanaged};
pub use read::Snapshot;
pub use repair::Examination;
pub use run::{PlanAndApply, Planned, RunCall};
pub use run_changes::{RunChanges, StateDiff};
pub use session::{Resolution, Session};
pub use tags::Tags;
