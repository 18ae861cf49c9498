//! The example `aws-network`, the real binary, against moto, a server that speaks AWS's protocols, with boto3 as
//! the independent witness.
//!
//! `SSKUBA_TEST_PYTHON` names a Python with moto and boto3, or else `python3` is; without moto each test says that it was
//! skipped. Every request is held against the models that AWS's own clients are made of, and refused where it breaks one. Between the two stands a proxy
//! that keeps answers by client token, as AWS does and moto does not, and that can hold an answer back.
#![expect(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

mod agree;
mod bench;
mod drift;
mod kill;
mod life;
mod moved;
mod place;
mod program;
mod refused;
