//! The simulated world of sskuba: every kind of every provider, with latency and faults.
//!
//! [`SimProvider`] answers for any list of schemas as a cloud would: ids in the cloud's own form, references
//! that must exist, deletes that something else forbids, idempotency tokens, latency, lost answers. What exists
//! is kept in a [`World`], a file that outlives a killed program, so that it can bear witness to what was done.
//!
//! ```
//! use sskuba_sim::{SimProvider, World, kinds};
//!
//! let provider = SimProvider::new("sim", kinds::schemas(), World::memory());
//! # let _ = provider;
//! ```

mod crash;
mod faults;
pub mod kinds;
mod object;
mod options;
mod pattern;
mod provider;
mod seed;
#[cfg(feature = "testing")]
pub mod testing;
mod world;

pub use crash::{Crash, CrashError};
pub use faults::{Fault, Faults, FaultsError, Op, Phase};
pub use options::Options;
pub use provider::SimProvider;
pub use world::{DEFAULT_PATH, Fields, World, WorldError, WorldObject};
