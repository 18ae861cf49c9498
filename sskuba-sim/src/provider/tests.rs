use std::time::Duration;

use serde_json::json;
use sskuba_core::address::{Address, StackId};
use sskuba_core::provider::Effect as Changed;
use sskuba_core::value::Value;

use super::*;
use crate::{Faults, kinds};

fn cx(kind: &str, token: u8) -> Cx {
    Cx::new(
        StackId::parse("local/test/dev").unwrap(),
        Address::parse(&format!("{kind}::main")).unwrap(),
        Token::new([token; 16]),
        Duration::from_secs(60),
    )
}

fn inputs(json: serde_json::Value) -> Map {
    match Value::from_json(json) {
        Value::Map(map) => map,
        _ => unreachable!(),
    }
}

fn sim() -> SimProvider {
    SimProvider::new("sim", kinds::schemas(), World::memory())
}

fn prior(object: &Object, sent: &Map) -> Prior {
    Prior { id: object.id.clone(), inputs: sent.clone(), outputs: object.outputs.clone() }
}

async fn network(sim: &SimProvider, token: u8) -> Object {
    sim.create(&cx("sim:net:Network", token), &inputs(json!({"cidr": "10.0.0.0/16"}))).await.unwrap()
}

#[tokio::test]
async fn a_token_makes_one_object_and_a_tag_makes_two() {
    let sim = sim();
    let first = network(&sim, 1).await;
    assert_eq!(first, network(&sim, 1).await);
    assert_ne!(first.id, network(&sim, 2).await.id);
    let record = inputs(json!({"name": "a.example.org", "target": "192.0.2.1"}));
    let first = sim.create(&cx("sim:net:Record", 3), &record).await.unwrap();
    let second = sim.create(&cx("sim:net:Record", 3), &record).await.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(sim.find(&cx("sim:net:Record", 3)).await.unwrap().unwrap().id, first.id);
    assert_eq!(sim.world().objects().unwrap().len(), 4);
}

#[tokio::test]
async fn a_token_with_other_inputs_is_refused() {
    let sim = sim();
    network(&sim, 1).await;
    let other = inputs(json!({"cidr": "10.1.0.0/16"}));
    let failure = sim.create(&cx("sim:net:Network", 1), &other).await.unwrap_err();
    assert!(failure.to_string().contains("IdempotentParameterMismatch"), "{failure}");
    let spelt = inputs(json!({"cidr": "10.0.7.0/16"}));
    sim.create(&cx("sim:net:Network", 1), &spelt).await.unwrap();
}

#[tokio::test]
async fn references_must_exist_and_hold_what_they_name() {
    let sim = sim();
    let subnet = |id: &str| inputs(json!({"network": id, "cidr": "10.0.1.0/24"}));
    let failure = sim.create(&cx("sim:net:Subnet", 2), &subnet("net-none")).await.unwrap_err();
    assert_eq!(failure.class, Class::NotFound);
    assert!(
        failure.to_string().contains("`network`") && failure.to_string().contains("net-none"),
        "{failure}"
    );
    let net = network(&sim, 1).await;
    let sent = subnet(&net.id);
    let sub = sim.create(&cx("sim:net:Subnet", 2), &sent).await.unwrap();
    let failure = sim.delete(&cx("sim:net:Network", 1), &prior(&net, &Map::new())).await.unwrap_err();
    assert_eq!(failure.class, Class::Conflict);
    assert!(failure.to_string().contains(&sub.id) && failure.to_string().contains("`network`"), "{failure}");
    sim.delete(&cx("sim:net:Subnet", 2), &prior(&sub, &sent)).await.unwrap();
    sim.delete(&cx("sim:net:Network", 1), &prior(&net, &Map::new())).await.unwrap();
    sim.delete(&cx("sim:net:Network", 1), &prior(&net, &Map::new())).await.unwrap();
    assert_eq!(sim.world().objects().unwrap(), []);
}

#[tokio::test]
async fn lists_of_references_are_checked_too() {
    let sim = sim();
    let net = network(&sim, 1).await;
    let sent = inputs(json!({"network": net.id, "cidr": "10.0.1.0/24"}));
    let sub = sim.create(&cx("sim:net:Subnet", 2), &sent).await.unwrap();
    let machine = inputs(json!({"subnet": sub.id, "image": "i", "size": "s", "buckets": ["b"]}));
    let failure = sim.create(&cx("sim:compute:Machine", 3), &machine).await.unwrap_err();
    assert!(failure.to_string().contains("`buckets`"), "{failure}");
    let bucket = inputs(json!({"name": "b", "versioned": false}));
    sim.create(&cx("sim:store:Bucket", 4), &bucket).await.unwrap();
    sim.create(&cx("sim:compute:Machine", 3), &machine).await.unwrap();
    let failure = sim.create(&cx("sim:store:Bucket", 5), &bucket).await.unwrap_err();
    assert!(failure.to_string().contains("AlreadyExists"), "{failure}");
}

#[tokio::test]
async fn a_name_of_a_delete_first_kind_is_taken_until_the_delete() {
    let sim = sim();
    let address = inputs(json!({"name": "web", "region": "sim-1"}));
    let first = sim.create(&cx("sim:net:Address", 1), &address).await.unwrap();
    let failure = sim.create(&cx("sim:net:Address", 2), &address).await.unwrap_err();
    assert!(failure.class == Class::Conflict && failure.to_string().contains("`web`"), "{failure}");
    sim.delete(&cx("sim:net:Address", 1), &prior(&first, &address)).await.unwrap();
    sim.create(&cx("sim:net:Address", 2), &address).await.unwrap();
}

#[tokio::test]
async fn an_update_changes_what_may_change() {
    let sim = sim();
    let net = network(&sim, 1).await;
    let sub = inputs(json!({"network": net.id, "cidr": "10.0.1.0/24"}));
    let sub = sim.create(&cx("sim:net:Subnet", 2), &sub).await.unwrap();
    let mut sent = inputs(json!({"subnet": sub.id, "image": "i", "size": "s"}));
    sent.insert("boot".into(), Value::from("Y2FuYXJ5").into_secret());
    let at = cx("sim:compute:Machine", 3);
    let first = sim.create(&at, &sent).await.unwrap();
    let mut larger = sent.clone();
    larger.insert("size".into(), "l".into());
    let change = Change { prior: prior(&first, &sent), inputs: larger.clone() };
    let second = sim.update(&at, &change).await.unwrap();
    assert_ne!(first.outputs["boot_id"], second.outputs["boot_id"], "volatile");
    for same in ["id", "private_ip", "password"] {
        assert_eq!(first.outputs[same], second.outputs[same], "{same}");
    }
    assert!(matches!(second.outputs["password"], Value::Secret(_)));
    let read = sim.read(&at, &prior(&second, &larger)).await.unwrap().unwrap();
    assert_eq!(read, second);
    assert_eq!(read.inputs["boot"], sent["boot"], "an unchanged secret is no drift");
    let mut other = larger.clone();
    other.insert("boot".into(), Value::from("b3RoZXI=").into_secret());
    let change = Change { prior: prior(&second, &larger), inputs: other };
    let failure = sim.update(&at, &change).await.unwrap_err();
    assert_eq!(failure.class, Class::Invalid("boot".into()), "boot cannot be changed in place");
}

#[tokio::test]
async fn drift_shows() {
    let sim = sim();
    let sent = inputs(json!({"cidr": "10.0.0.0/16", "tags": {"a": "b"}}));
    let net = sim.create(&cx("sim:net:Network", 1), &sent).await.unwrap();
    let kind = cx("sim:net:Network", 1).address.kind();
    assert!(sim.world().set(&kind, &net.id, "tags", json!({"a": "c"})).unwrap());
    let read = sim.read(&cx("sim:net:Network", 1), &prior(&net, &sent)).await.unwrap().unwrap();
    assert_eq!(read.inputs["tags"], Value::Map(inputs(json!({"a": "c"}))));
    assert!(sim.world().remove(&kind, &net.id).unwrap());
    assert_eq!(sim.read(&cx("sim:net:Network", 1), &prior(&net, &sent)).await.unwrap(), None);
}

#[tokio::test]
async fn a_lookup_answers_alike_and_instances_share_the_world() {
    let sim = sim();
    let zones = sim.lookup(&cx("sim:lookup:Zones", 1), &inputs(json!({"region": "north"}))).await.unwrap();
    assert_eq!(zones["names"].masked(), json!(["northa", "northb", "northc"]));
    assert_eq!(zones["count"].masked(), json!(3));
    let failure = sim.create(&cx("sim:lookup:Zones", 1), &Map::new()).await.unwrap_err();
    assert!(failure.to_string().contains("lookup"), "{failure}");
    let instance = sim.configure(Some(&inputs(json!({"region": "south"})))).await.unwrap();
    instance.create(&cx("sim:net:Network", 1), &inputs(json!({"cidr": "10.0.0.0/8"}))).await.unwrap();
    assert_eq!(sim.world().objects().unwrap().len(), 1);
}

#[tokio::test]
async fn a_lost_answer_tells_the_truth_about_the_effect() {
    for (phase, there) in [(Phase::Before, 0), (Phase::After, 1)] {
        let sim = sim().fault_plan(move |_, op, at| (op == Op::Create && at == phase).then_some(Fault::Lost));
        let sent = inputs(json!({"cidr": "10.0.0.0/16"}));
        let failure = sim.create(&cx("sim:net:Network", 1), &sent).await.unwrap_err();
        assert_eq!(failure.effect, Changed::Unknown);
        assert_eq!(sim.world().objects().unwrap().len(), there, "{phase:?}");
    }
}

#[tokio::test]
async fn a_create_may_end_half_way_and_be_mended() {
    let sim = sim().fault_plan(|_, _, at| (at == Phase::After).then_some(Fault::Partial));
    let sent = inputs(json!({"cidr": "10.0.0.0/16"}));
    let failure = sim.create(&cx("sim:net:Network", 1), &sent).await.unwrap_err();
    let Changed::Applied(object) = failure.effect else { panic!("{failure}") };
    assert_eq!(object.outputs.keys().collect::<Vec<_>>(), ["id"]);
    assert!(sim.world().objects().unwrap()[0].partial);
    let sim = SimProvider::new("sim", kinds::schemas(), sim.world().clone());
    let change = Change { prior: prior(&object, &sent), inputs: sent };
    sim.update(&cx("sim:net:Network", 1), &change).await.unwrap();
    assert!(!sim.world().objects().unwrap()[0].partial);
}

#[tokio::test]
async fn faults_of_a_seed_repeat_and_a_new_program_goes_on_with_the_next_attempt() {
    let faults = Faults::parse("throttled=0.5,lost_after=0.2,seed=7").unwrap();
    let sent = inputs(json!({"cidr": "10.0.0.0/16"}));
    let run = async |programs: usize, attempts: usize| {
        let (world, mut seen) = (World::memory(), Vec::new());
        for _ in 0..programs {
            let sim = SimProvider::new("sim", kinds::schemas(), world.clone());
            let sim = sim.options(Options::default().faults(faults));
            for _ in 0..attempts {
                let result = sim.create(&cx("sim:net:Network", 1), &sent).await;
                seen.push(result.map(|object| object.id).map_err(|failure| failure.class));
                if seen.last().unwrap().is_ok() {
                    return seen;
                }
            }
        }
        seen
    };
    assert_eq!(run(1, 50).await, run(1, 50).await);
    assert_eq!(run(50, 1).await, run(1, 50).await);
}

#[tokio::test(start_paused = true)]
async fn latency_is_the_kind_s_divided_by_the_speed() {
    let sim = sim().options(Options::default().speed(10.0));
    let start = tokio::time::Instant::now();
    network(&sim, 1).await;
    let took = start.elapsed();
    assert!((199..=203).contains(&took.as_millis()), "{took:?}");
}

#[derive(Debug)]
struct Hand(std::sync::atomic::AtomicU64);

impl sskuba_core::clock::Clock for Hand {
    fn now(&self) -> sskuba_core::clock::Timestamp {
        sskuba_core::clock::Timestamp(self.0.load(std::sync::atomic::Ordering::Relaxed))
    }
}

#[tokio::test]
async fn a_new_object_is_invisible_for_a_while() {
    let clock = Arc::new(Hand(0.into()));
    let sim = sim().options(Options::default().visibility_speed(10.0).clock(clock.clone()));
    let at = cx("sim:net:Record", 1);
    let sent = inputs(json!({"name": "a", "target": "b", "kind": "A", "ttl": 1}));
    let record = sim.create(&at, &sent).await.unwrap();
    clock.0.store(999, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(sim.find(&at).await.unwrap(), None);
    assert_eq!(sim.read(&at, &prior(&record, &sent)).await.unwrap(), None);
    clock.0.store(1000, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(sim.find(&at).await.unwrap().unwrap().id, record.id);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_call_outlives_its_timeout() {
    let sim = sim().fault_plan(|_, _, at| (at == Phase::After).then_some(Fault::Stall));
    let (at, sent) = (cx("sim:net:Network", 1), inputs(json!({"cidr": "10.0.0.0/16"})));
    let result = tokio::time::timeout(at.timeout, sim.create(&at, &sent)).await;
    assert!(result.is_err());
    assert_eq!(sim.world().objects().unwrap().len(), 1);
}
