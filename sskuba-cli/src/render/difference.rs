//! The difference of two values, part by part.

use sskuba_core::plan::FieldChange;
use sskuba_core::schema::TRIGGERS;
use sskuba_core::secret::MASK;
use sskuba_core::value::Value;

use super::paint::{Paint, one_line};
use super::value::show;

/// How many parts of one field are shown before the rest is folded.
const PARTS: usize = 8;

/// One part of a field that differs.
#[derive(Debug, PartialEq)]
struct Part<'a> {
    path: String,
    from: Option<&'a Value>,
    to: Option<&'a Value>,
}

/// Writes the lines of what differs, field by field.
pub(crate) fn lines(changes: &[FieldChange], paint: Paint, whole: bool) -> Vec<String> {
    let same = |a: &FieldChange, b: &FieldChange| field(a) == field(b);
    changes.chunk_by(same).flat_map(|parts| of_field(parts, paint, whole)).collect()
}

/// Names the field in which a change lies.
fn field(change: &FieldChange) -> &str {
    change.field.split(['.', '[']).next().unwrap_or_default()
}

/// Writes a field's name: triggers are recorded among the inputs, under a name that no field can have, and are shown
/// under that of their option.
fn shown(field: &str) -> String {
    match field.strip_prefix(TRIGGERS) {
        Some(rest) => format!("replace_triggered_by{}", one_line(rest)),
        None => one_line(field),
    }
}

/// Writes the lines of one field of which these parts differ.
fn of_field(changes: &[FieldChange], paint: Paint, whole: bool) -> Vec<String> {
    let (mut lines, mut left) = (Vec::new(), 0);
    let limit = if whole { usize::MAX } else { PARTS };
    for change in changes {
        let mut parts = Vec::new();
        split(&shown(&change.field), change.from.as_ref(), change.to.as_ref(), &mut parts);
        let mark = if change.replaces { paint.strong("  (forces replacement)") } else { String::new() };
        let room = limit - lines.len();
        left += parts.len().saturating_sub(room);
        lines.extend(parts.iter().take(room).map(|part| format!("{}{mark}", line(part, paint, whole))));
    }
    if let (Some(first), 1..) = (changes.first(), left) {
        lines.push(paint.dim(format!("{}: … {left} more differences", shown(field(first)))));
    }
    lines
}

/// Writes the lines of an output that differs: `+` one that is new, `~` one that has another value, `-` one that is gone.
pub(crate) fn output(change: &FieldChange, paint: Paint, whole: bool) -> Vec<String> {
    let name = one_line(&change.field);
    match (&change.from, &change.to) {
        (None, Some(to)) => vec![format!("{} {name} = {}", paint.good("+"), show(to, whole))],
        (Some(from), None) => {
            vec![format!("{} {name} (was {})", paint.bad("-"), show(from, whole))]
        }
        _ => {
            let change = FieldChange { field: name, ..change.clone() };
            let sign = |line: String| format!("{} {line}", paint.warn("~"));
            lines(std::slice::from_ref(&change), paint, whole).into_iter().map(sign).collect()
        }
    }
}

fn line(part: &Part<'_>, paint: Paint, whole: bool) -> String {
    let path = &part.path;
    // What is a secret on one side must not be readable on the other.
    let hidden = match (part.from, part.to) {
        (Some(from), Some(to)) => from.has_secret() != to.has_secret() && *to != Value::Unknown,
        _ => false,
    };
    let text =
        |value: &Value| if hidden { show(&value.clone().into_secret(), whole) } else { show(value, whole) };
    match (part.from, part.to) {
        (Some(from), Some(to)) => {
            let (from, mut to) = (text(from), text(to));
            if from == MASK && to == MASK {
                to = "(another secret)".to_owned();
            }
            format!("{path}: {} → {}", paint.bad(from), paint.good(to))
        }
        (None, Some(to)) => format!("{path}: {}", paint.good(format!("+ {}", text(to)))),
        (Some(from), None) => format!("{path}: {}", paint.bad(format!("- {}", text(from)))),
        (None, None) => path.clone(),
    }
}

/// Splits a difference into its parts: entries of maps by key, items of lists of one length by place, other
/// lists by what was added and removed.
fn split<'a>(path: &str, from: Option<&'a Value>, to: Option<&'a Value>, parts: &mut Vec<Part<'a>>) {
    match (from, to) {
        (Some(Value::Map(old)), Some(Value::Map(new))) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                if old.get(key) != new.get(key) {
                    split(&format!("{path}.{}", one_line(key)), old.get(key), new.get(key), parts);
                }
            }
        }
        (Some(Value::List(old)), Some(Value::List(new))) if old.len() == new.len() => {
            for (i, (old, new)) in old.iter().zip(new).enumerate().filter(|(_, (old, new))| old != new) {
                split(&format!("{path}[{i}]"), Some(old), Some(new), parts);
            }
        }
        (Some(Value::List(old)), Some(Value::List(new))) => {
            let path = format!("{path}[]");
            let gone = old.iter().filter(|item| !new.contains(item));
            parts.extend(gone.map(|item| Part { path: path.clone(), from: Some(item), to: None }));
            let added = new.iter().filter(|item| !old.contains(item));
            parts.extend(added.map(|item| Part { path: path.clone(), from: None, to: Some(item) }));
        }
        _ => parts.push(Part { path: path.to_owned(), from, to }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(from: serde_json::Value, to: serde_json::Value) -> FieldChange {
        let (from, to) = (Some(Value::from_json(from)), Some(Value::from_json(to)));
        FieldChange { field: "f".into(), from, to, replaces: false }
    }

    fn text(change: &FieldChange) -> String {
        lines(std::slice::from_ref(change), Paint::PLAIN, false).join("\n")
    }

    #[test]
    fn only_the_parts_that_differ_are_shown() {
        let change =
            change(json!({"a": 1, "b": {"c": "x"}, "d": 4}), json!({"a": 1, "b": {"c": "y"}, "e": 5}));
        assert_eq!(text(&change), "f.b.c: \"x\" → \"y\"\nf.d: - 4\nf.e: + 5");
    }

    #[test]
    fn lists_are_compared_by_place_or_by_what_came_and_went() {
        assert_eq!(text(&change(json!(["a", "b"]), json!(["a", "c"]))), "f[1]: \"b\" → \"c\"");
        assert_eq!(text(&change(json!(["a", "b"]), json!(["b"]))), "f[]: - \"a\"");
        let many: Vec<u32> = (0..12).collect();
        assert!(text(&change(json!([]), json!(many))).ends_with("f: … 4 more differences"));
    }

    #[test]
    fn a_secret_on_one_side_hides_both() {
        let mut change = change(json!("canary"), json!("canary2"));
        change.to = change.to.map(Value::into_secret);
        change.replaces = true;
        assert_eq!(text(&change), "f: (secret) → (another secret)  (forces replacement)");
    }

    #[test]
    fn triggers_have_the_name_of_their_option() {
        let mut change = change(json!(["a"]), json!(["b"]));
        change.field = TRIGGERS.to_owned();
        assert!(text(&change).starts_with("replace_triggered_by"), "{}", text(&change));
    }

    #[test]
    fn an_unknown_value_is_named() {
        let mut change = change(json!("a"), json!("b"));
        change.to = Some(Value::Unknown);
        assert_eq!(text(&change), "f: \"a\" → (known after apply)");
    }
}
