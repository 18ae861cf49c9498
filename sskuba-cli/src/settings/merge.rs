//! What a run's configuration is: the file, then variables, then the command line.

use std::collections::BTreeMap;

use sskuba_core::address::StackId;
use sskuba_core::config::{ConfigField, ConfigValues, Configured, Origin};
use sskuba_core::value::Value;

use super::bound::Place;
use super::file::{Entry, StackFile, read_scalar, read_structure};
use crate::identity::Identities;
use crate::stop::Stop;

/// The beginning of a variable that sets a value.
const PREFIX: &str = "SSKUBA_CONFIG_";

/// What overrides the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Overrides<'a> {
    /// The variables of the process.
    pub(crate) variables: &'a BTreeMap<String, String>,
    /// The pairs of `-c`.
    pub(crate) flags: &'a [(String, String)],
    /// The keys that the program reads, as far as it says so.
    pub(crate) known: &'a [ConfigField],
}

impl Overrides<'_> {
    /// Tells whether a value is overridden.
    fn have(&self, key: &str) -> bool {
        let is_it = |name: &String| name.strip_prefix(PREFIX).is_some_and(|tail| same(tail, key));
        self.flags.iter().any(|(flag, _)| root(flag) == key) || self.variables.keys().any(is_it)
    }
}

/// Joins all sources; `identities` is asked for only if the file has secrets.
///
/// # Errors
/// If the file cannot be read, or secrets in it cannot be opened: all of them together.
pub(crate) fn merge(
    stack: &StackId,
    file: &StackFile,
    overrides: Overrides<'_>,
    identities: impl FnOnce() -> Result<Identities, Stop>,
) -> Result<ConfigValues, Stop> {
    let mut values = ConfigValues::default();
    let entries = file.entries()?;
    let overridden = |key: &str| overrides.have(key);
    let needs_opening =
        |(key, entry): &(String, Entry)| matches!(entry, Entry::Sealed(_)) && !overridden(key);
    let identities = if entries.iter().any(needs_opening) { Some(identities()?) } else { None };
    let mut errors = Vec::new();
    let mut secret = Vec::new();
    for (key, entry) in entries {
        let value = match (entry, &identities) {
            (Entry::Plain(value), _) => value,
            (Entry::Sealed(sealed), Some(identities)) => {
                secret.push(key.clone());
                if overridden(&key) {
                    continue;
                }
                match super::open(Place { stack, key: &key }, &sealed, identities) {
                    Ok(text) => Value::from(text.as_str()).into_secret(),
                    Err(why) => {
                        errors.push(format!("\n  - `{key}`: {why}"));
                        continue;
                    }
                }
            }
            (Entry::Sealed(_), None) => {
                secret.push(key);
                continue;
            }
        };
        values.set(key, value, Origin::File(file.name()));
    }
    if !errors.is_empty() {
        return Err(Stop::failed(format!("failed to open secrets of {}:{}", file.name(), errors.concat())));
    }
    let is_secret = |key: &str| {
        secret.iter().any(|name| name == key)
            || overrides.known.iter().any(|field| field.secret && field.name == key)
    };
    let mask = |key: &str, value: Value| if is_secret(key) { value.into_secret() } else { value };
    let hide = |key: &str, text: &str| mask(key, Value::from(text));
    for (key, configured) in &mut values.0 {
        if is_secret(key) {
            configured.value = std::mem::take(&mut configured.value).into_secret();
        }
    }
    for (name, text) in overrides.variables {
        if let Some(tail) = name.strip_prefix(PREFIX).filter(|tail| !tail.is_empty()) {
            let key = key_of(tail, &values, &secret, overrides.known);
            let (value, or) = (hide(&key, text), spelt(text).map(|value| mask(&key, value)));
            values.set_either(key, value, or, Origin::Variable(name.clone()));
        }
    }
    for (key, text) in overrides.flags {
        set_flag(&mut values, key, text, mask)?;
    }
    Ok(values)
}

/// Sets what one `-c` says: a value, or a part of a table.
fn set_flag(
    values: &mut ConfigValues,
    key: &str,
    text: &str,
    mask: impl Fn(&str, Value) -> Value,
) -> Result<(), Stop> {
    let (value, or) = match key.split_once('.') {
        None => (mask(key, Value::from(text)), spelt(text).map(|value| mask(key, value))),
        Some((root, path)) => {
            let part = within(values.0.get(root), path, text);
            let (value, or) = part.map_err(|why| Stop::usage(format!("`-c {key}=…` cannot be: {why}")))?;
            (mask(root, value), Some(mask(root, or)))
        }
    };
    values.set_either(root(key), value, or, Origin::Flag);
    Ok(())
}

/// Returns the key of which a dotted one sets a part.
pub(crate) fn root(key: &str) -> &str {
    key.split('.').next().unwrap_or(key)
}

/// Reads a text that begins a list or a table as what it spells, in TOML or in JSON.
fn spelt(text: &str) -> Option<Value> {
    text.trim_start().starts_with(['[', '{']).then(|| read_structure(text)).flatten()
}

/// Sets a part of a table: with the text as text, and with what else it spells, such as a number.
fn within(old: Option<&Configured>, path: &str, text: &str) -> Result<(Value, Value), String> {
    let (plain, typed) = match old {
        None => Default::default(),
        Some(Configured { value, or, .. }) => (value.clone(), or.clone().unwrap_or_else(|| value.clone())),
    };
    // A table that was spelt as text is one.
    let plain = if matches!(plain, Value::Map(_)) { plain } else { typed.clone() };
    let what = read_scalar(text).unwrap_or_else(|| Value::from(text));
    Ok((put(plain, path, Value::from(text))?, put(typed, path, what)?))
}

/// Puts a value at a path into a table, which is made where there is none.
fn put(into: Value, path: &str, what: Value) -> Result<Value, String> {
    let mut map = match into {
        Value::Map(map) => map,
        Value::Null => Default::default(),
        _ => return Err("what it is a part of is set already, and is no table".to_owned()),
    };
    let (key, rest) = path.split_once('.').map_or((path, None), |(key, rest)| (key, Some(rest)));
    if key.is_empty() {
        return Err("a part of the key between dots is empty".to_owned());
    }
    let value = match rest {
        None => what,
        Some(rest) => put(map.remove(key).unwrap_or_default(), rest, what)?,
    };
    map.insert(key.to_owned(), value);
    Ok(Value::Map(map))
}

/// Finds the key that a variable means: one that is known, whatever its case and dashes, or else in lower case.
fn key_of(tail: &str, values: &ConfigValues, secret: &[String], known: &[ConfigField]) -> String {
    let names = values.0.keys().map(String::as_str).chain(secret.iter().map(String::as_str));
    let mut names = names.chain(known.iter().map(|field| field.name));
    names.find(|name| same(tail, name)).map_or_else(|| tail.to_lowercase(), str::to_owned)
}

fn same(tail: &str, key: &str) -> bool {
    tail.eq_ignore_ascii_case(&key.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn file(text: &str) -> (tempfile::TempDir, StackFile) {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("sskuba.dev.toml");
        std::fs::write(&path, text).unwrap();
        let file = StackFile::load(&path).unwrap();
        (root, file)
    }

    fn nobody() -> Result<Identities, Stop> {
        Err(Stop::failed("no identity should be needed"))
    }

    #[test]
    fn flags_win_over_variables_and_those_over_the_file() {
        let (_keep, file) = file("a = 1\nb-c = 2\nd = 3\n");
        let variables =
            variables(&[("SSKUBA_CONFIG_B_C", "20"), ("SSKUBA_CONFIG_D", "30"), ("SSKUBA_CONFIG_NEW", "x")]);
        let flags = [("d".to_owned(), "300".to_owned())];
        let overrides = Overrides { variables: &variables, flags: &flags, known: &[] };
        let values = merge(&"local/demo/dev".parse().unwrap(), &file, overrides, nobody).unwrap();
        let shown: Vec<String> =
            values.0.iter().map(|(key, c)| format!("{key}={} {}", c.value.masked(), c.origin)).collect();
        assert_eq!(
            shown,
            [
                "a=1 sskuba.dev.toml",
                "b-c=\"20\" variable SSKUBA_CONFIG_B_C",
                "d=\"300\" the command line",
                "new=\"x\" variable SSKUBA_CONFIG_NEW",
            ]
        );
    }

    #[test]
    fn tables_and_parts_of_them_are_set_by_flags() {
        let (_keep, file) = file("[tags]\nteam = \"x\"\ncost = 1\n");
        let pair = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let merged = |flags: &[(&str, &str)]| {
            let flags: Vec<_> = flags.iter().map(pair).collect();
            let overrides = Overrides { variables: &BTreeMap::new(), flags: &flags, known: &[] };
            merge(&"local/demo/dev".parse().unwrap(), &file, overrides, nobody)
        };
        let shown = |key: &str, flags: &[(&str, &str)]| {
            let configured = merged(flags).unwrap().0.remove(key).unwrap();
            let or = configured.or.map(|or| or.masked().to_string()).unwrap_or_default();
            format!("{} | {or}", configured.value.masked())
        };
        assert_eq!(
            shown("tags", &[("tags.cost", "2"), ("tags.deep.er", "true")]),
            r#"{"cost":"2","deep":{"er":"true"},"team":"x"} | {"cost":2,"deep":{"er":true},"team":"x"}"#
        );
        let spelt = r#""{a=\"x\", n=1}" | {"a":"x","n":1}"#;
        assert_eq!(shown("new", &[("new", r#"{a="x", n=1}"#)]), spelt);
        assert_eq!(shown("new", &[("new", r#"["a", 2]"#)]), r#""[\"a\", 2]" | ["a",2]"#);
        let part = r#"{"a":"y","n":1} | {"a":"y","n":1}"#;
        assert_eq!(shown("new", &[("new", r#"{a="x", n=1}"#), ("new.a", "y")]), part);
        assert_eq!(shown("new", &[("new", "{a=")]), r#""{a=" | "#);
        for flags in [&[("a..b", "1")][..], &[("a", "x"), ("a.b", "1")]] {
            assert_eq!(merged(flags).unwrap_err().code, crate::stop::Code::Usage);
        }
    }

    #[test]
    fn an_override_of_a_secret_is_secret_and_needs_no_identity() {
        let (_keep, file) = file("password = { sealed = \"AAAA\" }\n");
        let flags = [("password".to_owned(), "canary".to_owned())];
        let none = BTreeMap::new();
        let values = merge(
            &"local/demo/dev".parse().unwrap(),
            &file,
            Overrides { variables: &none, flags: &flags, known: &[] },
            nobody,
        )
        .unwrap();
        assert!(values.0["password"].value.has_secret());
    }
}
