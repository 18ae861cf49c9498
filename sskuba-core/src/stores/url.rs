//! Stores by URL, as `--state` and `SSKUBA_STATE` name them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Memory, Sled};
use crate::state::{StateStore, StoreError};

/// Makes a store of what a URL says.
type MakeStore = dyn Fn(&StoreUrl<'_>) -> Result<Arc<dyn StateStore>, StoreError> + Send + Sync;

/// What a store is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreUrl<'u> {
    /// The whole URL.
    pub url: &'u str,
    /// What follows the scheme and its colon.
    pub rest: &'u str,
    /// Of how many runs a stack's copies are kept, where the user says so and the store keeps any.
    pub backups: Option<usize>,
}

impl StoreUrl<'_> {
    /// Refuses the URL.
    pub fn refused(&self, why: impl fmt::Display) -> StoreError {
        StoreError::Unsupported(format!("failed to read the state store `{}`: {why}", self.url))
    }
}

/// A scheme: how it is written, for people, and what makes its stores.
#[derive(Clone)]
struct Scheme {
    form: String,
    make: Arc<MakeStore>,
}

/// The stores that a program can have, by the scheme of their URL: `sled` and `memory`, and those that it registers.
#[derive(Clone)]
pub struct Stores(BTreeMap<String, Scheme>);

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Default for Stores {
    fn default() -> Self {
        let mut stores = Self(BTreeMap::new());
        stores.add("sled", "`sled:PATH` (a folder on this machine)", sled);
        stores.add("memory", "`memory:` (gone with the process)", memory);
        stores
    }
}

impl Stores {
    /// Registers what makes the stores of a scheme, in the place of what may have made them before. Nothing is opened or
    /// created while a store is made: what cannot be used is found at the first use.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use sskuba_core::stores::{Memory, Stores};
    ///
    /// let mut stores = Stores::default();
    /// stores.register("team", |url| match url.rest {
    ///     "" => Err(url.refused("the team is missing")),
    ///     _ => Ok(Arc::new(Memory::default())),
    /// });
    /// assert!(stores.make("team:blue", None).is_ok());
    /// assert!(stores.make("team:", None).unwrap_err().to_string().ends_with("the team is missing"));
    /// ```
    pub fn register(
        &mut self,
        scheme: impl Into<String>,
        make: impl Fn(&StoreUrl<'_>) -> Result<Arc<dyn StateStore>, StoreError> + Send + Sync + 'static,
    ) {
        let scheme = scheme.into();
        let form = format!("`{scheme}:…`");
        self.add(&scheme, &form, make);
    }

    fn add(
        &mut self,
        scheme: &str,
        form: &str,
        make: impl Fn(&StoreUrl<'_>) -> Result<Arc<dyn StateStore>, StoreError> + Send + Sync + 'static,
    ) {
        self.0.insert(scheme.to_owned(), Scheme { form: form.to_owned(), make: Arc::new(make) });
    }

    /// Makes the store that a URL names; of a stack the copies of the last `backups` runs are kept, where the store keeps
    /// any.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] names the schemes that are known; or what the scheme's own factory says.
    pub fn make(&self, url: &str, backups: Option<usize>) -> Result<Arc<dyn StateStore>, StoreError> {
        let (scheme, rest) = url.split_once(':').unwrap_or((url, ""));
        let asked = StoreUrl { url, rest, backups };
        match self.0.get(scheme).filter(|_| url.contains(':')) {
            Some(known) => (known.make)(&asked),
            None if url.contains(':') => {
                Err(asked.refused(format!("the scheme `{scheme}` is not known; {}", self.known())))
            }
            // A folder is what people write who forget the scheme.
            None if self.0.contains_key("sled") && !url.is_empty() => {
                Err(asked.refused(format!("it has no scheme; did you mean `sled:{url}`? {}", self.known())))
            }
            None => Err(asked.refused(format!("it has no scheme; {}", self.known()))),
        }
    }

    fn known(&self) -> String {
        let forms: Vec<&str> = self.0.values().map(|scheme| scheme.form.as_str()).collect();
        match forms.split_last() {
            Some((last, rest)) if !rest.is_empty() => {
                format!("the stores known are {} and {last}", rest.join(", "))
            }
            _ => format!("the store known is {}", forms.concat()),
        }
    }
}

fn sled(asked: &StoreUrl<'_>) -> Result<Arc<dyn StateStore>, StoreError> {
    if asked.rest.is_empty() {
        return Err(asked.refused("the folder is missing, as in `sled:PATH`"));
    }
    let store = Sled::open(asked.rest);
    Ok(Arc::new(match asked.backups {
        Some(backups) => store.keep_backups(backups),
        None => store,
    }))
}

fn memory(asked: &StoreUrl<'_>) -> Result<Arc<dyn StateStore>, StoreError> {
    match asked.rest {
        "" => Ok(Arc::new(Memory::default())),
        _ => Err(asked.refused("`memory:` takes nothing after the colon")),
    }
}

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
    Stores::default().make(url, None)
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
        for url in ["postgres://db/x", "sled:", "memory:x", "state", "sled", ""] {
            let error = parse(url).unwrap_err().to_string();
            assert!(error.starts_with(&format!("failed to read the state store `{url}`: ")), "{error}");
            let own = url.split_once(':').is_some_and(|(scheme, _)| scheme != "postgres");
            assert!(own || error.contains("`sled:PATH`") && error.contains("`memory:`"), "{error}");
        }
    }

    #[test]
    fn what_is_registered_is_made_and_named() {
        let mut stores = Stores::default();
        stores.register("postgres", |url| {
            assert_eq!((url.rest, url.backups), ("//db/x", Some(3)));
            Ok(Arc::new(Memory::default()))
        });
        assert_eq!(stores.make("postgres://db/x", Some(3)).unwrap().place(), "memory:");
        let error = stores.make("mysql://db/x", None).unwrap_err().to_string();
        assert!(error.contains("the scheme `mysql` is not known"), "{error}");
        assert!(error.contains("`postgres:…` and `sled:PATH`"), "{error}");
    }
}
