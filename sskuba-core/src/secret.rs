//! A value that must not be seen: masked wherever it could be printed, zeroed when dropped.

use std::cell::Cell;
use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// What stands where a secret was.
pub const MASK: &str = "(secret)";

/// The key of the object that carries a secret between serde and [`Value`](crate::value::Value).
pub(crate) const CARRIER: &str = "$sskuba:secret";

thread_local! {
    /// True while this thread turns a typed value into a `Value`; only then do secrets serialise.
    static EXPOSING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` with secrets serialising as carriers instead of as the mask.
pub(crate) fn exposing<T>(f: impl FnOnce() -> T) -> T {
    struct Reset(bool);
    impl Drop for Reset {
        fn drop(&mut self) {
            EXPOSING.set(self.0);
        }
    }
    let _reset = Reset(EXPOSING.replace(true));
    f()
}

/// A secret of type `T`: `Debug`, `Display` and serde show a mask; dropped, it is zeroed.
///
/// ```
/// use sskuba_core::secret::Secret;
/// let password = Secret::new("hunter2".to_string());
/// assert_eq!(format!("{password:?}"), "(secret)");
/// assert_eq!(password.expose(), "hunter2");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Shows the value. Name it in the narrowest scope that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T: Zeroize> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T: Zeroize + Serialize> Serialize for Secret<T> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if EXPOSING.get() { to.collect_map([(CARRIER, &self.0)]) } else { to.serialize_str(MASK) }
    }
}

impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_a_secret() {
        let secret = Secret::new("canary".to_string());
        let shown = format!("{secret} {secret:?} {}", serde_json::to_string(&secret).unwrap());
        assert!(!shown.contains("canary"), "{shown}");
        assert!(exposing(|| serde_json::to_string(&secret).unwrap()).contains("canary"));
        assert!(!serde_json::to_string(&secret).unwrap().contains("canary"));
    }
}
