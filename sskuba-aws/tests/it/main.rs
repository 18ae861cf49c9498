//! The client against moto, a server that speaks AWS's protocols, with boto3 as the independent witness.
//!
//! `SSKUBA_TEST_PYTHON` names a Python with moto and boto3, or else `python3` is; without moto each test says that it was
//! skipped. Every request is held against the models that AWS's own clients are made of, and refused where it breaks one. Every scene is played in a
//! process of its own, so that it is configured as a user's program is: by its environment.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "all of this is tests; the lints know only functions that are marked so"
)]

mod addressing;
mod balancing;
mod batches;
mod certificates;
mod compute;
mod conformance;
mod disks;
mod dns;
mod drift;
mod endpoints;
mod failures;
mod groups;
mod identity;
mod images;
mod imports;
mod in_place;
mod interfaces;
mod keeping;
mod keys;
mod lists;
mod lookups;
mod made_by_hand;
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
