//! A few kinds of a cloud that is only simulated: for examples, for the engine's tests, and for users' own.
//!
//! Together they have every property that a schema can give a kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use sskuba_core::prelude::*;
use sskuba_core::schema::Schema;
use sskuba_core::value::Value;

/// A private network.
#[derive(Resource, Debug)]
#[resource(kind = "sim:net:Network", idempotency = "token", create = "2s", update = "1s", delete = "1s")]
pub struct Network {
    /// The range of its addresses.
    #[resource(force_new, normaliser = "cidr")]
    cidr: Input<String>,
    /// Labels; those that others write are theirs.
    #[resource(default, entry = "tag", owned_entries)]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "net-{hex:17}")]
    id: Computed<String>,
    /// The account that owns it.
    #[resource(pattern = "{digits:12}")]
    owner: Computed<String>,
}

/// A part of a network.
#[derive(Resource, Debug)]
#[resource(
    kind = "sim:net:Subnet",
    idempotency = "tag",
    visibility = "5s",
    create = "1s",
    update = "1s",
    delete = "1s"
)]
pub struct Subnet {
    /// The network.
    #[resource(force_new, reference = "sim:net:Network")]
    network: Input<String>,
    /// The range of its addresses.
    #[resource(force_new, normaliser = "cidr")]
    cidr: Input<String>,
    /// Labels; those that others write are theirs.
    #[resource(default, entry = "tag", owned_entries)]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "subnet-{hex:17}")]
    id: Computed<String>,
    /// How many addresses are free.
    free: Computed<u32>,
}

/// A virtual machine.
#[derive(Resource, Debug)]
#[resource(
    kind = "sim:compute:Machine",
    idempotency = "token",
    create = "15s",
    update = "10s",
    delete = "20s",
    parallel = 50
)]
pub struct Machine {
    /// The subnet that it stands in.
    #[resource(force_new, reference = "sim:net:Subnet")]
    subnet: Input<String>,
    /// What it starts from.
    #[resource(force_new, default = "linux-1".to_owned())]
    image: Input<String>,
    /// How large it is.
    #[resource(default = "small".to_owned())]
    size: Input<String>,
    /// Data for its first start, as base64.
    #[resource(force_new, normaliser = "base64")]
    boot: Option<Input<Secret<String>>>,
    /// Buckets that it may use.
    #[resource(default, normaliser = "set", item = "bucket", reference = "sim:store:Bucket")]
    buckets: Input<Vec<String>>,
    /// The id.
    #[resource(computed, id, pattern = "m-{hex:17}")]
    id: Computed<String>,
    /// Its address in the subnet.
    #[resource(pattern = "{ip:10.0}")]
    private_ip: Computed<String>,
    /// The fingerprint of its current start; another one after each change.
    #[resource(volatile, pattern = "boot-{hex:8}")]
    boot_id: Computed<String>,
    /// The administrator's first password.
    #[resource(pattern = "{alnum:24}")]
    password: Computed<Secret<String>>,
}

/// A public address with a name that no other may have: a replacement under the same name deletes first.
#[derive(Resource, Debug)]
#[resource(
    kind = "sim:net:Address",
    idempotency = "token",
    create = "1s",
    update = "2s",
    delete = "1s",
    unique = "name"
)]
pub struct PublicAddress {
    /// The name, unique in the world.
    #[resource(force_new)]
    name: Input<String>,
    /// The region that announces it.
    #[resource(force_new, default = "sim-1".to_owned())]
    region: Input<String>,
    /// The machine that it leads to.
    #[resource(reference = "sim:compute:Machine")]
    machine: Option<Input<String>>,
    /// The id.
    #[resource(computed, id, pattern = "addr-{hex:12}")]
    id: Computed<String>,
    /// The address.
    #[resource(pattern = "{ip:203.0}")]
    ip: Computed<String>,
}

/// A store of objects, whose name is its id.
#[derive(Resource, Debug)]
#[resource(
    kind = "sim:store:Bucket",
    idempotency = "token",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "name"
)]
pub struct Bucket {
    /// The name, unique in the world.
    #[resource(force_new)]
    name: Input<String>,
    /// Who may do what, as JSON.
    #[resource(normaliser = "json")]
    policy: Option<Input<String>>,
    /// Old versions are kept.
    #[resource(default)]
    versioned: Input<bool>,
    /// The id: the name.
    #[resource(computed, id, pattern = "{field:name}")]
    id: Computed<String>,
    /// Where it is reached.
    #[resource(pattern = "https://{field:name}.store.sim.invalid")]
    url: Computed<String>,
}

fn without_dot(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.trim_end_matches('.').to_lowercase()),
        other => other.clone(),
    }
}

/// A record of the domain name system.
#[derive(Resource, Debug)]
#[resource(
    kind = "sim:net:Record",
    idempotency = "tag",
    visibility = "10s",
    create = "20s",
    update = "20s",
    delete = "5s",
    unique = "name, kind"
)]
pub struct Record {
    /// The name; a dot at its end does not count.
    #[resource(force_new, normaliser = "without_dot")]
    name: Input<String>,
    /// What it leads to.
    target: Input<String>,
    /// The type, e.g. `A`.
    #[resource(default = "A".to_owned(), normaliser = "case_insensitive")]
    kind: Input<String>,
    /// For how many seconds an answer may be kept.
    #[resource(default = 300_u32)]
    ttl: Input<u32>,
    /// The id.
    #[resource(computed, id, pattern = "R{upper:14}")]
    id: Computed<String>,
}

/// A permission; the service knows neither tokens nor tags, so an interrupted create needs a person.
#[derive(Resource, Debug)]
#[resource(kind = "sim:access:Grant", idempotency = "none", create = "1s", update = "1s", delete = "1s")]
pub struct Grant {
    /// Who may.
    #[resource(force_new)]
    who: Input<String>,
    /// What.
    action: Input<String>,
    /// The id.
    #[resource(computed, id, pattern = "grant-{digits:10}")]
    id: Computed<String>,
    /// What to show when using it.
    #[resource(pattern = "SK{upper:18}")]
    key: Computed<Secret<String>>,
}

/// A way out of a network: it exists long before it can be used.
#[derive(Resource, Debug)]
#[resource(
    kind = "sim:net:Gateway",
    idempotency = "token",
    create = "100s",
    made = "2s",
    update = "1s",
    delete = "30s"
)]
pub struct Gateway {
    /// The subnet that it stands in.
    #[resource(force_new, reference = "sim:net:Subnet")]
    subnet: Input<String>,
    /// Labels; those that others write are theirs.
    #[resource(default, entry = "tag", owned_entries)]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, early, pattern = "gw-{hex:17}")]
    id: Computed<String>,
    /// Its address, which is known when it can be used.
    #[resource(pattern = "{ip:203.0}")]
    address: Computed<String>,
}

/// The zones of a region.
#[derive(Resource, Debug)]
#[resource(kind = "sim:lookup:Zones", lookup)]
pub struct Zones {
    /// The region.
    #[resource(default = "sim-1".to_owned())]
    region: Input<String>,
    /// Their names.
    #[resource(pattern = "{field:region}a|{field:region}b|{field:region}c")]
    names: Computed<Vec<String>>,
    /// How many there are.
    #[resource(pattern = "3")]
    count: Computed<u32>,
}

/// An instance of the provider with its own settings.
#[derive(Resource, Debug)]
#[resource(kind = "sim:provider:Instance", idempotency = "token")]
pub struct Instance {
    /// The region.
    #[resource(place, default = "sim-1".to_owned())]
    region: Input<String>,
    /// What proves who calls.
    credential: Option<Input<Secret<String>>>,
    /// The id.
    #[resource(computed, id)]
    id: Computed<String>,
}

/// Returns the schemas of all kinds of this module.
pub fn schemas() -> Vec<Arc<Schema>> {
    vec![
        Network::schema(),
        Subnet::schema(),
        Machine::schema(),
        PublicAddress::schema(),
        Bucket::schema(),
        Record::schema(),
        Grant::schema(),
        Gateway::schema(),
        Zones::schema(),
        Instance::schema(),
    ]
}
