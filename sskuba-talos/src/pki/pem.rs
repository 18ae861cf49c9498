//! PEM: the first block of a text, as Talos reads it.

use x509_cert::der::pem::{LineEnding, decode_vec, encode_string};
use zeroize::Zeroizing;

use super::PkiError;

/// What opens the line that begins a block.
const BEGIN: &str = "-----BEGIN ";
/// What opens the line that ends a block.
const END: &str = "-----END ";

/// Returns label and content of the first block; text before and after it is left aside.
pub(crate) fn first(text: &str) -> Result<(&str, Zeroizing<Vec<u8>>), PkiError> {
    let start = text.find(BEGIN).ok_or(PkiError::Pem("no line begins a block"))?;
    let block = &text[start..];
    let end = block.find(END).ok_or(PkiError::Pem("no line ends the block"))?;
    let length = block[end..].find('\n').map_or(block.len(), |line| end + line + 1);
    let (label, content) = decode_vec(&block.as_bytes()[..length]).map_err(|_| {
        PkiError::Pem("the block is not base64 in lines between a BEGIN and an END that agree")
    })?;
    Ok((label, Zeroizing::new(content)))
}

/// Writes a block with lines of 64 characters.
pub(crate) fn write(label: &'static str, content: &[u8]) -> Result<String, PkiError> {
    encode_string(label, LineEnding::LF, content).map_err(|error| PkiError::Make(error.to_string()))
}
