//! The simulated provider and its witness from outside.

#[cfg(test)]
mod conformance;
#[cfg(feature = "testing")]
mod programs;
#[cfg(test)]
mod witness;
