//! A program for `tests/process` alone: it has a kind that no other program knows, a value that must be configured,
//! and secrets.

use std::sync::Arc;

use async_trait::async_trait;
use sskuba::core::provider::{Change, Class, Cx, Failure, Instance, Object, Place, Prior, Provider};
use sskuba::core::schema::Schema;
use sskuba::core::value::{Map, Value};
use sskuba::local::exec::Command;
use sskuba::prelude::*;
use sskuba::sim::kinds::{Machine, Network, Subnet};
use sskuba::sim::{SimProvider, World};

/// A thing that only this program knows.
#[derive(Resource, Debug)]
#[resource(kind = "fixture:odd:Thing", idempotency = "token", create = "1s", update = "1s", delete = "1s")]
struct Thing {
    /// What it is called.
    #[resource(force_new)]
    name: Input<String>,
    /// What nobody may see.
    code: Option<Input<Secret<String>>>,
    /// The id.
    #[resource(computed, id, pattern = "thing-{hex:8}")]
    id: Computed<String>,
}

/// The things' service. It repeats what it was told, as some do: in its errors, or in a panic.
#[derive(Debug, Clone)]
struct Loud(SimProvider);

impl Loud {
    fn refuse(inputs: &Map) -> Result<(), Failure> {
        let (name, code) = (inputs["name"].as_str(), inputs.get("code").and_then(Value::as_str));
        let text = format!("cannot log in with {code:?} to {name:?}");
        match name {
            Some(name) if name.starts_with("panic") => panic!("{text}"),
            Some(name) if name.starts_with("refuse") => {
                Err(Failure::new(Class::Denied, text.clone()).hint(text))
            }
            _ => Ok(()),
        }
    }
}

#[async_trait]
impl Provider for Loud {
    fn name(&self) -> &str {
        self.0.name()
    }
    fn schemas(&self) -> Vec<Arc<Schema>> {
        self.0.schemas()
    }
    async fn configure(&self, settings: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        match settings {
            None => Ok(Arc::new(self.clone())),
            settings => self.0.configure(settings).await,
        }
    }
}

#[async_trait]
impl Instance for Loud {
    async fn place(&self) -> Result<Place, Failure> {
        self.0.place().await
    }
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        Self::refuse(inputs)?;
        if inputs["name"].as_str().is_some_and(|name| name.starts_with("block")) {
            // No runtime ends before the thread does.
            let block =
                tokio::task::spawn_blocking(|| std::thread::sleep(std::time::Duration::from_secs(300)));
            block.await.map_err(|error| Failure::new(Class::Terminal, error.to_string()))?;
        }
        self.0.create(cx, inputs).await
    }
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        self.0.read(cx, prior).await
    }
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        self.0.update(cx, change).await
    }
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        self.0.delete(cx, prior).await
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        self.0.find(cx).await
    }
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        self.0.lookup(cx, inputs).await
    }
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        self.0.list(cx).await
    }
}

/// What the program reads.
#[derive(Config)]
struct Settings {
    /// Who is to be asked; must be set.
    owner: String,
    /// How many things.
    #[config(default = 2)]
    things: u32,
    /// What nobody may see.
    #[config(default = Secret::new("nothing".to_owned()))]
    code: Secret<String>,
    /// Whether to protect the things.
    #[config(default = false)]
    protect: bool,
    /// A script that is run, and nothing else.
    #[config(default = String::new())]
    script: String,
}

fn declare(stack: &mut Stack) -> sskuba::Result {
    let settings: Settings = stack.config()?;
    if !settings.script.is_empty() {
        let job = stack.add("job", Command::new(["/bin/sh", &settings.script]))?;
        stack.export("said", job.stdout());
        return Ok(());
    }
    for i in 0..settings.things {
        let thing = Thing::new(format!("{}-{i}", settings.owner)).code(settings.code.clone());
        let thing = stack.add(format!("thing-{i}"), thing)?;
        if settings.protect {
            thing.protect();
        }
    }
    let network = stack.add("main", Network::new("10.0.0.0/16"))?;
    let subnet = stack.add("main", Subnet::new(network.id(), "10.0.1.0/24"))?;
    let machine = stack.add("main", Machine::new(subnet.id()).boot(settings.code.clone()))?;
    stack.export("password", machine.password());
    stack.export_value("code", &settings.code);
    stack.export_value("owner", &settings.owner);
    Ok(())
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let things = SimProvider::new("fixture", vec![Thing::schema()], World::memory());
    sskuba::cli::new("fixture")
        .provider(Arc::new(Loud(things)))
        .program(declare)
        .config::<Settings>()
        .simulated_by_default()
        .run()
        .await
}
