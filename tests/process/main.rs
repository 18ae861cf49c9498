//! The examples as real processes: several at once, stopped at any moment, on damaged files and full disks, with
//! wrong arguments; and what they write, to the terminal, as JSON, and to the disk.
//!
//! The programs are built once with cargo if those in the target folder are missing or older than the sources.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test: what fails is seen, what is skipped or measured is said"
)]

mod agree;
mod programs;
mod reading;
mod repairing;
mod running;
mod stage;

mod bytes;
mod canaries;
mod commands;
mod configuring;
mod contention;
mod contract;
mod damage;
mod disk;
mod dumps;
mod earlier_states;
mod folders;
mod guides;
mod interrupted;
mod renaming;
mod sharing;
mod stopping;
