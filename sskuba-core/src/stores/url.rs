//! Stores by URL, as `--state` and `SSKUBA_STATE` name them.

use std::sync::Arc;

use super::{Memory, Sled};
use crate::state::{StateStore, StoreError};

/// Makes the store that `url` names: `sled:PATH` or `memory:`.
///
/// Nothing is opened or created yet, so a path that cannot be used is found at the first use.
///
/// # Errors
/// [`StoreError::Unsupported`] names the schemes that are known.
///
/// ```
/// let store = sskuba_core::stores::parse("memory:")?;
/// assert_eq!(store.place(), "memory:");
/// # Ok::<(), sskuba_core::state::StoreError>(())
/// ```
pub fn parse(url: &str) -> Result<Arc<dyn StateStore>, StoreError> {
    parse_with(url, None)
}

/// Makes the store that `url` names; of a stack the copies of the last `backups` runs are kept, where the store keeps any.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(url: &str, backups: Option<usize>) -> Result<Arc<dyn StateStore>, StoreError> {
    let sled = |path: &str| match (Sled::open(path), backups) {
        (sled, Some(backups)) => sled.keep_backups(backups),
        (sled, None) => sled,
    };
    let refuse = |why: &str| {
        Err(StoreError::Unsupported(format!(
            "failed to read the state store `{url}`: {why}; the stores known are `sled:PATH` (a folder on this \
             machine) and `memory:` (gone with the process)"
        )))
    };
    match url.split_once(':') {
        Some(("sled", "")) => refuse("the folder is missing"),
        Some(("sled", path)) => Ok(Arc::new(sled(path))),
        Some(("memory", "")) => Ok(Arc::new(Memory::default())),
        Some(("memory", _)) => refuse("`memory:` takes nothing after the colon"),
        Some((scheme, _)) => refuse(&format!("the scheme `{scheme}` is not known")),
        None => refuse("it has no scheme"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_schemes_make_their_stores() {
        assert_eq!(parse("sled:/var/lib/demo").unwrap().place(), "sled:/var/lib/demo");
        assert_eq!(parse("memory:").unwrap().place(), "memory:");
    }

    #[test]
    fn others_are_refused_and_the_known_ones_named() {
        for url in ["postgres://db/x", "sled:", "memory:x", "state", ""] {
            let error = parse(url).unwrap_err().to_string();
            assert!(error.starts_with(&format!("failed to read the state store `{url}`: ")), "{error}");
            assert!(error.contains("`sled:PATH`") && error.contains("`memory:`"), "{error}");
        }
    }
}
