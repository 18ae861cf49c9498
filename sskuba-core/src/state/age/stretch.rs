//! scrypt (RFC 7914) with blocks of 1 KiB and no parallelism, as `age` uses it.
//!
//! Passphrases are stretched in debug builds of users' crates too, whose dependencies are not optimised: there the crate
//! `scrypt` takes ten times as long as this does, most of it in calls of small generic functions. So this is written as a
//! compiler that optimises nothing can take it: words in variables, loops without iterators.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

/// How many pieces of 64 bytes a block has: twice scrypt's `r`, which is 8.
const PIECES: usize = 16;

/// 64 bytes as sixteen little-endian words, four in each.
type Piece = [u128; 4];

/// What one step mixes: 1 KiB.
type Block = [Piece; PIECES];

/// Stretches a passphrase at a cost of `2^work` blocks of 1 KiB, into 32 bytes.
pub(super) fn stretch(passphrase: &[u8], salt: &[u8], work: u8) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new(vec![0_u8; PIECES * 64]);
    expand(passphrase, salt, &mut bytes);
    let mut block = read(&bytes);
    mix_all(&mut block, 1 << work);
    write(&block, &mut bytes);
    block.zeroize();
    let mut key = Zeroizing::new([0; 32]);
    expand(passphrase, &bytes, key.as_mut_slice());
    key
}

/// PBKDF2 with HMAC-SHA-256 and one round.
#[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
fn expand(passphrase: &[u8], salt: &[u8], into: &mut [u8]) {
    let keyed = <Hmac<Sha256> as hmac::Mac>::new_from_slice(passphrase).expect("a key of any length");
    for (number, part) in (1_u32..).zip(into.chunks_mut(32)) {
        let mut mac = keyed.clone();
        mac.update(salt);
        mac.update(&number.to_be_bytes());
        part.copy_from_slice(&mac.finalize().into_bytes()[..part.len()]);
    }
}

fn read(bytes: &[u8]) -> Block {
    let mut block = [[0; 4]; PIECES];
    let words = block.iter_mut().flatten();
    for (word, bytes) in words.zip(bytes.chunks_exact(16)) {
        *word = bytes.try_into().map_or(0, u128::from_le_bytes);
    }
    block
}

fn write(block: &Block, bytes: &mut [u8]) {
    for (word, bytes) in block.iter().flatten().zip(bytes.chunks_exact_mut(16)) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}

/// scrypt's ROMix: fills `steps` blocks one after the other, and then mixes as many of them, each of which the one before
/// chose.
fn mix_all(block: &mut Block, steps: usize) {
    let mut all: Vec<Block> = Vec::with_capacity(steps);
    let mut mixed = [[0; 4]; PIECES];
    let nothing = [[0; 4]; PIECES];
    while all.len() < steps {
        all.push(*block);
        mix(block, &nothing, &mut mixed);
        std::mem::swap(block, &mut mixed);
    }
    let mut left = steps;
    while left > 0 {
        // The lowest bits of the last piece; `steps` is a power of two.
        let chosen = usize::try_from(block[PIECES - 1][0] & (steps as u128 - 1)).unwrap_or_default();
        mix(block, &all[chosen], &mut mixed);
        std::mem::swap(block, &mut mixed);
        left -= 1;
    }

    mixed.zeroize();
}

/// scrypt's BlockMix of two blocks XORed.
fn mix(one: &Block, other: &Block, into: &mut Block) {
    let (last, last_other) = (&one[PIECES - 1], &other[PIECES - 1]);
    let mut a = last[0] ^ last_other[0];
    let mut b = last[1] ^ last_other[1];
    let mut c = last[2] ^ last_other[2];
    let mut d = last[3] ^ last_other[3];
    let mut at = 0;
    while at < PIECES {
        let (piece, piece_other) = (&one[at], &other[at]);
        let mixed = salsa([
            a ^ piece[0] ^ piece_other[0],
            b ^ piece[1] ^ piece_other[1],
            c ^ piece[2] ^ piece_other[2],
            d ^ piece[3] ^ piece_other[3],
        ]);
        [a, b, c, d] = mixed;
        // Even pieces first, odd ones after them.
        into[(at >> 1) | ((at & 1) << 3)] = mixed;
        at += 1;
    }
}

/// A quarter of a round of Salsa20.
macro_rules! quarter {
    ($a:ident, $b:ident, $c:ident, $d:ident) => {
        step!($b, $a, $d, 7, 25);
        step!($c, $b, $a, 9, 23);
        step!($d, $c, $b, 13, 19);
        step!($a, $d, $c, 18, 14);
    };
}

/// One addition, rotation and XOR. The rotation is written out: it is a call otherwise.
macro_rules! step {
    ($to:ident, $one:ident, $other:ident, $left:literal, $right:literal) => {
        let sum = $one.wrapping_add($other);
        $to ^= (sum << $left) | (sum >> $right);
    };
}

/// Takes the four words of a number.
macro_rules! words {
    ($of:expr => $a:ident, $b:ident, $c:ident, $d:ident) => {
        let (mut $a, mut $b, mut $c, mut $d) =
            ($of as u32, ($of >> 32) as u32, ($of >> 64) as u32, ($of >> 96) as u32);
    };
}

/// Adds words to those of a number.
macro_rules! sum {
    ($of:expr, $a:ident, $b:ident, $c:ident, $d:ident) => {
        (($of as u32).wrapping_add($a) as u128)
            | ((($of >> 32) as u32).wrapping_add($b) as u128) << 32
            | ((($of >> 64) as u32).wrapping_add($c) as u128) << 64
            | ((($of >> 96) as u32).wrapping_add($d) as u128) << 96
    };
}

/// Salsa20 with eight rounds.
#[expect(clippy::cast_possible_truncation, reason = "the words of a number are taken one by one")]
fn salsa(piece: Piece) -> Piece {
    let [i, j, k, l] = piece;
    words!(i => x0, x1, x2, x3);
    words!(j => x4, x5, x6, x7);
    words!(k => x8, x9, x10, x11);
    words!(l => x12, x13, x14, x15);
    let mut rounds = 0;
    while rounds < 8 {
        quarter!(x0, x4, x8, x12);
        quarter!(x5, x9, x13, x1);
        quarter!(x10, x14, x2, x6);
        quarter!(x15, x3, x7, x11);
        quarter!(x0, x1, x2, x3);
        quarter!(x5, x6, x7, x4);
        quarter!(x10, x11, x8, x9);
        quarter!(x15, x12, x13, x14);
        rounds += 2;
    }
    [sum!(i, x0, x1, x2, x3), sum!(j, x4, x5, x6, x7), sum!(k, x8, x9, x10, x11), sum!(l, x12, x13, x14, x15)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn salsa_mixes_as_the_standard_says() {
        // RFC 7914, section 8.
        let input = "7e879a214f3ec9867ca940e641718f26baee555b8c61c1b50df846116dcd3b1dee24f319df9b3d8514121e4b5ac5aa3276021d\
                     2909c74829edebc68db8b8c25e";
        let output = "a41f859c6608cc993b81cacb020cef05044b2181a2fd337dfd7b1c6396682f29b4393168e3c9e6bcfe6bc5b7a06d96bae42\
                      4cc102c91745c24ad673dc7618f81";
        let bytes: Vec<u8> =
            (0..64).map(|at| u8::from_str_radix(&input[2 * at..2 * at + 2], 16).unwrap()).collect();
        let mut piece = [0; 4];
        for (word, bytes) in piece.iter_mut().zip(bytes.chunks_exact(16)) {
            *word = u128::from_le_bytes(bytes.try_into().unwrap());
        }
        assert_eq!(hex(&salsa(piece).map(u128::to_le_bytes).concat()), output);
    }

    #[test]
    fn a_key_is_that_of_the_standard() {
        // The first half of the vectors with r = 8 and p = 1 of RFC 7914, section 12, and others of OpenSSL.
        let key = stretch(b"pleaseletmein", b"SodiumChloride", 14);
        assert_eq!(hex(key.as_slice()), "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
    }
}
