//! A few kinds that together have every property that planning looks at, and a provider that is never called.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::prelude::*;
use crate::provider::{Change, Class, Cx, Failure, Instance, Object, Place, Prior, Provider};
use crate::resource::Migrate;
use crate::schema::{Differing, FieldError, Schema};
use crate::value::{Map, Value};

/// A network: most of it changes in place.
#[derive(Resource)]
#[resource(kind = "demo:net:Net", idempotency = "token", create = "2s", update = "1s", delete = "1s")]
pub(super) struct Net {
    /// The range.
    #[resource(force_new, normaliser = "cidr")]
    cidr: Input<String>,
    /// Labels.
    #[resource(default, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The password of its gate.
    password: Option<Input<Secret<String>>>,
    /// The id.
    id: Computed<String>,
    /// Another one after each change.
    #[resource(volatile)]
    etag: Computed<String>,
}

/// A thing that stands in a network and cannot leave it.
#[derive(Resource)]
#[resource(kind = "demo:net:Host", idempotency = "token", create = "10s", update = "5s", delete = "3s")]
pub(super) struct Host {
    /// The network.
    #[resource(force_new)]
    net: Input<String>,
    /// How large.
    #[resource(default = 1_u32)]
    size: Input<u32>,
    /// Whom it talks to.
    #[resource(default, normaliser = "set", item = "peer")]
    peers: Input<Vec<String>>,
    /// The id.
    id: Computed<String>,
}

/// A label; what was its `name` is its text now.
#[derive(Resource)]
#[resource(kind = "demo:net:Label", version = 2, idempotency = "token")]
pub(super) struct Label {
    /// What it says.
    #[resource(force_new)]
    text: Input<String>,
    /// The id.
    id: Computed<String>,
}

impl Migrate for Label {
    fn migrate(_: u32, inputs: &mut Map, _: &mut Map) {
        if let Some(name) = inputs.remove("name") {
            inputs.insert("text".to_owned(), name);
        }
    }
}

/// A name that no two may have: a replacement deletes first.
#[derive(Resource)]
#[resource(kind = "demo:net:Name", idempotency = "token", delete_first)]
pub(super) struct Name {
    /// The name.
    #[resource(force_new)]
    name: Input<String>,
    /// What it leads to.
    target: Option<Input<String>>,
    /// The id.
    id: Computed<String>,
}

/// A machine that has another size in place where it may be stopped, and never another range.
#[derive(Resource)]
#[resource(kind = "demo:net:Machine", idempotency = "token", replacing = "replaces")]
pub(super) struct Machine {
    /// Where it is.
    #[resource(reference = "demo:net:Net")]
    nets: Input<Vec<String>>,
    /// The range of the first.
    #[resource(inherit = "nets.cidr")]
    range: Option<Input<String>>,
    /// The name that it is reached by, which stays while it is.
    #[resource(holds)]
    name: Option<Input<String>>,
    /// How large it is.
    #[resource(default = "small".to_owned())]
    size: Input<String>,
    /// Whether it may be stopped.
    #[resource(default)]
    may_stop: Input<bool>,
    /// The id.
    id: Computed<String>,
}

fn replaces(differing: &Differing<'_>) -> bool {
    match differing.field {
        "size" => differing.wanted.get("may_stop") != Some(&Value::Bool(true)),
        // Where nothing of it was sent, what was reported counts.
        "range" => [differing.sent, differing.seen].iter().any(|inputs| inputs.contains_key("range")),
        _ => false,
    }
}

/// A ticket, which ends and is renewed before.
#[derive(Resource)]
#[resource(kind = "demo:net:Ticket", idempotency = "token")]
pub(super) struct Ticket {
    /// Whose.
    #[resource(force_new)]
    of: Input<String>,
    /// The id.
    id: Computed<String>,
    /// What it says.
    #[resource(volatile)]
    text: Computed<String>,
    /// When it is renewed.
    #[resource(renew_at)]
    renew_at: Computed<u64>,
    /// When it ends.
    #[resource(expires)]
    expires: Computed<Option<String>>,
}

/// The zones of a region.
#[derive(Resource)]
#[resource(kind = "demo:find:Zones", lookup)]
pub(super) struct Zones {
    /// The region.
    #[resource(default = "north".to_owned())]
    region: Input<String>,
    /// Their names.
    names: Computed<Vec<String>>,
}

/// A provider with these kinds. Planning asks it for schemas and checks, and calls nothing.
#[derive(Debug)]
pub(super) struct Demo;

fn called() -> Failure {
    Failure::new(Class::Terminal, "planning called a provider")
}

#[async_trait]
impl Provider for Demo {
    fn name(&self) -> &str {
        "demo"
    }
    fn schemas(&self) -> Vec<Arc<Schema>> {
        vec![
            Net::schema(),
            Host::schema(),
            Ticket::schema(),
            Label::schema(),
            Machine::schema(),
            Name::schema(),
            Zones::schema(),
        ]
    }
    fn check(&self, schema: &Schema, inputs: &Map) -> Vec<FieldError> {
        let wrong = |name: &str| inputs.get(name).is_some_and(|value| value.as_str() == Some("refused"));
        let wrong = schema.inputs().filter(|field| wrong(&field.name));
        let message = || "the provider refuses this word".to_owned();
        wrong.map(|field| FieldError { field: field.name.to_string(), message: message() }).collect()
    }
    async fn configure(&self, _: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        Err(called())
    }
}

#[async_trait]
impl Instance for Demo {
    async fn place(&self) -> Result<Place, Failure> {
        Err(called())
    }
    async fn create(&self, _: &Cx, _: &Map) -> Result<Object, Failure> {
        Err(called())
    }
    async fn read(&self, _: &Cx, _: &Prior) -> Result<Option<Object>, Failure> {
        Err(called())
    }
    async fn update(&self, _: &Cx, _: &Change) -> Result<Object, Failure> {
        Err(called())
    }
    async fn delete(&self, _: &Cx, _: &Prior) -> Result<(), Failure> {
        Err(called())
    }
    async fn find(&self, _: &Cx) -> Result<Option<Object>, Failure> {
        Err(called())
    }
    async fn list(&self, _: &Cx) -> Result<Vec<Object>, Failure> {
        Err(called())
    }
}
