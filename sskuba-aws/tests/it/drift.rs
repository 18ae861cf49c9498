//! What others change behind the stack's back is seen by a refresh and undone by the next run.

use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{Instance, SecurityGroup, SecurityGroupRule, Subnet, Vpc};
use sskuba_aws::elbv2::TargetGroup;
use sskuba_core::prelude::*;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::in_place::IMAGE;
use crate::stacks::{Stacked, behind};
use crate::stage::{Stage, scene};

impl Stacked {
    /// Returns the id of the one object of a kind.
    pub(crate) fn id_of(&self, kind: &str) -> String {
        let seen = self.stage.seen();
        let mut of_kind = seen.into_iter().filter(|(_, seen)| seen["kind"] == kind);
        of_kind.next().unwrap_or_else(|| panic!("there is no {kind}")).0
    }
}

fn drifts(address: &str, field: &str) -> Vec<(String, String)> {
    vec![(address.to_owned(), field.to_owned())]
}

const WEB: &str = "aws:ec2:Instance::web";

scene! {
    async fn a_machine_that_somebody_stopped_is_started(stage: Stage) {
        let on = stage.stacked();
        let program = |stack: &mut Stack| -> Result<()> {
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
            let subnet = stack.add("a", Subnet::new(vpc.id(), "10.0.1.0/24"))?;
            stack.add("web", Instance::new(IMAGE, "t3.micro", subnet.id()))?;
            Ok(())
        };
        on.up(program).await;
        let machine = on.id_of("instance");
        let state = || {
            behind(&format!(
                "print(json.dumps(ec2.describe_instances(InstanceIds=['{machine}'])['Reservations'][0]['Instances'][0]['State']['Name']))"
            ))
        };
        behind(&format!("ec2.stop_instances(InstanceIds=['{machine}'])"));
        assert_eq!(on.drifted().await, drifts(WEB, "running"));
        assert_eq!((on.up(program).await, state()), ([0, 1, 0, 0], "running".into()));
        assert_eq!((on.drifted().await, on.id_of("instance")), (vec![], machine.clone()));
        on.down().await;
    }
}

scene! {
    /// moto takes the protection only from a machine that is there, and asks for user data that is encoded twice.
    async fn user_data_and_protection_are_as_the_program_says(stage: Stage) {
        let upstream = std::env::var("AWS_ENDPOINT_URL").unwrap();
        let proxy = Proxy::start(&upstream, |action, _| match action {
            "ModifyInstanceAttribute" => Fate::Send("aGVsbG8%3D", "YUdWc2JHOD0%3D"),
            _ => Fate::Pass,
        })
        .await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = stack.add("here", Settings::new().endpoint(endpoint.clone()))?;
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
            let subnet = stack.add("a", Subnet::new(vpc.id(), "10.0.1.0/24"))?.provider(&here);
            let machine = Instance::new(IMAGE, "t3.micro", subnet.id());
            let machine = machine.user_data("hello").stop_to_update(true).termination_protection(true);
            stack.add("web", machine)?.provider(&here);
            Ok(())
        };
        on.up(program.clone()).await;
        assert_eq!(on.up(program.clone()).await, [0, 1, 0, 0], "a launch of moto's does not protect");
        assert_eq!((on.drifted().await, on.up(program.clone()).await), (vec![], [0; 4]));
        let machine = on.id_of("instance");
        // In the form that moto wants of it.
        let other = "__import__('base64').b64encode(b'other')";
        behind(&format!("ec2.stop_instances(InstanceIds=['{machine}'])"));
        behind(&format!("ec2.modify_instance_attribute(InstanceId='{machine}', UserData={{'Value': {other}}})"));
        behind(&format!("ec2.start_instances(InstanceIds=['{machine}'])"));
        behind(&format!("ec2.modify_instance_attribute(InstanceId='{machine}', DisableApiTermination={{'Value': False}})"));
        let mut drifted = on.drifted().await;
        drifted.sort();
        let fields = ["termination_protection", "user_data"].map(|field| (WEB.to_owned(), field.to_owned()));
        assert_eq!(drifted, fields);
        let report = on.try_up(program.clone()).await;
        assert!(!format!("{report:?}").contains("other"), "user data is secret");
        assert_eq!((report.counts.update, report.counts.replace), (1, 0));
        assert_eq!((on.drifted().await, on.id_of("instance")), (vec![], machine.clone()));
        assert_eq!(on.stage.seen()[&machine]["user_data"], "aGVsbG8=");
        assert_eq!(proxy.calls("StopInstances"), 1);
        let down = on.engine.down(&on.stage.stack).await.unwrap();
        let refused = &down.failures[0].failure;
        assert!(refused.hint.as_deref().is_some_and(|hint| hint.contains("protected")), "{refused}");
        behind(&format!("ec2.modify_instance_attribute(InstanceId='{machine}', DisableApiTermination={{'Value': False}})"));
        on.down().await;
    }
}

scene! {
    async fn the_rule_that_a_group_is_born_with_is_as_the_program_says(stage: Stage) {
        let on = stage.stacked();
        let program = |open: bool| {
            move |stack: &mut Stack| -> Result<()> {
                let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
                stack.add("web", SecurityGroup::new(vpc.id()).allow_all_outbound(open))?;
                Ok(())
            }
        };
        let out = || on.stage.seen()[&on.id_of("sg")]["out"].clone();
        let all = "IpPermissions=[{'IpProtocol': '-1', 'IpRanges': [{'CidrIp': '0.0.0.0/0'}]}]";
        on.up(program(true)).await;
        let group = on.id_of("sg");
        behind(&format!("ec2.revoke_security_group_egress(GroupId='{group}', {all})"));
        assert_eq!(on.drifted().await, drifts("aws:ec2:SecurityGroup::web", "allow_all_outbound"));
        assert_eq!((on.up(program(true)).await, out()), ([0, 1, 0, 0], serde_json::json!(["-1"])));
        assert_eq!((on.drifted().await, on.up(program(false)).await), (vec![], [0, 1, 0, 0]));
        assert_eq!(out(), serde_json::json!([]));
        behind(&format!("ec2.authorize_security_group_egress(GroupId='{group}', {all})"));
        assert_eq!(on.drifted().await, drifts("aws:ec2:SecurityGroup::web", "allow_all_outbound"));
        assert_eq!((on.up(program(false)).await, out()), ([0, 1, 0, 0], serde_json::json!([])));
        assert_eq!(on.drifted().await, []);
        on.down().await;
    }
}

scene! {
    /// A group that is made closed, and a rule of its own that opens it: neither takes anything from the other.
    async fn a_rule_that_says_the_same_is_not_the_groups(stage: Stage) {
        let on = stage.stacked();
        let program = |tag: &'static str| {
            move |stack: &mut Stack| -> Result<()> {
                let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
                let closed = SecurityGroup::new(vpc.id()).allow_all_outbound(false).tag("version", tag);
                let group = stack.add("web", closed)?;
                stack.add("out", SecurityGroupRule::egress(group.id()).all().cidr("0.0.0.0/0"))?;
                Ok(())
            }
        };
        on.up(program("1")).await;
        assert_eq!((on.drifted().await, on.up(program("1")).await), (vec![], [0; 4]));
        assert_eq!(on.up(program("2")).await, [0, 1, 0, 0]);
        assert_eq!(on.stage.seen()[&on.id_of("sg")]["out"], serde_json::json!(["-1"]));
        assert_eq!((on.drifted().await, on.up(program("2")).await), (vec![], [0; 4]));
        on.down().await;
    }
}

scene! {
    async fn the_stickiness_of_a_target_group_is_as_the_program_says(stage: Stage) {
        let on = stage.stacked();
        let program = |sticky: bool| {
            move |stack: &mut Stack| -> Result<()> {
                let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
                stack.add("web", TargetGroup::new(vpc.id(), 80).stickiness(sticky))?;
                Ok(())
            }
        };
        on.up(program(false)).await;
        let group = on.id_of("tg");
        let set = |on: bool| {
            behind(&format!(
                "elb.modify_target_group_attributes(TargetGroupArn='{group}', Attributes=[{{'Key': 'stickiness.enabled', 'Value': '{on}'}}])"
            ))
        };
        set(true);
        assert_eq!(on.drifted().await, drifts("aws:elbv2:TargetGroup::web", "stickiness"));
        assert_eq!((on.up(program(false)).await, on.drifted().await), ([0, 1, 0, 0], vec![]));
        assert_eq!((on.up(program(true)).await, on.drifted().await), ([0, 1, 0, 0], vec![]));
        set(false);
        assert_eq!(on.drifted().await, drifts("aws:elbv2:TargetGroup::web", "stickiness"));
        assert_eq!((on.up(program(true)).await, on.drifted().await), ([0, 1, 0, 0], vec![]));
        on.down().await;
    }
}
