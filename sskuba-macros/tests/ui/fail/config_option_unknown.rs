//! An option that configurations do not have, and an enum.

use sskuba_core::prelude::*;

/// A configuration.
#[derive(Config)]
struct Settings {
    /// A text.
    #[config(optional)]
    text: String,
}

/// A choice.
#[derive(Config)]
enum Choice {
    A,
}

fn main() {}
