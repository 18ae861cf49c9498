//! Typed configuration of a stack; `#[derive(Config)]` reads a struct and finds every mistake at once.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;

use crate::advice::Advice;
use crate::suggest::nearest;
use crate::value::Value;

/// Where a configured value came from; the later ones win.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Origin {
    /// The stack's file.
    File(String),
    /// An environment variable.
    Variable(String),
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{path}"),
            Self::Variable(name) => write!(f, "variable {name}"),
            Self::Flag => f.write_str("the command line"),
        }
    }
}

/// One configured value. Text from a flag or a variable is read as the type that the program wants.
#[derive(Clone, PartialEq)]
pub struct Configured {
    /// The value.
    pub value: Value,
    /// What a text from a flag or a variable is if it is not wanted as text: the list or table that it spells.
    pub or: Option<Value>,
    /// Where it came from.
    pub origin: Origin,
}

/// The value is left out: whether it is secret is known only when the program reads it.
impl fmt::Debug for Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configured").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// The configuration of a stack, by key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConfigValues(pub BTreeMap<String, Configured>);

impl ConfigValues {
    /// Sets a value; what was set from a stronger origin stays.
    pub fn set(&mut self, key: impl Into<String>, value: Value, origin: Origin) {
        self.set_either(key, value, None, origin);
    }

    /// Sets a value that is read as `or` where it is not wanted as it stands.
    pub fn set_either(&mut self, key: impl Into<String>, value: Value, or: Option<Value>, origin: Origin) {
        let key = key.into();
        if self.0.get(&key).is_none_or(|old| old.origin <= origin) {
            self.0.insert(key, Configured { value, or, origin });
        }
    }
}

/// All that is wrong with a stack's configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stack's configuration does not fit the program:{}", lines(.problems))]
#[non_exhaustive]
pub struct ConfigError {
    /// What is wrong, a line for each mistake.
    pub problems: Vec<String>,
    /// The keys that have to be set, and are not.
    pub missing: Vec<String>,
}

impl ConfigError {
    /// Makes the error of these mistakes.
    pub fn new(problems: Vec<String>) -> Self {
        Self { problems, missing: Vec::new() }
    }

    /// Says what can be done; none where the error's own text is all that there is to say.
    pub fn hint(&self) -> Vec<Advice> {
        match self.missing.is_empty() {
            true => Vec::new(),
            false => vec![Advice::Configure(self.missing.clone())],
        }
    }
}

fn lines(items: &[String]) -> String {
    items.iter().map(|item| format!("\n  - {item}")).collect()
}

/// A key that a program reads, for help and for `config list`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigField {
    /// The key.
    pub name: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// Its Rust type, e.g. `Vec<String>`.
    pub wants: &'static str,
    /// Whether it must be set.
    pub required: bool,
    /// Whether its type is, or has in it, a [`Secret`](crate::secret::Secret): it is masked wherever it comes from.
    pub secret: bool,
}

/// A struct that a stack's configuration can be read as; derive it.
///
/// ```
/// use sskuba_core::prelude::*;
///
/// #[derive(Config)]
/// struct NetworkConfig {
///     /// The range of the network.
///     #[config(default = "10.0.0.0/16".to_string())]
///     cidr: String,
///     /// How many zones to use.
///     zones: u8,
/// }
///
/// let mut values = ConfigValues::default();
/// values.set("zones", "3".into(), Origin::Flag);
/// let config = NetworkConfig::read(&values)?;
/// assert_eq!((config.cidr.as_str(), config.zones), ("10.0.0.0/16", 3));
/// # Ok::<(), ConfigError>(())
/// ```
pub trait Config: Sized {
    /// Returns the keys.
    fn fields() -> Vec<ConfigField>;

    /// Tells whether a key can have a value, and if not, why; none if it reads no such key, or cannot tell.
    fn check(_key: &str, _value: &Configured) -> Option<Result<(), String>> {
        None
    }

    /// Reads the values.
    ///
    /// # Errors
    /// Every missing, mistyped or unknown key, together.
    fn read(values: &ConfigValues) -> Result<Self, ConfigError>;
}

impl Config for () {
    fn fields() -> Vec<ConfigField> {
        Vec::new()
    }
    fn read(_: &ConfigValues) -> Result<Self, ConfigError> {
        Ok(())
    }
}

/// Reads fields one by one and collects what is wrong; for generated code.
#[derive(Debug)]
pub struct ConfigReader<'a> {
    values: &'a ConfigValues,
    known: Vec<ConfigField>,
    errors: Vec<String>,
    missing: Vec<String>,
}

impl<'a> ConfigReader<'a> {
    /// Starts to read a struct of these fields.
    pub fn new(values: &'a ConfigValues, known: Vec<ConfigField>) -> Self {
        Self { values, known, errors: Vec::new(), missing: Vec::new() }
    }

    /// Reads a field that may be left out; the outer none means that a mistake was noted.
    pub fn optional<T: DeserializeOwned>(&mut self, name: &str) -> Option<Option<T>> {
        match self.values.0.contains_key(name) {
            true => self.field(name, None).map(Some),
            false => Some(None),
        }
    }

    /// Reads one field; none means that a mistake was noted.
    pub fn field<T: DeserializeOwned>(&mut self, name: &str, default: Option<T>) -> Option<T> {
        let Some(configured) = self.values.0.get(name) else {
            if default.is_none() {
                let doc = self.known.iter().find(|f| f.name == name).map_or("", |f| f.doc);
                self.errors.push(format!("`{name}` is missing ({doc})"));
                self.missing.push(name.to_owned());
            }
            return default;
        };
        let fits = configured.value.measure().check().map_err(|error| error.to_string());
        match fits.and_then(|()| read_value(configured)) {
            Ok(value) => Some(value),
            Err(why) => {
                self.errors.push(format!("`{name}` from {}: {why}", configured.origin));
                None
            }
        }
    }

    /// Ends; unknown keys are mistakes too.
    ///
    /// # Errors
    /// Everything that was noted.
    pub fn finish(mut self) -> Result<(), ConfigError> {
        for (key, configured) in &self.values.0 {
            if !self.known.iter().any(|field| field.name == key) {
                let hint = match nearest(key, self.known.iter().map(|field| field.name)) {
                    Some(name) => format!("; did you mean `{name}`?"),
                    None => format!("; it reads {}", names(&self.known)),
                };
                let key = crate::address::printable(key);
                self.errors
                    .push(format!("`{key}` from {} is not read by this program{hint}", configured.origin));
            }
        }
        match self.errors.is_empty() {
            true => Ok(()),
            false => Err(ConfigError { problems: self.errors, missing: self.missing }),
        }
    }
}

fn names(fields: &[ConfigField]) -> String {
    if fields.is_empty() {
        return "nothing".to_owned();
    }
    fields.iter().map(|field| format!("`{}`", field.name)).collect::<Vec<_>>().join(", ")
}

/// Reads a value as `T`; text is tried as text, then as JSON, because flags and variables are only text, and then as what
/// else it spells.
pub(crate) fn read_value<T: DeserializeOwned>(configured: &Configured) -> Result<T, String> {
    let first = configured.value.get::<T>();
    let Err(error) = &first else { return first.map_err(|error| error.to_string()) };
    let text = configured.value.as_str();
    let json = text.and_then(|text| serde_json::from_str(text).ok());
    if let Some(value) = json.and_then(|json| serde_json::from_value(json).ok()) {
        return Ok(value);
    }
    // What it spells is what the mistake is in.
    configured
        .or
        .as_ref()
        .map_or_else(|| Err(error.to_string()), |or| or.get().map_err(|error| error.to_string()))
}

/// Tells whether a value can be read as `T`; for generated code.
///
/// # Errors
/// Why it cannot.
pub fn fits<T: DeserializeOwned>(configured: &Configured) -> Result<(), String> {
    configured.value.measure().check().map_err(|error| error.to_string())?;
    read_value::<T>(configured).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_configured_may_be_secret_and_is_not_shown() {
        let mut values = ConfigValues::default();
        values.set("password", "canary".into(), Origin::Flag);
        assert!(!format!("{values:?}").contains("canary"), "{values:?}");
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let mut values = ConfigValues::default();
        values.set("zoens", "3".into(), Origin::Flag);
        values.set("count", "many".into(), Origin::File("sskuba.dev.toml".into()));
        let field =
            |name, required| ConfigField { name, doc: "a number", wants: "u8", required, secret: false };
        let known = vec![field("zones", true), field("count", true), field("name", true)];
        let mut reader = ConfigReader::new(&values, known);
        assert_eq!(reader.field::<u8>("zones", None), None);
        assert_eq!(reader.field::<u8>("count", None), None);
        assert_eq!(reader.field::<String>("name", Some("x".into())), Some("x".into()));
        let text = reader.finish().unwrap_err().to_string();
        assert!(text.contains("`zones` is missing"), "{text}");
        assert!(text.contains("`count` from sskuba.dev.toml"), "{text}");
        assert!(
            text.contains("`zoens` from the command line is not read by this program; did you mean `zones`?")
        );
    }

    #[test]
    fn a_value_that_is_nested_too_deep_is_a_mistake() {
        let mut values = ConfigValues::default();
        let deep = (0..65).fold(Value::Null, |inner, _| Value::List(vec![inner]));
        values.set("tree", deep, Origin::Flag);
        let known =
            vec![ConfigField { name: "tree", doc: "a tree", wants: "Value", required: true, secret: false }];
        let mut reader = ConfigReader::new(&values, known);
        assert_eq!(reader.field::<serde_json::Value>("tree", None), None);
        let text = reader.finish().unwrap_err().to_string();
        assert!(text.contains("`tree` from the command line: is nested 65 deep"), "{text}");
    }

    #[test]
    fn a_text_that_spells_a_table_is_read_as_one_where_no_text_is_wanted() {
        let mut values = ConfigValues::default();
        let or = Value::from_json(serde_json::json!({"team": "x"}));
        values.set_either("tags", r#"{team="x"}"#.into(), Some(or), Origin::Flag);
        let tags = &values.0["tags"];
        assert_eq!(read_value::<BTreeMap<String, String>>(tags).unwrap()["team"], "x");
        assert_eq!(read_value::<String>(tags), Ok(r#"{team="x"}"#.into()));
        assert!(fits::<BTreeMap<String, u8>>(tags).unwrap_err().contains("expected u8"));
    }

    #[test]
    fn text_is_read_as_the_wanted_type() {
        let read = |text: &str| Configured { value: text.into(), or: None, origin: Origin::Flag };
        assert_eq!(read_value::<u32>(&read("17")), Ok(17));
        assert_eq!(read_value::<String>(&read("17")), Ok("17".into()));
        assert_eq!(read_value::<Vec<String>>(&read(r#"["a"]"#)), Ok(vec!["a".into()]));
        assert!(read_value::<u32>(&read("-1")).is_err());
    }
}
