//! The plan: an immutable list of steps with their edges. Planning makes it, applying carries it out; this is
//! all that the two share.

mod action;
mod decide;
mod diff;
mod file;
mod key;
mod owned;
#[cfg(test)]
mod parts_tests;
mod reads;
mod recorded;
mod steps;
mod text;

pub use action::{Action, FieldChange, Order, Reason};
pub use decide::{Decision, Force, decide};
pub use diff::agree;
pub(crate) use diff::{drift, drifts, imported, is_unknown_at};
pub use file::{PlanFile, PlanFileError, SavedChange, SavedStep};
pub use key::{Key, Keys, Within, describe};
pub(crate) use reads::OUTPUTS;
pub use recorded::{dependencies, flags};
pub(crate) use steps::obstacles_from;
pub use steps::{Obstacle, Plan, Step, Subject, Verdict};
