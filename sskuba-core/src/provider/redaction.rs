//! Redaction: the secrets that a call is given are taken out of what comes back of it.

use std::sync::Arc;

use super::contract::Object;
use super::earlier_secrets::EarlierSecrets;
use super::error::{Class, Effect, Failure};
use super::texts::{Texts, has_one, mask};
use crate::address::Token;
use crate::value::{Map, Value};

/// The secrets that a call is told, in the forms in which a text may have them.
pub(crate) struct Redaction<'a> {
    given: Vec<&'a Map>,
    own: Vec<Arc<Texts>>,
    earlier: Option<Arc<EarlierSecrets>>,
}

impl<'a> Redaction<'a> {
    /// Collects the secrets of what a call is given.
    pub(crate) fn new(given: Vec<&'a Map>) -> Self {
        let own = vec![Arc::new(Texts::of(given.iter().copied()))];
        Self { given, own, earlier: None }
    }

    /// Adds others that the call has to do with, e.g. those of its provider's settings.
    pub(crate) fn and(mut self, more: impl IntoIterator<Item = Arc<Texts>>) -> Self {
        self.own.extend(more);
        self
    }

    /// Masks the secrets of other calls too, which a service may mention.
    pub(crate) fn earlier(mut self, earlier: &Arc<EarlierSecrets>) -> Self {
        self.earlier = Some(Arc::clone(earlier));
        self
    }

    /// Remembers the secrets of this call.
    pub(crate) fn remember(self, token: Token) -> Self {
        if let (Some(earlier), Some(texts)) = (&self.earlier, self.own.first()) {
            earlier.add(token, texts);
        }
        self
    }

    fn all(&self) -> impl Iterator<Item = &Texts> + Clone {
        self.own.iter().map(|texts| &**texts)
    }

    /// Masks them in a text.
    pub(crate) fn text(&self, text: &mut String) {
        let earlier = self.earlier.as_ref().map(|earlier| earlier.all()).unwrap_or_default();
        mask(&self.all(), earlier.iter().map(|texts| &**texts), text);
    }

    /// Makes those reported fields secret that were so when they were given, or have a secret in them.
    pub(crate) fn map(&self, map: &mut Map) {
        for (name, value) in map {
            let was = |given: &&Map| given.get(name).is_some_and(Value::has_secret);
            if !value.has_secret() && (self.given.iter().any(was) || has_one(&self.all(), value)) {
                *value = std::mem::take(value).into_secret();
            }
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
        failure.request_id.iter_mut().for_each(|id| self.text(id));
        failure.exists.iter_mut().for_each(|id| self.text(id));
        if let Class::Invalid(field) = &mut failure.class {
            self.text(field);
        }
        if let Effect::Applied(object) = &mut failure.effect {
            **object = self.object(std::mem::take(object));
        }
        failure
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

    use super::*;
    use crate::secret::MASK;

    fn told(texts: &[&str]) -> String {
        let inputs: Map = [("code".to_owned(), Value::from("p\"ss w0rd").into_secret())].into();
        let failure = Failure::new(Class::Denied, texts.join(" | ")).hint(texts.join(" | "));
        Redaction::new(vec![&inputs]).failure(failure).to_string()
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
        Redaction::new(vec![&inputs]).text(&mut text);
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
        let object = Redaction::new(vec![&inputs]).object(object);
        assert!(object.inputs["tags"].has_secret() && object.outputs["url"].has_secret());
        assert!(!object.inputs["name"].has_secret() && !object.outputs["size"].has_secret());
    }

    fn masked(secret: &str, text: &str) -> String {
        let inputs: Map = [("code".to_owned(), Value::from(secret).into_secret())].into();
        let mut text = text.to_owned();
        Redaction::new(vec![&inputs]).text(&mut text);
        text
    }

    #[test]
    fn what_other_programs_make_of_a_secret_is_masked() {
        for (secret, url) in
            [("pa?s", "pa%3Fs"), ("p@ss/w0", "p%40ss%2fw0"), ("é'$x y&<z>", "%C3%A9'%24x%20y%26%3Cz%3E")]
        {
            let json = serde_json::to_string(secret).unwrap();
            let python = json.replace('é', "\\u00e9");
            let go = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
            let spelt = [
                STANDARD.encode(secret),
                STANDARD_NO_PAD.encode(secret),
                URL_SAFE.encode(secret),
                URL_SAFE_NO_PAD.encode(secret),
                STANDARD.encode(format!("{secret}\n")),
                format!("'{}'", secret.replace('\'', r"'\''")),
                format!("'{}'", secret.replace('\'', r#"'"'"'"#)),
                format!("{secret:?}"),
                json.clone(),
                python,
                go,
                url.to_owned(),
            ];
            for spelt in &spelt {
                let text = masked(secret, &format!("login {spelt} was refused"));
                assert!(
                    text.contains(MASK) && !text.contains(spelt.trim_matches(['"', '\''])),
                    "{secret}: {spelt}: {text}"
                );
                assert!(text.starts_with("login ") && text.ends_with(" was refused"), "{text}");
            }
        }
        for user in ["", "a", "ab", "abc"] {
            let header = format!("Authorization: Basic {}", STANDARD.encode(format!("{user}:hunter2")));
            let text = masked("hunter2", &header);
            assert!(text.contains(MASK) && text.len() <= header.len(), "{text}");
        }
    }

    #[test]
    fn a_secret_of_four_characters_is_masked_where_it_stands_and_a_shorter_one_hides_the_text() {
        let text = |secret: &str| masked(secret, &format!("login of ann with {secret}{secret} was refused"));
        assert_eq!(text("k"), MASK);
        assert_eq!(text("k9%"), MASK);
        assert_eq!(text("k9%z"), "login of ann with (secret) was refused");
        assert_eq!(text("k9%z4&y"), "login of ann with (secret) was refused");
        assert_eq!(masked("k9%", "login of ann with k9%25 was refused"), MASK);
        assert_eq!(masked("k9%", "login of ann was refused"), "login of ann was refused");
        assert_eq!(masked("", "login of ann"), "login of ann");
    }

    #[test]
    fn secrets_that_overlap_leave_nothing_of_each_other() {
        let inputs: Map = [
            ("a".to_owned(), Value::from("abcdef").into_secret()),
            ("b".to_owned(), Value::from("defghi").into_secret()),
            ("c".to_owned(), Value::from("secret").into_secret()),
        ]
        .into();
        let mut text = "x abcdefghi y secret z".to_owned();
        Redaction::new(vec![&inputs]).text(&mut text);
        assert_eq!(text, "x (secret) y (secret) z");
    }

    #[test]
    fn a_reported_value_with_a_secret_of_any_length_in_it_is_secret() {
        for secret in ["7", "k9%", "k9%z", "k9%z4&y"] {
            let inputs: Map = [("code".to_owned(), Value::from(secret).into_secret())].into();
            let url = format!("https://h/?code={}", secret.replace('%', "%25").replace('&', "%26"));
            let object = Object {
                id: format!("thing-{secret}"),
                inputs: [("label".to_owned(), Value::from("plain"))].into(),
                outputs: [
                    ("id".to_owned(), format!("thing-{secret}").into()),
                    ("url".to_owned(), url.into()),
                    ("size".to_owned(), 7.into()),
                ]
                .into(),
            };
            let object = Redaction::new(vec![&inputs]).object(object);
            assert!(object.outputs["id"].has_secret() && object.outputs["url"].has_secret(), "{secret}");
            assert!(!object.inputs["label"].has_secret());
            assert_eq!(object.outputs["size"].has_secret(), secret == "7");
        }
    }

    #[test]
    fn short_parts_of_a_secret_document_hide_nothing() {
        let parts = [("version", 1.into()), ("kind", Value::from("v1")), ("key", Value::from("hunter2"))];
        let document: Map = parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let inputs: Map = [("document".to_owned(), Value::Map(document).into_secret())].into();
        let mut text = "v1 has 1 key, hunter2".to_owned();
        Redaction::new(vec![&inputs]).text(&mut text);
        assert_eq!(text, "v1 has 1 key, (secret)");
    }

    #[test]
    fn the_password_of_a_url_is_masked_alone() {
        let text = masked("postgres://ann:p%40ssw0rd@db:5432/x", "role ann: p@ssw0rd or p%40ssw0rd is wrong");
        assert_eq!(text, "role ann: (secret) or (secret) is wrong");
    }
}
