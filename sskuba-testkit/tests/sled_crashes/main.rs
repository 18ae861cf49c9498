//! What a loss of power leaves of a sled store. A process writes a stack under `strace`, which notes every write and
//! every sync with its bytes; from that, the states are built that a correct disk may be in after a cut at any
//! instant: what was synced is there, and of the rest any part, in sectors of 512 bytes. Each state is opened with
//! the store: nothing that was acknowledged is missing, and nothing is there that nobody wrote.
//!
//! Where `strace` is not installed or may not trace, the tests say so and do nothing.
#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test: what fails is seen, what is skipped or measured is said"
)]

mod cuts;
mod disk;
mod faults;
mod trace;
mod writer;
