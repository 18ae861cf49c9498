//! Applying: carries a plan out and records every step.

mod begin;
mod call;
mod dispatcher;
mod end;
mod event;
mod gate;
mod instances;
mod journal;
mod pending;
mod recover;
mod report;
mod salvage;

pub(crate) use call::panicked;
pub use dispatcher::{Tools, apply};
pub use event::{Event, Events};
pub(crate) use instances::Instances;
pub use instances::is_instance_kind;
pub(crate) use journal::whole;
pub use journal::{Journal, JournalError, replay};
pub use pending::{Unresolved, recover_all};
pub use report::{ApplyOptions, FailedStep, Report};
pub use salvage::{Salvage, Unreadable, salvage};
