//! How much a value may be: the same on the way in and on the way out, so that all that is recorded can be read.

use super::{Map, Value, ValueError};

/// How deep a value may be nested: a text is not, a list of texts is nested once.
pub const MOST_DEPTH: usize = 64;

/// How many bytes a value may have; see [`Measure::bytes`].
pub const MOST_BYTES: usize = 16 << 20;

/// What every value has besides the bytes of its texts.
const OVERHEAD: usize = 8;

/// How deep and how large a value is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measure {
    /// How many lists and maps are round its innermost part.
    pub depth: usize,
    /// The bytes of its texts and keys, and eight for each part.
    pub bytes: usize,
}

impl Measure {
    /// Returns the measure of a list or a map of parts that measure so much, whose keys have so many bytes.
    pub(crate) fn round(parts: impl IntoIterator<Item = Self>, keys: usize) -> Self {
        let empty = Self { depth: 0, bytes: OVERHEAD.saturating_add(keys) };
        let inner = parts.into_iter().fold(empty, |all, part| Self {
            depth: all.depth.max(part.depth),
            bytes: all.bytes.saturating_add(part.bytes),
        });
        Self { depth: inner.depth + 1, ..inner }
    }

    /// Checks it against [`MOST_DEPTH`] and [`MOST_BYTES`].
    ///
    /// # Errors
    /// If it is more, with the limit.
    pub fn check(self) -> Result<(), ValueError> {
        if self.depth > MOST_DEPTH {
            return Err(ValueError(format!(
                "is nested {} deep; a value may be nested {MOST_DEPTH} deep",
                self.depth
            )));
        }
        if self.bytes > MOST_BYTES {
            return Err(ValueError(format!(
                "has {} bytes; a value may have {MOST_BYTES} (16 MiB)",
                self.bytes
            )));
        }
        Ok(())
    }
}

impl Value {
    /// Measures the value; a loop, however deep it is.
    ///
    /// ```
    /// use sskuba_core::value::{Measure, Value};
    ///
    /// let list = Value::List(vec!["ab".into(), Value::Null]);
    /// assert_eq!(list.measure(), Measure { depth: 1, bytes: 26 });
    /// ```
    pub fn measure(&self) -> Measure {
        let mut all = Measure::default();
        let mut todo = vec![(self, 0)];
        while let Some((value, depth)) = todo.pop() {
            all.depth = all.depth.max(depth);
            all.bytes = all.bytes.saturating_add(match value {
                Self::Secret(hidden) => {
                    todo.push((&hidden.value, depth));
                    continue;
                }
                Self::String(text) => OVERHEAD + text.len(),
                Self::List(items) => {
                    // A list is nested, also one without items.
                    all.depth = all.depth.max(depth + 1);
                    todo.extend(items.iter().map(|item| (item, depth + 1)));
                    OVERHEAD
                }
                Self::Map(map) => {
                    all.depth = all.depth.max(depth + 1);
                    todo.extend(map.values().map(|item| (item, depth + 1)));
                    OVERHEAD + map.keys().map(String::len).sum::<usize>()
                }
                Self::Null | Self::Bool(_) | Self::Number(_) | Self::Unknown => OVERHEAD,
            });
        }
        all
    }
}

/// Checks each field of a map; see [`Measure::check`].
///
/// # Errors
/// If one is too much, with its name.
pub(crate) fn check_map(map: &Map) -> Result<(), ValueError> {
    map.iter().try_for_each(|(name, value)| {
        value.measure().check().map_err(|error| ValueError(format!("`{name}` {error}")))
    })
}

/// Takes those fields out of a map that are too much; returns their names and what is wrong with them.
pub(crate) fn take_excess(map: &mut Map) -> Vec<(String, ValueError)> {
    let fault = |(name, value): (&String, &Value)| Some((name.clone(), value.measure().check().err()?));
    let faults: Vec<_> = map.iter().filter_map(fault).collect();
    for (name, _) in &faults {
        map.remove(name.as_str());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> Value {
        (0..depth).fold(Value::Null, |inner, i| match i % 2 {
            0 => Value::List(vec![inner]),
            _ => Value::Map([("k".to_owned(), inner)].into()),
        })
    }

    #[test]
    fn a_value_may_be_nested_to_the_limit_and_not_further() {
        assert_eq!(nested(MOST_DEPTH).measure().check(), Ok(()));
        assert_eq!(nested(MOST_DEPTH).into_secret().measure().check(), Ok(()));
        let error = nested(MOST_DEPTH + 1).measure().check().unwrap_err().to_string();
        assert_eq!(error, "is nested 65 deep; a value may be nested 64 deep");
    }

    #[test]
    fn a_value_may_have_its_bytes_and_not_more() {
        assert_eq!(Value::from("x".repeat(MOST_BYTES - OVERHEAD)).measure().check(), Ok(()));
        let error = Value::from("x".repeat(MOST_BYTES)).measure().check().unwrap_err().to_string();
        assert_eq!(error, "has 16777224 bytes; a value may have 16777216 (16 MiB)");
    }

    #[test]
    fn what_is_too_much_is_taken_out_by_name() {
        let mut map: Map = [("deep".to_owned(), nested(99)), ("id".to_owned(), "x".into())].into();
        assert!(check_map(&map).unwrap_err().to_string().starts_with("`deep` is nested 99 deep"));
        let faults = take_excess(&mut map);
        assert_eq!(faults.len(), 1);
        assert_eq!(map.keys().collect::<Vec<_>>(), ["id"]);
    }
}
