//! What is done with hostile input: a function for each sort, which panics where a promise is broken. `fuzz/` hands
//! them what libFuzzer thinks of; a test, mutations of the corpus from a fixed seed.

mod mutation;
mod recorded;
mod written;

pub use mutation::Mutator;
pub use recorded::{journal, record};
pub use written::{address, clean, config, plan_file, sim_world};

/// Takes an input of one sort.
pub type Target = fn(&[u8]);

/// The targets by the names of their corpora.
pub const TARGETS: [(&str, Target); 6] = [
    ("record", record),
    ("journal", journal),
    ("plan_file", plan_file),
    ("config", config),
    ("address", address),
    ("sim_world", sim_world),
];
