//! Every option of a kind and of a field, and what the derive makes of them.

use std::collections::BTreeMap;
use std::time::Duration;

use sskuba_core::prelude::*;
use sskuba_core::resource::Migrate;
use sskuba_core::schema::{Idempotency, Normaliser};
use sskuba_core::value::{Map, Value};

mod serde_names {
    pub use sskuba_core::__private::serde::{Deserialize, Serialize};
}

/// One way in.
#[derive(Shape, Clone, Debug, serde_names::Serialize, serde_names::Deserialize)]
#[serde(crate = "sskuba_core::__private::serde", rename_all = "camelCase")]
struct Rule {
    from_port: u16,
    note: Option<String>,
}

fn trimmed(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| text.trim().into())
}

/// A gate.
///
/// With much to say.
#[derive(Resource, Debug)]
#[resource(
    kind = "demo:net:Gate",
    version = 3,
    idempotency = "token",
    visibility = "500ms",
    create = "90s",
    update = "5s",
    delete = "2m",
    parallel = 4,
    delete_first
)]
pub struct Gate {
    /// Its name.
    #[resource(force_new, normaliser = "trimmed")]
    name: Input<String>,
    /// Its network.
    #[resource(live, reference = "demo:net:Network", normaliser = "case_insensitive")]
    network: Input<String>,
    /// A password.
    #[resource(secret)]
    password: Option<Input<String>>,
    /// Labels.
    #[resource(default, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// Rules.
    #[resource(default, item = "rule", normaliser = "set")]
    rules: Input<Vec<Rule>>,
    /// A raw name.
    #[resource(default = 7_u32, inherit = "network.width")]
    r#type: Input<u32>,
    /// The number that it got.
    #[resource(computed, id, pattern = "g-{hex:8}")]
    number: Computed<String>,
    /// Another one after each change.
    #[resource(volatile)]
    etag: Computed<Secret<String>>,
    /// When its key is renewed: milliseconds since 1970.
    #[resource(renew_at)]
    renew_at: Computed<u64>,
    /// When its key ends.
    #[resource(expires)]
    end: Computed<Option<String>>,
}

impl Migrate for Gate {
    fn migrate(_: u32, inputs: &mut Map, _: &mut Map) {
        inputs.remove("colour");
    }
}

/// A lookup needs no id.
#[derive(Resource)]
#[resource(kind = "demo:lookup:Zones", lookup)]
pub struct Zones {
    /// Their names.
    names: Computed<Vec<String>>,
}

fn main() {
    let gate = Gate::new("a", "n").password("x").tag("a", "b").tags(BTreeMap::new());
    let _ = gate.rule(Rule { from_port: 1, note: None }).rules(Vec::<Rule>::new()).r#type(8_u32);
    let schema = Gate::schema();
    assert_eq!(schema.doc, "A gate.");
    assert_eq!((schema.version, schema.idempotency), (3, Idempotency::Token));
    assert!(schema.migrate.is_some() && Zones::schema().migrate.is_none());
    assert_eq!((schema.visibility, schema.expected.delete), (Duration::from_millis(500), Duration::from_secs(120)));
    assert_eq!((schema.parallel, schema.delete_first, &*schema.id_field), (Some(4), true, "number"));
    let field = |name: &str| schema.field(name).unwrap();
    assert!(field("name").force_new && field("name").required);
    assert!(matches!(field("name").normaliser, Normaliser::Function(_)));
    assert_eq!(field("network").reference.as_deref(), Some("demo:net:Network"));
    assert!(field("network").live && !field("name").live);
    assert!(field("password").secret && field("etag").secret && field("etag").volatile);
    assert!(field("renew_at").renew_at && field("renew_at").volatile && !field("etag").renew_at);
    assert!(field("end").expires && field("end").volatile && !field("renew_at").expires);
    assert_eq!(field("type").default, Some(Value::from(7)));
    assert_eq!(field("number").pattern.as_deref(), Some("g-{hex:8}"));
    assert!(Zones::schema().is_lookup());
}
