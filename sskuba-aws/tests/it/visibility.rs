//! What was made a moment ago is not known everywhere yet: each call that names it is asked again, and nothing fails.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{
    Eip, Instance, InternetGateway, KeyPair, NatGateway, Route, RouteTable, RouteTableAssociation,
    SecurityGroup, SecurityGroupRule, Subnet, Vpc,
};
use sskuba_aws::elbv2::{Listener, LoadBalancer, TargetGroup, TargetGroupAttachment};
use sskuba_core::prelude::*;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::imports::KEY;
use crate::stage::{Stage, scene};

const IMAGE: &str = "ami-12c6146b";

/// The calls that name something which may have been made a moment ago, each with what AWS answers then.
const NAMING: &[(&str, &str)] = &[
    ("ModifyVpcAttribute", "InvalidVpcID.NotFound"),
    ("CreateSubnet", "InvalidVpcID.NotFound"),
    ("ModifySubnetAttribute", "InvalidSubnetID.NotFound"),
    ("AttachInternetGateway", "InvalidInternetGatewayID.NotFound"),
    ("CreateRouteTable", "InvalidVpcID.NotFound"),
    ("CreateRoute", "InvalidRouteTableID.NotFound"),
    ("AssociateRouteTable", "InvalidSubnetID.NotFound"),
    ("CreateSecurityGroup", "InvalidVpcID.NotFound"),
    ("RevokeSecurityGroupEgress", "InvalidGroup.NotFound"),
    ("AuthorizeSecurityGroupIngress", "InvalidGroup.NotFound"),
    ("AuthorizeSecurityGroupEgress", "InvalidGroup.NotFound"),
    ("CreateNatGateway", "InvalidSubnetID.NotFound"),
    ("DescribeNatGateways", "NatGatewayNotFound"),
    ("RunInstances", "InvalidKeyPair.NotFound"),
    ("ModifyInstanceAttribute", "InvalidInstanceID.NotFound"),
    ("DescribeInstances", "InvalidInstanceID.NotFound"),
    ("CreateLoadBalancer", "InvalidSecurityGroup"),
    ("ModifyLoadBalancerAttributes", "LoadBalancerNotFound"),
    ("CreateTargetGroup", "ValidationError"),
    ("ModifyTargetGroupAttributes", "TargetGroupNotFound"),
    ("DescribeListeners", "LoadBalancerNotFound"),
    ("CreateListener", "TargetGroupNotFound"),
    ("RegisterTargets", "InvalidTarget"),
    ("ModifyListener", "TargetGroupNotFound"),
    ("ReplaceRoute", "InvalidInternetGatewayID.NotFound"),
    ("ReplaceRouteTableAssociation", "InvalidRouteTableID.NotFound"),
];

/// Declares one object of every kind; `second` moves what can be moved to objects that are made then.
fn platform(
    endpoint: String,
    second: bool,
) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    move |stack| {
        let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16").enable_dns_hostnames(true))?.provider(&here);
        let subnet = Subnet::new(vpc.id(), "10.0.1.0/24").map_public_ip_on_launch(true);
        let subnet = stack.add("a", subnet)?.provider(&here);
        let gateway = stack.add("main", InternetGateway::new(vpc.id()))?.provider(&here);
        let mut table = stack.add("main", RouteTable::new(vpc.id()))?.provider(&here);
        let address = stack.add("nat", Eip::new())?.provider(&here);
        let nat = NatGateway::new(subnet.id()).allocation_id(address.id());
        let nat = stack.add("nat", nat)?.provider(&here);
        let out = Route::new(table.id(), "0.0.0.0/0");
        let out = if second { out.nat_gateway_id(nat.id()) } else { out.gateway_id(gateway.id()) };
        stack.add("out", out)?.provider(&here);
        let group = SecurityGroup::new(vpc.id()).allow_all_outbound(false);
        let group = stack.add("web", group)?.provider(&here);
        let rule = SecurityGroupRule::ingress(group.id()).tcp(80).cidr("0.0.0.0/0");
        stack.add("web", rule)?.provider(&here);
        let rule = SecurityGroupRule::egress(group.id()).all().source_group_id(group.id());
        stack.add("peers", rule)?.provider(&here);
        let key = stack.add("login", KeyPair::new(KEY))?.provider(&here);
        let machine = Instance::new(IMAGE, "t3.micro", subnet.id()).key_name(key.key_name());
        let machine = machine.security_group(group.id()).source_dest_check(false);
        let machine = stack.add("web", machine)?.provider(&here);
        let balancer = LoadBalancer::new([subnet.id()]).security_group(group.id());
        let balancer = stack.add("web", balancer)?.provider(&here);
        let mut targets = stack.add("web", TargetGroup::new(vpc.id(), 80))?.provider(&here);
        stack.add("web", TargetGroupAttachment::new(targets.arn(), machine.id()))?.provider(&here);
        if second {
            table = stack.add("second", RouteTable::new(vpc.id()))?.provider(&here);
            targets = stack.add("second", TargetGroup::new(vpc.id(), 80))?.provider(&here);
        }
        stack.add("a", RouteTableAssociation::new(subnet.id(), table.id()))?.provider(&here);
        stack.add("web", Listener::new(balancer.arn(), 80, targets.arn()))?.provider(&here);
        Ok(())
    }
}

scene! {
    async fn each_call_that_names_something_new_is_asked_again(stage: Stage) {
        let refused: Arc<Mutex<BTreeSet<String>>> = Arc::default();
        let seen = Arc::clone(&refused);
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), move |action, _| {
            match NAMING.iter().find(|(naming, _)| *naming == action) {
                Some((_, "ValidationError")) if seen.lock().unwrap().insert(action.to_owned()) => {
                    Fate::RefuseWith(400, "ValidationError", "The VPC ID 'vpc-1' is not found")
                }
                Some((_, code)) if seen.lock().unwrap().insert(action.to_owned()) => Fate::Refuse(400, code),
                _ => Fate::Pass,
            }
        })
        .await;
        let on = stage.stacked();
        assert_eq!(on.up(platform(proxy.endpoint.clone(), false)).await, [18, 0, 0, 0]);
        let group = on.stage.seen().into_values().find(|seen| seen["kind"] == "sg").unwrap();
        assert_eq!(group["out"], serde_json::json!(["-1"]), "what it was made with is gone, and its rule is there");
        assert_eq!(on.up(platform(proxy.endpoint.clone(), false)).await, [0; 4]);
        assert_eq!(on.up(platform(proxy.endpoint.clone(), true)).await, [2, 3, 0, 0]);
        let refused = refused.lock().unwrap().clone();
        let missing: Vec<_> = NAMING.iter().filter(|(action, _)| !refused.contains(*action)).collect();
        assert!(missing.is_empty(), "they were not called: {missing:?}");
        on.down().await;
    }
}

scene! {
    /// What is old is seen, and what nobody has is told at once.
    async fn a_wrong_id_is_told_at_once(stage: Stage) {
        let on = stage.stacked();
        let begun = std::time::Instant::now();
        let report = on.try_up(|stack: &mut Stack| -> Result<()> {
            stack.add("a", Subnet::new("vpc-0123456789abcdef0", "10.0.1.0/24"))?;
            Ok(())
        })
        .await;
        assert!(report.failures[0].failure.message.contains("InvalidVpcID.NotFound"), "{:?}", report.failures);
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}
