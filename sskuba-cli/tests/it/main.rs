//! The command line as a user meets it, on a provider of the tests' own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod bench;
mod cancelling;
mod completing;
mod configuring;
mod documents;
mod escapes;
mod history_show;
mod hooks;
mod imported;
mod importing;
mod interrupting;
mod lifecycle;
mod naming;
mod outputs;
mod plans;
mod records;
mod refusals;
mod renaming;
mod renewing;
mod shelf;
mod stores;
mod tags;
mod texts;
mod unknown_stacks;
mod watching;
