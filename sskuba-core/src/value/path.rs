//! Paths to the parts of a resource's fields: `spec.replicas`, `tags["team"]`, `rules[*].port`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Map, Value};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Segment {
    /// The entry of this name of a map or an object: `.name` or `["name"]`.
    Key(String),
    /// The item at this place of a list, from 0: `[0]`.
    Index(usize),
    /// Every entry or item: `[*]`, or `.*`.
    Every,
    /// Every entry, and every entry of those, to any depth: `.**`. Ends a path.
    Deep,
}

/// The path to a part of a resource's inputs. It starts with the name of a field.
///
/// ```
/// use sskuba_core::value::FieldPath;
///
/// let path = FieldPath::parse("rules[*].port")?;
/// assert_eq!(path.field(), "rules");
/// assert!(path.covers(&FieldPath::parse("rules[3].port")?));
/// assert_eq!(FieldPath::parse(r#"tags["a.b"]"#)?.to_string(), r#"tags["a.b"]"#);
/// assert_eq!(FieldPath::parse("tags[").unwrap_err().to_string(), "`tags[` is no path: its `[` is not closed; write \
///     it as in `spec.replicas`, `tags[\"team\"]` or `rules[*].port`");
/// # Ok::<(), sskuba_core::value::PathError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath {
    field: String,
    rest: Vec<Segment>,
}

/// Why a text is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no path: {why}; write it as in `spec.replicas`, `tags[\"team\"]` or `rules[*].port`")]
pub struct PathError {
    text: String,
    why: &'static str,
}

impl FieldPath {
    /// Makes the path of a whole field.
    pub fn of(field: impl Into<String>) -> Self {
        Self { field: field.into(), rest: Vec::new() }
    }

    /// Reads a path.
    ///
    /// # Errors
    /// If the text is none.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        parse(text).map_err(|why| PathError { text: text.to_owned(), why })
    }

    /// Returns the name of the field in which the part lies.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Returns what follows the field's name; nothing if the path is the whole field's.
    pub fn rest(&self) -> &[Segment] {
        &self.rest
    }

    /// Returns the path of a part of this one.
    #[must_use]
    pub fn join(&self, segment: Segment) -> Self {
        let mut path = self.clone();
        path.rest.push(segment);
        path
    }

    /// Tells whether another path leads to what this one leads to, or into it.
    pub fn covers(&self, other: &Self) -> bool {
        self.field == other.field && self.rest_covers(&other.rest)
    }

    fn rest_covers(&self, other: &[Segment]) -> bool {
        let fits = |(mine, theirs): (&Segment, &Segment)| match mine {
            Segment::Every | Segment::Deep => true,
            _ => mine == theirs,
        };
        let own = self.rest.iter().take_while(|segment| **segment != Segment::Deep).count();
        own <= other.len() && self.rest[..own].iter().zip(other).all(fits)
    }

    /// Returns the rest of this path below another that leads towards it: of `tags.team` below `tags`, `.team`. None if
    /// the other does not, or leads there itself.
    pub(crate) fn below(&self, other: &Self) -> Option<&[Segment]> {
        let fits = |(mine, theirs): (&Segment, &Segment)| *mine == Segment::Every || mine == theirs;
        let leads = self.field == other.field
            && other.rest.len() < self.rest.len()
            && self.rest.iter().zip(&other.rest).all(fits);
        leads.then(|| &self.rest[other.rest.len()..])
    }
}

/// Returns the parts of a value to which a path leads.
pub(crate) fn parts<'a>(value: &'a Value, path: &[Segment], found: &mut Vec<&'a Value>) {
    let Some((first, rest)) = path.split_first() else {
        found.push(value);
        return;
    };
    match (first, value.reveal()) {
        (Segment::Key(key), Value::Map(map)) => {
            map.get(key).into_iter().for_each(|part| parts(part, rest, found));
        }
        (Segment::Index(at), Value::List(items)) => {
            items.get(*at).into_iter().for_each(|part| parts(part, rest, found));
        }
        (Segment::Every, Value::Map(map)) => map.values().for_each(|part| parts(part, rest, found)),
        (Segment::Every, Value::List(items)) => items.iter().for_each(|part| parts(part, rest, found)),
        (Segment::Deep, _) => found.push(value),
        _ => {}
    }
}

/// Returns `wanted` with the parts to which a path leads as they are recorded. A part that is not recorded is left out;
/// of a list, what is wanted beyond the recorded items stays.
pub(crate) fn keep(wanted: Option<Value>, recorded: Option<&Value>, path: &[Segment]) -> Option<Value> {
    let Some((first, rest)) = path.split_first() else { return recorded.cloned() };
    if let Some(Value::Secret(_)) = &wanted {
        return keep(wanted.map(Value::into_revealed), recorded, path).map(Value::into_secret);
    }
    let recorded = recorded.map(Value::reveal);
    match (first, wanted, recorded) {
        (Segment::Deep, _, recorded) => recorded.cloned(),
        (Segment::Index(at), Some(Value::List(items)), Some(Value::List(known))) => {
            Some(Value::List(keep_items(items, known, rest, |i| i == *at)))
        }
        (Segment::Every, Some(Value::List(items)), Some(Value::List(known))) => {
            Some(Value::List(keep_items(items, known, rest, |_| true)))
        }
        // Where nothing is to be kept, also what is said to be nothing stays.
        (Segment::Key(key), wanted @ (None | Some(Value::Null)), Some(Value::Map(known))) => {
            let part = keep(None, known.get(key), rest);
            part.map(|part| Value::Map([(key.clone(), part)].into())).or(wanted)
        }
        (Segment::Every, wanted @ (None | Some(Value::Null)), Some(Value::Map(known))) => {
            keep_entries(Map::new(), known, known.keys(), rest).or(wanted)
        }
        (Segment::Key(key), Some(Value::Map(map)), recorded) => {
            let none = Map::new();
            let known = if let Some(Value::Map(known)) = recorded { known } else { &none };
            keep_entries(map, known, [key].into_iter(), rest).or(Some(Value::Map(none)))
        }
        (Segment::Every, Some(Value::Map(map)), Some(Value::Map(known))) => {
            let keys: Vec<String> = map.keys().chain(known.keys()).cloned().collect();
            keep_entries(map, known, keys.iter(), rest).or(Some(Value::Map(Map::new())))
        }
        (_, wanted, _) => wanted,
    }
}

/// Returns a value of `field` with what several paths lead to as it is recorded; see [`keep`].
pub(crate) fn keep_each<'v>(
    field: &str,
    value: &'v Value,
    recorded: Option<&Value>,
    paths: &[FieldPath],
) -> Cow<'v, Value> {
    let mut of_field = paths.iter().filter(|path| path.field() == field).peekable();
    if of_field.peek().is_none() {
        return Cow::Borrowed(value);
    }
    let mut kept = Some(value.clone());
    for path in of_field {
        kept = keep(kept, recorded, path.rest());
    }
    Cow::Owned(kept.unwrap_or_default())
}

fn keep_items(
    mut items: Vec<Value>,
    known: &[Value],
    rest: &[Segment],
    meant: impl Fn(usize) -> bool,
) -> Vec<Value> {
    let both = items.iter_mut().zip(known).enumerate().filter(|(at, _)| meant(*at));
    for (_, (item, known)) in both {
        *item = keep(Some(std::mem::take(item)), Some(known), rest).unwrap_or_default();
    }
    items
}

fn keep_entries<'k>(
    mut map: Map,
    known: &Map,
    keys: impl Iterator<Item = &'k String>,
    rest: &[Segment],
) -> Option<Value> {
    for key in keys {
        if let Some(part) = keep(map.remove(key), known.get(key), rest) {
            map.insert(key.clone(), part);
        }
    }
    (!map.is_empty()).then_some(Value::Map(map))
}

fn parse(text: &str) -> Result<FieldPath, &'static str> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (field, mut left) = text.split_at(end);
    if field.is_empty() || field.contains(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')) {
        return Err("it does not start with the name of a field");
    }
    let mut path = FieldPath::of(field);
    while !left.is_empty() {
        if path.rest.last() == Some(&Segment::Deep) {
            return Err("nothing can follow `**`");
        }
        let (segment, rest) = match left.strip_prefix('.') {
            Some(rest) => dotted(rest)?,
            None => bracketed(left.strip_prefix('[').ok_or("a `.` or `[` is missing after `]`")?)?,
        };
        path.rest.push(segment);
        left = rest;
    }
    Ok(path)
}

fn dotted(text: &str) -> Result<(Segment, &str), &'static str> {
    let (key, rest) = text.split_at(text.find(['.', '[']).unwrap_or(text.len()));
    let segment = match key {
        "" => return Err("a name is missing after a `.`"),
        "*" => Segment::Every,
        "**" => Segment::Deep,
        key => Segment::Key(key.to_owned()),
    };
    Ok((segment, rest))
}

fn bracketed(text: &str) -> Result<(Segment, &str), &'static str> {
    const OPEN: &str = "its `[` is not closed";
    if text.starts_with('"') {
        let mut names = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let name = names.next().and_then(Result::ok).ok_or("the text in `[\"…\"]` is not closed")?;
        let rest = text[names.byte_offset()..].strip_prefix(']').ok_or(OPEN)?;
        return Ok((Segment::Key(name), rest));
    }
    let (inner, rest) = text.split_once(']').ok_or(OPEN)?;
    let segment = match inner {
        "*" => Segment::Every,
        number => Segment::Index(number.parse().map_err(|_| "in `[…]` stand a number, `*` or `\"a name\"`")?),
    };
    Ok((segment, rest))
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.field)?;
        for segment in &self.rest {
            let plain = |key: &str| key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
            match segment {
                Segment::Key(key) if plain(key) && !key.is_empty() => write!(f, ".{key}")?,
                Segment::Key(key) => write!(f, "[{}]", serde_json::Value::from(key.as_str()))?,
                Segment::Index(at) => write!(f, "[{at}]")?,
                Segment::Every => f.write_str("[*]")?,
                Segment::Deep => f.write_str(".**")?,
            }
        }
        Ok(())
    }
}

impl FromStr for FieldPath {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

impl Serialize for FieldPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FieldPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> FieldPath {
        FieldPath::parse(text).unwrap()
    }

    fn kept(at: &str, wanted: serde_json::Value, recorded: serde_json::Value) -> serde_json::Value {
        let (wanted, recorded) = (Value::from_json(wanted), Value::from_json(recorded));
        let wanted = (wanted != Value::Null).then_some(wanted);
        keep(wanted, Some(&recorded), path(at).rest()).unwrap_or_default().exposed().unwrap()
    }

    #[test]
    fn what_a_path_leads_to_stays_as_recorded_and_nothing_else_does() {
        let (wanted, known) = (json!({"a": 1, "b": 2}), json!({"a": 7, "c": 3}));
        assert_eq!(kept("f.a", wanted.clone(), known.clone()), json!({"a": 7, "b": 2}));
        assert_eq!(kept("f.b", wanted.clone(), known.clone()), json!({"a": 1}));
        assert_eq!(kept("f.c", wanted.clone(), known.clone()), json!({"a": 1, "b": 2, "c": 3}));
        assert_eq!(kept("f.*", wanted.clone(), known.clone()), known);
        assert_eq!(kept("f", wanted, known.clone()), known);
        assert_eq!(kept("f.c", json!(null), known), json!({"c": 3}));
        let rules = |ports: &[i32]| {
            json!(ports.iter().map(|port| json!({"port": port, "name": port})).collect::<Vec<_>>())
        };
        let mut expected = rules(&[8, 9, 10]);
        expected[0]["port"] = json!(1);
        expected[1]["port"] = json!(2);
        assert_eq!(kept("f[*].port", rules(&[8, 9, 10]), rules(&[1, 2])), expected);
        assert_eq!(kept("f[1].port", rules(&[8, 9]), rules(&[1, 2]))[0], rules(&[8])[0]);
        assert_eq!(kept("f.a", json!("another shape"), json!({"a": 1})), json!("another shape"));
    }

    #[test]
    fn what_is_secret_stays_secret_and_what_is_unknown_unknown() {
        let map = |a: i32, b: i32| Value::from_json(json!({"a": a, "b": b}));
        let result = keep(Some(map(1, 2).into_secret()), Some(&map(7, 8)), path("f.a").rest()).unwrap();
        assert!(matches!(result, Value::Secret(_)));
        assert_eq!(*result.reveal(), map(7, 2));
        assert_eq!(keep(Some(Value::Unknown), Some(&map(1, 2)), path("f.a").rest()), Some(Value::Unknown));
    }

    #[test]
    fn a_path_covers_what_lies_below_it() {
        for (outer, inner, covers) in [
            ("a", "a", true),
            ("a", "a.b[0]", true),
            ("a.b", "a", false),
            ("a[*].b", "a[3].b", true),
            ("a[*].b", "a[3].c", false),
            ("a.**", "a.b.c", true),
            ("a", "ab", false),
            (r#"a["b"]"#, "a.b", true),
        ] {
            assert_eq!(path(outer).covers(&path(inner)), covers, "{outer} {inner}");
        }
        assert_eq!(path("a.b.c").below(&path("a.b")), Some(&[Segment::Key("c".into())][..]));
        assert_eq!(path("a[*].c").below(&path("a[2]")), Some(&[Segment::Key("c".into())][..]));
        assert_eq!(path("a.b").below(&path("a.b")), None);
    }

    #[test]
    fn what_is_no_path_says_why() {
        for (text, why) in [
            ("", "does not start"),
            (".a", "does not start"),
            ("a..b", "a name is missing"),
            ("a[b]", "stand a number"),
            ("a[\"b]", "is not closed"),
            ("a[0", "is not closed"),
            ("a[0]b", "is missing after `]`"),
            ("a.**.b", "nothing can follow"),
            ("a b", "does not start"),
        ] {
            let error = FieldPath::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    fn any_path() -> impl Strategy<Value = FieldPath> {
        let segment = prop_oneof![
            any::<String>().prop_map(Segment::Key),
            any::<usize>().prop_map(Segment::Index),
            Just(Segment::Every),
        ];
        let rest = proptest::collection::vec(segment, 0..5);
        ("[a-z_]{1,8}", rest, any::<bool>()).prop_map(|(field, mut rest, deep)| {
            rest.extend(deep.then_some(Segment::Deep));
            FieldPath { field, rest }
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(path in any_path()) {
            prop_assert_eq!(FieldPath::parse(&path.to_string()).unwrap(), path);
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = FieldPath::parse(&text);
        }
    }
}
