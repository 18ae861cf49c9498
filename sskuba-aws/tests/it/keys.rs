//! What cannot be there twice is one object, whatever it is called.

use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{
    Eip, InternetGateway, KeyPair, NatGateway, Route, RouteTable, RouteTableAssociation, SecurityGroup,
    SecurityGroupRule, Subnet, Vpc,
};
use sskuba_aws::elbv2::{Listener, LoadBalancer, TargetGroup, TargetGroupAttachment};
use sskuba_core::advice::Advice;
use sskuba_core::prelude::*;
use sskuba_core::provider::{Class, Effect};
use sskuba_testkit::aws::{Fate, Proxy};

use crate::stacks::behind;
use crate::stage::{Stage, scene};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2M8Rc9dOyRZ6uTPPCQfHEoqZdw0xkQ4bN8s5mX4v8X me@there";
const OTHER_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK3N9Sd0eOySa7vUQQDRgIFprqaex1ylRc9O9t6nY5w9 me@there";

/// Advises to make an object a resource's own.
fn importing(address: &str, id: &str) -> Advice {
    Advice::Import { address: address.parse().unwrap(), id: id.to_owned() }
}

/// Declares as many routes and associations as there are ranges, named after their places in the list.
fn listed(ranges: &'static [&'static str]) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + 'static {
    move |stack| {
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
        let gateway = stack.add("main", InternetGateway::new(vpc.id()))?;
        let table = stack.add("main", RouteTable::new(vpc.id()))?;
        let group = stack.add("main", SecurityGroup::new(vpc.id()))?;
        for (i, range) in ranges.iter().enumerate() {
            stack.add(format!("to-{i}"), Route::new(table.id(), *range).gateway_id(gateway.id()))?;
            let own = range.replace("192.168.", "10.0.");
            let subnet =
                stack.add(format!("in-{}", range.replace(['.', '/'], "-")), Subnet::new(vpc.id(), own))?;
            stack.add(format!("of-{i}"), RouteTableAssociation::new(subnet.id(), table.id()))?;
            stack.add(format!("from-{i}"), SecurityGroupRule::ingress(group.id()).all().cidr(*range))?;
        }
        Ok(())
    }
}

scene! {
    async fn a_list_in_another_order_is_the_same_list(stage: Stage) {
        let on = stage.stacked();
        assert_eq!(on.up(listed(&["192.168.1.0/24", "192.168.2.0/24", "192.168.3.0/24"])).await, [16, 0, 0, 0]);
        let before = on.stage.seen();
        let turned = listed(&["192.168.3.0/24", "192.168.1.0/24", "192.168.2.0/24"]);
        assert_eq!(on.up(turned).await, [0; 4]);
        assert_eq!(on.stage.seen(), before);
        // One goes from the front: four objects, and no other is touched.
        assert_eq!(on.up(listed(&["192.168.1.0/24", "192.168.2.0/24"])).await, [0, 0, 0, 4]);
        let table = on.stage.seen().into_values().find(|seen| seen["kind"] == "rtb").unwrap();
        let routes: Vec<&str> = table["routes"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!((routes, table["subnets"].as_array().unwrap().len()),
            (vec!["10.0.0.0/16", "192.168.1.0/24", "192.168.2.0/24"], 2));
        assert_eq!(on.up(listed(&["192.168.1.0/24", "192.168.2.0/24"])).await, [0; 4]);
        on.down().await;
    }
}

/// Declares what has a key, all under one name.
fn called(name: &'static str) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + 'static {
    move |stack| {
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
        let subnet = stack.add(name, Subnet::new(vpc.id(), "10.0.1.0/24"))?;
        stack.add(name, InternetGateway::new(vpc.id()))?;
        stack.add(name, KeyPair::new(KEY).name("renamed-key"))?;
        stack.add(name, SecurityGroup::new(vpc.id()).name("renamed"))?;
        let balancer = stack.add(name, LoadBalancer::new([subnet.id()]).name("renamed"))?;
        let targets = stack.add(name, TargetGroup::new(vpc.id(), 80).name("renamed"))?;
        stack.add(name, Listener::new(balancer.arn(), 80, targets.arn()))?;
        stack.add(name, TargetGroupAttachment::new(targets.arn(), "i-0123456789abcdef0"))?;
        Ok(())
    }
}

scene! {
    async fn another_name_in_the_program_is_no_other_object(stage: Stage) {
        let on = stage.stacked();
        assert_eq!(on.up(called("one")).await, [9, 0, 0, 0]);
        let before = on.stage.seen();
        assert_eq!(on.up(called("two")).await, [0; 4]);
        assert_eq!(on.stage.seen(), before);
        on.down().await;
    }
}

scene! {
    async fn another_key_of_one_name_takes_its_place(stage: Stage) {
        let on = stage.stacked();
        let with = |key: &'static str| move |stack: &mut Stack| -> Result<()> {
            stack.add("login", KeyPair::new(key).name("replaced"))?;
            Ok(())
        };
        on.up(with(KEY)).await;
        assert_eq!(on.up(with(OTHER_KEY)).await, [0, 0, 1, 0]);
        on.down().await;
    }
}

scene! {
    async fn a_strangers_key_pair_is_named_and_imported(stage: Stage) {
        let id = behind(&format!(
            "print(json.dumps(ec2.import_key_pair(KeyName='team', PublicKeyMaterial=b'{KEY}')['KeyPairId']))"
        ));
        let id = id.as_str().unwrap();
        let on = stage.stacked();
        let program = |stack: &mut Stack| -> Result<()> {
            stack.add("login", KeyPair::new(KEY).name("team"))?;
            Ok(())
        };
        let report = on.try_up(program).await;
        let failure = &report.failures[0].failure;
        assert_eq!((&failure.class, &failure.effect), (&Class::Conflict, &Effect::NotApplied));
        assert!(failure.message.contains("belongs to no stack"), "{failure}");
        assert_eq!(failure.advice, [importing("aws:ec2:KeyPair::login", id)], "{failure}");
        on.import(&program, "aws:ec2:KeyPair::login", id).await.unwrap();
        assert_eq!(on.up(program).await, [0; 4]);
        on.down().await;
    }
}

scene! {
    async fn what_another_has_is_refused_with_its_id(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await.id();
        let subnet = stage.create("a", Subnet::new(vpc.clone(), "10.0.1.0/24")).await.id();
        let gateway = stage.create("a", InternetGateway::new(vpc.clone())).await.id();
        let group = stage.create("a", SecurityGroup::new(vpc.clone()).name("taken")).await.id();
        let table = stage.create("a", RouteTable::new(vpc.clone())).await.id();
        let route = stage.create("a", Route::new(table.clone(), "0.0.0.0/0").gateway_id(gateway.clone())).await.id();
        let uses = stage.create("a", RouteTableAssociation::new(subnet.clone(), table.clone())).await.id();
        let rule = || SecurityGroupRule::ingress(group.clone()).protocol("6").from_port(80).to_port(80);
        let allowed = stage.create("a", rule().cidr("10.0.0.0/8")).await.id();
        let balancer = || LoadBalancer::new(vec![subnet.clone()]).name("taken-here");
        let balancing = stage.create("a", balancer()).await.id();
        let targets = || TargetGroup::new(vpc.clone(), 80).name("taken-here");
        let group_of_targets = stage.create("a", targets()).await.id();
        let listener = Listener::new(balancing.clone(), 80, group_of_targets.clone());
        let listening = stage.create("a", listener).await.id();
        let target = || TargetGroupAttachment::new(group_of_targets.clone(), "i-0123456789abcdef0");
        let attached = stage.create("a", target()).await.id();

        refused(&stage, Subnet::new(vpc.clone(), "10.0.1.0/24"), &subnet).await;
        refused(&stage, InternetGateway::new(vpc.clone()), &gateway).await;
        refused(&stage, SecurityGroup::new(vpc.clone()).name("taken"), &group).await;
        refused(&stage, Route::new(table.clone(), "0.0.0.0/0").gateway_id(gateway.clone()), &route).await;
        refused(&stage, RouteTableAssociation::new(subnet.clone(), table.clone()), &uses).await;
        refused(&stage, rule().protocol("tcp").cidr("10.0.0.0/8"), &allowed).await;
        refused(&stage, balancer(), &balancing).await;
        refused(&stage, targets(), &group_of_targets).await;
        refused(&stage, Listener::new(balancing.clone(), 80, group_of_targets.clone()), &listening).await;
        refused(&stage, target(), &attached).await;
    }
}

async fn refused<R: Resource>(stage: &Stage, resource: R, id: &str) {
    let kind = R::schema().kind.clone();
    let failure = stage.try_create(stage.cx::<R>("other"), resource).await.err();
    let failure = failure.unwrap_or_else(|| panic!("{kind} was taken over"));
    assert_eq!(
        (&failure.class, &failure.effect),
        (&Class::Conflict, &Effect::NotApplied),
        "{kind}: {failure}"
    );
    assert_eq!(failure.exists.as_deref(), Some(id), "{kind}: {failure}");
}

scene! {
    /// The first call is carried out and its answer lost: what is there is this resource's, and no stranger's.
    async fn a_route_whose_answer_is_lost_is_no_strangers(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, nth| match (action, nth) {
            ("CreateRoute" | "AssociateRouteTable" | "RegisterTargets", 1) => Fate::Lose,
            _ => Fate::Pass,
        })
        .await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
            let gateway = stack.add("main", InternetGateway::new(vpc.id()))?.provider(&here);
            let table = stack.add("main", RouteTable::new(vpc.id()))?.provider(&here);
            let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.1.0/24"))?.provider(&here);
            stack.add("out", Route::new(table.id(), "0.0.0.0/0").gateway_id(gateway.id()))?.provider(&here);
            stack.add("out", RouteTableAssociation::new(subnet.id(), table.id()))?.provider(&here);
            let targets = stack.add("out", TargetGroup::new(vpc.id(), 80))?.provider(&here);
            stack.add("out", TargetGroupAttachment::new(targets.arn(), "i-0123456789abcdef0"))?.provider(&here);
            Ok(())
        };
        assert_eq!(on.up(program.clone()).await, [9, 0, 0, 0]);
        assert_eq!((proxy.calls("CreateRoute"), proxy.calls("AssociateRouteTable")), (2, 1));
        assert_eq!(on.up(program).await, [0; 4]);
        on.down().await;
    }
}

/// Declares a group with the port 80 and targets, each with its port.
fn targets(
    ports: &'static [(&'static str, Option<u16>)],
) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + 'static {
    move |stack| {
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
        let group = stack.add("main", TargetGroup::new(vpc.id(), 80))?;
        for (name, port) in ports {
            let target = TargetGroupAttachment::new(group.arn(), "i-0123456789abcdef0");
            stack.add(
                *name,
                match port {
                    Some(port) => target.port(*port),
                    None => target,
                },
            )?;
        }
        Ok(())
    }
}

/// Returns the ports on which a target is registered.
fn registered(stage: &Stage) -> serde_json::Value {
    let group = stage.seen().into_iter().find(|(_, seen)| seen["kind"] == "tg").map(|(arn, _)| arn);
    let arn = group.expect("the group");
    behind(&format!(
        "health = elb.describe_target_health(TargetGroupArn='{arn}')['TargetHealthDescriptions']\n\
         print(json.dumps(sorted(one['Target'].get('Port') for one in health)))"
    ))
}

scene! {
    async fn a_target_without_a_port_has_its_groups(stage: Stage) {
        let on = stage.stacked();
        let twice = on.try_up(targets(&[("one", None), ("two", Some(80))])).await;
        let failure = &twice.failures[0].failure;
        assert!(failure.message.contains("it would be a second object with") && failure.message.contains("port 80"), "{failure}");
        assert_eq!(registered(&on.stage), serde_json::json!([80]));
        let refused = on.engine.preview(&on.stage.stack, targets(&[("one", None), ("two", Some(80))])).await;
        assert!(refused.unwrap_err().to_string().contains("declare it once"));
        // To say it or not is the same.
        on.up(targets(&[("one", None)])).await;
        assert_eq!(on.up(targets(&[("one", Some(80))])).await, [0; 4]);
        on.down().await;
    }
}

scene! {
    /// What an earlier release recorded without a port is the same target, and stays registered. (Of one id moto knows one
    /// port, so that the calls tell.)
    async fn a_target_that_was_made_without_a_port_gets_its_groups(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await;
        let stage = stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let group = stage.create("main", TargetGroup::new(vpc.id(), 80)).await;
        let target = || TargetGroupAttachment::new(group.id(), "i-0123456789abcdef0");
        let mut live = stage.create("one", target()).await;
        stage.update(&mut live, target().port(80)).await;
        assert_eq!((stage.drift(&live).await, registered(&stage)), (vec![], serde_json::json!([80])));
        assert_eq!(proxy.calls("DeregisterTargets"), 0);
        // `update` is asked twice, as after an interruption.
        stage.update(&mut live, target().port(81)).await;
        let calls = proxy.log();
        let calls: Vec<&str> = calls.iter().map(String::as_str).filter(|call| call.ends_with("Targets")).collect();
        let (on, off) = ("RegisterTargets", "DeregisterTargets");
        assert_eq!(calls, [on, on, on, on, off, on, off]);
        stage.delete(&live).await;
        stage.delete(&group).await;
        stage.delete(&vpc).await;
    }
}

scene! {
    async fn who_has_the_address_of_a_gateway_is_named(stage: Stage) {
        let on = stage.stacked();
        let program = |gateway: bool| move |stack: &mut Stack| -> Result<()> {
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
            let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?;
            let address = stack.add("nat", Eip::new())?;
            if gateway {
                stack.add("nat", NatGateway::new(subnet.id()).allocation_id(address.id()))?;
            }
            Ok(())
        };
        on.up(program(false)).await;
        let id = |kind: &str| {
            let seen = on.stage.seen();
            seen.into_iter().find(|(_, seen)| seen["kind"] == kind).map(|(id, _)| id).unwrap_or_default()
        };
        let other = behind(&format!(
            "made = ec2.create_nat_gateway(SubnetId='{}', AllocationId='{}')\n\
             print(json.dumps(made['NatGateway']['NatGatewayId']))",
            id("subnet"),
            id("eip")
        ));
        let other = other.as_str().expect("its id").to_owned();
        let report = on.try_up(program(true)).await;
        let failure = &report.failures[0].failure;
        assert_eq!((&failure.class, failure.exists.as_deref()), (&Class::Conflict, Some(other.as_str())), "{failure}");
        assert_eq!(failure.advice, [importing("aws:ec2:NatGateway::nat", &other)], "{failure}");
        on.import(&program(true), "aws:ec2:NatGateway::nat", &other).await.unwrap();
        assert_eq!(on.up(program(true)).await, [0; 4]);
        on.down().await;
    }
}

scene! {
    async fn a_tag_of_awss_own_is_refused_before_any_call(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
            stack.add("web", Subnet::new(vpc.id(), "10.0.1.0/24").tag("aws:team", "data"))?.provider(&here);
            Ok(())
        };
        let error = on.engine.up(&on.stage.stack, program).await.unwrap_err().to_string();
        for part in ["aws:ec2:Subnet::web", "`tags`", "\"aws:team\""] {
            assert!(error.contains(part), "`{part}` is missing: {error}");
        }
        let defaults = Settings::new().endpoint(proxy.endpoint.clone()).default_tag("aws:team", "data");
        let refused = on.stage.with_provider(defaults).await.place().await.unwrap_err();
        assert!(refused.to_string().contains("default_tags") && refused.to_string().contains("aws:team"), "{refused}");
        assert_eq!(proxy.log(), [""; 0]);
    }
}
