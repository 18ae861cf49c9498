//! `sskuba.STACK.toml`: read, and edited with its comments and order left alone.

use std::fs;
use std::path::{Path, PathBuf};

use sskuba_core::value::Value;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, value};

use super::sskuba_table;
use crate::stop::Stop;

/// The table that holds what is not the program's.
const OWN: &str = "sskuba";

/// The key that marks a sealed value.
const SEALED: &str = "sealed";

/// A value in the file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entry {
    /// In the clear.
    Plain(Value),
    /// Sealed.
    Sealed(String),
}

/// The file of one stack.
#[derive(Debug, Clone)]
pub(crate) struct StackFile {
    path: PathBuf,
    document: DocumentMut,
}

impl StackFile {
    /// Reads a file; one that is not there is empty.
    pub(crate) fn load(path: &Path) -> Result<Self, Stop> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Stop::file("read", path)(error)),
        };
        let document = text.parse::<DocumentMut>().map_err(Stop::file("read", path))?;
        let odd = document.get(OWN).map(sskuba_table::check).unwrap_or_default();
        if !odd.is_empty() {
            let lines: String = odd.iter().map(|line| format!("\n  - {line}")).collect();
            return Err(Stop::failed(format!(
                "the table `[{OWN}]` of {} is not what it should be:{lines}",
                path.display()
            )));
        }
        Ok(Self { path: path.to_owned(), document })
    }

    /// Returns a file of the same path without values, to see what would come of one.
    pub(crate) fn scratch(&self, key: &str) -> Self {
        let mut document = DocumentMut::new();
        if let Some(old) = self.document.get(key) {
            document.insert(key, old.clone());
        }
        Self { path: self.path.clone(), document }
    }

    /// Returns the file's name.
    pub(crate) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Returns the values, in the order of the file.
    pub(crate) fn entries(&self) -> Result<Vec<(String, Entry)>, Stop> {
        let keys = self.document.iter().map(|(key, _)| key.to_owned()).filter(|key| key != OWN);
        keys.map(|key| Ok((key.clone(), self.get(&key)?.unwrap_or(Entry::Plain(Value::Null))))).collect()
    }

    /// Returns one value.
    pub(crate) fn get(&self, key: &str) -> Result<Option<Entry>, Stop> {
        let Some(item) = self.document.get(key).filter(|_| key != OWN) else { return Ok(None) };
        if let Some(table) = item.as_table_like()
            && table.len() == 1
            && let Some(sealed) = table.get(SEALED).and_then(Item::as_str)
        {
            return Ok(Some(Entry::Sealed(sealed.to_owned())));
        }
        let odd = |why| Stop::failed(format!("failed to read `{key}` of {}: {why}", self.path.display()));
        plain(item).map(Entry::Plain).map(Some).map_err(odd)
    }

    /// Sets a value; the present type stays where the text fits it, text that begins with `[` or `{` is a list
    /// or a table, and everything else is text, which a program reads as the type it wants.
    pub(crate) fn set(&mut self, key: &str, text: &str) -> Result<(), Stop> {
        check_key(key)?;
        let old = self.document.get(key).and_then(Item::as_value);
        let item = match old {
            Some(toml_edit::Value::Integer(_)) => text.parse::<i64>().ok().map(value),
            Some(toml_edit::Value::Boolean(_)) => text.parse::<bool>().ok().map(value),
            _ if text.starts_with(['[', '{']) => Some(Item::Value(structured(text)?)),
            _ => None,
        };
        self.put(key, item.unwrap_or_else(|| value(text)));
        Ok(())
    }

    /// Sets a sealed value.
    pub(crate) fn set_sealed(&mut self, key: &str, sealed: &str) -> Result<(), Stop> {
        check_key(key)?;
        let mut table = InlineTable::new();
        table.insert(SEALED, sealed.into());
        self.put(key, value(table));
        Ok(())
    }

    /// Puts an item, with the comments that stood round the old one.
    fn put(&mut self, key: &str, mut item: Item) {
        match self.document.get_mut(key) {
            Some(old) => {
                if let (Some(old), Some(new)) = (old.as_value(), item.as_value_mut()) {
                    *new.decor_mut() = old.decor().clone();
                }
                *old = item;
            }
            None => {
                self.document.insert(key, item);
            }
        }
    }

    /// Removes a value; tells whether it was there.
    pub(crate) fn remove(&mut self, key: &str) -> bool {
        key != OWN && self.document.remove(key).is_some()
    }

    /// Returns the public keys that secrets are sealed to.
    pub(crate) fn recipients(&self) -> Vec<String> {
        let listed =
            self.document.get(OWN).and_then(|own| own.get(sskuba_table::RECIPIENTS)).and_then(Item::as_array);
        listed.into_iter().flatten().filter_map(|key| key.as_str().map(str::to_owned)).collect()
    }

    /// Returns how many copies of earlier runs are kept, if it says so.
    pub(crate) fn backups(&self) -> Option<usize> {
        let count = self.document.get(OWN)?.get(sskuba_table::BACKUPS)?.as_integer()?;
        usize::try_from(count).ok()
    }

    /// Makes it the file of another path; nothing is written there yet.
    #[must_use]
    pub(crate) fn at(self, path: PathBuf) -> Self {
        Self { path, ..self }
    }

    /// Writes the public keys that secrets are sealed to.
    pub(crate) fn set_recipients(&mut self, recipients: &[String]) {
        let array: Array = recipients.iter().map(String::as_str).collect();
        let own = self.document.entry(OWN).or_insert_with(|| {
            let mut table = Table::new();
            table.decor_mut().set_prefix("\n# Whom secrets are sealed to: age public keys.\n");
            Item::Table(table)
        });
        if let Some(own) = own.as_table_like_mut() {
            own.insert(sskuba_table::RECIPIENTS, value(array));
        }
    }

    /// Writes the file: wholly or not at all. A link stays one, and what it leads to is written.
    pub(crate) fn save(&self) -> Result<(), Stop> {
        let path = led_to(&self.path);
        let fresh = path.with_extension(format!("toml.{}", std::process::id()));
        fs::write(&fresh, self.document.to_string()).and_then(|()| fs::rename(&fresh, &path)).map_err(
            |error| {
                let _ = fs::remove_file(&fresh);
                Stop::file("write", &self.path)(error)
            },
        )
    }
}

/// Returns the file that a path leads to, perhaps by a link to one that is not there yet.
fn led_to(path: &Path) -> PathBuf {
    let link = || Some(path.parent()?.join(fs::read_link(path).ok()?));
    fs::canonicalize(path).ok().or_else(link).unwrap_or_else(|| path.to_owned())
}

/// Refuses what is not a key.
pub(crate) fn check_key(key: &str) -> Result<(), Stop> {
    let word = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    match key {
        OWN => Err(Stop::usage(format!("the key `{OWN}` is taken: it holds what is not the program's"))),
        _ if word => Ok(()),
        _ => Err(Stop::usage(format!("`{key}` is not a key: letters, digits, `_` and `-`"))),
    }
}

/// Reads a list or a table, spelt as in TOML or as in JSON.
fn structured(text: &str) -> Result<toml_edit::Value, Stop> {
    if let Ok(value) = text.parse::<toml_edit::Value>() {
        return Ok(value);
    }
    let json: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Stop::usage(format!("`{text}` is neither a list nor a table: {error}")))?;
    of_json(json).map_err(Stop::usage)
}

/// Reads a list or a table, spelt as in TOML or as in JSON; none if it is neither.
pub(crate) fn read_structure(text: &str) -> Option<Value> {
    // JSON knows null, which a file cannot have.
    serde_json::from_str(text).ok().map(Value::from_json).or_else(|| read_scalar(text))
}

/// Reads a value as it is written in the file; none if it cannot stand there.
pub(crate) fn read_scalar(text: &str) -> Option<Value> {
    text.trim().parse::<toml_edit::Value>().ok().and_then(|value| plain_value(&value).ok())
}

fn of_json(json: serde_json::Value) -> Result<toml_edit::Value, String> {
    use serde_json::Value as Json;
    Ok(match json {
        Json::Null => return Err("a list or table in the file cannot hold null".to_owned()),
        Json::Bool(b) => b.into(),
        Json::Number(n) => match n.as_i64() {
            Some(n) => n.into(),
            None => n.as_f64().ok_or("the number is too large")?.into(),
        },
        Json::String(s) => s.into(),
        Json::Array(items) => {
            toml_edit::Value::Array(items.into_iter().map(of_json).collect::<Result<_, _>>()?)
        }
        Json::Object(map) => {
            let mut table = InlineTable::new();
            for (key, value) in map {
                table.insert(key, of_json(value)?);
            }
            table.into()
        }
    })
}

fn plain(item: &Item) -> Result<Value, String> {
    match item {
        Item::None => Ok(Value::Null),
        Item::Value(value) => plain_value(value),
        Item::Table(table) => plain_table(table),
        Item::ArrayOfTables(tables) => {
            tables.iter().map(|table| plain_table(table)).collect::<Result<_, _>>().map(Value::List)
        }
    }
}

fn plain_table(table: &dyn toml_edit::TableLike) -> Result<Value, String> {
    table
        .iter()
        .map(|(key, item)| Ok((key.to_owned(), plain(item)?)))
        .collect::<Result<_, _>>()
        .map(Value::Map)
}

fn plain_value(value: &toml_edit::Value) -> Result<Value, String> {
    Ok(match value {
        toml_edit::Value::String(text) => Value::String(text.value().clone()),
        toml_edit::Value::Integer(n) => Value::from(*n.value()),
        toml_edit::Value::Float(n) => serde_json::Number::from_f64(*n.value())
            .map(Value::Number)
            .ok_or("a number that is infinite or none cannot be a value")?,
        toml_edit::Value::Boolean(b) => Value::Bool(*b.value()),
        toml_edit::Value::Datetime(time) => Value::String(time.value().to_string()),
        toml_edit::Value::Array(items) => {
            Value::List(items.iter().map(plain_value).collect::<Result<_, _>>()?)
        }
        toml_edit::Value::InlineTable(table) => plain_table(table)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> (tempfile::TempDir, StackFile) {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("sskuba.dev.toml");
        fs::write(&path, text).unwrap();
        let file = StackFile::load(&path).unwrap();
        (root, file)
    }

    #[test]
    fn edits_leave_comments_and_order_alone() {
        let (_keep, mut file) =
            file("# the network\ncidr = \"10.0.0.0/16\" # private\nzones = 2\n\n[labels]\na = \"b\"\n");
        file.set("cidr", "10.1.0.0/16").unwrap();
        file.set("zones", "3").unwrap();
        file.set("account", "123456789012").unwrap();
        file.set("names", r#"["x", "y"]"#).unwrap();
        file.set("deep", r#"{"a": [1, {"b": true}]}"#).unwrap();
        file.set_sealed("password", "QUJD").unwrap();
        file.set_recipients(&["age1x".into()]);
        file.save().unwrap();
        insta::assert_snapshot!(fs::read_to_string(&file.path).unwrap(), @r#"
        # the network
        cidr = "10.1.0.0/16" # private
        zones = 3
        account = "123456789012"
        names = ["x", "y"]
        deep = { a = [1, { b = true }] }
        password = { sealed = "QUJD" }

        [labels]
        a = "b"

        # Whom secrets are sealed to: age public keys.
        [sskuba]
        recipients = ["age1x"]
        "#);
        let again = StackFile::load(&file.path).unwrap();
        assert_eq!(again.get("password").unwrap(), Some(Entry::Sealed("QUJD".into())));
        assert_eq!(again.get("zones").unwrap(), Some(Entry::Plain(Value::from(3))));
        assert_eq!(again.recipients(), ["age1x"]);
        assert_eq!(again.entries().unwrap().len(), 7);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one() {
        let root = tempfile::tempdir().unwrap();
        let (link, target) = (root.path().join("sskuba.dev.toml"), root.path().join("shared.toml"));
        std::os::unix::fs::symlink("shared.toml", &link).unwrap();
        for value in ["1", "2"] {
            let mut file = StackFile::load(&link).unwrap();
            file.set("zones", value).unwrap();
            file.save().unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert!(fs::read_to_string(&target).unwrap().contains(value));
        }
    }

    #[test]
    fn odd_keys_and_values_are_refused() {
        let (_keep, mut file) = file("x = nan\n");
        for key in ["", "a.b", "a b", "sskuba", "é"] {
            assert_eq!(file.set(key, "1").unwrap_err().code, crate::stop::Code::Usage, "{key}");
        }
        assert!(file.set("a", "[1").is_err());
        assert!(file.entries().unwrap_err().message.contains("`x`"));
        assert!(file.remove("x") && !file.remove("x") && !file.remove("sskuba"));
    }

    #[test]
    fn a_file_that_is_no_toml_says_where() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("sskuba.dev.toml");
        fs::write(&path, "a = \n").unwrap();
        let error = StackFile::load(&path).unwrap_err().message;
        assert!(error.contains("sskuba.dev.toml") && error.contains("line 1"), "{error}");
    }
}
