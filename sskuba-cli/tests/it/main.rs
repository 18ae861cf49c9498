//! The command line as a user meets it, on a provider of the tests' own.

mod bench;
mod configuring;
mod interrupting;
mod lifecycle;
mod plans;
mod records;
mod refusals;
mod shelf;
