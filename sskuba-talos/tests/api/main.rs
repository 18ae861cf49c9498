//! The machine API.

fn main() {}
