//! Networks.

use sskuba_aws::ec2::{
    Connectivity, Eip, InternetGateway, NatGateway, Route, RouteTable, RouteTableAssociation, SecurityGroup,
    SecurityGroupRule, Subnet, Vpc,
};
use sskuba_core::provider::{Class, Effect};
use sskuba_core::value::Value;

use crate::stage::{Stage, inputs, scene};

const NONE: [&str; 0] = [];

scene! {
    async fn a_vpc_lives_its_life(stage: Stage) {
        let mut vpc = stage.create("main", Vpc::new("10.0.0.0/16").enable_dns_hostnames(true).tag("tier", "a")).await;
        assert_eq!(stage.drift(&vpc).await, NONE);
        stage.found(&vpc).await;
        let seen = &stage.seen()[&vpc.id()];
        assert_eq!(seen["tags"]["sskuba:address"], "aws:ec2:Vpc::main");
        assert_eq!(seen["tags"]["sskuba:token"], vpc.cx.token.to_string());
        assert_eq!((&seen["tags"]["Name"], &seen["tags"]["tier"]), (&"main".into(), &"a".into()));

        stage.update(&mut vpc, Vpc::new("10.0.0.0/16").enable_dns_support(false).tag("owner", "b")).await;
        assert_eq!(stage.drift(&vpc).await, NONE);
        let tags = stage.seen()[&vpc.id()]["tags"].clone();
        assert_eq!((&tags["owner"], tags.get("tier"), &tags["Name"]), (&"b".into(), None, &"main".into()));

        vpc.inputs = inputs(Vpc::new("10.0.0.0/16").enable_dns_hostnames(true).tag("owner", "c"));
        assert_eq!(stage.drift(&vpc).await, ["enable_dns_support", "enable_dns_hostnames", "tags"]);
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn a_subnet_lives_its_life(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.1.0.0/16")).await;
        let declared = || Subnet::new(vpc.id(), "10.1.1.0/24").availability_zone("us-east-1b").tag("tier", "private");
        let mut subnet = stage.create("a", declared()).await;
        assert!(subnet.output("arn").contains(":subnet/subnet-") && subnet.output("zone_id").contains("-az"));
        assert_eq!(stage.drift(&subnet).await, NONE);
        stage.found(&subnet).await;
        stage.update(&mut subnet, declared().map_public_ip_on_launch(true)).await;
        assert_eq!(stage.drift(&subnet).await, NONE);
        assert_eq!(stage.seen()[&subnet.id()]["public"], true);
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn an_internet_gateway_moves_between_networks(stage: Stage) {
        let (a, b) = (stage.create("a", Vpc::new("10.0.0.0/16")).await, stage.create("b", Vpc::new("10.1.0.0/16")).await);
        let mut gateway = stage.create("main", InternetGateway::new(a.id())).await;
        assert_eq!(stage.drift(&gateway).await, NONE);
        stage.found(&gateway).await;
        stage.update(&mut gateway, InternetGateway::new(b.id())).await;
        assert_eq!(stage.drift(&gateway).await, NONE);
        assert_eq!(stage.seen()[&gateway.id()]["vpcs"], serde_json::json!([b.id()]));
        stage.delete(&gateway).await;
        stage.delete(&a).await;
        stage.delete(&b).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    /// The second of its two calls fails: the gateway is reported, found, and completed by an update.
    async fn a_gateway_that_was_half_made_is_completed(stage: Stage) {
        let cx = stage.cx::<InternetGateway>("main");
        let mut cx_short = cx.clone();
        cx_short.timeout = std::time::Duration::from_secs(2);
        let unknown = InternetGateway::new("vpc-0123456789abcdef0");
        let failure = stage.provider.create(&cx_short, &inputs(unknown)).await.unwrap_err();
        let Effect::Applied(left) = &failure.effect else { panic!("{failure:?}") };
        assert!(left.id.starts_with("igw-"), "{failure}");

        let found = stage.provider.find(&cx).await.unwrap().expect("found by its token");
        assert_eq!((&found.id, found.inputs["vpc_id"].as_str()), (&left.id, Some("")));
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let prior = sskuba_core::provider::Prior { id: found.id, inputs: found.inputs, outputs: found.outputs };
        let change = sskuba_core::provider::Change { prior: prior.clone(), inputs: inputs(InternetGateway::new(vpc.id())) };
        let object = stage.provider.update(&cx, &change).await.unwrap();
        assert_eq!(object.inputs["vpc_id"], Value::from(vpc.id()));
        stage.provider.delete(&cx, &prior).await.unwrap();
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn routes_lead_where_they_should(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let gateway = stage.create("main", InternetGateway::new(vpc.id())).await;
        let address = stage.create("nat", Eip::new().tag("for", "nat")).await;
        assert_eq!(stage.drift(&address).await, NONE);
        stage.found(&address).await;
        let nat = stage.create("nat", NatGateway::new(subnet.id()).allocation_id(address.id())).await;
        assert_eq!(nat.output("public_ip"), address.output("public_ip"));
        assert_eq!(stage.drift(&nat).await, NONE);
        stage.found(&nat).await;

        let mut table = stage.create("public", RouteTable::new(vpc.id())).await;
        stage.found(&table).await;
        stage.update(&mut table, RouteTable::new(vpc.id()).tag("tier", "public")).await;
        assert_eq!(stage.drift(&table).await, NONE);
        let other = stage.create("other", RouteTable::new(vpc.id())).await;

        let mut route = stage.create("out", Route::new(table.id(), "0.0.0.0/0").gateway_id(gateway.id())).await;
        stage.same_again(&route).await;
        assert_eq!(stage.drift(&route).await, NONE);
        let v6 = stage.create("out6", Route::new(table.id(), "::/0").gateway_id(gateway.id())).await;
        assert_eq!(stage.drift(&v6).await, NONE);
        stage.update(&mut route, Route::new(table.id(), "0.0.0.0/0").nat_gateway_id(nat.id())).await;
        assert_eq!(stage.drift(&route).await, NONE);

        let mut uses = stage.create("a", RouteTableAssociation::new(subnet.id(), table.id())).await;
        stage.same_again(&uses).await;
        assert_eq!(stage.drift(&uses).await, NONE);
        let before = uses.id();
        stage.update(&mut uses, RouteTableAssociation::new(subnet.id(), other.id())).await;
        assert_ne!(before, uses.id());
        assert_eq!(stage.drift(&uses).await, NONE);

        let seen = stage.seen();
        assert_eq!(seen[&table.id()]["routes"]["0.0.0.0/0"], nat.id());
        assert_eq!(seen[&table.id()]["routes"]["::/0"], gateway.id());
        assert_eq!(seen[&other.id()]["subnets"], serde_json::json!([subnet.id()]));

        stage.delete(&uses).await;
        stage.delete(&route).await;
        stage.delete(&v6).await;
        stage.delete(&other).await;
        stage.delete(&table).await;
        stage.delete(&nat).await;
        stage.delete(&address).await;
        stage.delete(&gateway).await;
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn a_private_nat_gateway_has_no_address(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let nat = stage.create("nat", NatGateway::new(subnet.id()).connectivity(Connectivity::Private)).await;
        assert_eq!(stage.drift(&nat).await, NONE);
        stage.delete(&nat).await;
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    /// AWS makes a group with a rule that lets everything out, and takes no second of the same words.
    async fn the_rule_that_a_group_is_made_with_is_taken_over(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let web = stage.create("web", SecurityGroup::new(vpc.id())).await;
        let everything = || SecurityGroupRule::egress(web.id()).all().cidr("0.0.0.0/0");
        let out = stage.create("out", everything().description("All")).await;
        let seen = &stage.seen()[&out.id()];
        assert_eq!((&seen["tags"]["sskuba:token"], &seen["words"]), (&out.cx.token.to_string().into(), &"All".into()));
        assert_eq!(stage.drift(&out).await, [""; 0]);
        stage.same_again(&out).await;
        stage.found(&out).await;
        let second = stage.try_create(stage.cx::<SecurityGroupRule>("second"), everything()).await;
        assert_eq!(second.err().unwrap().class, Class::Conflict, "it is another resource's now");
        stage.delete(&out).await;
        let again = stage.create("again", everything()).await;
        stage.delete(&again).await;
        stage.delete(&web).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn a_group_lets_out_what_it_is_told_to(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let shut = || SecurityGroup::new(vpc.id()).allow_all_outbound(false);
        let mut group = stage.create("shut", shut()).await;
        let out = |id: &str| stage.seen()[id]["out"].clone();
        assert_eq!(out(&group.id()), serde_json::json!([]));
        assert_eq!(stage.drift(&group).await, NONE);
        let found = stage.provider.find(&group.cx).await.unwrap().expect("found by its token");
        assert_eq!(found.inputs["allow_all_outbound"], Value::from(false));

        // What a rule of its own lets out is that rule's matter.
        let rule = stage.create("dns", SecurityGroupRule::egress(group.id()).all().cidr("0.0.0.0/0")).await;
        assert_eq!(stage.drift(&group).await, NONE);
        stage.delete(&rule).await;

        stage.update(&mut group, SecurityGroup::new(vpc.id())).await;
        assert_eq!(out(&group.id()), serde_json::json!(["-1"]));
        stage.update(&mut group, shut()).await;
        assert_eq!(out(&group.id()), serde_json::json!([]));
        stage.delete(&group).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn rules_let_in_and_out_what_they_say(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let mut web = stage.create("web", SecurityGroup::new(vpc.id())).await;
        assert!(web.output("group_name").starts_with("web-"));
        stage.found(&web).await;
        stage.update(&mut web, SecurityGroup::new(vpc.id()).tag("tier", "web")).await;
        assert_eq!(stage.drift(&web).await, NONE);
        let named = stage.create("named", SecurityGroup::new(vpc.id()).name("given").description("for it")).await;
        assert_eq!((named.output("group_name").as_str(), stage.drift(&named).await), ("given", vec![]));

        let https = || SecurityGroupRule::ingress(web.id()).tcp(443).cidr("0.0.0.0/0");
        let mut rule = stage.create("https", https().description("the world")).await;
        stage.same_again(&rule).await;
        assert_eq!(stage.drift(&rule).await, NONE);
        stage.found(&rule).await;
        stage.update(&mut rule, https().description("everyone").tag("a", "b")).await;
        assert_eq!(stage.drift(&rule).await, NONE);
        let seen = &stage.seen()[&rule.id()];
        assert_eq!((&seen["words"], &seen["tags"]["a"]), (&"everyone".into(), &"b".into()));

        let taken = stage.try_create(stage.cx::<SecurityGroupRule>("again"), https()).await;
        let failure = taken.err().expect("another resource has this rule");
        assert_eq!(failure.class, sskuba_core::provider::Class::Conflict, "{failure}");

        let peers = stage.create("peers", SecurityGroupRule::ingress(web.id()).all().source_group_id(named.id())).await;
        let dns = stage.create("dns", SecurityGroupRule::egress(web.id()).ports("UDP", 53, 54).cidr("fd00::/8")).await;
        let ping = SecurityGroupRule::ingress(web.id()).protocol("icmp").from_port(8).to_port(-1).cidr("10.0.0.0/8");
        let ping = stage.create("ping", ping).await;
        for live in [&rule, &peers, &dns, &ping] {
            assert_eq!(stage.drift(live).await, NONE, "{}", live.cx.address);
        }
        for live in [&rule, &peers, &dns, &ping] {
            stage.delete(live).await;
        }
        stage.delete(&named).await;
        stage.delete(&web).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}
