//! Access lists of subnets, and endpoints of services.

use sskuba_aws::ec2::{
    AclRule, EndpointType, NetworkAcl, NetworkAclAssociation, RouteTable, SecurityGroup, Subnet, Vpc,
    VpcEndpoint,
};
use sskuba_core::provider::Readiness;
use sskuba_testkit::aws::Fate;

use crate::stacks::behind;
use crate::stage::{Stage, scene};

const NONE: [&str; 0] = [];

scene! {
    async fn rules_of_a_list_change_each_by_its_number(stage: Stage) {
        let (stage, proxy) = stage.strict(|_, _| Fate::Pass).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let https = |from: &str| AclRule::allow(100, "TCP", from).ports(443, 443);
        let declared = NetworkAcl::new(vpc.id()).ingress_rule(https("10.9.0.7/16"));
        let declared = declared.ingress_rule(AclRule::deny(50, "icmp", "0.0.0.0/0"));
        let mut web = stage.create("web", declared.egress_rule(AclRule::allow(10, "all", "::/0"))).await;
        assert_eq!(stage.drift(&web).await, NONE);
        stage.found(&web).await;
        stage.same_again(&web).await;
        let calls = ["CreateNetworkAclEntry", "ReplaceNetworkAclEntry", "DeleteNetworkAclEntry"];
        let counted = || calls.map(|call| proxy.calls(call));
        assert_eq!(counted(), [3, 0, 0]);
        let declared = NetworkAcl::new(vpc.id()).ingress_rule(https("10.8.0.0/16"));
        let declared = declared.ingress_rule(AclRule::allow(200, "udp", "10.0.0.0/8"));
        stage.update(&mut web, declared.egress_rule(AclRule::allow(10, "-1", "::/0"))).await;
        assert_eq!((stage.drift(&web).await, counted()), (vec![], [4, 1, 1]));
        behind(&format!(
            "ec2.create_network_acl_entry(NetworkAclId='{}', RuleNumber=7, Protocol='-1', RuleAction='allow', \
             Egress=False, CidrBlock='0.0.0.0/0')",
            web.id()
        ));
        assert_eq!(stage.drift(&web).await, ["ingress"]);
        stage.delete(&web).await;
    }
}

scene! {
    async fn a_subnet_uses_another_list_and_gets_its_own_back(stage: Stage) {
        let (stage, proxy) = stage.strict(|_, _| Fate::Pass).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let one = stage.create("one", NetworkAcl::new(vpc.id())).await;
        let two = stage.create("two", NetworkAcl::new(vpc.id())).await;
        let uses = |list: &str| NetworkAclAssociation::new(subnet.id(), list);
        let mut used = stage.create("a", uses(&one.id())).await;
        assert_eq!(stage.drift(&used).await, NONE);
        stage.same_again(&used).await;
        let refused = stage.try_create(stage.cx::<NetworkAclAssociation>("other"), uses(&two.id())).await;
        assert_eq!(refused.err().unwrap().exists, Some(used.id()));
        assert_eq!(proxy.calls("ReplaceNetworkAclAssociation"), 1);
        stage.update(&mut used, uses(&two.id())).await;
        assert_eq!((stage.drift(&used).await, proxy.calls("ReplaceNetworkAclAssociation")), (vec![], 2));
        stage.delete(&one).await;
        stage.delete(&used).await;
        stage.delete(&two).await;
        let own = behind(&format!(
            "acls = ec2.describe_network_acls(Filters=[{{'Name': 'association.subnet-id', 'Values': ['{}']}}])\n\
             print(json.dumps([acl['IsDefault'] for acl in acls['NetworkAcls']]))",
            subnet.id()
        ));
        assert_eq!(own, serde_json::json!([true]));
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
    }
}

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":["s3:GetObject"],"Resource":["*"]}]}"#;
const SAME: &str = r#"{"Statement":{"Resource":"*","Action":"s3:GetObject","Principal":"*","Effect":"Allow"},"Version":"2012-10-17"}"#;

scene! {
    async fn an_endpoint_lives_its_life(stage: Stage) {
        let (stage, proxy) = stage
            .strict(|action, nth| match (action, nth) {
                ("DescribeVpcEndpoints", 1) => Fate::Edit("<state>available", "<state>pending"),
                _ => Fate::Pass,
            })
            .await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let a = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let b = stage.create("b", Subnet::new(vpc.id(), "10.0.2.0/24")).await;
        let group = stage.create("a", SecurityGroup::new(vpc.id())).await;
        let declared = |subnet: String| {
            let logs = VpcEndpoint::new(vpc.id(), "com.amazonaws.us-east-1.logs", EndpointType::Interface);
            logs.subnet(subnet).security_group(group.id())
        };
        let mut logs = stage.try_create(stage.cx::<VpcEndpoint>("logs"), declared(a.id()).policy(POLICY)).await.unwrap();
        let ready = stage.provider.ready(&logs.cx, &logs.prior()).await.unwrap();
        assert!(matches!(ready, Readiness::Pending(_)), "{ready:?}");
        let ready = stage.provider.ready(&logs.cx, &logs.prior()).await.unwrap();
        let Readiness::Ready(object) = ready else { panic!("{ready:?}") };
        logs.object = object;
        assert!(logs.output("dns_name").contains(&logs.id()));
        assert_eq!(stage.drift(&logs).await, NONE);
        stage.found(&logs).await;
        stage.same_again(&logs).await;
        stage.update(&mut logs, declared(b.id()).policy(SAME).tag("n", "2")).await;
        assert_eq!((stage.drift(&logs).await, proxy.calls("ModifyVpcEndpoint")), (vec![], 1));
        stage.delete(&logs).await;
        let table = stage.create("a", RouteTable::new(vpc.id())).await;
        let other = stage.create("b", RouteTable::new(vpc.id())).await;
        let s3 = |table: String| {
            let s3 = VpcEndpoint::new(vpc.id(), "com.amazonaws.us-east-1.s3", EndpointType::Gateway);
            s3.route_table(table)
        };
        let mut gateway = stage.create("s3", s3(table.id())).await;
        assert_eq!(stage.drift(&gateway).await, NONE);
        // After a change of the tables moto looks for routes that it has not made, and deletes nothing.
        stage.update(&mut gateway, s3(other.id())).await;
        assert_eq!(stage.drift(&gateway).await, NONE);
        stage.delete(&group).await;
    }
}
