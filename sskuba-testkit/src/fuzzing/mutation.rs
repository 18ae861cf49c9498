//! Inputs from a seed: mutations of what a corpus has.

use sskuba_core::clock::{IdSource, SeededIds};

/// The longest input.
const LONGEST: usize = 64 * 1024;

/// What the inputs are made of; parts of it get where chance alone does not.
const WORDS: [&str; 22] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    "::",
    "/",
    ",",
    "=",
    "null",
    "-1",
    "1e999",
    "18446744073709551616",
    "\\u0000",
    "\n",
    "\u{fffd}",
    "{\"$sealed\":\"v1:AAAA\"}",
    "\"$$\"",
    "\"token\":\"00000000000000000000000000000000\"",
    "[[a]]",
    "'''",
];

/// Makes inputs; the same seed makes the same ones.
#[derive(Debug)]
pub struct Mutator {
    ids: SeededIds,
    corpus: Vec<Vec<u8>>,
}

impl Mutator {
    /// Starts with a corpus and a seed.
    pub fn new(corpus: Vec<Vec<u8>>, seed: u64) -> Self {
        Self { ids: SeededIds::new(seed), corpus }
    }

    fn below(&self, bound: usize) -> usize {
        let mut bytes = [0; 4];
        self.ids.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).unwrap_or(0) % bound.max(1)
    }

    fn pick(&self) -> Vec<u8> {
        self.corpus.get(self.below(self.corpus.len())).cloned().unwrap_or_default()
    }

    /// Makes the next input.
    pub fn input(&self) -> Vec<u8> {
        let mut input = self.pick();
        for _ in 0..=self.below(6) {
            let at = self.below(input.len() + 1);
            let end = (at + self.below(40)).min(input.len());
            match self.below(8) {
                0 if at < input.len() => input[at] ^= 1 << self.below(8),
                1 => input.truncate(at),
                2 => drop(input.drain(at..end)),
                3 => {
                    let part = input[at..end].to_vec();
                    input.splice(at..at, part);
                }
                4 => {
                    let other = self.pick();
                    let from = self.below(other.len() + 1);
                    input.splice(at..end, other[from..].iter().copied());
                }
                5 => {
                    let deep = ["[", "{\"a\":", "a/", "\"\"\""][self.below(4)].repeat(self.below(300));
                    input.splice(at..at, deep.into_bytes());
                }
                6 => {
                    let mut noise = vec![0; self.below(20)];
                    self.ids.fill(&mut noise);
                    input.splice(at..end, noise);
                }
                _ => drop(input.splice(at..end, WORDS[self.below(WORDS.len())].bytes())),
            }
        }
        input.truncate(LONGEST);
        input
    }
}
