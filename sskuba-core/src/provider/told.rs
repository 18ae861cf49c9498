//! What a provider was told in confidence, and is not to be repeated.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroize as _;

use super::contract::Object;
use super::error::{Effect, Failure};
use crate::secret::MASK;
use crate::value::{Map, Value};

/// The shortest secret that is looked for in texts: shorter ones are parts of ordinary words.
const IN_TEXTS: usize = 4;

/// The shortest one whose appearance in a reported value makes that value a secret.
const IN_VALUES: usize = 8;

/// The secrets that a call is told, in the forms in which a text may have them.
pub(crate) struct Told<'a> {
    given: Vec<&'a Map>,
    texts: Texts,
    settings: Option<Arc<Texts>>,
}

/// Secret texts in all their spellings, the longest first: of one that is part of another the rest would stay.
pub(crate) struct Texts(Vec<String>);

impl Texts {
    /// Collects the secrets of some fields.
    pub(crate) fn of<'a>(given: impl IntoIterator<Item = &'a Map>) -> Self {
        let mut texts = Vec::new();
        given.into_iter().flat_map(|map| map.values()).for_each(|value| secrets(value, false, &mut texts));
        let forms: Vec<String> = texts.iter().flat_map(|text| forms(text)).collect();
        texts.extend(forms);
        texts.retain(|text| text.len() >= IN_TEXTS);
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self(texts)
    }

    fn mask(&self, text: &mut String) {
        for secret in &self.0 {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), MASK);
            }
        }
    }

    fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| secret.len() >= IN_VALUES && text.contains(secret.as_str()))
    }
}

impl Drop for Texts {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secret texts", self.0.len())
    }
}

impl<'a> Told<'a> {
    /// Collects the secrets of what a call is given.
    pub(crate) fn new(given: Vec<&'a Map>) -> Self {
        let texts = Texts::of(given.iter().copied());
        Self { given, texts, settings: None }
    }

    /// Adds those of the settings of the provider that is called.
    pub(crate) fn settings(mut self, settings: Option<&Arc<Texts>>) -> Self {
        self.settings = settings.map(Arc::clone);
        self
    }

    fn all(&self) -> impl Iterator<Item = &Texts> {
        [&self.texts].into_iter().chain(self.settings.as_deref())
    }

    /// Masks them in a text.
    pub(crate) fn text(&self, text: &mut String) {
        self.all().for_each(|texts| texts.mask(text));
    }

    /// Makes those reported fields secret that were so when they were given, or have a secret in them.
    pub(crate) fn map(&self, map: &mut Map) {
        for (name, value) in map {
            let was = |given: &&Map| given.get(name).is_some_and(Value::has_secret);
            if !value.has_secret() && (self.given.iter().any(was) || self.is_in(value)) {
                *value = std::mem::take(value).into_secret();
            }
        }
    }

    fn is_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.all().any(|texts| texts.are_in(text)),
            Value::List(items) => items.iter().any(|item| self.is_in(item)),
            Value::Map(map) => map.values().any(|value| self.is_in(value)),
            _ => false,
        }
    }

    /// Does so with all that is reported of an object.
    pub(crate) fn object(&self, mut object: Object) -> Object {
        self.map(&mut object.inputs);
        self.map(&mut object.outputs);
        object
    }

    /// Masks them in a failure.
    pub(crate) fn failure(&self, mut failure: Failure) -> Failure {
        self.text(&mut failure.message);
        failure.hint.iter_mut().for_each(|hint| self.text(hint));
        if let Effect::Applied(object) = &mut failure.effect {
            **object = self.object(std::mem::take(object));
        }
        failure
    }
}

/// Collects the texts that are secret in a value.
fn secrets(value: &Value, secret: bool, into: &mut Vec<String>) {
    match value {
        Value::Secret(_) => secrets(value.reveal(), true, into),
        Value::String(text) if secret => into.push(text.clone()),
        Value::Number(number) if secret => into.push(number.to_string()),
        Value::List(items) => items.iter().for_each(|item| secrets(item, secret, into)),
        Value::Map(map) => map.values().for_each(|value| secrets(value, secret, into)),
        _ => {}
    }
}

/// Returns other spellings of a text: as JSON has it, as base64, and read from base64.
fn forms(text: &str) -> Vec<String> {
    let json = serde_json::Value::from(text).to_string();
    let decoded = STANDARD_NO_PAD.decode(text.trim_end_matches('='));
    let decoded = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let coded = [json.trim_matches('"').to_owned(), STANDARD_NO_PAD.encode(text), STANDARD.encode(text)];
    coded.into_iter().rev().chain(decoded).filter(|form| form != text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Class;

    fn told(texts: &[&str]) -> String {
        let inputs: Map = [("code".to_owned(), Value::from("p\"ss w0rd").into_secret())].into();
        let failure = Failure::new(Class::Denied, texts.join(" | ")).hint(texts.join(" | "));
        Told::new(vec![&inputs]).failure(failure).to_string()
    }

    #[test]
    fn a_secret_is_masked_in_every_spelling() {
        let coded = STANDARD.encode("p\"ss w0rd");
        let shown = told(&["bad code `p\"ss w0rd`", "{\"code\":\"p\\\"ss w0rd\"}", &coded]);
        assert!(!shown.contains("w0rd") && !shown.contains(&coded[..8]), "{shown}");
        assert_eq!(shown.matches(MASK).count(), 6, "{shown}");
    }

    #[test]
    fn what_was_base64_is_masked_as_what_it_means() {
        let inputs: Map = [("boot".to_owned(), Value::from("Y2FuYXJ5").into_secret())].into();
        let mut text = "cannot run `canary`".to_owned();
        Told::new(vec![&inputs]).text(&mut text);
        assert_eq!(text, "cannot run `(secret)`");
    }

    #[test]
    fn a_reported_value_stays_as_secret_as_it_was() {
        let inner: Map = [("login".to_owned(), Value::from("long enough").into_secret())].into();
        let inputs: Map = [("tags".to_owned(), Value::Map(inner)), ("name".to_owned(), "x".into())].into();
        let reported: Map = [("login".to_owned(), Value::from("another"))].into();
        let url = ("url".to_owned(), Value::from("https://ann:long enough@host"));
        let object = Object {
            id: "1".into(),
            inputs: [("tags".to_owned(), Value::Map(reported)), ("name".to_owned(), "x".into())].into(),
            outputs: [url, ("size".to_owned(), 7.into())].into(),
        };
        let object = Told::new(vec![&inputs]).object(object);
        assert!(object.inputs["tags"].has_secret() && object.outputs["url"].has_secret());
        assert!(!object.inputs["name"].has_secret() && !object.outputs["size"].has_secret());
    }
}
