//! Tags: those of the program, those of the provider instance, and those of others.

use sskuba_aws::Provider as Settings;
use sskuba_aws::ec2::{Eip, SecurityGroup, SecurityGroupRule, Vpc};
use sskuba_aws::elbv2::TargetGroup;
use sskuba_core::prelude::*;
use sskuba_testkit::aws::{Fate, Proxy};

use crate::stacks::{Stacked, behind};
use crate::stage::{Stage, scene};

/// Declares objects of both services with these default tags.
fn with_defaults(
    defaults: &'static [(&'static str, &'static str)],
) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + 'static {
    move |stack| {
        let here = Settings::new().region("us-east-1");
        let here = defaults.iter().fold(here, |here, (key, value)| here.default_tag(*key, *value));
        let here = stack.add("here", here)?;
        let vpc = stack.add("main", Vpc::new("10.0.0.0/16").tag("team", "own"))?.provider(&here);
        let address = stack.add("nat", Eip::new())?.provider(&here);
        // A tag of its own that is not known before the apply hides no default.
        let targets = TargetGroup::new(vpc.id(), 80).tag("address", address.public_ip());
        stack.add("main", targets)?.provider(&here);
        let group = stack.add("main", SecurityGroup::new(vpc.id()))?.provider(&here);
        let rule = SecurityGroupRule::ingress(group.id()).tcp(80).cidr("10.0.0.0/8").tag("cost", "rule");
        stack.add("main", rule)?.provider(&here);
        Ok(())
    }
}

impl Stacked {
    /// Returns the values of a tag of all objects, by the kind.
    fn values(&self, key: &str) -> Vec<String> {
        let mut values: Vec<String> = self
            .stage
            .seen()
            .values()
            .filter_map(|seen| {
                let value = seen["tags"][key].as_str()?;
                Some(format!("{} {value}", seen["kind"].as_str().unwrap()))
            })
            .collect();
        values.sort();
        values
    }
}

scene! {
    /// Without a refresh: what an object has of its instance is recorded with it.
    async fn a_default_tag_reaches_what_is_there_and_goes_again(stage: Stage) {
        let on = stage.stacked();
        assert_eq!(on.up(with_defaults(&[("team", "data"), ("cost", "7")])).await, [6, 0, 0, 0]);
        assert_eq!(on.values("team"), ["eip data", "rule data", "sg data", "tg data", "vpc own"]);
        assert_eq!(on.values("cost"), ["eip 7", "rule rule", "sg 7", "tg 7", "vpc 7"]);
        assert_eq!(on.up(with_defaults(&[("team", "data"), ("cost", "7")])).await, [0; 4]);

        let address = on.stage.seen().into_iter().find(|(_, seen)| seen["kind"] == "eip").unwrap().0;
        behind(&format!("ec2.create_tags(Resources=['{address}'], Tags=[{{'Key': 'theirs', 'Value': 'yes'}}])"));
        // The instance itself, and all but the network, whose own tag wins.
        assert_eq!(on.up(with_defaults(&[("team", "ops"), ("cost", "7")])).await, [0, 5, 0, 0]);
        assert_eq!(on.values("team"), ["eip ops", "rule ops", "sg ops", "tg ops", "vpc own"]);

        assert_eq!(on.up(with_defaults(&[("team", "ops")])).await, [0, 5, 0, 0]);
        assert_eq!(on.values("cost"), ["rule rule"]);
        assert_eq!(on.up(with_defaults(&[])).await, [0, 5, 0, 0]);
        assert_eq!((on.values("team"), on.values("theirs")), (vec!["vpc own".to_owned()], vec!["eip yes".to_owned()]));
        assert_eq!(on.up(with_defaults(&[])).await, [0; 4]);
        on.down().await;
    }
}

scene! {
    /// One that a colleague added stays through refreshes, updates of other tags and of anything else, and is no drift.
    async fn a_tag_of_others_is_left_alone(stage: Stage) {
        let on = stage.stacked();
        let program = |team: Option<&'static str>| move |stack: &mut Stack| -> Result<()> {
            let vpc = Vpc::new("10.0.0.0/16");
            let vpc = stack.add("main", match team {
                Some(team) => vpc.tag("team", team),
                None => vpc,
            })?;
            stack.add("main", TargetGroup::new(vpc.id(), 80).tag("team", team.unwrap_or("none")))?;
            Ok(())
        };
        on.up(program(Some("data"))).await;
        let id = |kind: &str| on.stage.seen().into_iter().find(|(_, seen)| seen["kind"] == kind).unwrap().0;
        behind(&format!(
            "ec2.create_tags(Resources=['{}'], Tags=[{{'Key': 'theirs', 'Value': 'yes'}}])\n\
             elb.add_tags(ResourceArns=['{}'], Tags=[{{'Key': 'theirs', 'Value': 'yes'}}])",
            id("vpc"),
            id("tg")
        ));
        let refreshed = async || {
            let mut session = on.engine.open(&on.stage.stack, "refresh", std::time::Duration::ZERO).await.unwrap();
            let found = session.refresh(&Default::default()).await.unwrap();
            session.close().await.unwrap();
            found.drifted.len()
        };
        assert_eq!((refreshed().await, on.up(program(Some("data"))).await), (0, [0; 4]));
        assert_eq!(on.up(program(Some("ops"))).await, [0, 2, 0, 0]);
        assert_eq!(on.up(program(None)).await, [0, 2, 0, 0]);
        assert_eq!((refreshed().await, on.up(program(None)).await), (0, [0; 4]));
        assert_eq!((on.values("theirs"), on.values("team")), (vec!["tg yes".to_owned(), "vpc yes".into()], vec!["tg none".into()]));
        on.down().await;
    }
}

scene! {
    async fn tags_that_aws_refuses_are_found_in_the_plan(stage: Stage) {
        let proxy = Proxy::start(&std::env::var("AWS_ENDPOINT_URL").unwrap(), |_, _| Fate::Pass).await;
        let endpoint = proxy.endpoint.clone();
        let on = stage.stacked();
        let program = move |stack: &mut Stack| -> Result<()> {
            let here = Settings::new().endpoint(endpoint.clone());
            let here = (0..40).fold(here, |here, i| here.default_tag(format!("default-{i}"), "x"));
            let here = stack.add("here", here)?;
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&here);
            let many = (0..7).fold(SecurityGroup::new(vpc.id()), |group, i| group.tag(format!("own-{i}"), "x"));
            stack.add("many", many)?.provider(&here);
            stack.add("key", SecurityGroup::new(vpc.id()).tag("k".repeat(129), "x"))?.provider(&here);
            stack.add("value", SecurityGroup::new(vpc.id()).tag("team", "v".repeat(257)))?.provider(&here);
            stack.add("ours", SecurityGroup::new(vpc.id()).tag("sskuba:token", "x"))?.provider(&here);
            Ok(())
        };
        let error = on.engine.up(&on.stage.stack, program).await.unwrap_err().to_string();
        let parts = [
            ("SecurityGroup::many", "has 47 tags, where there is room for 46"),
            ("SecurityGroup::key", "a key of 129 characters"),
            ("SecurityGroup::value", "a value of 257 characters under \"team\""),
            ("SecurityGroup::ours", "\"sskuba:token\", by which sskuba knows its objects"),
        ];
        for (address, words) in parts {
            let told = error.lines().any(|line| line.contains(address) && line.contains(words));
            assert!(told, "{address}: `{words}` is missing: {error}");
        }
        assert!(!error.contains("aws:ec2:Vpc::main"), "{error}");
        assert_eq!(proxy.log(), [""; 0]);
    }
}
