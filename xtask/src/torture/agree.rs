//! Compares what exists with what is recorded.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;

/// Reads a list of objects: kind and id by token; a token that appears twice has both.
pub(super) fn objects(list: &[u8]) -> anyhow::Result<BTreeMap<String, Vec<String>>> {
    let list: Vec<Value> = serde_json::from_slice(list).context("failed to read a list of objects")?;
    let mut objects: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for object in &list {
        let text = |field: &str| object.get(field).and_then(Value::as_str).unwrap_or("?");
        objects.entry(text("token").to_owned()).or_default().push(format!("{} {}", text("kind"), text("id")));
    }
    Ok(objects)
}

/// Says how the world and the record disagree.
pub(super) fn compare(world: &[u8], record: &[u8]) -> anyhow::Result<Vec<String>> {
    let (world, record) = (objects(world)?, objects(record)?);
    let mut lines = Vec::new();
    for (token, found) in &world {
        if found.len() > 1 {
            lines.push(format!("exists twice: {} (token {token})", found.join(", ")));
        }
        match record.get(token) {
            None => lines.push(format!("exists and is not recorded: {} (token {token})", found.join(", "))),
            Some(known) if known != found => {
                lines.push(format!("recorded as {} but is {}", known.join(", "), found.join(", ")));
            }
            Some(_) => {}
        }
    }
    for (token, known) in record.iter().filter(|(token, _)| !world.contains_key(*token)) {
        lines.push(format!("recorded and does not exist: {} (token {token})", known.join(", ")));
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] = br#"[{"kind":"k","id":"1","token":"a"}]"#;

    #[test]
    fn agreement_is_silent() {
        assert!(compare(ONE, ONE).unwrap().is_empty());
        assert!(compare(b"[]", b"[]").unwrap().is_empty());
    }

    #[test]
    fn every_disagreement_has_a_line() {
        let lines = |world: &[u8], record: &[u8]| compare(world, record).unwrap().join("; ");
        assert!(lines(ONE, b"[]").contains("not recorded: k 1"));
        assert!(lines(b"[]", ONE).contains("does not exist: k 1"));
        assert!(lines(br#"[{"kind":"k","id":"2","token":"a"}]"#, ONE).contains("recorded as k 1 but is k 2"));
        let twice = br#"[{"kind":"k","id":"1","token":"a"},{"kind":"k","id":"3","token":"a"}]"#;
        assert!(lines(twice, ONE).contains("exists twice: k 1, k 3"));
    }
}
