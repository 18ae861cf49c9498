//! Labels, annotations and taints of nodes, as Kubernetes takes them.

use super::field::Field;
use super::report::Report;

/// The most bytes that all annotations may have together.
const ANNOTATIONS: usize = 256 * 1024;

/// Judges the labels, annotations and taints of a machine.
pub(super) fn judge(machine: &Field<'_>, report: &mut Report) {
    for (key, value) in machine.get("nodeLabels").entries() {
        verdict(qualified(key).and_then(|()| label_value(&value.text())), &value, report);
    }
    let annotations = machine.get("nodeAnnotations");
    let mut size = 0;
    for (key, value) in annotations.entries() {
        size += key.len() + value.text().len();
        let reserved = ["owned-annotations", "owned-labels", "owned-taints"]
            .iter()
            .any(|own| key.strip_prefix("talos.dev/") == Some(*own));
        let free = if reserved { Err("Talos keeps this annotation for itself".to_owned()) } else { Ok(()) };
        verdict(qualified(key).and(free), &value, report);
    }
    if size > ANNOTATIONS {
        report.error(&annotations, format!("annotations have {size} bytes, and {ANNOTATIONS} are allowed"));
    }
    for (key, value) in machine.get("nodeTaints").entries() {
        verdict(qualified(key).and_then(|()| taint(&value.text())), &value, report);
    }
}

fn verdict(result: Result<(), String>, field: &Field<'_>, report: &mut Report) {
    if let Err(what) = result {
        report.error(field, what);
    }
}

fn taint(text: &str) -> Result<(), String> {
    let (value, effect) = text.split_once(':').unwrap_or(("", text));
    if !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
        return Err(format!(
            "the effect of a taint is NoSchedule, PreferNoSchedule or NoExecute, not {effect:?}"
        ));
    }
    label_value(value)
}

/// A name, with the domain of who made it up before a slash.
fn qualified(key: &str) -> Result<(), String> {
    let (domain, name) = key.split_once('/').map_or((None, key), |(domain, name)| (Some(domain), name));
    if domain.is_some_and(|domain| !subdomain(domain)) {
        return Err(format!(
            "{key:?} must begin with the name of a domain, in small letters, before its slash"
        ));
    }
    if name.is_empty() || !word(name) {
        return Err(format!(
            "{key:?} must be at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
        ));
    }
    Ok(())
}

fn label_value(value: &str) -> Result<(), String> {
    if value.is_empty() || word(value) {
        return Ok(());
    }
    Err(format!(
        "{value:?} must be at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends"
    ))
}

fn word(text: &str) -> bool {
    let edge = |letter: char| letter.is_ascii_alphanumeric();
    text.len() <= 63
        && text.starts_with(edge)
        && text.ends_with(edge)
        && text.chars().all(|letter| edge(letter) || "-_.".contains(letter))
}

/// A name of DNS in small letters.
pub(super) fn subdomain(text: &str) -> bool {
    let edge = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let label = |label: &str| {
        label.starts_with(edge)
            && label.ends_with(edge)
            && label.chars().all(|letter| edge(letter) || letter == '-')
    };
    text.len() <= 253 && text.split('.').all(label)
}
