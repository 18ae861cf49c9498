//! A model of the truth: what a stack and a cloud should look like after any sequence of operations.
//!
//! It is deliberately simple, knows neither the engine nor its types, and shares no code with planner or executor:
//! what it says is worth something because it comes from elsewhere. [`Draft`] is a program, [`Truth`] what exists
//! and what is recorded of it, [`forecast()`] says what a plan has to announce, and [`Judge`] follows the effects of a
//! run one by one and says what should not have happened.
//!
//! The cloud has six kinds. A *base* needs nothing. A *leaf* stands on a base for good (`near`) and points to
//! another (`far`); it is found by a tag. A *sole* is like a leaf, points to a leaf, and cannot live twice. A *mute*
//! points to a base, and its service knows neither tokens nor tags. A *gate* stands on a base, and can be used some time
//! after it exists: its site is known then, and an update may change it. A *guest* stands on a gate and points to another,
//! by their ids or by their sites.

mod draft;
mod forecast;
mod judge;
mod truth;

pub use draft::{Draft, Kind, SLOTS, Spec};
pub use forecast::{Fate, Forecast, Selection, forecast};
pub use judge::{Effect, Judge};
pub use truth::{Edges, Fields, Note, Open, Readiness, Thing, Truth, Verb};
