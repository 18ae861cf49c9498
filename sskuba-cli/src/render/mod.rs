//! Turns what the engine knows into text. Pure: no clock, no terminal, no environment.

pub(crate) mod difference;
pub(crate) mod doc;
pub(crate) mod duration;
pub(crate) mod lines;
pub(crate) mod paint;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod rust_code;
pub(crate) mod table;
pub(crate) mod value;
