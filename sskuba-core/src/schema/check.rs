//! Checks values against a schema before anything is sent.

use std::fmt;

use super::{FieldType, Schema, TRIGGERS};
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

impl Schema {
    /// Returns all mistakes in `inputs`; unknown parts are let through.
    pub fn check(&self, inputs: &Map) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for name in inputs.keys() {
            if name != TRIGGERS && self.field(name).is_none_or(|field| field.computed) {
                errors.push(FieldError { field: name.clone(), message: self.no_such_field() });
            }
        }
        for field in self.inputs() {
            match inputs.get(&*field.name) {
                None | Some(Value::Null) if field.required => errors.push(FieldError {
                    field: field.name.to_string(),
                    message: format!("is required ({})", field.doc),
                }),
                None | Some(Value::Null) => {}
                Some(value) => {
                    let before = errors.len();
                    field.shape.check(value, &field.name, &mut errors);
                    if errors.len() == before
                        && !value.has_unknown()
                        && let Some(wanted) = field.normaliser.reject(value)
                    {
                        let message = format!("{} is not {wanted}", show(value));
                        errors.push(FieldError { field: field.name.to_string(), message });
                    }
                }
            }
        }
        errors
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
