//! What AWS stores otherwise than a program writes it, and what it does not take at all.

use serde_json::json;
use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{
    InternetGateway, KeyPair, NatGateway, Route, RouteTable, SecurityGroup, SecurityGroupRule, Subnet, Vpc,
};
use sskuba_aws::elbv2::{HealthCheck, Listener, LoadBalancer, TargetGroup};
use sskuba_core::prelude::*;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::stacks::behind;
use crate::stage::{Stage, scene};

/// One network, in the spelling that AWS stores or in another.
fn network(stored: bool) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + 'static {
    move |stack| {
        let spelt = |stored_so: &'static str, other: &'static str| if stored { stored_so } else { other };
        let vpc = stack.add("main", Vpc::new(spelt("10.0.0.0/16", "10.0.3.7/16")))?;
        stack.add("a", Subnet::new(vpc.id(), spelt("10.0.1.0/24", "10.0.1.9/24")))?;
        let gateway = stack.add("main", InternetGateway::new(vpc.id()))?;
        let table = stack.add("main", RouteTable::new(vpc.id()))?;
        let (v4, v6) = (spelt("192.168.0.0/16", "192.168.7.7/16"), spelt("fd00::/64", "FD00:0:0::1/64"));
        stack.add("v4", Route::new(table.id(), v4).gateway_id(gateway.id()))?;
        stack.add("v6", Route::new(table.id(), v6).gateway_id(gateway.id()))?;
        let group = stack.add("web", SecurityGroup::new(vpc.id()).name(spelt("spelt", "Spelt ")))?;
        let rule = |protocol: &'static str| SecurityGroupRule::ingress(group.id()).protocol(protocol);
        let (tcp, all) = (spelt("tcp", "6"), spelt("-1", "all"));
        stack.add("https", rule(tcp).from_port(443).to_port(443).cidr(v4))?;
        stack.add("dns", rule(spelt("udp", "UDP")).from_port(53).to_port(53).cidr(v6))?;
        stack.add("ping", rule(spelt("icmpv6", "58")).cidr(v6))?;
        stack.add("peers", rule(all).source_group_id(group.id()))?;
        Ok(())
    }
}

scene! {
    async fn another_spelling_of_what_aws_stores_is_the_same(stage: Stage) {
        let on = stage.stacked();
        assert_eq!(on.up(network(false)).await, [11, 0, 0, 0]);
        let seen = on.stage.seen();
        let of = |kind: &str| seen.iter().find(|(_, seen)| seen["kind"] == kind).unwrap();
        let ranges: Vec<&str> = of("rtb").1["routes"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(ranges, ["10.0.0.0/16", "192.168.0.0/16", "fd00::/64"]);
        assert_eq!(of("subnet").1["cidr"], "10.0.1.0/24");
        let rules = behind(&format!(
            "rules = ec2.describe_security_group_rules(Filters=[{{'Name': 'group-id', 'Values': ['{}']}}])\n\
             own = [rule for rule in rules['SecurityGroupRules'] if not rule['IsEgress']]\n\
             print(json.dumps(sorted([rule['IpProtocol'], rule.get('CidrIpv4') or rule.get('CidrIpv6')] for rule in own \
             if rule['IpProtocol'] != '-1')))",
            of("sg").0
        ));
        let stored = json!([["icmpv6", "fd00::/64"], ["tcp", "192.168.0.0/16"], ["udp", "fd00::/64"]]);
        assert_eq!(rules, stored);

        let mut session = on.engine.open(&on.stage.stack, "refresh", std::time::Duration::ZERO).await.unwrap();
        let found = session.refresh(&Default::default()).await.unwrap();
        session.close().await.unwrap();
        assert!(found.drifted.is_empty(), "{:?}", found.drifted);
        assert_eq!(on.up(network(false)).await, [0; 4]);
        assert_eq!(on.up(network(true)).await, [0; 4]);
        on.down().await;
    }
}

scene! {
    /// Each is found in the plan, though the network that they are in is not made yet.
    async fn what_aws_does_not_take_is_refused_before_any_call(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
            stack.add("wide", Vpc::new("10.0.0.0/8"))?.provider(&here);
            let subnet = stack.add("narrow", Subnet::new(vpc.id(), "10.0.0.0/30"))?.provider(&here);
            let group = stack.add("name", SecurityGroup::new(vpc.id()).name("sg-web"))?.provider(&here);
            stack.add("words", SecurityGroup::new(vpc.id()).description("für alle"))?.provider(&here);
            let rule = || SecurityGroupRule::ingress(group.id()).cidr("0.0.0.0/0");
            stack.add("port", rule().from_port(70000).to_port(70000))?.provider(&here);
            stack.add("protocol", rule().protocol("sctpp"))?.provider(&here);
            stack.add("words", rule().tcp(80).description("web?"))?.provider(&here);
            stack.add("key", KeyPair::new("ssh-ed25519 AAAA").name("mine "))?.provider(&here);
            stack.add("nat", NatGateway::new(subnet.id()))?.provider(&here);
            let balancer = LoadBalancer::new([subnet.id()]).name("internal-api");
            let balancer = stack.add("api", balancer)?.provider(&here);
            let check = HealthCheck { port: "70000".into(), ..HealthCheck::default() };
            let targets = stack.add("api", TargetGroup::new(vpc.id(), 80).health_check(check))?.provider(&here);
            stack.add("api", Listener::new(balancer.arn(), 0, targets.arn()))?.provider(&here);
            stack.add("target", Route::new("", "0.0.0.0/0").gateway_id("igw-1"))?.provider(&here);
            Ok(())
        };
        let error = on.engine.up(&on.stage.stack, program).await.unwrap_err().to_string();
        let parts = [
            ("aws:ec2:Vpc::wide", "is a /8"),
            ("aws:ec2:Subnet::narrow", "is a /30"),
            ("aws:ec2:SecurityGroup::name", "begins with \"sg-\""),
            ("aws:ec2:SecurityGroup::words", "has 'ü'"),
            ("aws:ec2:SecurityGroupRule::port", "is 70000"),
            ("aws:ec2:SecurityGroupRule::protocol", "\"sctpp\" is none that AWS knows"),
            ("aws:ec2:SecurityGroupRule::words", "has '?'"),
            ("aws:ec2:KeyPair::key", "begins or ends"),
            ("aws:ec2:NatGateway::nat", "needs an elastic address"),
            ("aws:elbv2:LoadBalancer::api", "begins with \"internal-\""),
            ("aws:elbv2:TargetGroup::api", "is \"70000\""),
            ("aws:elbv2:Listener::api", "is 0"),
            ("aws:ec2:Route::target", "is empty"),
        ];
        for (address, words) in parts {
            let told = error.lines().any(|line| line.contains(address) && line.contains(words));
            assert!(told, "{address}: `{words}` is missing: {error}");
        }
        assert_eq!(proxy.log(), [""; 0]);
    }
}

scene! {
    async fn names_made_of_addresses_are_such_as_aws_takes(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let group = stage.create("sg-web", SecurityGroup::new(vpc.id())).await;
        assert!(group.output("group_name").starts_with("web-"), "{}", group.output("group_name"));
        stage.found(&group).await;
        let balancer = stage.create("internal-api", LoadBalancer::new(vec![subnet.id()])).await;
        stage.same_again(&balancer).await;
        stage.found(&balancer).await;
        let name = stage.read(&balancer).await.unwrap().inputs["name"].as_str().unwrap().to_owned();
        assert!(name.starts_with("api-"), "{name}");
        stage.delete(&balancer).await;
        stage.delete(&group).await;
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}
