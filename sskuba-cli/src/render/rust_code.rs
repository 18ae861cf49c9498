//! An object as the Rust code that declares it.

use std::fmt::Write as _;

use sskuba_core::address::Address;
use sskuba_core::schema::{Field, FieldType, Schema};
use sskuba_core::state::State;
use sskuba_core::value::{Map, Value};

use super::doc::rust_path;

/// Returns the name of a variable or a setter; a word of the language is written raw.
fn word(name: &str) -> String {
    const WORDS: [&str; 12] =
        ["type", "match", "move", "ref", "use", "mod", "in", "for", "loop", "where", "impl", "fn"];
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let begins = name.starts_with(|c: char| c.is_ascii_digit());
    match WORDS.contains(&name.as_str()) {
        true => format!("r#{name}"),
        false if begins => format!("_{name}"),
        false => name,
    }
}

/// Writes the code that declares an object as it is, so that a plan changes nothing of it. What is secret is read from
/// the configuration; what is the id of another resource of the stack is said beside it.
pub(crate) fn declaration(schema: &Schema, address: &Address, inputs: &Map, state: &State) -> String {
    let (mut needed, mut setters, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    if !address.path().is_empty() {
        notes.push(format!("In the component `{}`.", address.path()));
    }
    for field in schema.inputs() {
        let value = inputs.get(&*field.name).filter(|value| **value != Value::Null);
        let unsaid = field.secret || field.write_only;
        let hidden = match value {
            Some(value) => field.secret || value.has_secret(),
            None => unsaid && field.required,
        };
        if hidden {
            notes.push(format!(
                "`{0}` is secret, or never given back: add it to the program's `Config`, and `config set {0} --secret`.",
                field.name
            ));
        }
        match (value, field.required) {
            (None, false) => {}
            (None, true) if !unsaid => {
                notes.push(format!("`{}` is not reported: fill it in.", field.name));
                needed.push(literal(&Value::Null));
            }
            (value, true) => needed.push(expression(field, value)),
            (Some(value), false) if is_default(field, value) => {}
            (value, false) => setters.push(format!(".{}({})", word(&field.name), expression(field, value))),
        }
        notes.extend(value.and_then(|value| reference(field, value, state)));
    }
    let mut text = String::new();
    for note in &notes {
        let _ = writeln!(text, "// {}", super::paint::one_line(note));
    }
    let new = format!("{}::new({})", rust_path(schema), needed.join(", "));
    let name = quoted(address.name());
    if setters.is_empty() {
        let _ = writeln!(text, "stack.add({name}, {new})?;");
    } else {
        let lines: String = setters.iter().map(|setter| format!("\n        {setter}")).collect();
        let _ = writeln!(text, "stack.add(\n    {name},\n    {new}{lines},\n)?;");
    }
    text
}

/// Tells whether a value is what the kind takes where none is given.
fn is_default(field: &Field, value: &Value) -> bool {
    let empty = match value {
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    };
    field.default.as_ref().map_or(empty, |default| default == value)
}

/// Says which resources of the stack a field names by their ids.
fn reference(field: &Field, value: &Value, state: &State) -> Option<String> {
    let kind = field.reference.as_deref()?;
    let ids: Vec<&str> = match value {
        Value::List(items) => items.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    };
    let known = state.records().filter(|record| record.address.kind_str() == kind);
    let known = known.filter(|record| ids.contains(&record.id.as_str()));
    let names: Vec<String> = known
        .map(|record| format!("`{}.id()` instead of {}", word(record.address.name()), record.shown_id()))
        .collect();
    (!names.is_empty()).then(|| format!("`{}`: better {}.", field.name, names.join(", ")))
}

fn expression(field: &Field, value: Option<&Value>) -> String {
    match value {
        Some(value) if !field.secret && !value.has_secret() => {
            typed(&field.shape, value).unwrap_or_else(|| literal(value))
        }
        _ => format!("settings.{}.clone()", word(&field.name)),
    }
}

/// Writes a value of a type that every program has; none if it is of a type that only the kind's crate knows.
fn typed(shape: &FieldType, value: &Value) -> Option<String> {
    Some(match (shape, value) {
        (FieldType::String, Value::String(text)) => quoted(text),
        (FieldType::List(inner), Value::List(items)) if **inner == FieldType::String => {
            let items: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(quoted)).collect();
            match items?.join(", ") {
                items if items.is_empty() => "Vec::<String>::new()".to_owned(),
                items => format!("[{items}]"),
            }
        }
        (FieldType::String, _) => return None,
        _ => owned(shape, value)?,
    })
}

/// Writes a value with the very type that the field has.
fn owned(shape: &FieldType, value: &Value) -> Option<String> {
    Some(match (shape, value) {
        (FieldType::String, Value::String(text)) => format!("{}.to_owned()", quoted(text)),
        (FieldType::Bool, Value::Bool(yes)) => yes.to_string(),
        (FieldType::Integer(low, high), Value::Number(number)) => {
            format!("{number}_{}", integer(*low, *high)?)
        }
        (FieldType::Float, Value::Number(number)) => format!("{number}_f64"),
        (FieldType::List(inner), Value::List(items)) => {
            let items: Option<Vec<String>> = items.iter().map(|item| owned(inner, item)).collect();
            let items = items.filter(|items| !items.is_empty())?;
            format!("vec![{}]", items.join(", "))
        }
        (FieldType::Map(inner), Value::Map(map)) => {
            let entry = |(key, value): (&String, &Value)| {
                Some(format!("({}.to_owned(), {})", quoted(key), owned(inner, value)?))
            };
            let entries: Option<Vec<String>> = map.iter().map(entry).collect();
            let entries = entries.filter(|entries| !entries.is_empty())?;
            format!("std::collections::BTreeMap::from([{}])", entries.join(", "))
        }
        _ => return None,
    })
}

fn integer(low: i128, high: i128) -> Option<&'static str> {
    let types = [
        ("u8", 0, u8::MAX.into()),
        ("u16", 0, u16::MAX.into()),
        ("u32", 0, u32::MAX.into()),
        ("u64", 0, u64::MAX.into()),
        ("i32", i32::MIN.into(), i32::MAX.into()),
        ("i64", i64::MIN.into(), i64::MAX.into()),
    ];
    types.iter().find(|(_, least, most)| (*least, *most) == (low, high)).map(|(name, ..)| *name)
}

fn literal(value: &Value) -> String {
    format!("sskuba::core::output::Literal::json({})", quoted(&value.masked().to_string()))
}

/// Writes a text as Rust does; nothing in it is obeyed by a terminal.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}
