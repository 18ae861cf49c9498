//! A provider that does not repeat what it was told in confidence.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroize as _;

use crate::provider::{Change, Cx, Effect, Failure, Limits, Object, Prior, Provider};
use crate::schema::{FieldError, Schema};
use crate::secret::MASK;
use crate::value::{Map, Value};

/// The shortest secret that is looked for in texts: shorter ones are parts of ordinary words.
const IN_TEXTS: usize = 4;

/// The shortest one whose appearance in a reported value makes that value a secret.
const IN_VALUES: usize = 8;

/// Masks the secrets of a call in the texts of its failure, and keeps them secret in what it reports. The engine puts
/// one round every provider: a service's own words often quote what was sent.
#[derive(Debug, Clone)]
pub struct Discreet(Arc<dyn Provider>);

impl Discreet {
    /// Wraps a provider.
    pub fn new(inner: Arc<dyn Provider>) -> Self {
        Self(inner)
    }
}

/// The secrets that a call is told, in the forms in which a text may have them.
struct Told<'a> {
    given: Vec<&'a Map>,
    texts: Vec<String>,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        self.texts.zeroize();
    }
}

impl<'a> Told<'a> {
    fn new(given: Vec<&'a Map>) -> Self {
        let mut texts = Vec::new();
        given.iter().flat_map(|map| map.values()).for_each(|value| secrets(value, false, &mut texts));
        let forms: Vec<String> = texts.iter().flat_map(|text| forms(text)).collect();
        texts.extend(forms);
        texts.retain(|text| text.len() >= IN_TEXTS);
        // The longest first, or a part of one would be masked and the rest stay.
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        texts.dedup();
        Self { given, texts }
    }

    fn text(&self, text: &mut String) {
        for secret in &self.texts {
            if text.contains(secret.as_str()) {
                *text = text.replace(secret.as_str(), MASK);
            }
        }
    }

    fn map(&self, map: &mut Map) {
        for (name, value) in map {
            let was = |given: &&Map| given.get(name).is_some_and(Value::has_secret);
            if !value.has_secret() && (self.given.iter().any(was) || self.is_in(value)) {
                *value = std::mem::take(value).into_secret();
            }
        }
    }

    fn is_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => {
                self.texts.iter().any(|secret| secret.len() >= IN_VALUES && text.contains(secret.as_str()))
            }
            Value::List(items) => items.iter().any(|item| self.is_in(item)),
            Value::Map(map) => map.values().any(|value| self.is_in(value)),
            _ => false,
        }
    }

    fn object(&self, mut object: Object) -> Object {
        self.map(&mut object.inputs);
        self.map(&mut object.outputs);
        object
    }

    fn failure(&self, mut failure: Failure) -> Failure {
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

#[async_trait]
impl Provider for Discreet {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn schemas(&self) -> Vec<Arc<Schema>> {
        self.0.schemas()
    }
    fn limits(&self) -> Limits {
        self.0.limits()
    }
    fn check(&self, schema: &Schema, inputs: &Map) -> Vec<FieldError> {
        let told = Told::new(vec![inputs]);
        let mut errors = self.0.check(schema, inputs);
        errors.iter_mut().for_each(|error| told.text(&mut error.message));
        errors
    }
    async fn configure(&self, inputs: &Map) -> Result<Arc<dyn Provider>, Failure> {
        let inner = self.0.configure(inputs).await;
        let inner = inner.map_err(|failure| Told::new(vec![inputs]).failure(failure))?;
        Ok(Arc::new(Self(inner)))
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        let told = Told::new(vec![inputs]);
        let made = self.0.create(cx, inputs).await;
        made.map(|object| told.object(object)).map_err(|failure| told.failure(failure))
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        let told = Told::new(vec![&prior.inputs, &prior.outputs]);
        let read = self.0.read(cx, prior).await;
        read.map(|object| object.map(|object| told.object(object))).map_err(|failure| told.failure(failure))
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        let told = Told::new(vec![&change.inputs, &change.prior.inputs, &change.prior.outputs]);
        let made = self.0.update(cx, change).await;
        made.map(|object| told.object(object)).map_err(|failure| told.failure(failure))
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        let told = Told::new(vec![&prior.inputs, &prior.outputs]);
        self.0.delete(cx, prior).await.map_err(|failure| told.failure(failure))
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        self.0.find(cx).await
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        let told = Told::new(vec![inputs]);
        let mut found = self.0.lookup(cx, inputs).await.map_err(|failure| told.failure(failure))?;
        told.map(&mut found);
        Ok(found)
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        self.0.list(cx).await
    }
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
