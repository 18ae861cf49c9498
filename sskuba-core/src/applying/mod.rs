//! Applying: carries a plan out and records every step.

mod event;
mod report;

pub use event::{Event, Events};
pub use report::{ApplyOptions, FailedStep, Report};
