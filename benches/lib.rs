//! The benchmarks of the engine: `cargo bench -p sskuba-benches`. The library is empty.
