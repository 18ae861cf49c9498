//! What AWS makes at once and lets be used later: who waits for it, how it is asked for, and what if it never can.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{
    Connectivity, Eip, Instance, NatGateway, SecurityGroup, SecurityGroupRule, Subnet, Vpc,
};
use sskuba_aws::elbv2::{Listener, LoadBalancer, TargetGroup, TargetGroupAttachment};
use sskuba_core::applying::ApplyOptions;
use sskuba_core::plan::Action;
use sskuba_core::planning::PlanOptions;
use sskuba_core::prelude::*;
use sskuba_core::state::Status;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::stacks::{Stacked, behind};
use crate::stage::{Stage, scene};

const IMAGE: &str = "ami-12c6146b";

async fn proxy(script: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) -> Proxy {
    Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), script).await
}

/// Declares gateways, each in a subnet and with an address of its own.
fn gateways(proxy: &Proxy, count: u8) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    let endpoint = proxy.endpoint.clone();
    move |stack| {
        let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
        let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?.provider(&here);
        for i in 0..count {
            let address = stack.add(format!("nat-{i}"), Eip::new())?.provider(&here);
            let gateway = NatGateway::new(subnet.id()).allocation_id(address.id());
            stack.add(format!("nat-{i}"), gateway)?.provider(&here);
        }
        Ok(())
    }
}

/// Declares one gateway with this tag.
fn tagged(
    proxy: &Proxy,
    tag: &'static str,
) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    let endpoint = proxy.endpoint.clone();
    move |stack| {
        let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
        let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?.provider(&here);
        let address = stack.add("nat", Eip::new())?.provider(&here);
        let gateway = NatGateway::new(subnet.id()).allocation_id(address.id()).tag("version", tag);
        stack.add("nat", gateway)?.provider(&here);
        Ok(())
    }
}

/// Declares one gateway without an address: of a deleted one moto does not give it back.
fn private(proxy: &Proxy) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    let endpoint = proxy.endpoint.clone();
    move |stack| {
        let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
        let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?.provider(&here);
        let gateway = NatGateway::new(subnet.id()).connectivity(Connectivity::Private);
        stack.add("nat", gateway)?.provider(&here);
        Ok(())
    }
}

impl Stacked {
    /// Returns how what is recorded of a kind stands.
    async fn status(&self, kind: &str) -> Status {
        let state = self.engine.read(&self.stage.stack).await.unwrap().state;
        let record = state.records().find(|record| record.address.kind_str() == kind);
        record.unwrap_or_else(|| panic!("no {kind} is recorded")).status
    }
}

const PENDING: Fate = Fate::Edit("<state>available</state>", "<state>pending</state>");
const FAILED: Fate = Fate::Edit(
    "<state>available</state>",
    "<state>failed</state><failureCode>Gateway.NotAttached</failureCode>\
     <failureMessage>Network vpc-1 has no Internet gateway attached</failureMessage>",
);

scene! {
    async fn many_gateways_are_asked_about_in_one_call(stage: Stage) {
        let first = Arc::new(OnceLock::new());
        let asked = Arc::clone(&first);
        let proxy = proxy(move |action, _| match action {
            "DescribeNatGateways" if asked.get_or_init(Instant::now).elapsed() < Duration::from_secs(6) => PENDING,
            _ => Fate::Pass,
        })
        .await;
        let on = stage.stacked();
        assert_eq!(on.up(gateways(&proxy, 20)).await, [43, 0, 0, 0]);
        let (calls, took) = (proxy.calls("DescribeNatGateways"), first.get().unwrap().elapsed());
        println!("{calls} descriptions of 20 gateways in {took:?}");
        // About one a second, and a few at the start, when some are made and others are not yet.
        let most = usize::try_from(took.as_secs()).unwrap() + 12;
        assert!(calls <= most, "{calls} calls in {took:?}");
        on.down().await;
    }
}

scene! {
    async fn a_gateway_that_fails_after_its_create_is_replaced(stage: Stage) {
        let fails = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&fails);
        let proxy = proxy(move |action, nth| match action {
            "DescribeNatGateways" if nth == 1 => PENDING,
            "DescribeNatGateways" if asked.load(Ordering::Relaxed) => FAILED,
            _ => Fate::Pass,
        })
        .await;
        let on = stage.stacked();
        let report = on.try_up(private(&proxy)).await;
        assert_eq!(report.failures.len(), 1, "{:?}", report.failures);
        for words in ["Network vpc-1 has no Internet gateway attached", "Gateway.NotAttached"] {
            let failure = &report.failures[0].failure;
            assert!(failure.message.contains(words), "`{words}` is missing: {failure}");
        }
        assert_eq!(on.status("aws:ec2:NatGateway").await, Status::Failed);
        fails.store(false, Ordering::Relaxed);
        let plan = on.engine.preview(&on.stage.stack, private(&proxy)).await.unwrap();
        let step = plan.steps.iter().find(|step| step.address.kind_str() == "aws:ec2:NatGateway").unwrap();
        assert_eq!(step.action, Action::Replace);
        assert!(step.reasons[0].to_string().contains("Gateway.NotAttached"), "{:?}", step.reasons);
        assert_eq!(on.up(private(&proxy)).await, [0, 0, 1, 0]);
        assert_eq!((proxy.calls("CreateNatGateway"), on.stage.counts()["nat"]), (2, 1));
        assert_eq!(on.status("aws:ec2:NatGateway").await, Status::Live);
        on.down().await;
    }
}

scene! {
    /// What the run could not wait for, the next one waits for, and makes nothing twice.
    async fn a_gateway_that_was_not_waited_for_stays_made(stage: Stage) {
        let (denied, pending) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
        let (asked, waits) = (Arc::clone(&denied), Arc::clone(&pending));
        let proxy = proxy(move |action, _| match action {
            "DescribeNatGateways" if asked.load(Ordering::Relaxed) => Fate::Refuse(403, "UnauthorizedOperation"),
            "DescribeNatGateways" if waits.load(Ordering::Relaxed) => PENDING,
            _ => Fate::Pass,
        })
        .await;
        let on = stage.stacked();
        let report = on.try_up(tagged(&proxy, "one")).await;
        assert!(report.failures[0].failure.message.contains("UnauthorizedOperation"), "{:?}", report.failures);
        assert_eq!(on.status("aws:ec2:NatGateway").await, Status::Made);
        denied.store(false, Ordering::Relaxed);

        // It is found by its token as it is, without waiting.
        let state = on.engine.read(&on.stage.stack).await.unwrap().state;
        let record = state.records().find(|record| record.address.kind_str() == "aws:ec2:NatGateway").unwrap();
        let cx = sskuba_core::provider::Cx { token: record.token, ..on.stage.cx::<NatGateway>("nat") };
        let before = proxy.calls("DescribeNatGateways");
        let here = on.stage.with_provider(Settings::new().endpoint(proxy.endpoint.clone())).await;
        assert_eq!(here.find(&cx).await.unwrap().map(|found| found.id), Some(record.id.clone()));
        assert_eq!(proxy.calls("DescribeNatGateways"), before + 1);

        let mut session = on.engine.open(&on.stage.stack, "refresh", Duration::ZERO).await.unwrap();
        let refreshed = session.refresh(&Default::default()).await;
        session.end(refreshed).await.unwrap();
        assert_eq!(on.status("aws:ec2:NatGateway").await, Status::Made);

        // An update does not end the wait either.
        let until = Arc::clone(&pending);
        let later = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(3)).await;
            until.store(false, Ordering::Relaxed);
        });
        let begun = Instant::now();
        assert_eq!(on.up(tagged(&proxy, "two")).await, [0, 1, 0, 0]);
        assert!(begun.elapsed() >= Duration::from_millis(2500), "it was not waited for");
        later.await.unwrap();
        assert_eq!((on.status("aws:ec2:NatGateway").await, proxy.calls("CreateNatGateway")), (Status::Live, 1));
        on.down().await;
    }
}

scene! {
    /// The program dies while AWS carries the create out; what the next run finds is made, and still pending.
    async fn an_interrupted_create_is_made_and_not_yet_live(stage: Stage) {
        let (hold, denied) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(true)));
        let (held, asked) = (Arc::clone(&hold), Arc::clone(&denied));
        let proxy = proxy(move |action, _| match action {
            "CreateNatGateway" if held.load(Ordering::Relaxed) => Fate::Hold,
            "DescribeNatGateways" if asked.load(Ordering::Relaxed) => Fate::Refuse(403, "UnauthorizedOperation"),
            _ => Fate::Pass,
        })
        .await;
        let on = stage.stacked();
        let program = gateways(&proxy, 1);
        let mut session = on.engine.open(&on.stage.stack, "up", Duration::ZERO).await.unwrap();
        let plan = session.plan(&program, &PlanOptions::default()).await.unwrap();
        let options = ApplyOptions::default();
        let abandon = options.abandon.clone();
        let dies = async {
            while proxy.held() == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            abandon.cancel();
        };
        let (report, ()) = tokio::join!(session.apply(&plan, &options), dies);
        report.unwrap();
        session.close().await.unwrap();
        hold.store(false, Ordering::Relaxed);

        let report = on.try_up(program.clone()).await;
        assert!(report.failures[0].failure.message.contains("UnauthorizedOperation"), "{:?}", report.failures);
        assert_eq!(on.status("aws:ec2:NatGateway").await, Status::Made);
        denied.store(false, Ordering::Relaxed);
        assert_eq!(on.up(program).await, [0; 4]);
        assert_eq!((on.status("aws:ec2:NatGateway").await, on.stage.counts()["nat"]), (Status::Live, 1));
        on.down().await;
    }
}

/// Returns where calls came in, by the actions and the how-manieth of each they were.
fn places(proxy: &Proxy, calls: &[(&str, usize)]) -> Vec<usize> {
    let log = proxy.log();
    let place = |(action, nth): &(&str, usize)| {
        let mut of_action = log.iter().enumerate().filter(|(_, seen)| *seen == action);
        of_action.nth(nth - 1).unwrap_or_else(|| panic!("{nth}. {action}: {log:?}")).0
    };
    calls.iter().map(place).collect()
}

scene! {
    async fn a_listener_is_made_while_its_balancer_is_not_active(stage: Stage) {
        let proxy = proxy(|action, nth| match (action, nth) {
            // The first asks for the name.
            ("DescribeLoadBalancers", 2..=4) => Fate::Edit("<Code>active</Code>", "<Code>provisioning</Code>"),
            _ => Fate::Pass,
        })
        .await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
            let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?.provider(&here);
            let targets = stack.add("api", TargetGroup::new(vpc.id(), 80))?.provider(&here);
            let balancer = stack.add("api", LoadBalancer::new([subnet.id()]))?.provider(&here);
            stack.add("api", Listener::new(balancer.arn(), 80, targets.arn()))?.provider(&here);
            Ok(())
        };
        assert_eq!(on.up(program.clone()).await, [6, 0, 0, 0]);
        let at = places(&proxy, &[("CreateLoadBalancer", 1), ("CreateListener", 1), ("DescribeLoadBalancers", 5)]);
        assert!(at.is_sorted(), "{at:?}: {:?}", proxy.log());
        assert_eq!(on.up(program).await, [0; 4]);
        on.down().await;
    }
}

scene! {
    /// An address is final at once; a target has to run.
    async fn a_target_waits_for_its_machine_and_a_rule_does_not(stage: Stage) {
        let proxy = proxy(|action, nth| match (action, nth) {
            ("DescribeInstances", 1..=3) => Fate::Edit("<name>running</name>", "<name>pending</name>"),
            _ => Fate::Pass,
        })
        .await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
            let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?.provider(&here);
            let group = stack.add("web", SecurityGroup::new(vpc.id()))?.provider(&here);
            let targets = stack.add("web", TargetGroup::new(vpc.id(), 80))?.provider(&here);
            let server = stack.add("web", Instance::new(IMAGE, "t3.micro", subnet.id()))?.provider(&here);
            let own = server.private_ip().map(|address: String| format!("{address}/32"));
            let rule = SecurityGroupRule::ingress(group.id()).protocol("tcp").from_port(80).to_port(80).cidr(own);
            stack.add("web", rule)?.provider(&here);
            stack.add("web", TargetGroupAttachment::new(targets.arn(), server.id()))?.provider(&here);
            Ok(())
        };
        assert_eq!(on.up(program.clone()).await, [8, 0, 0, 0]);
        let at = places(&proxy, &[
            ("RunInstances", 1),
            ("AuthorizeSecurityGroupIngress", 1),
            ("DescribeInstances", 4),
            ("RegisterTargets", 1),
        ]);
        assert!(at.is_sorted(), "{at:?}: {:?}", proxy.log());
        assert_eq!(on.up(program).await, [0; 4]);
        on.down().await;
    }
}

scene! {
    async fn a_machine_that_ends_while_it_starts_is_given_up(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let cx = stage.cx::<Instance>("web");
        let server = stage.try_create(cx, Instance::new(IMAGE, "t3.micro", subnet.id())).await.unwrap();
        behind(&format!("ec2.terminate_instances(InstanceIds=['{}'])", server.id()));
        let answer = stage.provider.ready(&server.cx, &server.prior()).await.unwrap();
        let sskuba_core::provider::Readiness::Failed(why) = answer else { panic!("{answer:?}") };
        assert!(why.contains("terminated") && why.contains("Client.UserInitiatedShutdown"), "{why}");
    }
}

/// Declares a balancer, whose zones `cross` says.
fn balancer(proxy: &Proxy, cross: bool) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    let endpoint = proxy.endpoint.clone();
    move |stack| {
        let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
        let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?.provider(&here);
        stack.add("api", LoadBalancer::new([subnet.id()]).cross_zone(cross))?.provider(&here);
        Ok(())
    }
}

const BALANCER: &str = "aws:elbv2:LoadBalancer";

scene! {
    /// The answers in which the balancer is `failed`, until that is switched off.
    async fn a_balancer_that_failed_is_recorded_so_and_replaced(stage: Stage) {
        let fails = Arc::new(AtomicBool::new(true));
        let failing = Arc::clone(&fails);
        let proxy = proxy(move |action, _| match action {
            "DescribeLoadBalancers" if failing.load(Ordering::Relaxed) => {
                Fate::Edit("<Code>active</Code>", "<Code>failed</Code><Reason>no address is left</Reason>")
            }
            _ => Fate::Pass,
        })
        .await;
        let on = stage.stacked();
        let report = on.try_up(balancer(&proxy, false)).await;
        assert!(report.failures[0].failure.message.contains("no address is left"), "{:?}", report.failures);
        assert_eq!(on.status(BALANCER).await, Status::Failed);
        fails.store(false, Ordering::Relaxed);
        assert_eq!(on.up(balancer(&proxy, false)).await, [0, 0, 1, 0]);
        assert_eq!((proxy.calls("CreateLoadBalancer"), on.stage.counts()["nlb"]), (2, 1));
        assert_eq!(on.status(BALANCER).await, Status::Live);
        on.down().await;
    }
}

scene! {
    /// AWS gives it up between two runs and refuses every change of it from then on: nothing repeats that for ever.
    async fn what_failed_between_two_runs_is_not_changed_for_ever(stage: Stage) {
        let (denied, fails) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicBool::new(false)));
        let (asked, failing) = (Arc::clone(&denied), Arc::clone(&fails));
        let proxy = proxy(move |action, nth| match action {
            // The first asks for the name.
            "DescribeLoadBalancers" if nth > 1 && asked.load(Ordering::Relaxed) => Fate::Refuse(403, "AccessDenied"),
            "DescribeLoadBalancers" if failing.load(Ordering::Relaxed) => {
                Fate::Edit("<Code>active</Code>", "<Code>failed</Code>")
            }
            "ModifyLoadBalancerAttributes" if failing.load(Ordering::Relaxed) => {
                Fate::Refuse(400, "InvalidConfigurationRequest")
            }
            _ => Fate::Pass,
        })
        .await;
        let on = stage.stacked();
        on.try_up(balancer(&proxy, false)).await;
        assert_eq!(on.status(BALANCER).await, Status::Made);
        denied.store(false, Ordering::Relaxed);
        fails.store(true, Ordering::Relaxed);
        let report = on.try_up(balancer(&proxy, true)).await;
        let failure = &report.failures[0].failure;
        assert!(failure.message.contains("gave it up: it failed: AWS gives no reason"), "{failure}");
        assert_eq!(on.status(BALANCER).await, Status::Failed);
        fails.store(false, Ordering::Relaxed);
        assert_eq!(on.up(balancer(&proxy, true)).await, [0, 0, 1, 0]);
        on.down().await;
    }
}

/// Declares a machine, which checks its packets as `check` says.
fn machine(proxy: &Proxy, check: bool) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    let endpoint = proxy.endpoint.clone();
    move |stack| {
        let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
        let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?.provider(&here);
        let machine = Instance::new(IMAGE, "t3.micro", subnet.id()).source_dest_check(check);
        stack.add("web", machine)?.provider(&here);
        Ok(())
    }
}

const MACHINE: &str = "aws:ec2:Instance";
const DIED: Fate = Fate::Edit("<name>running</name>", "<name>terminated</name>");

scene! {
    async fn a_machine_that_died_while_it_started_is_replaced(stage: Stage) {
        let dies = Arc::new(AtomicBool::new(true));
        let dying = Arc::clone(&dies);
        let proxy = proxy(move |action, _| match action {
            "DescribeInstances" if dying.load(Ordering::Relaxed) => DIED,
            _ => Fate::Pass,
        })
        .await;
        let on = stage.stacked();
        let report = on.try_up(machine(&proxy, true)).await;
        let failure = &report.failures[0].failure;
        assert!(failure.message.contains("it is terminated"), "{failure}");
        assert_eq!(on.status(MACHINE).await, Status::Failed);
        dies.store(false, Ordering::Relaxed);
        assert_eq!(on.up(machine(&proxy, true)).await, [0, 0, 1, 0]);
        assert_eq!((on.status(MACHINE).await, on.stage.counts()["instance"]), (Status::Live, 1));
        on.down().await;
    }
}

scene! {
    /// The second call of its create is refused, since AWS has given the machine up meanwhile.
    async fn a_machine_that_died_half_made_is_replaced(stage: Stage) {
        let dies = Arc::new(AtomicBool::new(true));
        let dying = Arc::clone(&dies);
        let proxy = proxy(move |action, _| match action {
            "ModifyInstanceAttribute" if dying.load(Ordering::Relaxed) => Fate::Refuse(400, "InvalidParameterValue"),
            "DescribeInstances" if dying.load(Ordering::Relaxed) => DIED,
            _ => Fate::Pass,
        })
        .await;
        let on = stage.stacked();
        on.try_up(machine(&proxy, false)).await;
        assert_eq!(on.status(MACHINE).await, Status::Partial);
        let report = on.try_up(machine(&proxy, false)).await;
        assert!(report.failures[0].failure.message.contains("it is terminated"), "{:?}", report.failures);
        assert_eq!(on.status(MACHINE).await, Status::Failed);
        dies.store(false, Ordering::Relaxed);
        assert_eq!(on.up(machine(&proxy, false)).await, [0, 0, 1, 0]);
        on.down().await;
    }
}

scene! {
    /// Somebody deletes what is not ready yet: that is no reason to wait for it in every run.
    async fn what_is_gone_before_it_was_ready_is_made_anew(stage: Stage) {
        let denied = Arc::new(AtomicBool::new(true));
        let asked = Arc::clone(&denied);
        let proxy = proxy(move |action, nth| match action {
            "DescribeLoadBalancers" if nth > 1 && asked.load(Ordering::Relaxed) => Fate::Refuse(403, "AccessDenied"),
            _ => Fate::Pass,
        })
        .await;
        let on = stage.stacked();
        on.try_up(balancer(&proxy, false)).await;
        assert_eq!(on.status(BALANCER).await, Status::Made);
        denied.store(false, Ordering::Relaxed);
        let arn = on.stage.seen().into_iter().find(|(_, seen)| seen["kind"] == "nlb").unwrap().0;
        behind(&format!("elb.delete_load_balancer(LoadBalancerArn='{arn}')"));
        let report = on.try_up(balancer(&proxy, false)).await;
        assert!(report.failures[0].failure.message.contains("it is not there any more"), "{:?}", report.failures);
        assert_eq!(on.up(balancer(&proxy, false)).await, [0, 0, 1, 0]);
        on.down().await;
    }
}
