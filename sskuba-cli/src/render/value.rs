//! Values on one line, compact and without secrets.

use sskuba_core::secret::MASK;
use sskuba_core::value::{UNKNOWN, Value};

use super::paint::one_line;

/// How long a text may be before it is cut, in characters.
const TEXT: usize = 72;

/// How long a whole value may be before its inside is left out, in characters.
const WHOLE: usize = 100;

/// Writes a value on one line. With `whole`, nothing is cut.
pub(crate) fn show(value: &Value, whole: bool) -> String {
    let text = write(value, whole);
    if whole || text.chars().count() <= WHOLE {
        return text;
    }
    match value {
        Value::List(items) => format!("[{} items]", items.len()),
        Value::Map(map) => format!("{{{} fields: {}}}", map.len(), cut(&keys(map.keys()), TEXT)),
        _ => text,
    }
}

fn keys<'a>(keys: impl Iterator<Item = &'a String>) -> String {
    keys.map(|key| one_line(key)).collect::<Vec<_>>().join(", ")
}

fn write(value: &Value, whole: bool) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => quoted(text, whole),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| write(item, whole)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) => {
            let fields: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", one_line(key), write(value, whole)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Value::Secret(_) => MASK.to_owned(),
        Value::Unknown => UNKNOWN.to_owned(),
    }
}

/// Writes a text in quotes; a long one, or one of many lines, is cut and its size is given.
pub(crate) fn quoted(text: &str, whole: bool) -> String {
    let lines = text.lines().count();
    let size = match lines {
        0 | 1 if text.chars().count() <= TEXT => None,
        0 | 1 => Some(format!("{} characters", text.chars().count())),
        _ => Some(format!("{lines} lines")),
    };
    match size {
        Some(size) if !whole => {
            let first = text.lines().next().unwrap_or_default();
            format!("{} ({size})", json(&cut(first, TEXT)))
        }
        _ => json(text),
    }
}

fn json(text: &str) -> String {
    one_line(&serde_json::Value::from(text).to_string())
}

fn cut(text: &str, at: usize) -> String {
    if text.chars().count() <= at { text.to_owned() } else { text.chars().take(at).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn v(json: serde_json::Value) -> Value {
        Value::from_json(json)
    }

    #[test]
    fn values_are_compact() {
        assert_eq!(show(&v(json!({"a": [1, "b"], "c": null})), false), r#"{a: [1, "b"], c: null}"#);
        assert_eq!(show(&v(json!("two\nlines")), false), r#""two" (2 lines)"#);
        assert_eq!(show(&v(json!("two\nlines")), true), r#""two\nlines""#);
        assert_eq!(show(&v(json!(vec!["abcdefghij"; 20])), false), "[20 items]");
        let long = show(&Value::from("x".repeat(200)), false);
        assert!(long.ends_with("…\" (200 characters)"), "{long}");
    }

    #[test]
    fn secrets_and_unknown_values_are_named() {
        let secret = Value::Map([("p".to_owned(), Value::from("canary").into_secret())].into());
        assert_eq!(show(&secret, true), "{p: (secret)}");
        assert_eq!(show(&Value::Unknown, false), "(known after apply)");
    }
}
