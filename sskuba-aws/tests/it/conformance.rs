//! Every kind against the suite that any provider has to pass.

use serde_json::{Value as Json, json};
use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{
    DhcpOptions, Eip, InternetGateway, LaunchTemplate, NetworkAcl, NetworkInterface, RouteTable,
    SecurityGroup, Subnet, Volume, Vpc,
};
use sskuba_aws::elbv2::{LoadBalancer, TargetGroup};
use sskuba_aws::route53::Zone;
use sskuba_core::testing::provider_conformance::{Case, assert_conforms};

use crate::stage::{Stage, scene};
use sskuba_testkit::aws::{Fate, Proxy};

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2M8Rc9dOyRZ6uTPPCQfHEoqZdw0xkQ4bN8s5mX4v8X me@there";
const OTHER_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIK3N9Sd0eOySa7vUQQDRgIFprqaex1ylRc9O9t6nY5w9 me@there";

async fn conforms(stage: &Stage, kind: &str, create: Json, update: Option<Json>, replacement: Option<Json>) {
    let mut case = Case::new(create).reports_inputs();
    if let Some(settings) = &stage.settings {
        case = case.settings(settings.clone());
    }
    if let Some(update) = update {
        case = case.update(update);
    }
    if let Some(replacement) = replacement {
        case = case.replacement(replacement);
    }
    assert_conforms(stage.factory.as_ref(), kind, &case).await;
}

scene! {
    async fn networks_conform(stage: Stage) {
        let vpc = json!({"cidr": "10.0.0.0/16", "tags": {"a": "1"}});
        let changed = json!({"cidr": "10.0.0.0/16", "enable_dns_hostnames": true, "tags": {"b": "2"}});
        conforms(&stage, "aws:ec2:Vpc", vpc, Some(changed), Some(json!({"cidr": "10.1.0.0/16"}))).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await.id();
        let subnet = |third: u8, public: bool| {
            json!({"vpc_id": vpc, "cidr": format!("10.0.{third}.0/24"), "map_public_ip_on_launch": public})
        };
        conforms(&stage, "aws:ec2:Subnet", subnet(1, false), Some(subnet(1, true)), Some(subnet(2, true))).await;
        let tagged = |value: &str| json!({"vpc_id": vpc, "tags": {"a": value}});
        conforms(&stage, "aws:ec2:InternetGateway", tagged("1"), Some(tagged("2")), None).await;
        conforms(&stage, "aws:ec2:RouteTable", tagged("1"), Some(tagged("2")), Some(tagged("3"))).await;
        let group = |words: &str| json!({"vpc_id": vpc, "description": words, "tags": {"a": "1"}});
        conforms(&stage, "aws:ec2:SecurityGroup", group("one"), None, Some(group("two"))).await;
        conforms(&stage, "aws:ec2:Eip", json!({}), Some(json!({"tags": {"a": "1"}})), Some(json!({}))).await;
        let key = |key: &str, tag: &str| json!({"public_key": key, "tags": {"a": tag}});
        let other = Some(key(OTHER_KEY, "3"));
        conforms(&stage, "aws:ec2:KeyPair", key(KEY, "1"), Some(key(KEY, "2")), other).await;
    }
}

scene! {
    async fn what_joins_them_conforms(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await.id();
        let subnet = stage.create("a", Subnet::new(vpc.clone(), "10.0.1.0/24")).await.id();
        let gateway = stage.create("a", InternetGateway::new(vpc.clone())).await.id();
        let group = stage.create("a", SecurityGroup::new(vpc.clone())).await.id();
        let one = stage.create("a", RouteTable::new(vpc.clone())).await.id();
        let two = stage.create("b", RouteTable::new(vpc.clone())).await.id();
        let route = |to: &str| json!({"route_table_id": one, "destination": to, "gateway_id": gateway});
        conforms(&stage, "aws:ec2:Route", route("0.0.0.0/0"), None, Some(route("::/0"))).await;
        let uses = |table: &str| json!({"subnet_id": subnet, "route_table_id": table});
        conforms(&stage, "aws:ec2:RouteTableAssociation", uses(&one), None, Some(uses(&two))).await;
        let rule = |port: u16, words: &str| {
            json!({"security_group_id": group, "direction": "ingress", "from_port": port, "to_port": port,
                "cidr": "10.0.0.0/8", "description": words})
        };
        conforms(&stage, "aws:ec2:SecurityGroupRule", rule(80, "a"), Some(rule(80, "b")), Some(rule(81, "b"))).await;
    }
}

scene! {
    async fn balancing_conforms(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await.id();
        let subnet = stage.create("a", Subnet::new(vpc.clone(), "10.0.1.0/24")).await.id();
        let balancer = |internal: bool, cross: bool| {
            json!({"subnet_ids": [subnet], "internal": internal, "cross_zone": cross})
        };
        let (first, changed, other) = (balancer(true, false), balancer(true, true), balancer(false, true));
        conforms(&stage, "aws:elbv2:LoadBalancer", first, Some(changed), Some(other)).await;
        let group = |port: u16, delay: u16| {
            json!({"vpc_id": vpc, "port": port, "deregistration_delay_seconds": delay, "target_type": "ip"})
        };
        conforms(&stage, "aws:elbv2:TargetGroup", group(80, 10), Some(group(80, 20)), Some(group(81, 20))).await;
        let balancer = stage.create("api", LoadBalancer::new(vec![subnet.clone()])).await.id();
        let target = stage.create("api", TargetGroup::new(vpc.clone(), 80_u16)).await.id();
        let listener = |port: u16| json!({"load_balancer_arn": balancer, "port": port, "target_group_arn": target});
        conforms(&stage, "aws:elbv2:Listener", listener(80), Some(listener(81)), None).await;
        let attached = |id: &str| json!({"target_group_arn": target, "target_id": id});
        let (one, two) = (attached("i-0123456789abcdef0"), attached("i-0123456789abcdef1"));
        conforms(&stage, "aws:elbv2:TargetGroupAttachment", one, None, Some(two)).await;
    }
}

scene! {
    async fn lookups_conform(stage: Stage) {
        conforms(&stage, "aws:ec2:AvailabilityZones", json!({}), None, None).await;
        conforms(&stage, "aws:sts:CallerIdentity", json!({}), None, None).await;
        let image = json!({"owner": "amazon", "name_pattern": "*ubuntu*"});
        conforms(&stage, "aws:ec2:Image", image, None, None).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16").tag("tier", "looked-at")).await.id();
        stage.create("a", Subnet::new(vpc.clone(), "10.0.1.0/24")).await;
        conforms(&stage, "aws:ec2:ExistingVpc", json!({"tags": {"tier": "looked-at"}}), None, None).await;
        conforms(&stage, "aws:ec2:ExistingSubnets", json!({"vpc_id": vpc}), None, None).await;
        stage.create("zone", Zone::new("conforms.example")).await;
        conforms(&stage, "aws:route53:ExistingZone", json!({"name": "conforms.example"}), None, None).await;
    }
}

scene! {
    /// Behind the proxy, which honours client tokens as AWS does; moto does not.
    async fn what_takes_a_client_token_conforms(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await;
        let stage = stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await.id();
        let subnet = stage.create("a", Subnet::new(vpc.clone(), "10.0.1.0/24")).await.id();
        let group = stage.create("a", SecurityGroup::new(vpc.clone())).await.id();
        let nat = |tag: &str| json!({"subnet_id": subnet, "connectivity": "private", "tags": {"a": tag}});
        conforms(&stage, "aws:ec2:NatGateway", nat("1"), Some(nat("2")), Some(nat("3"))).await;
        let server = |kind: &str, hops: u8| {
            json!({"ami": "ami-12c6146b", "instance_type": kind, "subnet_id": subnet, "metadata_hop_limit": hops,
                "security_group_ids": [group], "user_data": "#!/bin/sh\necho canary\n", "key_name": "login",
                "root_volume": {"size_gib": 20}})
        };
        let (first, changed, other) = (server("t3.micro", 1), server("t3.micro", 2), server("t3.small", 2));
        conforms(&stage, "aws:ec2:Instance", first, Some(changed), Some(other)).await;
    }
}

scene! {
    /// Behind the strict proxy, which also knows placement groups; moto does not.
    async fn disks_and_interfaces_conform(stage: Stage) {
        let (stage, _proxy) = stage.strict(|_, _| Fate::Pass).await;
        let volume = |size: u16, tag: &str| {
            json!({"availability_zone": "us-east-1a", "size_gib": size, "iops": 3000, "tags": {"a": tag}})
        };
        let other = json!({"availability_zone": "us-east-1b", "size_gib": 20});
        conforms(&stage, "aws:ec2:Volume", volume(10, "1"), Some(volume(20, "2")), Some(other)).await;
        let data = stage.create("data", Volume::new("us-east-1a").size_gib(1_u32)).await.id();
        let snapshot = |words: &str, tag: &str| json!({"volume_id": data, "description": words, "tags": {"a": tag}});
        let (first, changed, other) = (snapshot("a", "1"), snapshot("a", "2"), snapshot("b", "2"));
        conforms(&stage, "aws:ec2:Snapshot", first, Some(changed), Some(other)).await;
        let (one, two) = (stage.machine("one").await, stage.machine("two").await);
        let uses = |machine: &str| json!({"volume_id": data, "instance_id": machine, "device": "/dev/sdf"});
        conforms(&stage, "aws:ec2:VolumeAttachment", uses(&one), None, Some(uses(&two))).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await.id();
        stage.create("main", InternetGateway::new(vpc.clone())).await;
        let subnet = stage.create("a", Subnet::new(vpc.clone(), "10.0.1.0/24")).await.id();
        let interface = |words: &str, check: bool, address: &str| {
            json!({"subnet_id": subnet, "description": words, "source_dest_check": check, "fixed_private_ip": address})
        };
        let (first, changed) = (interface("a", true, "10.0.1.7"), interface("b", false, "10.0.1.7"));
        let other = Some(interface("b", false, "10.0.1.8"));
        conforms(&stage, "aws:ec2:NetworkInterface", first, Some(changed), other).await;
        let interface = stage.create("x", NetworkInterface::new(subnet)).await.id();
        let uses = |machine: &str| {
            json!({"network_interface_id": interface, "instance_id": machine, "device_index": 1})
        };
        conforms(&stage, "aws:ec2:NetworkInterfaceAttachment", uses(&one), None, Some(uses(&two))).await;
        let (first, second) = (stage.create("a", Eip::new()).await.id(), stage.create("b", Eip::new()).await.id());
        let of = |address: &str| json!({"allocation_id": address, "network_interface_id": interface});
        conforms(&stage, "aws:ec2:EipAssociation", of(&first), None, Some(of(&second))).await;
        let group = |strategy: &str, tag: &str| json!({"strategy": strategy, "tags": {"a": tag}});
        let other = Some(group("cluster", "3"));
        conforms(&stage, "aws:ec2:PlacementGroup", group("spread", "1"), Some(group("spread", "2")), other).await;
    }
}

scene! {
    async fn templates_and_groups_conform(stage: Stage) {
        let (stage, _proxy) = stage.strict(|_, _| Fate::Pass).await;
        let template = |kind: &str, name: &str| {
            json!({"ami": crate::in_place::IMAGE, "instance_type": kind, "user_data": "canary", "name": name})
        };
        let (first, changed) = (template("t3.micro", "one"), template("t3.small", "one"));
        conforms(&stage, "aws:ec2:LaunchTemplate", first, Some(changed), Some(template("t3.small", "two"))).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await.id();
        let subnet = Subnet::new(vpc, "10.0.1.0/24").availability_zone("us-east-1a");
        let subnet = stage.create("a", subnet).await.id();
        let web = stage.create("web", LaunchTemplate::new(crate::in_place::IMAGE, "t3.micro")).await.id();
        let group = |most: u8, tag: &str| {
            json!({"launch_template_id": web, "min_size": 1, "max_size": most, "subnet_ids": [subnet],
                "tags": {"a": tag}, "instance_tags": {"b": tag}})
        };
        let mut other = group(3, "2");
        other["name"] = "servers".into();
        conforms(&stage, "aws:autoscaling:Group", group(2, "1"), Some(group(3, "2")), Some(other)).await;
    }
}

scene! {
    async fn parts_of_networks_conform(stage: Stage) {
        let (stage, _proxy) = stage.strict(|_, _| Fate::Pass).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await.id();
        let peer = stage.create("peer", Vpc::new("10.1.0.0/16")).await.id();
        let third = stage.create("third", Vpc::new("10.2.0.0/16")).await.id();
        let of = |vpc: &str, tag: &str| json!({"vpc_id": vpc, "tags": {"a": tag}});
        let kind = "aws:ec2:EgressOnlyInternetGateway";
        conforms(&stage, kind, of(&vpc, "1"), Some(of(&vpc, "2")), Some(of(&peer, "2"))).await;
        let range = |cidr: &str| json!({"vpc_id": vpc, "cidr": cidr});
        conforms(&stage, "aws:ec2:VpcCidrBlock", range("10.8.0.0/16"), None, Some(range("10.9.0.0/16"))).await;
        let options = |name: &str, tag: &str| {
            json!({"domain_name": name, "domain_name_servers": ["10.0.0.2"], "tags": {"a": tag}})
        };
        let (first, changed, other) = (options("a.b", "1"), options("a.b", "2"), options("b.b", "2"));
        conforms(&stage, "aws:ec2:DhcpOptions", first, Some(changed), Some(other)).await;
        let one = stage.create("one", DhcpOptions::new().domain_name("one.internal")).await.id();
        let two = stage.create("two", DhcpOptions::new().domain_name("two.internal")).await.id();
        let uses = |vpc: &str, options: &str| json!({"vpc_id": vpc, "dhcp_options_id": options});
        let (first, changed, other) = (uses(&vpc, &one), uses(&vpc, &two), uses(&peer, &two));
        conforms(&stage, "aws:ec2:DhcpOptionsAssociation", first, Some(changed), Some(other)).await;
        let peering = |peer: &str, dns: bool| json!({"vpc_id": vpc, "peer_vpc_id": peer, "accepter_dns": dns});
        let (first, changed, other) = (peering(&peer, false), peering(&peer, true), peering(&third, true));
        conforms(&stage, "aws:ec2:VpcPeering", first, Some(changed), Some(other)).await;
        let log = |traffic: &str, tag: &str| {
            json!({"resource_id": vpc, "destination_arn": "arn:aws:logs:us-east-1:123456789012:log-group:flows",
                "role_arn": "arn:aws:iam::123456789012:role/flows", "traffic": traffic, "tags": {"a": tag}})
        };
        let (first, changed, mut other) = (log("all", "1"), log("all", "2"), log("reject", "2"));
        other["resource_id"] = peer.clone().into();
        conforms(&stage, "aws:ec2:FlowLog", first, Some(changed), Some(other)).await;
    }
}

scene! {
    async fn lists_and_endpoints_conform(stage: Stage) {
        let (stage, _proxy) = stage.strict(|_, _| Fate::Pass).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await.id();
        let rule = |number: u16| json!({"number": number, "allow": true, "protocol": "6", "cidr": "10.0.0.7/8"});
        let acl = |vpc: &str, numbers: &[u16]| {
            let rules: Vec<Json> = numbers.iter().copied().map(rule).collect();
            json!({"vpc_id": vpc, "ingress": rules})
        };
        let peer = stage.create("peer", Vpc::new("10.1.0.0/16")).await.id();
        let (first, changed, other) = (acl(&vpc, &[200, 100]), acl(&vpc, &[100, 300]), acl(&peer, &[100]));
        conforms(&stage, "aws:ec2:NetworkAcl", first, Some(changed), Some(other)).await;
        let subnet = stage.create("a", Subnet::new(vpc.clone(), "10.0.1.0/24")).await.id();
        let far = stage.create("b", Subnet::new(vpc.clone(), "10.0.2.0/24")).await.id();
        let list = stage.create("a", NetworkAcl::new(vpc.clone())).await.id();
        let uses = |subnet: &str| json!({"subnet_id": subnet, "network_acl_id": list});
        conforms(&stage, "aws:ec2:NetworkAclAssociation", uses(&subnet), None, Some(uses(&far))).await;
        let endpoint = |service: &str, tag: &str| {
            json!({"vpc_id": vpc, "service_name": service, "endpoint_type": "gateway", "tags": {"a": tag}})
        };
        let (s3, dynamo) = ("com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.dynamodb");
        let (first, changed, other) = (endpoint(s3, "1"), endpoint(s3, "2"), endpoint(dynamo, "2"));
        conforms(&stage, "aws:ec2:VpcEndpoint", first, Some(changed), Some(other)).await;
    }
}
