//! One call of a provider: its bound, its lease, the instance that it is made with, and what its end means for the
//! journal.

mod call;
mod hooks;
mod instances;
mod locating;
mod seen;
mod tools;

pub(crate) use call::{
    Call, Ended, FIRST_LOOK, LAST_LOOK, QUESTION, answered, bound, hidden, named_hidden, note_failure, once,
    panicked, place_of, prior_of, within,
};
pub(crate) use hooks::{after, before};
pub(crate) use instances::{Configured, Instances};
pub use locating::Misplaced;
pub(crate) use locating::{elsewhere, groups, locate, place_id, record_place};
pub(crate) use seen::{once_seen, while_hidden};
pub use tools::Tools;
