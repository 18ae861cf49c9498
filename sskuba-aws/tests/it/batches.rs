//! How many calls are made of how many objects.

use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{Image, Instance, Subnet, Vpc};
use sskuba_aws::elbv2::{TargetGroup, TargetGroupAttachment, TargetType};
use sskuba_core::prelude::*;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::in_place::IMAGE;
use crate::stacks::behind;
use crate::stage::{Stage, inputs, scene};

async fn counting() -> Proxy {
    Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await
}

scene! {
    /// One group with two hundred targets: they are looked at, registered and taken out together.
    async fn targets_of_a_group_share_their_calls(stage: Stage) {
        let proxy = counting().await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
            let group = TargetGroup::new(vpc.id(), 80).target_type(TargetType::Ip);
            let group = stack.add("web", group)?.provider(&here);
            for i in 0..200 {
                let target = TargetGroupAttachment::new(group.arn(), format!("10.0.1.{i}"));
                stack.add(format!("{i}"), target)?.provider(&here);
            }
            Ok(())
        };
        let since = |before: usize| proxy.log()[before..].to_vec();
        let calls = |log: &[String], action: &str| log.iter().filter(|seen| *seen == action).count();
        assert_eq!(on.up(program.clone()).await, [203, 0, 0, 0]);
        let made = since(0);
        println!("up: {} calls", made.len());
        let (registered, looked) = (calls(&made, "RegisterTargets"), calls(&made, "DescribeTargetHealth"));
        assert!(registered <= 20 && looked <= 20, "{registered} and {looked}");
        let before = proxy.log().len();
        assert_eq!(on.drifted().await, []);
        let refreshed = since(before);
        println!("refresh: {} calls: {refreshed:?}", refreshed.len());
        assert!(refreshed.len() <= 20, "{} calls: {refreshed:?}", refreshed.len());
        // One that somebody took out is missed, and no other.
        let group = on.id_of("tg");
        behind(&format!("elb.deregister_targets(TargetGroupArn='{group}', Targets=[{{'Id': '10.0.1.7', 'Port': 80}}])"));
        let mut session = on.engine.open(&on.stage.stack, "refresh", std::time::Duration::ZERO).await.unwrap();
        let found = session.refresh(&Default::default()).await.unwrap();
        session.close().await.unwrap();
        let gone: Vec<&str> = found.gone.iter().map(|address| address.as_str()).collect();
        assert_eq!(gone, ["aws:elbv2:TargetGroupAttachment::7"]);
        assert_eq!(on.up(program).await, [1, 0, 0, 0]);
        let before = proxy.log().len();
        on.down().await;
        let down = since(before);
        println!("down: {} calls", down.len());
        assert!(calls(&down, "DeregisterTargets") <= 20, "{down:?}");
    }
}

scene! {
    /// A wrong target among others is refused, and the others are registered.
    async fn one_wrong_target_is_refused_alone(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |action, nth| match (action, nth) {
            // The call about all three, and that about the second alone.
            ("RegisterTargets", 1 | 3) => Fate::Refuse(400, "InvalidTarget"),
            _ => Fate::Pass,
        })
        .await;
        let stage = stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let group = TargetGroup::new(vpc.id(), 80).target_type(TargetType::Ip);
        let group = stage.create("web", group).await;
        let create = async |name: &'static str| {
            let target = TargetGroupAttachment::new(group.id(), name);
            stage.try_create(stage.cx::<TargetGroupAttachment>(name), target).await
        };
        let (a, b, c) = tokio::join!(create("10.0.1.1"), create("10.0.1.2"), create("10.0.1.3"));
        assert_eq!((a.is_ok(), b.is_ok(), c.is_ok()), (true, false, true));
        assert_eq!(proxy.calls("RegisterTargets"), 4);
        stage.delete(&a.unwrap()).await;
        stage.delete(&c.unwrap()).await;
        stage.delete(&group).await;
        stage.delete(&vpc).await;
    }
}

/// A region of its own: the witness of other scenes asks for one page alone.
const FAR: &str = "ap-south-1";

scene! {
    async fn machines_are_described_two_hundred_at_a_time(stage: Stage) {
        let proxy = counting().await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = |count: usize| {
            let endpoint = endpoint.clone();
            move |stack: &mut Stack| -> Result<()> {
                let here = stack.add("here", Settings::new().endpoint(endpoint.clone()).region(FAR))?;
                let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
                let subnet = stack.add("a", Subnet::new(vpc.id(), "10.0.0.0/20"))?.provider(&here);
                for i in 0..count {
                    stack.add(format!("{i}"), Instance::new(IMAGE, "t3.micro", subnet.id()))?.provider(&here);
                }
                Ok(())
            }
        };
        assert_eq!(on.up(program(400)).await, [403, 0, 0, 0]);
        let before = (proxy.log().len(), proxy.calls("DescribeInstances"));
        assert_eq!(on.drifted().await, []);
        let descriptions = proxy.calls("DescribeInstances") - before.1;
        println!("{descriptions} descriptions, {} calls", proxy.log().len() - before.0);
        // Two of them, and one more on a busy machine; a page of moto's has a hundred.
        assert!(descriptions <= 6, "{descriptions}: {:?}", &proxy.log()[before.0..]);
        on.down().await;
    }
}

scene! {
    /// AWS tells one attribute of a network at a time: two calls, and no more where it is changed.
    async fn what_was_asked_of_a_network_is_not_asked_again(stage: Stage) {
        let proxy = counting().await;
        let stage = stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        let mut vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        assert_eq!(proxy.calls("DescribeVpcAttribute"), 0);
        stage.update(&mut vpc, Vpc::new("10.0.0.0/16").enable_dns_hostnames(true)).await;
        assert_eq!((proxy.calls("DescribeVpcAttribute"), stage.drift(&vpc).await), (4, vec![]), "it is updated twice");
        stage.delete(&vpc).await;
    }
}

scene! {
    /// The newest image may stand on the second page.
    async fn images_are_looked_for_on_all_pages(stage: Stage) {
        let page = "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><imagesSet><item>\
            <imageId>ami-old</imageId><name>old</name><creationDate>2001-01-01T00:00:00.000Z</creationDate></item>\
            </imagesSet><nextToken>more</nextToken></DescribeImagesResponse>";
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), move |action, nth| match (action, nth) {
            ("DescribeImages", 1) => Fate::Answer(page),
            _ => Fate::Pass,
        })
        .await;
        let stage = stage.with(Settings::new().endpoint(proxy.endpoint.clone())).await;
        let found = stage.provider.lookup(&stage.cx::<Image>("ubuntu"), &inputs(Image::new("amazon", "*ubuntu*"))).await;
        assert!(found.unwrap()["id"].as_str().is_some_and(|id| id != "ami-old"));
        assert_eq!(proxy.calls("DescribeImages"), 2);
    }
}
