//! A provider that does not repeat the secrets that it was given.

use std::sync::Arc;

use async_trait::async_trait;

use crate::address::{Kind, StackId, Token};
use crate::provider::{
    Change, Cx, Detail, EarlierSecrets, Failure, Foresight, Instance, Limits, Object, Place, Prior, Provider,
    Readiness, Redaction, Texts, failed, found, made, seen, still_secret,
};
use crate::schema::{FieldError, Schema};
use crate::value::{Map, Value};

/// Masks the secrets of a call, and of the provider's own settings, in the texts of its failure, and keeps them secret
/// in what it reports. The engine puts one round every provider: a service's own words often quote what was sent.
/// What is reported and is more than a value may be is left out here too, and said.
#[derive(Debug, Clone)]
pub struct Redacting<P: ?Sized = dyn Provider> {
    inner: Arc<P>,
    settings: Option<Arc<Texts>>,
    earlier: Arc<EarlierSecrets>,
}

impl<P: ?Sized> Redacting<P> {
    /// Wraps a provider or an instance.
    pub fn new(inner: Arc<P>) -> Self {
        Self { inner, settings: None, earlier: Arc::default() }
    }

    fn redaction<'a>(&self, given: Vec<&'a Map>) -> Redaction<'a> {
        Redaction::new(given).and(self.settings.clone()).earlier(&self.earlier)
    }

    /// As [`Self::redaction`], of a call about one object.
    fn redaction_of<'a>(&self, cx: &Cx, given: Vec<&'a Map>) -> Redaction<'a> {
        self.redaction(given).remember(cx.token)
    }
}

/// Takes the answer to a call that makes or changes an object.
fn changed(redaction: &Redaction<'_>, answer: Result<Object, Failure>) -> Result<Object, Failure> {
    answer
        .map_err(|failure| failed(redaction.failure(failure)))
        .and_then(|object| made(redaction.object(object)))
}

/// Takes the answer to a question about an object.
fn looked(
    redaction: &Redaction<'_>,
    answer: Result<Option<Object>, Failure>,
) -> Result<Option<Object>, Failure> {
    let answer = answer.map_err(|failure| failed(redaction.failure(failure)))?;
    Ok(answer.map(|object| seen(redaction.object(object))))
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Provider for Redacting {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn schemas(&self) -> Vec<Arc<Schema>> {
        self.inner.schemas()
    }
    fn schema(&self, kind: &Kind) -> Option<Arc<Schema>> {
        self.inner.schema(kind)
    }
    async fn learn(&self, kinds: &[Kind]) -> Result<(), Failure> {
        self.inner.learn(kinds).await.map_err(|failure| self.redaction(Vec::new()).failure(failure))
    }
    fn limits(&self) -> Limits {
        self.inner.limits()
    }
    fn check(&self, schema: &Schema, inputs: &Map) -> Vec<FieldError> {
        let redaction = self.redaction(vec![inputs]);
        let mut errors = self.inner.check(schema, inputs);
        errors.iter_mut().for_each(|error| redaction.text(&mut error.message));
        errors
    }
    fn foresee(&self, schema: &Schema, prior: Option<&Map>, inputs: &Map) -> Foresight {
        let redaction = self.redaction(prior.into_iter().chain([inputs]).collect());
        let Foresight { outputs, details } = self.inner.foresee(schema, prior, inputs);
        let hidden = |value: Option<Value>| {
            let mut one = Map::from([(String::new(), value?)]);
            redaction.map(&mut one);
            one.remove("")
        };
        let details = details.into_iter().map(|Detail { mut path, from, to }| {
            redaction.text(&mut path);
            Detail { path, from: hidden(from), to: hidden(to) }
        });
        Foresight { outputs, details: details.collect() }
    }
    fn settled(&self, stack: &StackId, is_settled: &dyn Fn(Token) -> bool) {
        self.inner.settled(stack, is_settled);
    }
    async fn configure(&self, settings: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        let inner = self.inner.configure(settings).await;
        let inner =
            inner.map_err(|failure| self.redaction(settings.into_iter().collect()).failure(failure))?;
        let (settings, earlier) =
            (settings.map(|settings| Arc::new(Texts::of([settings]))), Arc::clone(&self.earlier));
        Ok(Arc::new(Redacting { inner, settings, earlier }))
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl Instance for Redacting<dyn Instance> {
    async fn place(&self) -> Result<Place, Failure> {
        self.inner.place().await.map_err(|failure| self.redaction(Vec::new()).failure(failure))
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        let redaction = self.redaction_of(cx, vec![inputs]);
        changed(&redaction, self.inner.create(cx, inputs).await)
    }
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<Readiness, Failure> {
        let redaction = self.redaction_of(cx, vec![&prior.inputs, &prior.outputs]);
        match self.inner.ready(cx, prior).await {
            Ok(Readiness::Ready(object)) => changed(&redaction, Ok(object)).map(Readiness::Ready),
            Ok(Readiness::Failed(mut why)) => {
                redaction.text(&mut why);
                Ok(Readiness::Failed(why))
            }
            Ok(pending) => Ok(pending),
            Err(failure) => Err(failed(redaction.failure(failure))),
        }
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        let redaction = self.redaction_of(cx, vec![&prior.inputs, &prior.outputs]);
        looked(&redaction, self.inner.read(cx, prior).await)
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        let (inputs, outputs) = still_secret(&change.prior, &change.inputs);
        let redaction = self.redaction_of(cx, vec![&change.inputs, &inputs, &outputs]);
        changed(&redaction, self.inner.update(cx, change).await)
    }
    async fn preview(&self, cx: &Cx, change: &Change) -> Result<Vec<String>, Failure> {
        let earlier = still_secret(&change.prior, &change.inputs);
        let redaction = self.redaction_of(cx, vec![&change.inputs, &earlier.0, &earlier.1]);
        match self.inner.preview(cx, change).await {
            Ok(mut notes) => {
                notes.iter_mut().for_each(|note| redaction.text(note));
                Ok(notes)
            }
            Err(failure) => Err(failed(redaction.failure(failure))),
        }
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        let redaction = self.redaction_of(cx, vec![&prior.inputs, &prior.outputs]);
        self.inner.delete(cx, prior).await.map_err(|failure| failed(redaction.failure(failure)))
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        let redaction = self.redaction(Vec::new()).and(self.earlier.of(cx.token));
        looked(&redaction, self.inner.find(cx).await)
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        let redaction = self.redaction(vec![inputs]);
        let mut answer = self.inner.lookup(cx, inputs).await.map_err(|failure| redaction.failure(failure))?;
        redaction.map(&mut answer);
        found(answer)
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        let redaction = self.redaction(Vec::new()).and(self.earlier.all());
        let all = self.inner.list(cx).await.map_err(|failure| redaction.failure(failure))?;
        Ok(all.into_iter().map(|object| seen(redaction.object(object))).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::address::Address;
    use crate::provider::Class;
    use crate::value::Value;

    /// A service whose every error quotes the key that it was given.
    #[derive(Debug)]
    struct Quoting(&'static str);

    impl Quoting {
        fn error<T>(&self) -> Result<T, Failure> {
            Err(Failure::new(Class::Denied, format!("key {} has expired", self.0)))
        }
    }

    #[async_trait]
    impl Provider for Quoting {
        fn name(&self) -> &str {
            "it"
        }
        fn schemas(&self) -> Vec<Arc<Schema>> {
            Vec::new()
        }
        async fn configure(&self, _: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
            Ok(Arc::new(Self("canary-5eb1")))
        }
    }

    #[async_trait]
    impl Instance for Quoting {
        async fn place(&self) -> Result<Place, Failure> {
            self.error()
        }
        async fn create(&self, _: &Cx, _: &Map) -> Result<Object, Failure> {
            self.error()
        }
        async fn read(&self, _: &Cx, _: &Prior) -> Result<Option<Object>, Failure> {
            self.error()
        }
        async fn update(&self, _: &Cx, _: &Change) -> Result<Object, Failure> {
            self.error()
        }
        async fn delete(&self, _: &Cx, _: &Prior) -> Result<(), Failure> {
            self.error()
        }
        async fn find(&self, _: &Cx) -> Result<Option<Object>, Failure> {
            self.error()
        }
        async fn lookup(&self, _: &Cx, _: &Map) -> Result<Map, Failure> {
            self.error()
        }
        async fn list(&self, _: &Cx) -> Result<Vec<Object>, Failure> {
            self.error()
        }
    }

    #[tokio::test]
    async fn no_call_repeats_a_secret_of_the_providers_settings() {
        let settings: Map = [("key".to_owned(), Value::from("canary-5eb1").into_secret())].into();
        let provider = Redacting::<dyn Provider>::new(Arc::new(Quoting("nobody")))
            .configure(Some(&settings))
            .await
            .unwrap();
        let stack = StackId::parse("local/test/dev").unwrap();
        let address = Address::parse("it:some:Thing::main").unwrap();
        let cx = Cx::new(stack, address, Token::new([7; 16]), Duration::from_secs(1));
        let (map, prior) = (Map::new(), Prior::default());
        let change = Change { prior: prior.clone(), inputs: Map::new() };
        let failures = [
            provider.place().await.unwrap_err(),
            provider.create(&cx, &map).await.unwrap_err(),
            provider.read(&cx, &prior).await.unwrap_err(),
            provider.update(&cx, &change).await.unwrap_err(),
            provider.delete(&cx, &prior).await.unwrap_err(),
            provider.find(&cx).await.unwrap_err(),
            provider.lookup(&cx, &map).await.unwrap_err(),
            provider.list(&cx).await.unwrap_err(),
        ];
        for failure in failures {
            assert_eq!(failure.message, "key (secret) has expired");
        }
    }

    /// A service that quotes a key where it finds, lists and refuses objects, and knows it in pieces.
    #[derive(Debug)]
    struct Index;

    #[async_trait]
    impl Instance for Index {
        async fn place(&self) -> Result<Place, Failure> {
            Ok(Place::default())
        }
        async fn create(&self, _: &Cx, _: &Map) -> Result<Object, Failure> {
            Err(Failure::unknown(Class::Transient, "no login with hunter2").request_id("r-hunter2"))
        }
        async fn read(&self, _: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
            Err(Failure::new(Class::Denied, format!("{} is behind hunter2", prior.id)))
        }
        async fn update(&self, _: &Cx, _: &Change) -> Result<Object, Failure> {
            Ok(Object::default())
        }
        async fn delete(&self, _: &Cx, _: &Prior) -> Result<(), Failure> {
            Ok(())
        }
        async fn find(&self, _: &Cx) -> Result<Option<Object>, Failure> {
            Ok(self.list(&cx(0)).await?.pop())
        }
        async fn list(&self, _: &Cx) -> Result<Vec<Object>, Failure> {
            let outputs = [("link".to_owned(), Value::from("db://ann:hunter2@h"))].into();
            Ok(vec![Object { id: "1".into(), inputs: Map::new(), outputs }])
        }
    }

    fn cx(token: u8) -> Cx {
        let stack = StackId::parse("local/test/dev").unwrap();
        let address = Address::parse("it:some:Thing::main").unwrap();
        Cx::new(stack, address, Token::new([token; 16]), Duration::from_secs(1))
    }

    #[tokio::test]
    async fn what_a_call_was_told_stays_secret_in_what_is_found_listed_and_said_of_others() {
        let provider = Redacting::<dyn Instance>::new(Arc::new(Index));
        assert!(!provider.find(&cx(1)).await.unwrap().unwrap().outputs["link"].has_secret());
        // The whole is given; a part of it, which it was made of, is what comes back.
        let password = Value::from("hunter2").into_secret();
        let made_of = crate::value::MadeOf::these(&[password]);
        let url = Value::from("db://ann:hunter2@h").into_secret_of(made_of);
        let failure = provider.create(&cx(1), &[("url".to_owned(), url)].into()).await.unwrap_err();
        assert_eq!(failure.message, "no login with (secret)");
        assert_eq!(failure.request_id.as_deref(), Some("r-(secret)"));
        assert!(provider.find(&cx(1)).await.unwrap().unwrap().outputs["link"].has_secret());
        assert!(provider.list(&cx(9)).await.unwrap()[0].outputs["link"].has_secret());
        let failure = provider.read(&cx(2), &Prior { id: "2".into(), ..Prior::default() }).await.unwrap_err();
        assert_eq!(failure.message, "2 is behind (secret)");
    }
}
