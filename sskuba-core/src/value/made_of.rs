//! What a secret value was made of.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Hidden, Value};

/// The most parts that are kept of one value: the first ones and the last ones.
const MOST: usize = 32;

type Part = Arc<Zeroizing<String>>;

/// The secret texts that a function of the program was given, and those that they were made of in turn.
#[derive(Clone, Default)]
pub(crate) struct MadeOf(Vec<Part>);

impl MadeOf {
    /// Collects the secret texts of a function's arguments.
    pub(crate) fn these(args: &[Value]) -> Self {
        let mut parts = Self::default();
        args.iter().for_each(|arg| visit(arg, false, &mut |part| parts.add(part)));
        parts
    }

    fn add(&mut self, part: Part) {
        if self.0.contains(&part) {
            return;
        }
        if self.0.len() == MOST {
            self.0.remove(MOST / 2);
        }
        self.0.push(part);
    }
}

/// Visits the secret texts in a value, and before each those that it was made of.
fn visit(value: &Value, secret: bool, found: &mut dyn FnMut(Part)) {
    match value {
        Value::Secret(Hidden { value, made_of }) => {
            made_of.iter().flat_map(|made_of| &made_of.0).for_each(|part| found(Arc::clone(part)));
            visit(value, true, found);
        }
        Value::String(text) if secret => found(Arc::new(Zeroizing::new(text.clone()))),
        Value::Number(number) if secret => found(Arc::new(Zeroizing::new(number.to_string()))),
        Value::List(items) => items.iter().for_each(|item| visit(item, secret, found)),
        Value::Map(map) => map.values().for_each(|value| visit(value, secret, found)),
        _ => {}
    }
}

impl Value {
    /// Marks the value as secret, and keeps what it was made of.
    pub(crate) fn into_secret_of(self, mut parts: MadeOf) -> Self {
        match self.into_secret() {
            Self::Secret(mut hidden) => {
                hidden.made_of.iter().flat_map(|own| &own.0).for_each(|part| parts.add(Arc::clone(part)));
                hidden.made_of = Some(Arc::new(parts));
                Self::Secret(hidden)
            }
            // Nothing, or not known: no text that could be secret.
            other => other,
        }
    }

    /// Collects the texts that are secret in the value, with those that they were made of.
    pub(crate) fn secret_texts(&self, into: &mut Vec<String>) {
        visit(self, false, &mut |part| into.push(String::clone(&part)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(value: &Value) -> Vec<String> {
        let mut texts = Vec::new();
        value.secret_texts(&mut texts);
        texts
    }

    #[test]
    fn a_composed_secret_keeps_its_parts_and_the_parts_of_these() {
        let password = Value::from("hunter2").into_secret();
        let login = Value::from("ann:hunter2").into_secret_of(MadeOf::these(&[password, "ann".into()]));
        let url = Value::from("db://ann:hunter2@h").into_secret_of(MadeOf::these(&[login, 5432.into()]));
        assert_eq!(texts(&url), ["hunter2", "ann:hunter2", "db://ann:hunter2@h"]);
        assert_eq!(url, Value::from("db://ann:hunter2@h").into_secret());
    }

    #[test]
    fn the_first_and_the_last_parts_of_a_long_chain_are_kept() {
        let first = Value::from("first").into_secret();
        let last = (0..1000)
            .fold(first, |value, n| Value::from(format!("step {n}")).into_secret_of(MadeOf::these(&[value])));
        let texts = texts(&last);
        assert_eq!((texts.len(), texts[0].as_str(), texts[MOST].as_str()), (MOST + 1, "first", "step 999"));
        assert_eq!(texts[MOST - 1], "step 998");
    }
}
