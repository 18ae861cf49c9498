//! Objects that exist before they can be used: nobody waits who need not, and what fails after it was made is replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sskuba::core::applying::{ApplyOptions, Event};
use sskuba::core::engine::{Engine, with_causes};
use sskuba::core::plan::Action;
use sskuba::core::schema::Schema;
use sskuba::core::state::{RunResult, Status};
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Gateway, Network, Subnet};
use sskuba::sim::{Fault, Op, Options, Phase, SimProvider, World};
use tokio::time::Instant;

use crate::world::Bench;

/// A bucket that uses the gateway's id alone, one that uses its address, and one that only comes after it.
fn network(stack: &mut Stack) -> sskuba::Result {
    let network = stack.add("net", Network::new("10.0.0.0/16"))?;
    let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
    let gateway = stack.add("gw", Gateway::new(subnet.id()))?;
    stack.add("early", Bucket::new(gateway.id()))?;
    let policy = gateway.address().map(|address: String| format!("{{\"from\":\"{address}\"}}"));
    stack.add("late", Bucket::new("late").policy(policy))?;
    stack.add("after", Bucket::new("after"))?.depends_on(&gateway);
    stack.export("address", gateway.address());
    Ok(())
}

fn bench(change: impl FnOnce(SimProvider) -> SimProvider) -> Bench {
    Bench::with(|sim| change(sim.options(Options::default().speed(1.0))))
}

async fn status(bench: &Bench) -> Vec<(String, Status)> {
    let state = bench.engine.read(&bench.stack).await.unwrap().state;
    state.records().map(|record| (record.address.name().to_owned(), record.status)).collect()
}

#[tokio::test(start_paused = true)]
async fn who_uses_what_is_known_early_does_not_wait() {
    let bench = bench(|sim| sim);
    let start = Instant::now();
    let (plan, report) = bench.up(network).await.unwrap();
    let took = start.elapsed();
    assert_eq!((report.result, report.counts.create), (RunResult::Succeeded, 6), "{:?}", report.failures);
    let ready: Vec<String> = bench
        .events
        .lock()
        .unwrap()
        .iter()
        .filter_map(|event| match event {
            Event::Finished { address, action, .. } => Some(format!("{action} {}", address.name())),
            _ => None,
        })
        .collect();
    let at = |what: &str| {
        ready.iter().position(|known| known == what).unwrap_or_else(|| panic!("{what}: {ready:?}"))
    };
    assert!(at("create gw") < at("create early") && at("create early") < at("wait for gw"));
    assert!(at("wait for gw") < at("create late") && at("wait for gw") < at("create after"));
    // The path of the plan counts both phases, and the run took as long.
    let (path, expected) = plan.critical_path();
    assert!(path.iter().any(|step| step.action == Action::Wait), "{path:?}");
    let expected = Duration::from_millis(expected);
    assert!(took <= expected.mul_f64(1.05), "{took:?} and not {expected:?}");
    assert!(report.exports["address"].as_str().is_some());
    assert_eq!(bench.up(network).await.unwrap().1.counts.changes(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_waited_for_is_waited_for_by_the_next_run() {
    let denied = |_: &_, op: Op, _: Phase| (op == Op::Ready).then_some(Fault::Denied);
    let bench = bench(|sim| sim.fault_plan(denied));
    let (_, report) = bench.up(network).await.unwrap();
    assert_eq!((report.result, report.failures.len()), (RunResult::Failed, 1));
    assert!(status(&bench).await.contains(&("gw".to_owned(), Status::Made)));
    let before = bench.world.objects().unwrap().len();
    let plan = bench.engine.preview(&bench.stack, network).await.unwrap();
    assert_eq!(plan.steps.iter().filter(|step| step.action == Action::Wait).count(), 1);
    assert!(!plan.is_empty() && bench.world.objects().unwrap().len() == before);
    bench.engine.down(&bench.stack).await.unwrap();
    assert!(bench.exists().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_its_service_gave_up_is_recorded_and_replaced() {
    let gives_up = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&gives_up);
    let given_up = move |_: &_, op: Op, at: Phase| {
        (op == Op::Ready && at == Phase::After && asked.load(Ordering::Relaxed)).then_some(Fault::GivenUp)
    };
    let bench = bench(|sim| sim.fault_plan(given_up));
    let (_, report) = bench.up(network).await.unwrap();
    assert_eq!((report.result, report.failures.len()), (RunResult::Failed, 1));
    assert!(report.failures[0].failure.message.contains("InsufficientCapacity"), "{:?}", report.failures);
    assert!(status(&bench).await.contains(&("gw".to_owned(), Status::Failed)));
    gives_up.store(false, Ordering::Relaxed);
    let (plan, report) = bench.up(network).await.unwrap();
    let step = plan.steps.iter().find(|step| step.address.name() == "gw").unwrap();
    assert_eq!(step.action, Action::Replace);
    assert!(step.reasons[0].to_string().contains("gave it up: InsufficientCapacity"), "{:?}", step.reasons);
    assert_eq!(report.result, RunResult::Succeeded, "{:?}", report.failures);
    let gateways = bench.exists().iter().filter(|kind| kind.contains("Gateway")).count();
    assert_eq!(gateways, 1);
    assert!(status(&bench).await.iter().all(|(_, status)| *status == Status::Live));
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_run_stops_waiting_and_the_next_goes_on() {
    let bench = bench(|sim| sim);
    let options = ApplyOptions::default();
    let cancel = options.cancel.clone();
    let run = bench.up_with(network, Default::default(), options);
    let stop = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        cancel.cancel();
    };
    let (run, ()) = tokio::join!(run, stop);
    assert_eq!(run.unwrap().1.result, RunResult::Cancelled);
    assert!(status(&bench).await.contains(&("gw".to_owned(), Status::Made)));
    let (_, report) = bench.up(network).await.unwrap();
    assert_eq!((report.result, report.counts.create), (RunResult::Succeeded, 2));
}

/// A person may name an object that cannot be used yet, or never will: what is recorded says so.
#[tokio::test(start_paused = true)]
async fn what_is_imported_before_it_can_be_used_is_waited_for() {
    let gives_up = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&gives_up);
    let given_up = move |_: &_, op: Op, at: Phase| {
        (op == Op::Ready && at == Phase::After && asked.load(Ordering::Relaxed)).then_some(Fault::GivenUp)
    };
    let bench = bench(|sim| sim.fault_plan(given_up));
    let apply = ApplyOptions::default();
    let cancel = apply.cancel.clone();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(20)).await;
        cancel.cancel();
    };
    tokio::join!(bench.up_with(network, Default::default(), apply), stop).0.unwrap();

    let mut session = bench.engine.open(&bench.stack, "import", Duration::from_secs(1)).await.unwrap();
    let gateway = session.state().records().find(|record| record.address.name() == "gw").unwrap().clone();
    let mut import = async |even_if_replaced| {
        session.forget(&gateway.address).await.unwrap();
        let options = Default::default();
        let id = gateway.id.clone();
        let imported = session.import(&network, &options, &gateway.address, &id, even_if_replaced).await;
        (imported, session.state().current(&gateway.address).cloned())
    };
    let (imported, record) = import(false).await;
    let (imported, record) = (imported.unwrap(), record.unwrap());
    assert_eq!((imported.action, record.status), (Action::Wait, Status::Made));
    assert!(!record.outputs.contains_key("address"), "{:?}", record.outputs);

    gives_up.store(true, Ordering::Relaxed);
    let (imported, record) = import(false).await;
    assert!(with_causes(&imported.unwrap_err()).contains("gave it up: InsufficientCapacity"));
    assert_eq!(record, None);
    gives_up.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(1000)).await;
    let imported = session.import(&network, &Default::default(), &gateway.address, &gateway.id, false).await;
    assert_eq!(imported.unwrap().action, Action::Same);
    assert_eq!(session.state().current(&gateway.address).unwrap().status, Status::Live);
    session.close().await.unwrap();
    let (_, report) = bench.up(network).await.unwrap();
    assert_eq!((report.result, report.counts.create), (RunResult::Succeeded, 2), "{:?}", report.failures);
}

#[tokio::test(start_paused = true)]
async fn an_update_of_what_is_not_ready_does_not_end_the_wait() {
    let denied = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&denied);
    let fault = move |_: &_, op: Op, _: Phase| {
        (op == Op::Ready && asked.load(Ordering::Relaxed)).then_some(Fault::Denied)
    };
    let schemas = sskuba::aws::schemas();
    let sim = SimProvider::new("aws", schemas, World::memory()).options(Options::default().speed(1.0));
    let engine = Engine::builder().provider(Arc::new(sim.fault_plan(fault))).build();
    let stack = "local/test/dev".parse().unwrap();
    let program = |tag: &'static str| {
        move |stack: &mut Stack| -> sskuba::Result {
            use sskuba::aws::ec2::{Instance, Subnet, Vpc};
            let vpc = stack.add("vpc", Vpc::new("10.0.0.0/16"))?;
            let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?;
            let machine =
                stack.add("web", Instance::new("ami-1", "m6i.large", subnet.id()).tag("version", tag))?;
            stack.export("address", machine.public_ip());
            Ok(())
        }
    };
    let machine = async || {
        let state = engine.read(&stack).await.unwrap().state;
        let record = state.records().find(|record| record.address.name() == "web").cloned().unwrap();
        (record.status, record.outputs.contains_key("public_ip"))
    };
    assert_eq!(engine.up(&stack, program("one")).await.unwrap().result, RunResult::Failed);
    let plan = engine.preview(&stack, program("two")).await.unwrap();
    let step = |action| plan.steps.iter().find(|step| step.action == action).expect("a step");
    assert!(plan.graph.find(&step(Action::Wait).address).is_some());
    assert!(step(Action::Update).ready_step.is_some(), "the wait belongs to the update");
    // The update is made and still nothing says that the machine runs.
    assert_eq!(engine.up(&stack, program("two")).await.unwrap().result, RunResult::Failed);
    assert_eq!(machine().await, (Status::Made, false));
    denied.store(false, Ordering::Relaxed);
    let report = engine.up(&stack, program("two")).await.unwrap();
    assert_eq!((report.result, report.counts.changes()), (RunResult::Succeeded, 0), "{:?}", report.failures);
    assert_eq!(machine().await, (Status::Live, true));
    assert!(report.exports["address"].as_str().is_some());
    // What is ready needs no wait after an update.
    let plan = engine.preview(&stack, program("three")).await.unwrap();
    assert!(plan.steps.iter().all(|step| step.action != Action::Wait));
}

#[tokio::test(start_paused = true)]
async fn an_input_that_is_marked_live_waits_for_what_it_names() {
    let sim = SimProvider::new("aws", sskuba::aws::schemas(), World::memory());
    let engine = Engine::builder().provider(Arc::new(sim)).build();
    let program = |stack: &mut Stack| -> sskuba::Result {
        use sskuba::aws::ec2::{Instance, Subnet, Vpc};
        use sskuba::aws::elbv2::{TargetGroup, TargetGroupAttachment};
        let vpc = stack.add("vpc", Vpc::new("10.0.0.0/16"))?;
        let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?;
        let machine = stack.add("web", Instance::new("ami-1", "m6i.large", subnet.id()))?;
        let group = stack.add("web", TargetGroup::new(vpc.id(), 80_u16).tag("machine", machine.id()))?;
        stack.add("web", TargetGroupAttachment::new(group.arn(), machine.id()))?;
        Ok(())
    };
    let plan = engine.preview(&"local/test/dev".parse().unwrap(), program).await.unwrap();
    let at = |kind: &str, action| {
        let is = |step: &&sskuba::core::plan::Step| step.address.kind_str() == kind && step.action == action;
        let found = plan.steps.iter().position(|step| is(&step)).unwrap_or_else(|| panic!("{action} {kind}"));
        sskuba::core::graph::NodeId(u32::try_from(found).unwrap())
    };
    let wait = at("aws:ec2:Instance", Action::Wait);
    let after = |kind: &str| plan.dag.dependencies(at(kind, Action::Create)).any(|step| step == wait);
    assert!(after("aws:elbv2:TargetGroupAttachment") && !after("aws:elbv2:TargetGroup"));
}

/// Machines behind a gateway whose first data have the name of the balancer in front of them, as a cluster has.
fn cluster(stack: &mut Stack) -> sskuba::Result {
    use sskuba::aws::ec2::{Eip, Instance, NatGateway, Route, RouteTable, Subnet, Vpc};
    use sskuba::aws::elbv2::{Listener, LoadBalancer, TargetGroup};
    let vpc = stack.add("vpc", Vpc::new("10.0.0.0/16"))?;
    let public = stack.add("public", Subnet::new(vpc.id(), "10.0.0.0/24"))?;
    let private = stack.add("private", Subnet::new(vpc.id(), "10.0.1.0/24"))?;
    let eip = stack.add("nat", Eip::new())?;
    let nat = stack.add("nat", NatGateway::new(public.id()).allocation_id(eip.id()))?;
    let table = stack.add("private", RouteTable::new(vpc.id()))?;
    let route = stack.add("out", Route::new(table.id(), "0.0.0.0/0").nat_gateway_id(nat.id()))?;
    let balancer = stack.add("api", LoadBalancer::new([public.id()]))?;
    let group = stack.add("api", TargetGroup::new(vpc.id(), 6443_u16))?;
    stack.add("api", Listener::new(balancer.arn(), 6443_u16, group.arn()))?;
    for i in 0..3 {
        let name = balancer.dns_name().map(|name: String| format!("endpoint: {name}"));
        let machine = Instance::new("ami-1", "m6i.large", private.id()).user_data(name);
        stack.add(format!("node-{i}"), machine)?.depends_on(&route);
    }
    Ok(())
}

/// Builds the cluster's network; returns how long that took, and how long the plan said it would.
async fn build(schemas: Vec<Arc<Schema>>) -> (Duration, Duration) {
    let sim = SimProvider::new("aws", schemas, World::memory()).options(Options::default().speed(1.0));
    let engine = Engine::builder().provider(Arc::new(sim)).build();
    let stack = "local/test/dev".parse().unwrap();
    let plan = engine.preview(&stack, cluster).await.unwrap();
    let expected = Duration::from_millis(plan.critical_path().1);
    let start = Instant::now();
    let report = engine.apply(plan).await.unwrap();
    assert_eq!(report.result, RunResult::Succeeded, "{:?}", report.failures);
    (start.elapsed(), expected)
}

#[tokio::test(start_paused = true)]
async fn a_network_is_built_while_its_balancer_and_its_gateway_become_ready() {
    let schemas = sskuba::aws::schemas();
    let late = |schema: &Arc<Schema>| {
        let mut schema = Schema::clone(schema);
        schema.fields.iter_mut().for_each(|field| field.early = false);
        Arc::new(schema)
    };
    // As it was when nothing was known before everything was ready. What is declared says what is early, too, so
    // that the plan is told by the time alone.
    let before: Vec<_> = schemas.iter().map(late).collect();
    let (took, expected) = build(schemas).await;
    assert!(took <= expected.mul_f64(1.05), "{took:?} and not {expected:?}");
    let (slow, _) = build(before).await;
    println!("balancer and gateway ready early: {took:?} of {expected:?}; all at once: {slow:?}");
    assert!(took < slow, "{took:?}, and {slow:?} before");
}
