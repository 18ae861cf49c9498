//! What a run's configuration is: the file, then variables, then the command line.

use std::collections::BTreeMap;

use sskuba_core::address::StackId;
use sskuba_core::config::{ConfigField, ConfigValues, Origin};
use sskuba_core::value::Value;

use super::bound::Place;
use super::file::{Entry, StackFile};
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
        self.flags.iter().any(|(flag, _)| flag == key) || self.variables.keys().any(is_it)
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
    let hide = |key: &str, text: &str| {
        let value = Value::from(text);
        if is_secret(key) { value.into_secret() } else { value }
    };
    for (key, configured) in &mut values.0 {
        if is_secret(key) {
            configured.value = std::mem::take(&mut configured.value).into_secret();
        }
    }
    for (name, text) in overrides.variables {
        if let Some(tail) = name.strip_prefix(PREFIX).filter(|tail| !tail.is_empty()) {
            let key = key_of(tail, &values, &secret, overrides.known);
            let value = hide(&key, text);
            values.set(key, value, Origin::Variable(name.clone()));
        }
    }
    for (key, text) in overrides.flags {
        values.set(key, hide(key, text), Origin::Flag);
    }
    Ok(values)
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
                "d=\"300\" -c on the command line",
                "new=\"x\" variable SSKUBA_CONFIG_NEW",
            ]
        );
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
