//! A provider that does not repeat what it was told in confidence.

use std::sync::Arc;

use async_trait::async_trait;

use crate::provider::{Change, Cx, Failure, Instance, Limits, Object, Place, Prior, Provider, Texts, Told};
use crate::schema::{FieldError, Schema};
use crate::value::Map;

/// Masks the secrets of a call, and of the provider's own settings, in the texts of its failure, and keeps them secret
/// in what it reports. The engine puts one round every provider: a service's own words often quote what was sent.
#[derive(Debug, Clone)]
pub struct Discreet<P: ?Sized = dyn Provider> {
    inner: Arc<P>,
    settings: Option<Arc<Texts>>,
}

impl<P: ?Sized> Discreet<P> {
    /// Wraps a provider or an instance.
    pub fn new(inner: Arc<P>) -> Self {
        Self { inner, settings: None }
    }

    fn told<'a>(&self, given: Vec<&'a Map>) -> Told<'a> {
        Told::new(given).settings(self.settings.as_ref())
    }
}

#[async_trait]
impl Provider for Discreet {
    fn name(&self) -> &str {
        self.inner.name()
    }
    fn schemas(&self) -> Vec<Arc<Schema>> {
        self.inner.schemas()
    }
    fn limits(&self) -> Limits {
        self.inner.limits()
    }
    fn check(&self, schema: &Schema, inputs: &Map) -> Vec<FieldError> {
        let told = self.told(vec![inputs]);
        let mut errors = self.inner.check(schema, inputs);
        errors.iter_mut().for_each(|error| told.text(&mut error.message));
        errors
    }
    async fn configure(&self, settings: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        let inner = self.inner.configure(settings).await;
        let inner = inner.map_err(|failure| self.told(settings.into_iter().collect()).failure(failure))?;
        Ok(Arc::new(Discreet { inner, settings: settings.map(|settings| Arc::new(Texts::of([settings]))) }))
    }
}

#[async_trait]
impl Instance for Discreet<dyn Instance> {
    async fn place(&self) -> Result<Place, Failure> {
        self.inner.place().await.map_err(|failure| self.told(Vec::new()).failure(failure))
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        let told = self.told(vec![inputs]);
        let made = self.inner.create(cx, inputs).await;
        made.map(|object| told.object(object)).map_err(|failure| told.failure(failure))
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        let told = self.told(vec![&prior.inputs, &prior.outputs]);
        let read = self.inner.read(cx, prior).await;
        read.map(|object| object.map(|object| told.object(object))).map_err(|failure| told.failure(failure))
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        let told = self.told(vec![&change.inputs, &change.prior.inputs, &change.prior.outputs]);
        let made = self.inner.update(cx, change).await;
        made.map(|object| told.object(object)).map_err(|failure| told.failure(failure))
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        let told = self.told(vec![&prior.inputs, &prior.outputs]);
        self.inner.delete(cx, prior).await.map_err(|failure| told.failure(failure))
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        let told = self.told(Vec::new());
        let found = self.inner.find(cx).await;
        found.map(|object| object.map(|object| told.object(object))).map_err(|failure| told.failure(failure))
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        let told = self.told(vec![inputs]);
        let mut found = self.inner.lookup(cx, inputs).await.map_err(|failure| told.failure(failure))?;
        told.map(&mut found);
        Ok(found)
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        let told = self.told(Vec::new());
        let all = self.inner.list(cx).await.map_err(|failure| told.failure(failure))?;
        Ok(all.into_iter().map(|object| told.object(object)).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::address::{Address, StackId, Token};
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
        let provider = Discreet::<dyn Provider>::new(Arc::new(Quoting("nobody"))).configure(Some(&settings)).await.unwrap();
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
}
