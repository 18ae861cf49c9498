//! The archive that a machine sends a kubeconfig in: a tar in gzip without the blocks that should end it.

use std::io::{self, Read};

use flate2::read::GzDecoder;

/// The size of tar's blocks.
const BLOCK: usize = 512;

/// Entries that only describe the next one; more of them before a file are nonsense.
const MOST_HEADERS: usize = 8;

/// Bytes that are no archive with a file in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the archive: {why}")]
pub struct BadArchive {
    /// What is wrong with it.
    pub why: String,
}

/// Unpacks the first file of a `.tar.gz`. What follows it is not looked at: machines do not end the tar.
///
/// # Errors
/// If it is no such archive, there is no file in it, or the file is larger than `limit` bytes.
pub(crate) fn first_file(packed: &[u8], limit: usize) -> Result<Vec<u8>, BadArchive> {
    let mut unpacked = GzDecoder::new(packed);
    for _ in 0..MOST_HEADERS {
        let mut header = [0; BLOCK];
        unpacked.read_exact(&mut header).map_err(|error| cut_short(&error))?;
        if header == [0; BLOCK] {
            return Err(bad("there is no file in it".to_owned()));
        }
        let (kind, size) = entry(&header)?;
        if size > limit {
            return Err(bad(format!("an entry of {size} bytes; at most {limit} are read")));
        }
        match kind {
            b'0' | 0 => {
                let mut file = vec![0; size];
                unpacked.read_exact(&mut file).map_err(|error| cut_short(&error))?;
                return Ok(file);
            }
            b'x' | b'g' | b'L' => {
                let padded = size.div_ceil(BLOCK) * BLOCK;
                let skipped = io::copy(&mut (&mut unpacked).take(padded as u64), &mut io::sink());
                skipped.map_err(|error| cut_short(&error))?;
            }
            _ => return Err(bad("its first entry is no file".to_owned())),
        }
    }
    Err(bad("no file comes after all the headers".to_owned()))
}

const fn bad(why: String) -> BadArchive {
    BadArchive { why }
}

fn cut_short(error: &io::Error) -> BadArchive {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => bad("it ends too early".to_owned()),
        _ => bad(format!("it is no gzip ({error})")),
    }
}

/// Reads the kind and size of an entry from its header, whose sum must be right.
fn entry(header: &[u8; BLOCK]) -> Result<(u8, usize), BadArchive> {
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(at, byte)| if SUM.contains(&at) { 32 } else { u64::from(*byte) })
        .sum();
    if octal(&header[SUM]) != Some(sum) {
        return Err(bad("no tar: the sum of its first header is wrong".to_owned()));
    }
    let size = octal(&header[124..136]).and_then(|size| usize::try_from(size).ok());
    let size = size.ok_or_else(|| bad("the size of its first entry is no number".to_owned()))?;
    Ok((header[156], size))
}

/// Where a header's sum is.
const SUM: std::ops::Range<usize> = 148..156;

/// Reads an octal number between spaces and zero bytes.
fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?.trim_matches(['\0', ' ']);
    // Numbers have no sign.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| u64::from_str_radix(text, 8).ok())?
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn header(kind: u8, size: usize) -> [u8; BLOCK] {
        let mut header = [0; BLOCK];
        header[..10].copy_from_slice(b"kubeconfig");
        header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
        header[156] = kind;
        header[SUM].fill(b' ');
        let sum: u64 = header.iter().map(|byte| u64::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        header
    }

    pub(crate) fn pack(tar: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(tar).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn a_tar_without_an_end_gives_its_first_file() {
        let mut tar = header(b'0', 5).to_vec();
        tar.extend(b"hello");
        assert_eq!(first_file(&pack(&tar), 100).unwrap(), b"hello");
        tar.extend(b"whatever comes after it");
        assert_eq!(first_file(&pack(&tar), 100).unwrap(), b"hello");
    }

    #[test]
    fn headers_before_the_file_are_skipped() {
        let mut tar = header(b'x', 3).to_vec();
        tar.extend([0; BLOCK]);
        tar.extend(header(b'0', 2));
        tar.extend(b"ok");
        assert_eq!(first_file(&pack(&tar), 100).unwrap(), b"ok");
    }

    #[test]
    fn what_is_no_archive_is_an_error_that_says_why() {
        let file = |size: usize| {
            let mut tar = header(b'0', size).to_vec();
            tar.extend(b"hello");
            pack(&tar)
        };
        let mut sum = header(b'0', 5);
        sum[0] = b'K';
        for (packed, part) in [
            (Vec::new(), "ends too early"),
            (b"apiVersion: v1\n".to_vec(), "no gzip"),
            (file(6), "ends too early"),
            (file(101), "at most 100"),
            (pack(&sum), "sum"),
            (pack(&header(b'5', 0)), "no file"),
            (pack(&header(b'x', 0).repeat(9)), "no file"),
            (pack(&[0; 2 * BLOCK]), "there is no file"),
            (pack(b"short"), "ends too early"),
        ] {
            let why = first_file(&packed, 100).unwrap_err().to_string();
            assert!(why.contains(part), "{why} / {part}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(packed in vec(any::<u8>(), 0..2048)) {
            let _ = first_file(&packed, 1 << 16);
        }

        #[test]
        fn any_tar_is_read_without_a_panic(tar in vec(any::<u8>(), 0..2048)) {
            let _ = first_file(&pack(&tar), 1 << 16);
        }

        #[test]
        fn a_file_comes_back_wherever_the_archive_is_not_cut_in_it(
            file in vec(any::<u8>(), 0..4096), cut in 0_usize..8192
        ) {
            let mut tar = header(b'0', file.len()).to_vec();
            tar.extend(&file);
            let packed = pack(&tar);
            prop_assert_eq!(first_file(&packed, 1 << 16), Ok(file.clone()));
            let end = cut.min(packed.len());
            if let Ok(read) = first_file(&packed[..end], 1 << 16) {
                prop_assert_eq!(read, file);
            }
        }
    }
}
