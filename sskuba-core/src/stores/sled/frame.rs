//! Values that say themselves what they are, so that they can be found in a log that sled no longer reads.
//!
//! sled names a value by the page that it is on, and finds pages through its log. One damaged byte there can hide all
//! that follows. So every entry, record and small value is stored in a frame: four bytes that say of which sort it is,
//! the lease that wrote it, its revision, its key, and a checksum over all of it. Whoever reads the bytes of the file
//! from one end to the other finds each frame that is whole, wherever sled put it.
//!
//! | bytes | |
//! |---|---|
//! | 3 | `F3 73 6B` |
//! | 1 | the sort: `e` entry, `r` record, `h` history, `m` all small values |
//! | 4 | the lease's number |
//! | 8 | the revision: of an entry its own, else up to which everything is in it |
//! | 2 | the length of the key |
//! | 4 | the length of the value |
//! | 4 | CRC-32 of all the rest |
//! | | the key, the value |
//!
//! Numbers are big-endian. What an earlier release wrote has no frame: an entry then begins with the first byte of its
//! length, a record with `r`.

/// What a frame begins with. No entry of less than 3 GiB and no record without a frame begins so.
const MAGIC: [u8; 3] = [0xf3, b's', b'k'];

/// The length of what stands before key and value.
pub(super) const HEAD: usize = 26;

/// What is in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// An entry of the journal.
    Entry,
    /// A record.
    Record,
    /// An entry of the history.
    History,
    /// All small values.
    Meta,
}

impl Sort {
    fn letter(self) -> u8 {
        match self {
            Self::Entry => b'e',
            Self::Record => b'r',
            Self::History => b'h',
            Self::Meta => b'm',
        }
    }

    fn of(letter: u8) -> Option<Self> {
        [Self::Entry, Self::Record, Self::History, Self::Meta].into_iter().find(|s| s.letter() == letter)
    }
}

/// A frame, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// What it holds.
    pub(super) sort: Sort,
    /// The number of the lease that wrote it, as far as 4 bytes have it.
    pub(super) fence: u32,
    /// Its revision.
    pub(super) at: u64,
    /// Its key.
    pub(super) key: &'a [u8],
    /// Its value.
    pub(super) value: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Writes the frame behind what is in `out`; none if its key or value is too long for one.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        let (key, value) = (u16::try_from(self.key.len()).ok()?, u32::try_from(self.value.len()).ok()?);
        let start = out.len();
        out.reserve(HEAD + self.key.len() + self.value.len());
        out.extend_from_slice(&MAGIC);
        out.push(self.sort.letter());
        out.extend_from_slice(&self.fence.to_be_bytes());
        out.extend_from_slice(&self.at.to_be_bytes());
        out.extend_from_slice(&key.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
        let sum = sum(&out[start..], self.key, self.value);
        out.extend_from_slice(&sum.to_be_bytes());
        out.extend_from_slice(self.key);
        out.extend_from_slice(self.value);
        Some(())
    }

    /// Reads the frame that `bytes` begin with, and what is behind it; none if there is none that has its length.
    /// Its checksum is not compared: who reads through sled has sums of its own.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let rest = bytes.strip_prefix(&MAGIC)?;
        let (sort, rest) = rest.split_first()?;
        let (fence, rest) = rest.split_first_chunk::<4>()?;
        let (at, rest) = rest.split_first_chunk::<8>()?;
        let (key_length, rest) = rest.split_first_chunk::<2>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (_, rest) = rest.split_first_chunk::<4>()?;
        let (key, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*key_length)))?;
        let (value, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let (fence, at) = (u32::from_be_bytes(*fence), u64::from_be_bytes(*at));
        Some((Self { sort: Sort::of(*sort)?, fence, at, key, value }, rest))
    }

    /// Finds every whole frame in `bytes`, whatever stands between them.
    pub(super) fn find_all(bytes: &'a [u8]) -> impl Iterator<Item = Self> {
        let mut from = 0;
        std::iter::from_fn(move || {
            loop {
                let start =
                    from + bytes.get(from..)?.windows(MAGIC.len()).position(|three| three == MAGIC)?;
                from = start + 1;
                let head = bytes.get(start..start + HEAD);
                if let (Some(head), Some((frame, _))) = (head, Self::read(&bytes[start..]))
                    && head[HEAD - 4..] == sum(&head[..HEAD - 4], frame.key, frame.value).to_be_bytes()
                {
                    from = start + HEAD + frame.key.len() + frame.value.len();
                    return Some(frame);
                }
            }
        })
    }
}

fn sum(head: &[u8], key: &[u8], value: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    [head, key, value].into_iter().for_each(|part| sum.update(part));
    sum.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames() -> [Frame<'static>; 4] {
        [
            Frame { sort: Sort::Entry, fence: 1, at: 7, key: b"", value: b"what was done" },
            Frame { sort: Sort::Record, fence: u32::MAX, at: u64::MAX, key: b"token", value: b"" },
            Frame { sort: Sort::History, fence: 2, at: 8, key: b"", value: &[0xf3, b's', b'k', b'e', 0, 0] },
            Frame { sort: Sort::Meta, fence: 3, at: 0, key: b"", value: &[7; 300] },
        ]
    }

    #[test]
    fn frames_are_read_one_after_the_other_and_found_among_anything() {
        let (mut joined, mut strewn) = (Vec::new(), vec![0xf3, b's', b'k']);
        for frame in frames() {
            frame.write(&mut joined).unwrap();
            frame.write(&mut strewn).unwrap();
            strewn.extend_from_slice(&[0xf3, b's', b'k', b'e', 1]);
        }
        let mut rest = &joined[..];
        for frame in frames() {
            let (read, after) = Frame::read(rest).unwrap();
            assert_eq!(read, frame);
            rest = after;
        }
        assert!(rest.is_empty());
        assert_eq!(Frame::find_all(&strewn).collect::<Vec<_>>(), frames());
    }

    #[test]
    fn a_changed_byte_hides_one_frame_and_no_other() {
        let mut bytes = Vec::new();
        frames().iter().for_each(|frame| frame.write(&mut bytes).unwrap());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            let found: Vec<Frame<'_>> = Frame::find_all(&changed).collect();
            assert_eq!(found.len(), 3, "byte {at}: {found:?}");
            assert!(found.iter().all(|frame| frames().contains(frame)), "byte {at}");
        }
    }

    #[test]
    fn what_an_earlier_release_wrote_is_no_frame() {
        for bytes in [&b"r{\"address\":1}"[..], &[0, 0, 0, 1, b'x'], b"", &MAGIC] {
            assert_eq!(Frame::read(bytes), None);
        }
    }
}
