//! Load balancers.

use sskuba_aws::ec2::{SecurityGroup, Subnet, Vpc};
use sskuba_aws::elbv2::{
    HealthCheck, Listener, LoadBalancer, TargetGroup, TargetGroupAttachment, TargetType,
};
use sskuba_core::provider::Class;

use crate::stacks::behind;
use crate::stage::{Stage, scene};

const NONE: [&str; 0] = [];

scene! {
    async fn a_load_balancer_lives_its_life(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let a = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24").availability_zone("us-east-1a")).await;
        let b = stage.create("b", Subnet::new(vpc.id(), "10.0.2.0/24").availability_zone("us-east-1b")).await;
        let declared = |ids: Vec<String>| LoadBalancer::new(ids).internal(true);
        let mut balancer = stage.create("api", declared(vec![a.id()]).cross_zone(true).tag("n", "1")).await;
        assert!(balancer.output("dns_name").contains("elb"));
        stage.same_again(&balancer).await;
        stage.found(&balancer).await;
        assert_eq!(stage.drift(&balancer).await, NONE);
        stage.update(&mut balancer, declared(vec![b.id(), a.id()]).tag("m", "2")).await;
        assert_eq!(stage.drift(&balancer).await, NONE);
        let seen = &stage.seen()[&balancer.id()];
        assert_eq!((&seen["type"], &seen["scheme"], &seen["tags"]["m"]), (&"network".into(), &"internal".into(), &"2".into()));
        assert_eq!(seen["tags"].get("n"), None);

        let group = || TargetGroup::new(vpc.id(), 6443).target_type(TargetType::Ip);
        let mut targets = stage.create("api", group().preserve_client_ip(false).deregistration_delay_seconds(15)).await;
        stage.same_again(&targets).await;
        stage.found(&targets).await;
        assert_eq!(stage.drift(&targets).await, NONE);
        let http = HealthCheck { protocol: "HTTP".into(), path: Some("/livez".into()), interval_seconds: 10, ..HealthCheck::default() };
        stage.update(&mut targets, group().health_check(http).preserve_client_ip(true).tag("n", "1")).await;
        assert_eq!(stage.drift(&targets).await, NONE);

        let mut listener = stage.create("api", Listener::new(balancer.id(), 6443, targets.id())).await;
        stage.same_again(&listener).await;
        assert_eq!(stage.drift(&listener).await, NONE);
        stage.update(&mut listener, Listener::new(balancer.id(), 443, targets.id()).tag("n", "1")).await;
        assert_eq!(stage.drift(&listener).await, NONE);
        let taken = stage.try_create(stage.cx::<Listener>("again"), Listener::new(balancer.id(), 443, targets.id())).await;
        let failure = taken.err().expect("the port is taken");
        assert_eq!(failure.class, Class::Conflict);
        assert!(failure.message.contains("belongs to aws:elbv2:Listener::api"), "{failure}");

        let one = stage.create("one", TargetGroupAttachment::new(targets.id(), "10.0.1.7")).await;
        let two = stage.create("two", TargetGroupAttachment::new(targets.id(), "10.0.1.8").port(7000)).await;
        stage.same_again(&one).await;
        assert_eq!((stage.drift(&one).await, stage.drift(&two).await), (vec![], vec![]));
        assert_eq!(stage.seen()[&targets.id()]["targets"], serde_json::json!(["10.0.1.7", "10.0.1.8"]));

        stage.delete(&one).await;
        assert_eq!(stage.seen()[&targets.id()]["targets"], serde_json::json!(["10.0.1.8"]));
        stage.delete(&two).await;
        stage.delete(&listener).await;
        stage.delete(&targets).await;
        stage.delete(&balancer).await;
        stage.delete(&a).await;
        stage.delete(&b).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn a_name_that_another_has_is_refused(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let first = stage.create("first", TargetGroup::new(vpc.id(), 80).name("taken-by-first")).await;
        let second = stage.try_create(stage.cx::<TargetGroup>("second"), TargetGroup::new(vpc.id(), 80).name("taken-by-first"));
        let failure = second.await.err().expect("the name is taken");
        assert_eq!(failure.class, Class::Conflict);
        assert!(failure.message.contains("TargetGroup::first"), "{failure}");
        stage.delete(&first).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn security_groups_change_in_place(stage: Stage) {
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let a = stage.create("a", SecurityGroup::new(vpc.id())).await;
        let b = stage.create("b", SecurityGroup::new(vpc.id())).await;
        let declared = || LoadBalancer::new(vec![subnet.id()]);
        let mut balancer = stage.create("api", declared().security_group(a.id())).await;
        assert_eq!(stage.drift(&balancer).await, NONE);
        stage.update(&mut balancer, declared().security_group(b.id())).await;
        assert_eq!(stage.drift(&balancer).await, NONE);
        let arn = balancer.id();
        let groups = behind(&format!(
            "print(json.dumps(elb.describe_load_balancers(LoadBalancerArns=['{arn}'])['LoadBalancers'][0]['SecurityGroups']))"
        ));
        assert_eq!(groups, serde_json::json!([b.id()]));
        stage.delete(&balancer).await;
        stage.delete(&a).await;
        stage.delete(&b).await;
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
    }
}
