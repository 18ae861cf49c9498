//! What a user is told when AWS refuses, or cannot be asked.

use std::time::Duration;

use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{AvailabilityZones, Connectivity, Instance, KeyPair, NatGateway, Subnet, Vpc};
use sskuba_aws::elbv2::TargetGroup;
use sskuba_core::provider::{Class, Effect, Prior, Readiness};
use sskuba_testkit::aws::{Fate, Proxy};

use crate::stage::{Stage, inputs, play, scene};

scene! {
    async fn a_refusal_names_the_field(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let outside = stage.try_create(stage.cx::<Subnet>("a"), Subnet::new(vpc.id(), "10.9.0.0/24")).await;
        let failure = outside.err().unwrap();
        assert_eq!((&failure.class, &failure.effect), (&Class::Invalid("cidr".into()), &Effect::NotApplied));
        assert!(failure.message.contains("CreateSubnet") && failure.message.contains("10.9.0.0/24"), "{failure}");
        assert!(failure.request_id.is_some(), "{failure}");
        stage.delete(&vpc).await;
    }
}

scene! {
    /// That something else is not there does not make a delete one that was done.
    async fn an_object_that_is_still_there_is_not_deleted(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, nth| match (action, nth) {
            ("DeleteVpc", 1) => Fate::RefuseWith(400, "InvalidRouteTableID.NotFound", "The table 'rtb-7' does not exist"),
            _ => Fate::Pass,
        })
        .await;
        let stage = stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let mut hurried = vpc.cx.clone();
        hurried.timeout = Duration::from_secs(2);
        let failure = stage.provider.delete(&hurried, &vpc.prior()).await.unwrap_err();
        assert_eq!((&failure.class, &failure.effect), (&Class::Conflict, &Effect::NotApplied), "{failure}");
        assert!(failure.message.contains("rtb-7") && failure.message.contains("itself is still there"), "{failure}");
        stage.provider.delete(&vpc.cx, &vpc.prior()).await.unwrap();
        // What is gone is deleted.
        stage.provider.delete(&vpc.cx, &vpc.prior()).await.unwrap();
    }
}

scene! {
    /// A field is named as the kind has it, or not at all; a hint is about what was refused.
    async fn what_is_told_of_a_refusal_fits_it(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, _| match action {
            "CreateVpc" => Fate::RefuseWith(400, "InvalidParameterCombination", "The parameter combination is odd"),
            "ImportKeyPair" => Fate::RefuseWith(400, "InvalidParameterValue", "Value for parameter keyName is invalid"),
            "RunInstances" => Fate::RefuseWith(400, "InvalidParameterValue", "Value for parameter groupId is invalid"),
            "CreateTargetGroup" => Fate::RefuseWith(
                400,
                "ValidationError",
                "1 validation error detected: Value '0' at 'healthCheckTimeoutSeconds' failed to satisfy constraint",
            ),
            "CreateSubnet" => Fate::RefuseWith(403, "AuthFailure", "The VPC belongs to somebody else"),
            _ => Fate::Pass,
        })
        .await;
        let stage = stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        let network = stage.try_create(stage.cx::<Vpc>("main"), Vpc::new("10.0.0.0/16")).await.err().unwrap();
        assert!(network.to_string().starts_with("invalid inputs: CreateVpc: The parameter"), "{network}");
        let key = KeyPair::new("ssh-ed25519 AAAA").name("login");
        let key = stage.try_create(stage.cx::<KeyPair>("login"), key).await.err().unwrap();
        assert_eq!(key.class, Class::Invalid("name".into()), "{key}");
        let machine = Instance::new("ami-1", "t3.micro", "subnet-1");
        let machine = stage.try_create(stage.cx::<Instance>("web"), machine).await.err().unwrap();
        assert_eq!(machine.class, Class::Invalid("security_group_ids".into()), "{machine}");
        let targets = TargetGroup::new("vpc-1", 80);
        let targets = stage.try_create(stage.cx::<TargetGroup>("web"), targets).await.err().unwrap();
        assert_eq!(targets.class, Class::Invalid("health_check".into()), "{targets}");
        let subnet = Subnet::new("vpc-1", "10.0.1.0/24");
        let subnet = stage.try_create(stage.cx::<Subnet>("a"), subnet).await.err().unwrap();
        assert!(subnet.hint.as_deref().is_some_and(|hint| hint.contains("another account's")), "{subnet}");
    }
}

scene! {
    async fn a_failure_without_a_reason_says_that(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, _| match action {
            "DescribeNatGateways" => Fate::Edit("<state>available</state>", "<state>failed</state>"),
            _ => Fate::Pass,
        })
        .await;
        let stage = stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let gateway = NatGateway::new(subnet.id()).connectivity(Connectivity::Private);
        let nat = stage.try_create(stage.cx::<NatGateway>("nat"), gateway).await.unwrap();
        let answer = stage.provider.ready(&nat.cx, &nat.prior()).await.unwrap();
        assert_eq!(answer, Readiness::Failed("AWS gives no reason".to_owned()));
        stage.delete(&nat).await;
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
    }
}

scene! {
    async fn what_is_in_use_is_not_deleted(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let mut cx = vpc.cx.clone();
        cx.timeout = Duration::from_secs(2);
        let failure = stage.provider.delete(&cx, &vpc.prior()).await.unwrap_err();
        assert_eq!((&failure.class, &failure.effect), (&Class::Conflict, &Effect::NotApplied));
        assert!(failure.message.contains("DependencyViolation") && failure.hint.is_some(), "{failure}");
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn an_id_that_nobody_has_is_gone(stage: Stage) {
        let cx = stage.cx::<Vpc>("main");
        let prior = Prior { id: "vpc-0123456789abcdef0".into(), ..Prior::default() };
        assert_eq!(stage.provider.read(&cx, &prior).await.unwrap(), None);
        stage.provider.delete(&cx, &prior).await.unwrap();
        assert_eq!(stage.provider.find(&cx).await.unwrap(), None);
        let orphan = Subnet::new("vpc-0123456789abcdef0", "10.0.0.0/24");
        let failure = stage.try_create(stage.cx::<Subnet>("a"), orphan).await.err().unwrap();
        assert_eq!((&failure.class, &failure.effect), (&Class::NotFound, &Effect::NotApplied), "{failure}");
    }
}

scene! {
    async fn an_instance_has_settings_of_its_own(stage: Stage) {
        let ireland = stage.with_provider(Settings::new().region("eu-west-1")).await;
        let cx = stage.cx::<AvailabilityZones>("zones");
        let found = ireland.lookup(&cx, &inputs(AvailabilityZones::new())).await.unwrap();
        assert_eq!(found["names"].get::<Vec<String>>().unwrap()[0], "eu-west-1a");
    }
}

#[test]
fn without_credentials_it_says_how_to_log_in() {
    let none = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];
    let path = concat!(module_path!(), "::without_credentials_it_says_how_to_log_in");
    play(path, &none, async move |stage: Stage| {
        let failure = stage.try_create(stage.cx::<Vpc>("main"), Vpc::new("10.0.0.0/16")).await.err().unwrap();
        assert_eq!((&failure.class, &failure.effect), (&Class::Denied, &Effect::NotApplied), "{failure}");
        assert!(failure.to_string().contains("no AWS credentials"), "{failure}");
        assert!(failure.to_string().contains("aws sso login"), "{failure}");
    });
}

#[test]
fn without_a_region_it_says_where_to_name_one() {
    let path = concat!(module_path!(), "::without_a_region_it_says_where_to_name_one");
    play(path, &[("AWS_REGION", "")], async move |stage: Stage| {
        let failure = stage.try_create(stage.cx::<Vpc>("main"), Vpc::new("10.0.0.0/16")).await.err().unwrap();
        assert_eq!(failure.class, Class::Invalid("region".into()), "{failure}");
        assert!(failure.to_string().contains("AWS_REGION"), "{failure}");
    });
}

#[test]
fn an_endpoint_that_does_not_answer_is_named() {
    let path = concat!(module_path!(), "::an_endpoint_that_does_not_answer_is_named");
    play(
        path,
        &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_MAX_ATTEMPTS", "2")],
        async move |stage: Stage| {
            let failure =
                stage.try_create(stage.cx::<Vpc>("main"), Vpc::new("10.0.0.0/16")).await.err().unwrap();
            assert_eq!(
                (&failure.class, &failure.effect),
                (&Class::Transient, &Effect::NotApplied),
                "{failure}"
            );
            assert!(failure.message.contains("http://127.0.0.1:9 does not answer"), "{failure}");
            assert!(failure.message.contains("refused"), "{failure}");
            let prior = Prior { id: "vpc-0123456789abcdef0".into(), ..Prior::default() };
            let failure = stage.provider.delete(&stage.cx::<Vpc>("main"), &prior).await.unwrap_err();
            assert_eq!(failure.effect, Effect::Unknown, "a try before the last may have arrived: {failure}");
        },
    );
}
