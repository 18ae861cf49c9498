//! What AWS changes of an object that stays, and what it does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{Instance, InternetGateway, SecurityGroup, Subnet, Vpc};
use sskuba_aws::elbv2::{Listener, LoadBalancer, TargetGroup};
use sskuba_core::plan::Action;
use sskuba_core::prelude::*;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::stacks::{Stacked, behind};
use crate::stage::{Stage, scene};

pub(crate) const IMAGE: &str = "ami-12c6146b";

impl Stacked {
    /// Returns what a plan does to the one resource of a kind.
    pub(crate) async fn planned(&self, program: impl sskuba_core::stack::Program, kind: &str) -> Action {
        let plan = self.engine.preview(&self.stage.stack, program).await.unwrap();
        let mut of_kind = plan.steps.iter().filter(|step| step.address.kind_str() == kind);
        of_kind.next().unwrap_or_else(|| panic!("no {kind} is planned")).action
    }
}

/// Declares a machine of a type in a subnet.
fn typed(
    proxy: &Proxy,
    instance_type: &'static str,
    change: impl Fn(Instance) -> Instance + Send + Sync + Clone + 'static,
) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    let endpoint = proxy.endpoint.clone();
    move |stack| {
        let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
        let subnet = stack.add("a", Subnet::new(vpc.id(), "10.0.1.0/24"))?.provider(&here);
        let machine = Instance::new(IMAGE, instance_type, subnet.id()).user_data("hello");
        stack.add("web", change(machine))?.provider(&here);
        Ok(())
    }
}

fn machine(
    proxy: &Proxy,
    change: impl Fn(Instance) -> Instance + Send + Sync + Clone + 'static,
) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    typed(proxy, "t3.micro", change)
}

const MONITORED: &str = "<MonitorInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
    <instancesSet/></MonitorInstancesResponse>";
const CREDITED: &str = "<ModifyInstanceCreditSpecificationResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">\
    <successfulInstanceCreditSpecificationSet/><unsuccessfulInstanceCreditSpecificationSet/>\
    </ModifyInstanceCreditSpecificationResponse>";

/// Starts a proxy with what moto lacks: monitoring, credits, and user data that is encoded once.
async fn complete() -> Proxy {
    let (monitored, unlimited) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), move |action, _| match action {
        "ModifyInstanceAttribute" => Fate::Send("b3RoZXI%3D", "YjNSb1pYST0%3D"),
        "MonitorInstances" => {
            monitored.store(true, Ordering::SeqCst);
            Fate::Answer(MONITORED)
        }
        "DescribeInstances" if monitored.load(Ordering::SeqCst) => {
            Fate::Edit("<monitoring><state>disabled", "<monitoring><state>enabled")
        }
        "ModifyInstanceCreditSpecification" => {
            unlimited.store(true, Ordering::SeqCst);
            Fate::Answer(CREDITED)
        }
        "DescribeInstanceCreditSpecifications" if unlimited.load(Ordering::SeqCst) => {
            Fate::Edit("standard", "unlimited")
        }
        _ => Fate::Pass,
    })
    .await
}

scene! {
    async fn monitoring_credits_and_protection_change_in_place(stage: Stage) {
        let proxy = complete().await;
        let on = stage.stacked();
        on.up(machine(&proxy, |machine| machine)).await;
        let id = on.id_of("instance");
        let more = |protected: bool| {
            machine(&proxy, move |machine| {
                machine.monitoring(true).cpu_credits("unlimited").termination_protection(protected)
            })
        };
        assert_eq!(on.up(more(true)).await, [0, 1, 0, 0]);
        let calls = ["MonitorInstances", "ModifyInstanceCreditSpecification", "ModifyInstanceAttribute", "StopInstances"];
        assert_eq!(calls.map(|call| proxy.calls(call)), [1, 1, 1, 0]);
        assert_eq!((on.drifted().await, on.id_of("instance")), (vec![], id.clone()));
        assert_eq!(on.up(more(false)).await, [0, 1, 0, 0]);
        assert_eq!(on.drifted().await, []);
        on.down().await;
    }
}

scene! {
    async fn a_type_changes_with_a_stop_where_that_is_allowed(stage: Stage) {
        let proxy = complete().await;
        let on = stage.stacked();
        on.up(machine(&proxy, |machine| machine)).await;
        let id = on.id_of("instance");
        let other = |stop: bool| {
            typed(&proxy, "t3.small", move |machine| machine.user_data("other").stop_to_update(stop))
        };
        assert_eq!(on.planned(other(false), "aws:ec2:Instance").await, Action::Replace);
        assert_eq!(on.planned(other(true), "aws:ec2:Instance").await, Action::Update);
        assert_eq!(on.up(other(true)).await, [0, 1, 0, 0]);
        let seen = &on.stage.seen()[&id];
        assert_eq!((&seen["type"], &seen["user_data"]), (&"t3.small".into(), &"b3RoZXI=".into()));
        let log = proxy.log();
        let power: Vec<&str> = log.iter().map(String::as_str).filter(|call| call.ends_with("Instances")).collect();
        let power: Vec<&str> = power.into_iter().filter(|call| call.starts_with("St")).collect();
        assert_eq!((power, on.drifted().await), (vec!["StopInstances", "StartInstances"], vec![]));
        assert_eq!(on.up(other(true)).await, [0; 4]);
        on.down().await;
    }
}

scene! {
    async fn a_machine_that_shall_not_run_is_stopped(stage: Stage) {
        let proxy = complete().await;
        let on = stage.stacked();
        let program = |running: bool| machine(&proxy, move |machine| machine.running(running));
        assert_eq!(on.up(program(false)).await, [4, 0, 0, 0]);
        let id = on.id_of("instance");
        assert_eq!((proxy.calls("StopInstances"), on.drifted().await), (1, vec![]));
        assert_eq!(on.up(program(false)).await, [0; 4]);
        assert_eq!((on.up(program(true)).await, proxy.calls("StartInstances")), ([0, 1, 0, 0], 1));
        assert_eq!((on.up(program(false)).await, on.id_of("instance")), ([0, 1, 0, 0], id));
        assert_eq!(on.drifted().await, []);
        on.down().await;
    }
}

/// Declares a balancer in some of the three subnets of one of two networks.
fn balanced(
    proxy: &Proxy,
    network: usize,
    zones: &'static [usize],
    groups: &'static [&'static str],
) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    let endpoint = proxy.endpoint.clone();
    move |stack| {
        let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
        let (mut subnets, mut targets, mut secured) = (Vec::new(), Vec::new(), Vec::new());
        let mut gateways = Vec::new();
        for i in 0..2 {
            let vpc = stack.add(format!("{i}"), Vpc::new(format!("10.{i}.0.0/16")))?.provider(&here);
            gateways.push(stack.add(format!("{i}"), InternetGateway::new(vpc.id()))?.provider(&here));
            for (nth, zone) in ["a", "b", "c"].into_iter().enumerate() {
                let range = format!("10.{i}.{nth}.0/24");
                let subnet = Subnet::new(vpc.id(), range).availability_zone(format!("us-east-1{zone}"));
                subnets.push(stack.add(format!("{i}-{zone}"), subnet)?.provider(&here));
            }
            for group in groups {
                let name = format!("{group}-{i}");
                secured.push(stack.add(name, SecurityGroup::new(vpc.id()))?.provider(&here));
            }
            targets.push(stack.add(format!("{i}"), TargetGroup::new(vpc.id(), 80))?.provider(&here));
        }
        let of_network = zones.iter().map(|zone| subnets[3 * network + zone].id());
        let mut balancer = LoadBalancer::new(of_network.collect::<Vec<_>>());
        for i in 0..groups.len() {
            balancer = balancer.security_group(secured[groups.len() * network + i].id());
        }
        let balancer = stack.add("api", balancer)?.provider(&here).depends_on(&gateways[network]);
        stack.add("api", Listener::new(balancer.arn(), 80, targets[network].arn()))?.provider(&here);
        Ok(())
    }
}

scene! {
    async fn a_balancer_changes_in_place_within_its_network(stage: Stage) {
        let proxy = Proxy::strict(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await;
        let on = stage.stacked();
        on.up(balanced(&proxy, 0, &[0, 1, 2], &["web"])).await;
        let arn = on.id_of("nlb");
        assert_eq!(on.up(balanced(&proxy, 0, &[0, 1], &["web"])).await, [0, 1, 0, 0], "a subnet fewer");
        assert_eq!(on.up(balanced(&proxy, 0, &[1, 2], &["web", "api"])).await[1..], [1, 0, 0], "another subnet and a group more");
        assert_eq!((on.drifted().await, on.id_of("nlb")), (vec![], arn.clone()));
        let (elsewhere, kind) = (balanced(&proxy, 1, &[0, 1], &["web", "api"]), "aws:elbv2:LoadBalancer");
        assert_eq!(on.planned(elsewhere.clone(), kind).await, Action::Replace);
        assert_eq!(on.up(elsewhere.clone()).await, [0, 0, 2, 0]);
        assert!(on.id_of("nlb") != arn);
        assert_eq!((on.drifted().await, on.up(elsewhere).await), (vec![], [0; 4]));
        on.down().await;
    }
}

scene! {
    /// AWS gives no group to a balancer that was made without any.
    async fn the_first_groups_of_a_balancer_replace_it(stage: Stage) {
        let proxy = Proxy::strict(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await;
        let on = stage.stacked();
        on.up(balanced(&proxy, 0, &[0, 1], &[])).await;
        let arn = on.id_of("nlb");
        let secured = balanced(&proxy, 0, &[0, 1], &["web"]);
        assert_eq!(on.planned(secured.clone(), "aws:elbv2:LoadBalancer").await, Action::Replace);
        on.up(secured.clone()).await;
        assert!(on.id_of("nlb") != arn);
        assert_eq!((on.drifted().await, on.up(secured).await), (vec![], [0; 4]));
        let groups = behind("print(json.dumps([one['SecurityGroups'] for one in elb.describe_load_balancers()['LoadBalancers']]))");
        assert!(groups.to_string().contains("sg-"), "{groups}");
        on.down().await;
    }
}

scene! {
    /// AWS deletes no target group that a listener sends to, and there are no two of one name.
    async fn a_listener_goes_before_the_group_that_keeps_its_name(stage: Stage) {
        let on = stage.stacked();
        let program = |port: u16| {
            move |stack: &mut Stack| -> Result<()> {
                let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
                let subnet = stack.add("a", Subnet::new(vpc.id(), "10.0.1.0/24"))?;
                let targets = stack.add("web", TargetGroup::new(vpc.id(), port).name("held-by-its-listener"))?;
                let balancer = stack.add("web", LoadBalancer::new([subnet.id()]).internal(true))?;
                stack.add("web", Listener::new(balancer.arn(), 80, targets.arn()))?;
                Ok(())
            }
        };
        on.up(program(80)).await;
        let balancer = on.id_of("nlb");
        assert_eq!(on.up(program(81)).await, [0, 0, 2, 0]);
        assert_eq!((on.drifted().await, on.id_of("nlb")), (vec![], balancer));
        on.down().await;
    }
}
