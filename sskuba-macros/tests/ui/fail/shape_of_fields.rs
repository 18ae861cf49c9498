//! A variant with fields, and a union.

use sskuba_core::prelude::*;

/// A choice.
#[derive(Shape)]
enum Choice {
    Plain,
    Full(String),
}

/// A union.
#[derive(Shape)]
union Both {
    a: u32,
    b: u32,
}

fn main() {}
