//! Addresses of networks: further ranges, IPv6, DHCP, peerings, and who talked to whom.

use sskuba_aws::ec2::{
    DhcpOptions, DhcpOptionsAssociation, EgressOnlyInternetGateway, FlowLog, Subnet, Traffic, Vpc,
    VpcCidrBlock, VpcPeering, ipv6_subnet,
};
use sskuba_core::provider::Change;
use sskuba_testkit::aws::Fate;

use crate::stacks::behind;
use crate::stage::{Stage, inputs, scene};

const NONE: [&str; 0] = [];

scene! {
    async fn a_network_gets_another_range(stage: Stage) {
        let (stage, proxy) = stage.strict(|_, _| Fate::Pass).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let range = |cidr: &'static str| VpcCidrBlock::new(vpc.id()).cidr(cidr);
        let more = stage.create("more", range("10.8.0.7/16")).await;
        assert_eq!((more.output("cidr_block"), stage.drift(&more).await), ("10.8.0.0/16".into(), vec![]));
        stage.same_again(&more).await;
        let refused = stage.try_create(stage.cx::<VpcCidrBlock>("other"), range("10.8.0.0/16")).await.err().unwrap();
        assert_eq!((refused.exists, proxy.calls("AssociateVpcCidrBlock")), (Some(more.id()), 1));
        let listed = stage.provider.list(&more.cx).await.unwrap();
        assert!(listed.iter().any(|listed| listed.id == more.id()));
        assert!(listed.iter().all(|listed| listed.inputs["cidr"] != "10.0.0.0/16".into()));
        let subnet = stage.create("far", Subnet::new(vpc.id(), "10.8.1.0/24")).await;
        stage.delete(&subnet).await;
        stage.delete(&more).await;
        stage.delete(&vpc).await;
    }
}

scene! {
    async fn a_subnet_gets_addresses_of_ipv6_and_loses_them(stage: Stage) {
        let (stage, _proxy) = stage.strict(|_, _| Fate::Pass).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let v6 = stage.create("v6", VpcCidrBlock::new(vpc.id()).amazon_ipv6(true)).await;
        assert_eq!(stage.drift(&v6).await, NONE);
        let range = v6.output("cidr_block");
        let part = |number| ipv6_subnet(&range, number).unwrap();
        let gateway = stage.create("out", EgressOnlyInternetGateway::new(vpc.id()).tag("n", "1")).await;
        assert_eq!(stage.drift(&gateway).await, NONE);
        stage.found(&gateway).await;
        stage.same_again(&gateway).await;
        let declared = || Subnet::new(vpc.id(), "10.0.1.0/24");
        let with = |number| declared().ipv6_cidr(part(number)).assign_ipv6_on_creation(true);
        let mut subnet = stage.create("a", with(1)).await;
        assert_eq!(stage.drift(&subnet).await, NONE);
        let seen = |id: &str| behind(&format!("print(json.dumps(ec2.describe_subnets(SubnetIds=['{id}'])['Subnets'][0]))"));
        assert_eq!(seen(&subnet.id())["AssignIpv6AddressOnCreation"], true);
        stage.update(&mut subnet, with(2)).await;
        assert_eq!(stage.drift(&subnet).await, NONE);
        let there = seen(&subnet.id());
        assert_eq!(there["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"], part(2));
        stage.update(&mut subnet, declared()).await;
        let there = stage.read(&subnet).await.unwrap();
        assert_eq!(there.inputs.get("ipv6_cidr").filter(|range| range.as_str().is_some()), None);
        assert_eq!(seen(&subnet.id())["AssignIpv6AddressOnCreation"], false);
        stage.delete(&subnet).await;
        stage.delete(&gateway).await;
        stage.delete(&v6).await;
        stage.delete(&vpc).await;
    }
}

scene! {
    async fn a_network_uses_other_dhcp_options(stage: Stage) {
        let (stage, _proxy) = stage.strict(|_, _| Fate::Pass).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let first = DhcpOptions::new().domain_name("shop.internal").domain_name_server("AmazonProvidedDNS");
        let first = stage.create("one", first.ntp_server("169.254.169.123").tag("n", "1")).await;
        assert_eq!(stage.drift(&first).await, NONE);
        stage.found(&first).await;
        let second = stage.create("two", DhcpOptions::new().domain_name("other.internal")).await;
        let uses = |options: &str| DhcpOptionsAssociation::new(vpc.id(), options);
        let mut used = stage.create("main", uses(&first.id())).await;
        assert_eq!(stage.drift(&used).await, NONE);
        stage.same_again(&used).await;
        stage.update(&mut used, uses(&second.id())).await;
        assert_eq!(stage.drift(&used).await, NONE);
        // moto goes on to say that the first are in use.
        stage.delete(&used).await;
        stage.delete(&second).await;
        stage.delete(&vpc).await;
    }
}

scene! {
    async fn a_peering_is_accepted_and_has_options(stage: Stage) {
        let (stage, proxy) = stage.strict(|_, _| Fate::Pass).await;
        let one = stage.create("one", Vpc::new("10.0.0.0/16")).await;
        let two = stage.create("two", Vpc::new("10.1.0.0/16")).await;
        let declared = || VpcPeering::new(one.id(), two.id());
        let mut peering = stage.create("both", declared().requester_dns(true)).await;
        assert_eq!(stage.drift(&peering).await, NONE);
        stage.found(&peering).await;
        assert_eq!((proxy.calls("AcceptVpcPeeringConnection"), proxy.calls("ModifyVpcPeeringConnectionOptions")), (1, 1));
        stage.update(&mut peering, declared().accepter_dns(true)).await;
        assert_eq!((stage.drift(&peering).await, proxy.calls("ModifyVpcPeeringConnectionOptions")), (vec![], 2));
        stage.delete(&peering).await;

        let waits = stage.create("waits", declared().accept(false)).await;
        assert_eq!(proxy.calls("AcceptVpcPeeringConnection"), 1);
        let change = Change { prior: waits.prior(), inputs: inputs(declared()) };
        stage.provider.update(&waits.cx, &change).await.unwrap();
        assert_eq!(proxy.calls("AcceptVpcPeeringConnection"), 2);
        stage.delete(&waits).await;
    }
}

scene! {
    async fn a_flow_log_lives_its_life(stage: Stage) {
        let (stage, _proxy) = stage.strict(|_, _| Fate::Pass).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let to = "arn:aws:logs:us-east-1:123456789012:log-group:flows";
        let declared = || {
            let log = FlowLog::new(vpc.id(), format!("{to}:*")).traffic(Traffic::Reject);
            log.interval_seconds(60_u16).role_arn("arn:aws:iam::123456789012:role/flows")
        };
        let mut log = stage.create("flows", declared()).await;
        assert_eq!(stage.drift(&log).await, NONE);
        stage.found(&log).await;
        stage.same_again(&log).await;
        stage.update(&mut log, declared().tag("n", "2")).await;
        assert_eq!(stage.drift(&log).await, NONE);
        stage.delete(&log).await;
        // Where AWS makes none it says so in an answer that is no error.
        let bucket = FlowLog::new(vpc.id(), "arn:aws:s3:::sskuba-no-such-bucket");
        let refused = stage.try_create(stage.cx::<FlowLog>("bucket"), bucket).await.err().unwrap();
        assert_eq!(refused.class, sskuba_core::provider::Class::Invalid("destination_arn".into()), "{refused}");
        stage.delete(&vpc).await;
    }
}
