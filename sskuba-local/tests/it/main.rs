//! The local provider from outside.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod conformance;
mod environment;
#[cfg(test)]
mod interrupted;
#[cfg(test)]
mod secrets;
