//! Every simulated kind keeps the contract of a provider.

use std::time::Duration;

use serde_json::{Value as Json, json};
use sskuba_core::address::{Address, StackId, Token};
use sskuba_core::provider::{Cx, Instance, Object, Provider};
use sskuba_core::testing::provider_conformance::{Case, assert_conforms};
use sskuba_core::value::Value;
use sskuba_sim::{Options, SimProvider, World, kinds};

async fn make(sim: &SimProvider, kind: &str, inputs: Json) -> Object {
    let cx = Cx::new(
        StackId::parse("local/test/dev").unwrap(),
        Address::parse(&format!("{kind}::given")).unwrap(),
        Token::new([7; 16]),
        Duration::from_secs(60),
    );
    let Value::Map(inputs) = Value::from_json(inputs) else { panic!("an object") };
    let schema = sim.schemas().into_iter().find(|schema| schema.kind.as_str() == kind).unwrap();
    sim.create(&cx, &schema.complete(inputs)).await.unwrap()
}

/// Returns a case for each kind; what it refers to is made first.
async fn cases(sim: &SimProvider) -> Vec<(&'static str, Case)> {
    let net = make(sim, "sim:net:Network", json!({"cidr": "10.0.0.0/8"})).await.id;
    let subnet = make(sim, "sim:net:Subnet", json!({"network": net, "cidr": "10.1.0.0/16"})).await.id;
    let other = make(sim, "sim:net:Subnet", json!({"network": net, "cidr": "10.2.0.0/16"})).await.id;
    let machine = make(sim, "sim:compute:Machine", json!({"subnet": subnet})).await.id;
    let bucket = make(sim, "sim:store:Bucket", json!({"name": "given"})).await.id;
    let boot = "Y2FuYXJ5LWJvb3Q=";
    vec![
        (
            "sim:net:Network",
            Case::new(json!({"cidr": "10.0.3.7/16"}))
                .update(json!({"cidr": "10.0.0.0/16", "tags": {"a": "b"}}))
                .replacement(json!({"cidr": "10.9.0.0/16"})),
        ),
        (
            "sim:net:Subnet",
            Case::new(json!({"network": net, "cidr": "10.0.0.0/24", "tags": {"a": "b"}}))
                .update(json!({"network": net, "cidr": "10.0.0.0/24"}))
                .replacement(json!({"network": net, "cidr": "10.0.1.0/24"})),
        ),
        (
            "sim:compute:Machine",
            Case::new(json!({"subnet": subnet, "boot": boot, "buckets": [bucket, bucket]}))
                .update(json!({"subnet": subnet, "boot": boot, "size": "large"}))
                .replacement(json!({"subnet": subnet, "image": "linux-2"})),
        ),
        (
            "sim:net:Address",
            Case::new(json!({"name": "web"}))
                .update(json!({"name": "web", "machine": machine}))
                .replacement(json!({"name": "web", "region": "sim-2"})),
        ),
        (
            "sim:net:Gateway",
            Case::new(json!({"subnet": subnet}))
                .update(json!({"subnet": subnet, "tags": {"a": "b"}}))
                .replacement(json!({"subnet": other})),
        ),
        (
            "sim:store:Bucket",
            Case::new(json!({"name": "logs", "policy": "{\"a\": 1, \"b\": 2}"}))
                .update(json!({"name": "logs", "versioned": true}))
                .replacement(json!({"name": "other"})),
        ),
        (
            "sim:net:Record",
            Case::new(json!({"name": "a.example.org.", "target": "192.0.2.1", "kind": "a"}))
                .update(json!({"name": "A.example.org", "target": "192.0.2.2", "ttl": 60}))
                .replacement(json!({"name": "b.example.org", "target": "192.0.2.1"})),
        ),
        (
            "sim:access:Grant",
            Case::new(json!({"who": "ann", "action": "read"}))
                .update(json!({"who": "ann", "action": "write"}))
                .replacement(json!({"who": "bob", "action": "read"})),
        ),
        ("sim:lookup:Zones", Case::new(json!({"region": "north"}))),
        (
            "sim:provider:Instance",
            Case::new(json!({"credential": "canary-credential"})).update(json!({"region": "x"})),
        ),
    ]
}

async fn run(world: World, options: Options) {
    let sim = SimProvider::new("sim", kinds::schemas(), world).options(options);
    let cases = cases(&sim).await;
    assert_eq!(cases.len(), kinds::schemas().len(), "every kind has a case");
    let before = sim.world().objects().unwrap().len();
    for (kind, case) in &cases {
        assert_conforms(&sim, kind, &case.clone().reports_inputs()).await;
    }
    assert_eq!(sim.world().objects().unwrap().len(), before, "the suite leaves nothing behind");
}

#[tokio::test]
async fn every_kind_conforms_in_memory() {
    run(World::memory(), Options::default()).await;
}

#[tokio::test]
async fn every_kind_conforms_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    run(World::open(folder.path().join("world")).unwrap(), Options::default()).await;
}

#[tokio::test(start_paused = true)]
async fn every_kind_conforms_in_its_own_time() {
    run(World::memory(), Options::default().speed(1.0)).await;
}
