//! The engine: what a program that embeds sskuba talks to.

mod build;
mod error;
mod import;
mod open;
mod planned;
mod portable;
mod read;
mod session;

pub use crate::refresh::RefreshReport;
pub use build::{ApplyCall, Engine, EngineBuilder};
pub use error::EngineError;
pub use import::Imported;
pub use read::{Run, Snapshot};
pub use session::{Resolution, Session};
