//! The configuration of a stack: its file, what is sealed in it, and what overrides it for one run.

mod file;
mod merge;
mod sealed;

pub(crate) use file::{Entry, StackFile};
pub(crate) use merge::{Overrides, merge};
pub(crate) use sealed::{open, seal};
