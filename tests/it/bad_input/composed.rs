//! Texts and ids that are made of secrets are as secret as these, whatever their length.

use std::sync::{Arc, Mutex};

use sskuba::core::applying::Event;
use sskuba::core::provider::{Change, Class, Cx, Failure, Instance, Object, Place, Prior};
use sskuba::core::state::{RunResult, StateStore};
use sskuba::core::value::Map;
use sskuba::prelude::*;
use sskuba::sim::kinds::{self, Bucket, Network};
use sskuba::sim::{SimProvider, World};

use super::Shared;
use crate::answered::AnsweredBy;

/// A service that knows the password in what it was told, and quotes that alone. It makes its ids of names, and notes
/// which it is asked to delete.
#[derive(Debug, Clone)]
struct Quoting(SimProvider, &'static str, Arc<Mutex<Vec<String>>>);

#[deny(clippy::missing_trait_methods)]
#[async_trait::async_trait]
impl Instance for Quoting {
    async fn place(&self) -> Result<Place, Failure> {
        self.0.place().await
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        if cx.address.name() == "fails" {
            let text = format!("login of ann with {} was refused", self.1);
            return Err(Failure::new(Class::Denied, text.clone()).hint(text));
        }
        let mut object = self.0.create(cx, inputs).await?;
        object.outputs.insert("login".into(), format!("ann:{}", self.1).into());
        if let Some(name) = inputs.get("name").and_then(|name| name.as_str()) {
            object.id = name.to_owned();
            object.outputs.insert("id".into(), name.into());
        }
        Ok(object)
    }
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<sskuba::core::provider::Readiness, Failure> {
        self.0.ready(cx, prior).await
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        self.0.lookup(cx, inputs).await
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        self.0.read(cx, prior).await
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        self.0.update(cx, change).await
    }
    async fn preview(&self, cx: &Cx, change: &Change) -> Result<Vec<String>, Failure> {
        self.0.preview(cx, change).await
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        let named = cx.address.name() == "named";
        let again = {
            let mut asked = self.2.lock().unwrap();
            asked.push(prior.id.clone());
            asked.iter().filter(|id| **id == prior.id).count() > 1
        };
        if named && !again {
            return Err(Failure::new(Class::Denied, format!("login of ann with {} was refused", self.1)));
        }
        self.0.delete(cx, prior).await
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        self.0.find(cx).await
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        self.0.list(cx).await
    }
}

async fn run(secret: &'static str) {
    let (shared, world) = (Shared::default(), World::memory());
    let deleted = Arc::default();
    let sim = SimProvider::new("sim", kinds::schemas(), world.clone());
    let instance = Quoting(sim.clone(), secret, Arc::clone(&deleted));
    let engine = shared.engine([Arc::new(AnsweredBy { sim, instance }) as _]);
    let stack = "local/test/dev".parse().unwrap();
    let program = |stack: &mut Stack| -> sskuba::Result {
        let net = stack.add("net", Network::new("10.0.0.0/16").tag("login", Secret::from(secret)))?;
        // A name that is made of the secret, and a document in which only its length is left of it.
        let login = |tags: std::collections::BTreeMap<String, String>| tags["login"].clone();
        let named = net.tags().map(move |tags| format!("bucket-{}-x", login(tags)));
        stack.add("named", Bucket::new(named))?;
        let length = net.tags().map(move |tags| format!("[{}]", login(tags).len() + 990_000));
        stack.add("fails", Bucket::new("plain").policy(length))?;
        Ok(())
    };
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let sink = Arc::clone(&events);
    let plan = engine.preview(&stack, program).await.unwrap();
    let mut texts = vec![format!("{plan:?}")];
    let report = engine
        .apply(plan)
        .continue_on_error()
        .events(move |event| sink.lock().unwrap().push(event))
        .await
        .unwrap();
    assert_eq!((report.result, report.failures.len()), (RunResult::Failed, 1), "{report:?}");
    let failure = report.failures[0].failure.to_string();
    let expected =
        if secret.len() < 4 { "denied: (secret)" } else { "denied: login of ann with (secret) was" };
    assert!(failure.starts_with(expected), "{secret}: {failure}");

    for event in events.lock().unwrap().iter() {
        texts.push(serde_json::to_string(event).unwrap());
    }
    assert!(
        texts.iter().any(|text| text.contains("finished") && text.contains("\"id\":\"(secret, ")),
        "{texts:?}"
    );
    texts.push(format!("{report:?}"));
    let state = engine.read(&stack).await.unwrap().state;
    let record = state.records().find(|record| record.address.name() == "named").unwrap();
    assert!(record.id.contains(secret) && !record.shown_id().contains(secret), "{record:?}");
    assert!(record.outputs["login"].has_secret() && record.outputs["id"].has_secret());
    texts.push(engine.export_state(&stack).await.unwrap().to_string());
    let image = shared.store.load(&stack).await.unwrap().unwrap();
    texts.extend(image.journal.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()));
    for text in &texts {
        // One letter is in every text; that of the name is looked for as the name has it.
        assert!(!text.contains(&format!("bucket-{secret}-x")), "{text}");
        assert!(secret.len() < 3 || !text.contains(secret), "{secret} in {text}");
    }
    // A later run, in which no program says what the name was made of, knows it from the record.
    let failed = engine.down(&stack).await.unwrap().failures;
    assert_eq!(failed.len(), 1);
    assert!(failed[0].failure.to_string().starts_with(expected), "{}", failed[0].failure);
    // The objects go by the ids that they have.
    assert_eq!(engine.down(&stack).await.unwrap().result, RunResult::Succeeded);
    assert!(engine.read(&stack).await.unwrap().state.is_empty());
    assert!(deleted.lock().unwrap().contains(&format!("bucket-{secret}-x")));
}

#[tokio::test]
async fn what_is_made_of_a_secret_of_any_length_stays_secret() {
    // With a letter that neither base64 nor hexadecimal digits have, or what is sealed would look like it at times.
    for secret in ["k", "k~z", "K~zq", "K~zq4Yw"] {
        run(secret).await;
    }
}
