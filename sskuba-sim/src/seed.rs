//! Numbers that a text decides: the same parts give the same numbers, on every machine and in every run.

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Seed(u64);

impl Seed {
    /// Starts the stream of these parts.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        // FNV-1a; the length of each part keeps ("ab", "c") apart from ("a", "bc").
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut eat = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        for part in parts {
            (part.len() as u64).to_le_bytes().into_iter().for_each(&mut eat);
            part.iter().copied().for_each(&mut eat);
        }
        Self(hash)
    }

    /// Returns the next number.
    pub(crate) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns the next number of 0 (inclusive) to 1 (exclusive).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a float exactly")]
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns `count` characters of `alphabet`, which is not empty and is ASCII.
    pub(crate) fn text(&mut self, alphabet: &str, count: usize) -> String {
        let letters = alphabet.as_bytes();
        let len = letters.len().max(1) as u64;
        let pick = |n: u64| letters.get(usize::try_from(n % len).unwrap_or(0)).copied().unwrap_or(b'0');
        (0..count).map(|_| char::from(pick(self.next()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_decide_the_stream() {
        assert_eq!(Seed::of(&[b"a", b"b"]).next(), Seed::of(&[b"a", b"b"]).next());
        assert_ne!(Seed::of(&[b"ab", b"c"]).next(), Seed::of(&[b"a", b"bc"]).next());
        let f = Seed::of(&[b"x"]).fraction();
        assert!((0.0..1.0).contains(&f));
        assert_eq!(Seed::of(&[b"x"]).text("0123456789", 12).len(), 12);
    }
}
