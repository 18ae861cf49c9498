//! The example `talos-cluster`, the real binary, on machines that speak Talos's API: those of this crate, which live
//! in the test, and where `SSKUBA_TALOS_MACHINED` names `interop/talos/machined`, those of Talos's own code.
#![expect(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

mod booted;
mod handed_over;
mod kill;
mod life;
mod lists;
mod machines;
mod previews;
mod program;
mod refused;
mod renewal;
mod rotation;
