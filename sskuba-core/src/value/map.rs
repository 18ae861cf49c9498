//! The fields of a resource.

use std::fmt;
use std::ops::{Deref, DerefMut, Index};

use litemap::LiteMap;

use super::Value;

type Inner = LiteMap<String, Value>;

/// Fields by name, in the order of their names.
///
/// Resources have a handful of fields each and stacks have many resources, so they lie in one vector of just the
/// size that is needed; a node of a `BTreeMap` has room for eleven. What can be done with it is what can be done with
/// a [`LiteMap`].
///
/// ```
/// use sskuba_core::value::{Map, Value};
///
/// let mut fields = Map::from([("size".to_owned(), Value::from("small"))]);
/// fields.insert("name".to_owned(), "web".into());
/// assert_eq!(fields.keys().collect::<Vec<_>>(), ["name", "size"]);
/// ```
#[derive(Clone, PartialEq, Default)]
pub struct Map(Inner);

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter()).finish()
    }
}

impl Map {
    /// Returns a map without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a map without fields that has room for so many.
    pub fn with_capacity(fields: usize) -> Self {
        Self(Inner::with_capacity(fields))
    }

    /// Returns the values, in the order of their names.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

impl Deref for Map {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl DerefMut for Map {
    fn deref_mut(&mut self) -> &mut Inner {
        &mut self.0
    }
}

impl Index<&str> for Map {
    type Output = Value;

    /// Returns the field of this name.
    ///
    /// # Panics
    /// If there is none, as with every map.
    fn index(&self, name: &str) -> &Value {
        #[expect(clippy::expect_used, reason = "an index has no other way to say it")]
        self.0.get(name).expect("no field of this name")
    }
}

impl FromIterator<(String, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(fields: I) -> Self {
        let fields = fields.into_iter();
        let mut map = Inner::with_capacity(fields.size_hint().0);
        map.extend(fields);
        Self(map)
    }
}

impl<const N: usize> From<[(String, Value); N]> for Map {
    fn from(fields: [(String, Value); N]) -> Self {
        fields.into_iter().collect()
    }
}

impl Extend<(String, Value)> for Map {
    fn extend<I: IntoIterator<Item = (String, Value)>>(&mut self, fields: I) {
        self.0.extend(fields);
    }
}

impl IntoIterator for Map {
    type Item = (String, Value);
    type IntoIter = <Inner as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a String, &'a Value);
    type IntoIter = <&'a Inner as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        (&self.0).into_iter()
    }
}

impl<'a> IntoIterator for &'a mut Map {
    type Item = (&'a String, &'a mut Value);
    type IntoIter = <&'a mut Inner as IntoIterator>::IntoIter;

    fn into_iter(self) -> Self::IntoIter {
        (&mut self.0).into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&str, i64)]) -> Map {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect()
    }

    #[test]
    fn fields_are_in_the_order_of_their_names_and_the_last_of_a_name_counts() {
        let fields = map(&[("b", 1), ("a", 2), ("c", 3), ("b", 4)]);
        assert_eq!(fields, map(&[("a", 2), ("b", 4), ("c", 3)]));
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["a", "b", "c"]);
        let mut more = fields;
        more.extend(map(&[("aa", 5), ("c", 6)]));
        assert_eq!(more, map(&[("a", 2), ("aa", 5), ("b", 4), ("c", 6)]));
    }

    #[test]
    fn a_million_fields_in_any_order_are_no_matter() {
        let fields = (0..1_000_000_u32).rev().map(|n| (format!("{n:07}"), Value::Null));
        assert_eq!(fields.collect::<Map>().first().map(|(name, _)| name.as_str()), Some("0000000"));
    }
}
