//! What an instance is told when it first boots: as text, or as bytes in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sskuba_core::schema::FieldError;
use sskuba_core::secret::Secret;

use crate::kind::mistake;

/// The most bytes of user data that AWS takes, before base64.
pub const USER_DATA_LIMIT: usize = 16 * 1024;

/// Says what is wrong with `user_data` and `user_data_base64`.
pub(super) fn mistakes(text: Option<&Secret<String>>, base64: Option<&Secret<String>>) -> Vec<FieldError> {
    let mut mistakes = Vec::new();
    let mut limit = |field: &str, bytes: usize| {
        if bytes > USER_DATA_LIMIT {
            let message = format!(
                "is {bytes} bytes; AWS takes at most {USER_DATA_LIMIT}: make it smaller, or let it fetch the rest"
            );
            mistakes.push(mistake(field, message));
        }
    };
    if let Some(text) = text {
        limit("user_data", text.expose().len());
    }
    if let Some(base64) = base64 {
        match decoded(base64.expose()) {
            Some(bytes) => limit("user_data_base64", bytes.expose().len()),
            None => mistakes.push(mistake("user_data_base64", "is not base64 text")),
        }
    }
    if text.is_some() && base64.is_some() {
        mistakes.push(mistake("user_data_base64", "is given together with user_data; give one of them"));
    }
    mistakes
}

/// Decodes base64 text; white space does not count.
pub(super) fn decoded(text: &str) -> Option<Secret<Vec<u8>>> {
    let compact = Secret::new(text.split_ascii_whitespace().collect::<String>());
    STANDARD.decode(compact.expose()).ok().map(Secret::new)
}

/// Returns user data in base64, as AWS takes it.
#[cfg(feature = "ec2")]
pub(super) fn encoded(
    text: Option<&Secret<String>>,
    base64: Option<&Secret<String>>,
) -> Option<Secret<String>> {
    match (text, base64) {
        (Some(text), _) => Some(Secret::new(STANDARD.encode(text.expose()))),
        (None, Some(base64)) => {
            Some(Secret::new(base64.expose().split_ascii_whitespace().collect::<String>()))
        }
        (None, None) => None,
    }
}
