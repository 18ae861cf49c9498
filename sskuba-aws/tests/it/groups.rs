//! Launch templates, and groups of machines that are launched of them.

use serde_json::json;
use sskuba_aws::Provider as Settings;
use sskuba_aws::autoscaling::{Group, HealthCheck};
use sskuba_aws::ec2::{LaunchTemplate, RootVolume, SecurityGroup, Subnet, Vpc};
use sskuba_aws::elbv2::TargetGroup;
use sskuba_core::prelude::*;
use sskuba_core::provider::{Change, Class, Readiness};
use sskuba_testkit::aws::{Fate, Proxy};

use crate::in_place::IMAGE;
use crate::stacks::behind;
use crate::stage::{Live, Stage, inputs, scene};

const NONE: [&str; 0] = [];

fn template(kind: &str) -> LaunchTemplate {
    LaunchTemplate::new(IMAGE, kind)
}

/// What somebody else sees of a group.
fn seen(name: &str) -> serde_json::Value {
    behind(&format!(
        "g = boto3.client('autoscaling').describe_auto_scaling_groups(AutoScalingGroupNames=['{name}'])\n\
         print(json.dumps(g['AutoScalingGroups'][0], default=str))"
    ))
}

async fn subnet(stage: &Stage) -> String {
    let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await.id();
    let subnet = Subnet::new(vpc, "10.0.1.0/24").availability_zone("us-east-1a");
    stage.create("a", subnet).await.id()
}

scene! {
    async fn a_template_changes_by_versions(stage: Stage) {
        let (stage, proxy) = stage.strict(|_, _| Fate::Pass).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let group = stage.create("a", SecurityGroup::new(vpc.id())).await;
        let disk = RootVolume { size_gib: Some(30), volume_type: Some("gp3".into()), ..RootVolume::default() };
        let first = template("t3.micro").user_data("#!/bin/sh\necho canary\n").security_group(group.id());
        let first = first.iam_instance_profile("web").root_volume(disk).instance_tag("tier", "web").tag("n", "1");
        let mut web = stage.create("web", first).await;
        assert!(web.output("template_name").starts_with("web-"));
        assert_eq!((web.output("default_version"), web.output("latest_version")), ("1".into(), "1".into()));
        assert_eq!(stage.drift(&web).await, NONE);
        stage.found(&web).await;
        stage.same_again(&web).await;
        assert!(!format!("{:?}", web.object).contains("canary"));

        let other = template("t3.small").user_data_base64(Secret::new("AJ+Slg==".to_owned()));
        // moto shows the tags that a template was made with, whatever came of them.
        stage.update(&mut web, other.associate_public_ip(true).security_group(group.id()).tag("n", "1")).await;
        assert_eq!((web.output("default_version"), web.output("latest_version")), ("2".into(), "2".into()));
        assert_eq!((stage.drift(&web).await, proxy.calls("CreateLaunchTemplateVersion")), (vec![], 1));
        // A version that somebody else made the default one differs.
        behind(&format!("ec2.modify_launch_template(LaunchTemplateId='{}', DefaultVersion='1')", web.id()));
        let there = stage.read(&web).await.unwrap();
        assert_eq!(there.inputs["instance_type"], "t3.micro".into());
        stage.delete(&web).await;
    }
}

scene! {
    async fn a_version_that_was_made_is_not_made_again(stage: Stage) {
        let (stage, proxy) = stage
            .strict(|action, nth| match (action, nth) {
                ("ModifyLaunchTemplate", 1) => Fate::Refuse(403, "UnauthorizedOperation"),
                _ => Fate::Pass,
            })
            .await;
        let web = stage.create("web", template("t3.micro")).await;
        let change = Change { prior: web.prior(), inputs: inputs(template("t3.small")) };
        stage.provider.update(&web.cx, &change).await.unwrap_err();
        let changed = stage.provider.update(&web.cx, &change).await.unwrap();
        assert_eq!((&changed.outputs["default_version"], &changed.outputs["latest_version"]), (&"2".into(), &"2".into()));
        assert_eq!(proxy.calls("CreateLaunchTemplateVersion"), 1);
        stage.delete(&web).await;
    }
}

/// A group of a template, and what its machines are replaced by.
async fn group(stage: &Stage) -> (Live<LaunchTemplate>, String) {
    let subnet = subnet(stage).await;
    (stage.create("web", template("t3.micro")).await, subnet)
}

scene! {
    async fn a_group_lives_its_life(stage: Stage) {
        let (stage, proxy) = stage.strict(|_, _| Fate::Pass).await;
        let (web, subnet) = group(&stage).await;
        let vpc = behind(&format!("print(json.dumps(ec2.describe_subnets(SubnetIds=['{subnet}'])['Subnets'][0]['VpcId']))"));
        let targets = stage.create("web", TargetGroup::new(vpc.as_str().unwrap(), 80_u16)).await;
        let declared = |least: u32| Group::new(web.id(), least, 4_u32).subnet(subnet.clone());
        let first = declared(1).launch_template_version("1").instance_tag("tier", "web").instance_tag("a", "1");
        let mut servers = stage.create("web", first.tag("n", "1")).await;
        assert!(servers.output("arn").starts_with("arn:aws:autoscaling:"));
        assert_eq!(stage.drift(&servers).await, NONE);
        stage.found(&servers).await;
        stage.same_again(&servers).await;
        let there = seen(&servers.id());
        assert_eq!((&there["DesiredCapacity"], there["Instances"].as_array().unwrap().len()), (&1.into(), 1));

        let other = declared(2).launch_template_version("1").health_check(HealthCheck::Elb).target_group(targets.id());
        stage.update(&mut servers, other.instance_tag("tier", "api").tag("a", "2")).await;
        assert_eq!(stage.drift(&servers).await, NONE);
        let there = seen(&servers.id());
        assert_eq!((&there["MinSize"], &there["HealthCheckType"]), (&2.into(), &"ELB".into()));
        let tags = there["Tags"].as_array().unwrap().iter().filter(|tag| tag["PropagateAtLaunch"] == true);
        let tags: Vec<_> = tags.map(|tag| (tag["Key"].clone(), tag["Value"].clone())).collect();
        assert_eq!(tags, [(json!("tier"), json!("api"))]);
        assert_eq!(proxy.calls("StartInstanceRefresh"), 0);
        stage.delete(&servers).await;
        stage.delete(&targets).await;
        stage.delete(&web).await;
    }
}

scene! {
    /// moto replaces no machines; the proxy answers as AWS's documentation says.
    async fn another_version_replaces_the_machines_and_is_waited_for(stage: Stage) {
        let (stage, proxy) = stage
            .strict(|action, nth| match (action, nth) {
                ("StartInstanceRefresh", 1) => Fate::Refuse(400, "InstanceRefreshInProgress"),
                _ => Fate::Pass,
            })
            .await;
        let (mut web, subnet) = group(&stage).await;
        let declared = |version: &str| {
            Group::new(web.id(), 1_u32, 1_u32).subnet(subnet.clone()).launch_template_version(version)
        };
        let (one, two, quiet) = (declared("1"), declared("2"), declared("1").replace_machines(false));
        let servers = stage.create("web", one).await;
        stage.update(&mut web, template("t3.small")).await;
        let change = Change { prior: servers.prior(), inputs: inputs(two) };
        stage.provider.update(&servers.cx, &change).await.unwrap();
        let calls = ["StartInstanceRefresh", "DescribeInstanceRefreshes"];
        assert_eq!(calls.map(|call| proxy.calls(call)), [2, 3]);
        assert_eq!(seen(&servers.id())["LaunchTemplate"]["Version"], "2");
        let prior = sskuba_core::provider::Prior { inputs: change.inputs.clone(), ..servers.prior() };
        let change = Change { prior, inputs: inputs(quiet) };
        stage.provider.update(&servers.cx, &change).await.unwrap();
        assert_eq!(calls.map(|call| proxy.calls(call)), [2, 3]);
        stage.delete(&servers).await;
        stage.delete(&web).await;
    }
}

const GAVE_UP: &str = "<DescribeInstanceRefreshesResponse xmlns=\"http://autoscaling.amazonaws.com/doc/2011-01-01/\">\
    <DescribeInstanceRefreshesResult><InstanceRefreshes><member><InstanceRefreshId>refresh-1</InstanceRefreshId>\
    <Status>Failed</Status><StatusReason>no machine became well</StatusReason></member></InstanceRefreshes>\
    </DescribeInstanceRefreshesResult></DescribeInstanceRefreshesResponse>";

scene! {
    async fn a_replacement_that_aws_gave_up_is_told(stage: Stage) {
        let (stage, _proxy) = stage
            .strict(|action, _| match action {
                "DescribeInstanceRefreshes" => Fate::Answer(GAVE_UP),
                _ => Fate::Pass,
            })
            .await;
        let (mut web, subnet) = group(&stage).await;
        let declared = |version: &str| {
            Group::new(web.id(), 1_u32, 1_u32).subnet(subnet.clone()).launch_template_version(version)
        };
        let (one, two) = (declared("1"), declared("2"));
        let servers = stage.create("web", one).await;
        stage.update(&mut web, template("t3.small")).await;
        let change = Change { prior: servers.prior(), inputs: inputs(two) };
        let failed = stage.provider.update(&servers.cx, &change).await.unwrap_err();
        assert_eq!(failed.class, Class::Conflict, "{failed}");
        assert!(failed.message.contains("no machine became well (Failed)"), "{failed}");
        stage.delete(&servers).await;
        stage.delete(&web).await;
    }
}

scene! {
    async fn a_group_is_waited_for_until_its_machines_are_in_service(stage: Stage) {
        let (stage, _proxy) = stage
            .strict(|action, nth| match (action, nth) {
                ("DescribeAutoScalingGroups", 1..=2) => Fate::Edit(">InService<", ">Pending<"),
                _ => Fate::Pass,
            })
            .await;
        let (web, subnet) = group(&stage).await;
        let declared = Group::new(web.id(), 1_u32, 1_u32).subnet(subnet);
        let servers = stage.try_create(stage.cx::<Group>("web"), declared).await.unwrap();
        let ready = stage.provider.ready(&servers.cx, &servers.prior()).await.unwrap();
        assert!(matches!(ready, Readiness::Pending(_)), "{ready:?}");
        let ready = stage.provider.ready(&servers.cx, &servers.prior()).await.unwrap();
        assert!(matches!(ready, Readiness::Ready(_)), "{ready:?}");
        stage.delete(&servers).await;
        stage.delete(&web).await;
    }
}

/// Declares a group of a template, without a word of its version.
fn program(
    proxy: &Proxy,
    kind: &'static str,
) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    let endpoint = proxy.endpoint.clone();
    move |stack| {
        let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
        let subnet = Subnet::new(vpc.id(), "10.0.1.0/24").availability_zone("us-east-1a");
        let subnet = stack.add("a", subnet)?.provider(&here);
        let template = stack.add("web", template(kind))?.provider(&here);
        stack.add("web", Group::new(template.id(), 1_u32, 2_u32).subnet(subnet.id()))?.provider(&here);
        Ok(())
    }
}

scene! {
    async fn a_change_of_the_template_replaces_machines(stage: Stage) {
        let proxy = Proxy::strict(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await;
        let on = stage.stacked();
        on.up(program(&proxy, "t3.micro")).await;
        assert_eq!(on.up(program(&proxy, "t3.micro")).await, [0; 4]);
        assert_eq!(on.up(program(&proxy, "t3.small")).await, [0, 2, 0, 0]);
        assert_eq!((proxy.calls("StartInstanceRefresh"), on.drifted().await), (1, vec![]));
        assert_eq!(on.up(program(&proxy, "t3.small")).await, [0; 4]);
        on.down().await;
    }
}
