//! Which keys the documents of Talos have, and of which type: what a config is checked and merged by.

mod cel;
mod check;
mod format;
mod kinds;
mod table;

pub(crate) use check::{check, check_for, conflicts, document_path};
pub(crate) use format::{address, duration, ports, prefix, size};
pub(crate) use kinds::{Identity, since};
pub(crate) use table::{Struct, Type, schema};
