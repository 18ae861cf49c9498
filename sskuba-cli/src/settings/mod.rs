//! The configuration of a stack: its file, what is sealed in it, and what overrides it for one run.

mod bound;
mod file;
mod lock;
mod merge;
mod sealed;
mod sskuba_table;

pub(crate) use bound::{Place, open, seal};
pub(crate) use file::{Entry, StackFile, check_key};
pub(crate) use lock::FileLock;
pub(crate) use merge::{Overrides, merge, root};
