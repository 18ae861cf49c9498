//! Planning: compares what is declared with what is recorded, and makes every decision. Pure: no I/O, no clock,
//! no randomness; one pass, linear in resources and edges.

mod below;
mod causes;
mod declared;
mod delete_first;
mod diagnostic;
mod foreseen;
mod hooks;
mod keys;
mod lint;
mod make;
mod names;
mod orders;
mod places;
mod removals;
mod select;
#[cfg(test)]
mod tests;
mod waits;

pub use diagnostic::Diagnostic;
pub use lint::lint;
pub use make::{PlanOptions, Planned, Request, plan};
pub use places::PlaceOf;
