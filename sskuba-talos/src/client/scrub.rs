//! Machines quote the config that they do not like; its secrets must not get into an error that way.

use sskuba_core::secret::MASK;

use crate::yaml::{self, Node};

/// Parts of keys whose values are secret, or may be.
const SECRET: [&str; 9] =
    ["token", "secret", "key", "password", "passphrase", "auth", "credential", "content", "contents"];

/// Values shorter than this would mask half of an error.
const SHORTEST: usize = 6;

/// Masks the secret values of a config in a text; all of the text if the config cannot be read.
pub(super) fn scrubbed(text: &str, config: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let Ok(documents) = yaml::read(config) else {
        return "the config is no YAML; what the machine said of it may hold secrets".to_owned();
    };
    let mut values = Vec::new();
    for document in &documents {
        collect(document, false, &mut values);
    }
    // Longer ones first: one may be a part of another.
    values.sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
    values.iter().fold(text.to_owned(), |text, value| text.replace(value, MASK))
}

/// Collects texts under secret keys, line by line: a machine may quote one line of many.
fn collect<'a>(node: &'a Node, secret: bool, values: &mut Vec<&'a str>) {
    match node {
        Node::Map(map) => {
            for (key, value) in map {
                let lower = key.to_ascii_lowercase();
                collect(value, secret || SECRET.iter().any(|part| lower.contains(part)), values);
            }
        }
        Node::Seq(items) => items.iter().for_each(|item| collect(item, secret, values)),
        Node::String(text) if secret => {
            let lines = text.lines().map(str::trim).filter(|line| line.len() >= SHORTEST);
            values.extend(lines);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_the_config_are_masked_where_the_machine_quotes_them() {
        let config = "machine:\n  token: canary-1\n  ca:\n    key: canary-2\n  tokenz:\n    - x: canary-3\n  type: worker-type\n";
        let said = "unknown keys: tokenz: [x: canary-3], token canary-1, key canary-2, type worker-type";
        let shown = scrubbed(said, config);
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("worker-type"), "{shown}");
        assert!(!scrubbed("bad: canary", "a: [").contains("canary"));
    }
}
