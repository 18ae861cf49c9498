//! What happens on the way, and what AWS does that moto does not.

use std::collections::BTreeMap;

use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{Eip, Instance, NatGateway, SecurityGroup, Subnet, Vpc};
use sskuba_core::provider::{Class, Effect, Prior};
use sskuba_testkit::aws::{Fate, Proxy};

use crate::stage::{Stage, scene};

/// Starts a proxy in front of the server of this process.
async fn proxy(script: impl Fn(&str, usize) -> Fate + Send + Sync + 'static) -> Proxy {
    Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), script).await
}

async fn behind(stage: Stage, proxy: &Proxy) -> Stage {
    stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await
}

scene! {
    async fn a_throttled_call_is_repeated_by_the_sdk(stage: Stage) {
        let proxy = proxy(|action, nth| match (action, nth) {
            ("CreateVpc", 1..=2) => Fate::Refuse(503, "RequestLimitExceeded"),
            ("DescribeVpcs", 1) => Fate::Refuse(500, "InternalError"),
            _ => Fate::Pass,
        })
        .await;
        let stage = behind(stage, &proxy).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        assert_eq!((proxy.calls("CreateVpc"), stage.counts()), (3, BTreeMap::from([("vpc".into(), 1)])));
        stage.delete(&vpc).await;
    }
}

scene! {
    /// `CreateVpc` takes no token: were it repeated blindly there would be two.
    async fn a_create_whose_answer_is_lost_is_found_and_not_repeated(stage: Stage) {
        let proxy = proxy(|action, nth| match (action, nth) {
            ("CreateVpc", 1) => Fate::Lose,
            _ => Fate::Pass,
        })
        .await;
        let stage = behind(stage, &proxy).await;
        let cx = stage.cx::<Vpc>("main");
        let failure = stage.try_create(cx.clone(), Vpc::new("10.0.0.0/16")).await.err().unwrap();
        assert_eq!((&failure.class, &failure.effect), (&Class::Transient, &Effect::Unknown), "{failure}");
        assert_eq!((proxy.calls("CreateVpc"), stage.counts()), (1, BTreeMap::from([("vpc".into(), 1)])));
        let found = stage.provider.find(&cx).await.unwrap().expect("found by its token");
        let prior = Prior { id: found.id, inputs: found.inputs, outputs: found.outputs };
        stage.provider.delete(&cx, &prior).await.unwrap();
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn an_internal_error_leaves_a_create_unknown(stage: Stage) {
        let proxy = proxy(|action, _| match action {
            "AllocateAddress" => Fate::Refuse(500, "InternalError"),
            _ => Fate::Pass,
        })
        .await;
        let stage = behind(stage, &proxy).await;
        let failure = stage.try_create(stage.cx::<Eip>("nat"), Eip::new()).await.err().unwrap();
        assert_eq!((&failure.class, &failure.effect), (&Class::Transient, &Effect::Unknown), "{failure}");
        assert_eq!((proxy.calls("AllocateAddress"), failure.request_id.as_deref()), (1, Some("scripted")));
    }
}

scene! {
    /// With its client token a launch is repeated, and AWS answers with the same instance.
    async fn a_launch_whose_answer_is_lost_makes_one_instance(stage: Stage) {
        let proxy = proxy(|action, nth| match (action, nth) {
            ("RunInstances", 1) => Fate::Lose,
            ("DescribeInstances", 1..=2) => Fate::Edit("<name>running</name>", "<name>pending</name>"),
            _ => Fate::Pass,
        })
        .await;
        let stage = behind(stage, &proxy).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let server = stage.create("web", Instance::new("ami-12c6146b", "t3.micro", subnet.id())).await;
        stage.same_again(&server).await;
        assert_eq!((proxy.calls("RunInstances"), stage.counts()["instance"]), (3, 1));
        stage.delete(&server).await;
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
    }
}

scene! {
    async fn a_gateway_is_waited_for(stage: Stage) {
        let proxy = proxy(|action, nth| match (action, nth) {
            ("DescribeNatGateways", 1..=2) => Fate::Edit("<state>available</state>", "<state>pending</state>"),
            _ => Fate::Pass,
        })
        .await;
        let stage = behind(stage, &proxy).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let address = stage.create("nat", Eip::new()).await;
        let nat = stage.create("nat", NatGateway::new(subnet.id()).allocation_id(address.id())).await;
        assert_eq!(proxy.calls("DescribeNatGateways"), 3);
        stage.delete(&nat).await;
        stage.delete(&address).await;
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    /// AWS speaks of uses that have just ended, and does not know everywhere what has just been made.
    async fn what_aws_says_for_a_while_is_waited_out(stage: Stage) {
        let proxy = proxy(|action, nth| match (action, nth) {
            ("ModifyVpcAttribute", 1) => Fate::Refuse(400, "InvalidVpcID.NotFound"),
            ("DeleteSecurityGroup", 1..=2) => Fate::Refuse(400, "DependencyViolation"),
            _ => Fate::Pass,
        })
        .await;
        let stage = behind(stage, &proxy).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16").enable_dns_hostnames(true)).await;
        let group = stage.create("web", SecurityGroup::new(vpc.id())).await;
        stage.delete(&group).await;
        assert_eq!((proxy.calls("ModifyVpcAttribute"), proxy.calls("DeleteSecurityGroup")), (2, 4));
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn reads_of_one_moment_share_their_calls(stage: Stage) {
        let proxy = proxy(|_, _| Fate::Pass).await;
        let stage = behind(stage, &proxy).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let mut subnets = Vec::new();
        for i in 0..20 {
            subnets.push(stage.create(&format!("s{i}"), Subnet::new(vpc.id(), format!("10.0.{i}.0/24"))).await);
        }
        let all = async |gone: bool| {
            let before = proxy.calls("DescribeSubnets");
            let ids = subnets.iter().map(|subnet| (subnet.cx.clone(), subnet.prior()));
            let unknown = Prior { id: "subnet-0123456789abcdef0".into(), ..Prior::default() };
            let unknown = gone.then(|| (stage.cx::<Subnet>("gone"), unknown));
            let reads = ids.chain(unknown).map(|(cx, prior)| {
                let provider = stage.provider.clone();
                tokio::spawn(async move { provider.read(&cx, &prior).await.unwrap().is_some() })
            });
            let mut there = 0;
            for read in reads.collect::<Vec<_>>() {
                there += usize::from(read.await.unwrap());
            }
            (there, proxy.calls("DescribeSubnets") - before)
        };
        let (there, calls) = all(false).await;
        assert!(there == 20 && calls <= 2, "{there} there, {calls} calls");
        let (there, calls) = all(true).await;
        assert!(there == 20 && calls <= 4, "{there} there, {calls} calls: one that is gone must not fail the rest");
        for subnet in &subnets {
            stage.delete(subnet).await;
        }
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}
