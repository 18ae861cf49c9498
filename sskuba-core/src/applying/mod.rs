//! Applying: carries a plan out and records every step.

mod away;
mod begin;
mod delete_first;
mod dispatcher;
mod end;
mod gate;
mod keys;
mod launch;
mod perform;
mod report;
mod rollout;
mod waiting;

pub use dispatcher::apply;
pub use report::{ApplyOptions, FailedStep, Report};

// What a run tells, writes and is made with has its place in the layers below, and its name here too.
#[doc(no_inline)]
pub use crate::calling::{Misplaced, Tools};
#[doc(no_inline)]
pub use crate::event::{Event, Events};
#[doc(no_inline)]
pub use crate::journal::{Journal, JournalError, Salvage, Unreadable, replay, salvage};
#[doc(no_inline)]
pub use crate::recovering::{Unresolved, recover_all};
