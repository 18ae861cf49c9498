//! Applying: carries a plan out and records every step.

mod begin;
mod call;
mod dispatcher;
mod end;
mod event;
mod gate;
mod gather;
mod instances;
mod journal;
mod keys;
mod lease_guard;
mod locating;
mod pending;
mod recover;
mod replay;
mod report;
mod salvage;
mod waiting;
mod whole;

pub(crate) use call::{QUESTION, answered, hidden, panicked, prior_of};
pub use dispatcher::{Tools, apply};
pub use event::{Event, Events};
pub(crate) use gather::gather;
pub(crate) use instances::{Configured, Instances};
pub(crate) use journal::whole;
pub use journal::{Journal, JournalError};
pub(crate) use lease_guard::LeaseGuard;
pub use locating::Misplaced;
pub(crate) use locating::{elsewhere, groups, locate, place_id};
pub use pending::{Unresolved, recover_all};
pub use replay::replay;
pub use report::{ApplyOptions, FailedStep, Report};
pub use salvage::{Salvage, Unreadable, salvage};
