//! Generic parameters.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing<T> {
    /// A text.
    text: Input<T>,
    /// The id.
    id: Computed<String>,
}

/// A shape.
#[derive(Shape)]
struct Pair<T> {
    a: T,
}

/// A configuration.
#[derive(Config)]
struct Settings<'a> {
    /// A text.
    text: &'a str,
}

fn main() {}
