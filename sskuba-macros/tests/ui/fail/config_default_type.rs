//! A default of another type than its field.

use sskuba_core::prelude::*;

/// A configuration.
#[derive(Config)]
struct Settings {
    /// A number.
    #[config(default = "three")]
    zones: u8,
}

fn main() {}
