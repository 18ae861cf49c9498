//! What AWS stores otherwise than a program writes it.

use serde_json::json;
use sskuba_aws::ec2::{InternetGateway, Route, RouteTable, SecurityGroup, SecurityGroupRule, Subnet, Vpc};
use sskuba_core::prelude::*;

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
