//! The client against moto, a server that speaks AWS's protocols, with boto3 as the independent witness.
//!
//! `SSKUBA_TEST_MOTO` names `moto_server` and `SSKUBA_TEST_PYTHON` a Python with boto3; without them they are
//! looked for on the path, and without moto each test says that it was skipped. Every scene is played in a
//! process of its own, so that it is configured as a user's program is: by its environment.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "all of this is tests; the lints know only functions that are marked so"
)]

mod balancing;
mod batches;
mod certificates;
mod compute;
mod conformance;
mod dns;
mod drift;
mod failures;
mod identity;
mod images;
mod imports;
mod in_place;
mod keeping;
mod keys;
mod lists;
mod lookups;
mod network;
mod places;
mod readiness;
mod secrets;
mod services;
mod spellings;
mod stacks;
mod stage;
mod tags;
mod trouble;
mod visibility;
mod witness;
