//! Secret texts, and how they are found in others.

use std::fmt;

use zeroize::Zeroize as _;

use super::spellings::{password, spellings};
use crate::secret::MASK;
use crate::value::{Map, SHORTEST, Value};

/// Secret texts in all their spellings.
pub(crate) struct Texts {
    /// Those that are masked where they stand.
    long: Vec<String>,
    /// Those that make a whole text secret: what one of them leaves of a text tells where it was, and with that what it is.
    short: Vec<String>,
}

impl Texts {
    /// Collects the secrets of some fields, with what they were made of.
    pub(crate) fn of<'a>(given: impl IntoIterator<Item = &'a Map>) -> Self {
        let mut texts = Vec::new();
        given.into_iter().flat_map(|map| map.values()).for_each(|value| value.secret_texts(&mut texts));
        let passwords: Vec<String> = texts.iter().flat_map(|text| password(text)).collect();
        texts.extend(passwords);
        texts.sort();
        texts.dedup();
        let (mut long, mut short) = (Vec::new(), Vec::new());
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            let into = if text.chars().count() < SHORTEST { &mut short } else { &mut long };
            into.extend(spellings(&text));
            into.push(text);
        }
        // A spelling may be shorter than the text, e.g. what a text of base64 means.
        long.retain(|text: &String| text.chars().count() >= SHORTEST);
        for texts in [&mut long, &mut short] {
            texts.sort();
            texts.dedup();
        }
        Self { long, short }
    }

    /// Returns how many bytes they have.
    pub(crate) fn bytes(&self) -> usize {
        self.long.iter().chain(&self.short).map(String::len).sum()
    }

    /// Tells whether one of them is in a text.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.short.iter().chain(&self.long).any(|secret| text.contains(secret.as_str()))
    }

    /// Tells whether a number is one of them.
    pub(crate) fn are(&self, number: &str) -> bool {
        self.short.iter().chain(&self.long).any(|secret| secret == number)
    }
}

/// Masks secrets in a text: where they stand, or all of it. Of `others`, which the text need not have anything to do
/// with, the short ones hide nothing.
pub(crate) fn mask<'a>(
    own: &(impl Iterator<Item = &'a Texts> + Clone),
    others: impl Iterator<Item = &'a Texts>,
    text: &mut String,
) {
    if own.clone().any(|texts| texts.short.iter().any(|secret| text.contains(secret.as_str()))) {
        text.zeroize();
        text.push_str(MASK);
        return;
    }
    let mut places: Vec<(usize, usize)> = Vec::new();
    for texts in own.clone().chain(others) {
        for secret in &texts.long {
            // Also those that begin inside another.
            let mut from = 0;
            while let Some(at) = text.get(from..).and_then(|rest| rest.find(secret.as_str())) {
                let at = from + at;
                places.push((at, at + secret.len()));
                from = at + text[at..].chars().next().map_or(1, char::len_utf8);
            }
        }
    }
    if places.is_empty() {
        return;
    }
    places.sort_unstable();
    let mut masked = String::with_capacity(text.len());
    let mut end = 0;
    for (from, to) in places {
        if from > end || end == 0 {
            masked.push_str(&text[end..from]);
            masked.push_str(MASK);
        }
        end = end.max(to);
    }
    masked.push_str(&text[end..]);
    *text = masked;
}

impl Drop for Texts {
    fn drop(&mut self) {
        self.long.zeroize();
        self.short.zeroize();
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secret texts", self.long.len() + self.short.len())
    }
}

/// Tells whether a reported value has one of the secrets in it.
pub(crate) fn has_one<'a>(all: &(impl Iterator<Item = &'a Texts> + Clone), value: &Value) -> bool {
    match value {
        Value::String(text) => all.clone().any(|texts| texts.are_in(text)),
        Value::Number(number) => {
            let number = number.to_string();
            all.clone().any(|texts| texts.are(&number))
        }
        Value::List(items) => items.iter().any(|item| has_one(all, item)),
        Value::Map(map) => {
            map.iter().any(|(key, value)| has_one(all, value) || all.clone().any(|texts| texts.are_in(key)))
        }
        _ => false,
    }
}
