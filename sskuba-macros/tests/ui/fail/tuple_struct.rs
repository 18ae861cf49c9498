//! A tuple struct.

use sskuba_core::prelude::*;

/// A thing.
#[derive(Resource)]
#[resource(kind = "demo:x:Thing")]
struct Thing(Input<String>);

/// A shape.
#[derive(Shape)]
struct Pair(String, String);

/// A configuration.
#[derive(Config)]
struct Settings(String);

fn main() {}
