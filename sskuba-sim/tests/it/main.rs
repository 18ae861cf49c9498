//! The simulated provider and its witness from outside.

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod witness;
