//! A sum over all that a database holds beside its journal.
//!
//! sled takes damage in its log for a write that a crash cut short, and goes back to what stood before it, page by
//! page and without a word: some records may be those of yesterday, or none, while the rest is whole. So the sum of
//! the digests of all records and small values is kept beside them and changes with them in one batch. It does not
//! depend on an order, and what it costs does not depend on how much there is.

use sha2::{Digest as _, Sha256};

/// A sum of digests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum(u128);

impl Sum {
    /// Reads a sum.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(u128::from_be_bytes(bytes)))
    }

    /// Returns the sum as it is stored.
    pub(super) fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Adds what is stored under a key.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.0 = self.0.wrapping_add(digest(key, value));
    }

    /// Takes away what was stored under a key.
    pub(super) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.0 = self.0.wrapping_sub(digest(key, value));
    }
}

fn digest(key: &[u8], value: &[u8]) -> u128 {
    let mut digest = Sha256::new();
    digest.update((key.len() as u64).to_be_bytes());
    digest.update(key);
    digest.update(value);
    digest.finalize().first_chunk::<16>().map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_and_taken_away_again_leaves_nothing_whatever_the_order() {
        let (mut a, mut b) = (Sum::default(), Sum::default());
        for (key, value) in [("a", "1"), ("b", "2"), ("ab", "")] {
            a.add(key.as_bytes(), value.as_bytes());
        }
        for (key, value) in [("ab", ""), ("a", "1"), ("c", "3"), ("b", "2")] {
            b.add(key.as_bytes(), value.as_bytes());
        }
        assert_ne!(a, b);
        b.remove(b"c", b"3");
        assert_eq!(a, b);
        assert_eq!(Sum::read(&a.bytes()), Some(a));
    }

    #[test]
    fn key_and_value_are_told_apart() {
        let (mut a, mut b) = (Sum::default(), Sum::default());
        a.add(b"ab", b"c");
        b.add(b"a", b"bc");
        assert_ne!(a, b);
    }
}
