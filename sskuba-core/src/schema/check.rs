//! Checks values against a schema before anything is sent.

use std::fmt;

use super::{Field, FieldType, Schema, TRIGGERS};
use crate::value::{Map, Value};

/// One mistake in the inputs of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, with the path inside it, e.g. `ingress[0].from_port`.
    pub field: String,
    /// What is wrong and what would be right; never a secret's text.
    pub message: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.field, self.message)
    }
}

/// What an input has to be beyond its type: `rule = "PORTS"` of a field names one. Every function from a value to what is
/// wrong with it is a rule.
///
/// ```
/// use sskuba_core::prelude::*;
/// use sskuba_core::value::Value;
///
/// /// A port to listen on.
/// #[derive(Resource)]
/// #[resource(kind = "demo:net:Port")]
/// struct Port {
///     /// Its number.
///     #[resource(rule = "is_free")]
///     number: Input<u16>,
///     /// The id.
///     id: Computed<String>,
/// }
///
/// fn is_free(number: &Value) -> Option<String> {
///     let Value::Number(number) = number else { return None };
///     let low = number.as_u64().is_some_and(|number| number < 1024);
///     low.then(|| format!("is {number}; take one from 1024 on"))
/// }
///
/// let inputs = [("number".to_owned(), Value::from(80))].into_iter().collect();
/// assert_eq!(Port::schema().check(&inputs)[0].to_string(), "`number`: is 80; take one from 1024 on");
/// ```
pub trait Rule {
    /// Says what is wrong with a value, which is known and of the field's type, and what would be right. Where the value is
    /// secret, nobody is shown the text.
    fn broken(&self, value: &Value) -> Option<String>;
}

impl<F: Fn(&Value) -> Option<String>> Rule for F {
    fn broken(&self, value: &Value) -> Option<String> {
        self(value)
    }
}

/// Says what is wrong with a value of the field's type.
fn broken(field: &Field, value: &Value) -> Option<String> {
    if value.has_unknown() {
        return None;
    }
    if let Some(wanted) = field.normaliser.reject(value) {
        return Some(format!("{} is not {wanted}", show(value)));
    }
    let message = field.rule?(value.reveal())?;
    let secret = value.has_secret() || field.secret;
    Some(if secret { "is not what this kind takes; its text is secret".to_owned() } else { message })
}

impl Schema {
    /// Returns all mistakes in `inputs`, as far as the schema tells; unknown parts are let through.
    pub fn check(&self, inputs: &Map) -> Vec<FieldError> {
        self.check_with(inputs, Vec::new)
    }

    /// Returns all mistakes in `inputs`: those that the schema tells, and, where no field is missing or of another type,
    /// what `more` finds in other fields.
    pub fn check_with(&self, inputs: &Map, more: impl FnOnce() -> Vec<FieldError>) -> Vec<FieldError> {
        let (mut errors, mut broken_rules) = (self.unknown_inputs(inputs), Vec::new());
        for field in self.inputs() {
            let before = errors.len();
            let error = |message| FieldError { field: field.name.to_string(), message };
            match inputs.get(&*field.name) {
                None | Some(Value::Null) if field.required => {
                    errors.push(error(format!("is required ({})", field.doc)));
                }
                None | Some(Value::Null) => {}
                Some(value) => {
                    field.shape.check(value, &field.name, &mut errors);
                    let fits = errors.len() == before;
                    broken_rules.extend(fits.then(|| broken(field, value)).flatten().map(error));
                }
            }
        }
        let mut others = if errors.is_empty() { more() } else { Vec::new() };
        others.retain(|other| broken_rules.iter().all(|error: &FieldError| error.field != other.field));
        errors.extend(broken_rules);
        errors.extend(others);
        errors
    }

    /// Says of each input that the kind does not have that there is none of this name.
    fn unknown_inputs(&self, inputs: &Map) -> Vec<FieldError> {
        let is_unknown =
            |name: &&String| *name != TRIGGERS && self.field(name).is_none_or(|field| field.computed);
        let error = |name: &String| FieldError { field: name.clone(), message: self.no_such_field() };
        inputs.keys().filter(is_unknown).map(error).collect()
    }

    fn no_such_field(&self) -> String {
        let names: Vec<&str> = self.inputs().map(|field| &*field.name).collect();
        format!("{} has no such input; it has {}", self.kind, names.join(", "))
    }
}

fn show(value: &Value) -> String {
    let text = value.masked().to_string();
    if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text }
}

impl FieldType {
    /// Appends what is wrong with `value` at `path`.
    pub fn check(&self, value: &Value, path: &str, errors: &mut Vec<FieldError>) {
        let inner = value.reveal();
        if *inner == Value::Unknown {
            return;
        }
        let good = match (self, inner) {
            (Self::Any, _) | (Self::String, Value::String(_)) | (Self::Bool, Value::Bool(_)) => true,
            (Self::Float, Value::Number(_)) => true,
            (Self::Integer(low, high), Value::Number(n)) => {
                n.as_i128().is_some_and(|n| (*low..=*high).contains(&n))
            }
            (Self::OneOf(texts), Value::String(text)) => texts.contains(text),
            (Self::List(item), Value::List(items)) => {
                for (i, value) in items.iter().enumerate() {
                    item.check(value, &format!("{path}[{i}]"), errors);
                }
                true
            }
            (Self::Map(item), Value::Map(map)) => {
                map.iter().for_each(|(key, value)| item.check(value, &format!("{path}.{key}"), errors));
                true
            }
            (Self::Object(fields), Value::Map(map)) => {
                check_object(fields, map, path, errors);
                true
            }
            _ => false,
        };
        if !good {
            let message = format!("{} is {}, not {self}", show(value), value.sort());
            errors.push(FieldError { field: path.to_owned(), message });
        }
    }
}

fn check_object(fields: &[(String, FieldType, bool)], map: &Map, path: &str, errors: &mut Vec<FieldError>) {
    for (name, shape, required) in fields {
        match map.get(name) {
            None | Some(Value::Null) if *required => {
                errors.push(FieldError { field: format!("{path}.{name}"), message: "is required".to_owned() })
            }
            None | Some(Value::Null) => {}
            Some(value) => shape.check(value, &format!("{path}.{name}"), errors),
        }
    }
    for name in map.keys().filter(|name| !fields.iter().any(|(known, ..)| known == *name)) {
        errors.push(FieldError { field: format!("{path}.{name}"), message: "is not a known field".into() });
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String => f.write_str("a text"),
            Self::Bool => f.write_str("a boolean"),
            Self::Integer(low, high) => write!(f, "a whole number from {low} to {high}"),
            Self::Float => f.write_str("a number"),
            Self::List(item) => write!(f, "a list of {item}"),
            Self::Map(item) => write!(f, "a map of {item}"),
            Self::Object(fields) => {
                let names: Vec<&str> = fields.iter().map(|(name, ..)| name.as_str()).collect();
                write!(f, "an object of {}", names.join(", "))
            }
            Self::OneOf(texts) => write!(f, "one of {}", texts.join(", ")),
            Self::Any => f.write_str("any value"),
        }
    }
}
