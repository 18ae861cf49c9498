//! What a secret value was made of.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Hidden, Value};

/// The most parts that are kept of one value: the first ones and the last ones.
const MOST: usize = 32;

/// How long a part, and all parts of one value, may be that are recorded with it, in bytes: a key of 4096 bits has 3,200.
const LONGEST: usize = 8 * 1024;
const RECORDED: usize = 16 * 1024;

/// The fewest characters of a text that is looked for by itself. A shorter one inside a secret list or map is a number or a
/// word as any other; one that is a secret as a whole counts all the same.
pub(crate) const SHORTEST: usize = 4;

type Part = Arc<Zeroizing<String>>;

/// Where in a value a text is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Open,
    /// It is a secret.
    Secret,
    /// It is in a list or a map that is one.
    Within,
}

impl Place {
    fn inside(self) -> Self {
        if self == Self::Open { Self::Open } else { Self::Within }
    }

    fn counts(self, text: &str) -> bool {
        match self {
            Self::Open => false,
            Self::Secret => true,
            Self::Within => text.chars().count() >= SHORTEST,
        }
    }
}

/// The secret texts that a function of the program was given, and those that they were made of in turn.
#[derive(Clone, Default)]
pub(crate) struct MadeOf(Vec<Part>);

impl MadeOf {
    /// Collects the secret texts of a function's arguments.
    pub(crate) fn these(args: &[Value]) -> Self {
        let mut parts = Self::default();
        args.iter().for_each(|arg| visit(arg, Place::Open, &mut |part| parts.add(part)));
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
fn visit(value: &Value, place: Place, found: &mut dyn FnMut(Part)) {
    let mut text = |text: String| {
        if place.counts(&text) {
            found(Arc::new(Zeroizing::new(text)));
        }
    };
    match value {
        Value::Secret(Hidden { value, made_of }) => {
            made_of.iter().flat_map(|made_of| &made_of.0).for_each(|part| found(Arc::clone(part)));
            visit(value, Place::Secret, found);
        }
        Value::String(part) if place != Place::Open => text(part.clone()),
        Value::Number(number) if place != Place::Open => text(number.to_string()),
        Value::List(items) => items.iter().for_each(|item| visit(item, place.inside(), found)),
        Value::Map(map) => map.values().for_each(|value| visit(value, place.inside(), found)),
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

    /// Returns the texts that a secret value was made of, to be recorded with it: what a later run is told by a service may
    /// have one of them alone, when no program says any more what the value was made of. Very long ones are left out.
    pub(crate) fn parts_to_record(&self) -> Vec<Zeroizing<String>> {
        let Self::Secret(Hidden { made_of: Some(made_of), .. }) = self else { return Vec::new() };
        let (mut parts, mut room) = (Vec::new(), RECORDED);
        for part in made_of.0.iter().filter(|part| part.len() <= LONGEST) {
            if part.len() > room {
                break;
            }
            room -= part.len();
            parts.push(Zeroizing::clone(part));
        }
        parts
    }

    /// Marks the value as a secret that was made of these texts, as they were recorded with it.
    pub(crate) fn into_secret_of_recorded(self, parts: Vec<Zeroizing<String>>) -> Self {
        self.into_secret_of(MadeOf(parts.into_iter().take(MOST).map(Arc::new).collect()))
    }

    /// Collects the texts that are secret in the value, with those that they were made of.
    pub(crate) fn secret_texts(&self, into: &mut Vec<String>) {
        visit(self, Place::Open, &mut |part| into.push(String::clone(&part)));
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
