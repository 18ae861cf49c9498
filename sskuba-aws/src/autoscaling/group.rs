//! Groups.

#[cfg(feature = "autoscaling")]
mod operations;
#[cfg(feature = "autoscaling")]
mod refresh;

use serde::{Deserialize, Serialize};

use super::prelude::*;
use crate::tag_rules::mistakes_in;

/// What tells a group that a machine is well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "lowercase")]
pub enum HealthCheck {
    /// That it runs.
    Ec2,
    /// That the load balancers of its target groups say so, too.
    Elb,
}

/// A group of machines: AWS launches as many as it shall have of a template, and replaces those that are not well.
///
/// Found after an interrupted create by its name and its ownership tag. Its name is known at once; it is ready when as many
/// machines as it shall have are in service. While AWS cannot launch any, because the image is not there or the zone has no
/// room, it tries again, and the group is waited for until its time is over; the activity of the group in AWS's console says
/// why. Its machines are not resources of the stack, and a delete takes them with it.
///
/// Everything but the name changes in place. A change of the template or of its version replaces the machines, some at a time
/// (AWS calls it an instance refresh): the update waits for the end of it, for which `.timeout(…)` has to be long enough, and
/// fails with AWS's words where AWS gives up. Machines that fit already are not replaced. Without a version of its own a
/// group has the default version of the template that it names, so that a change of the template replaces its machines; with
/// `.replace_machines(false)` only new machines have it.
///
/// `desired` is what somebody or AWS makes of it between the bounds, unless the program says a number.
///
/// moto replaces no machines: that is tried against answers that follow AWS's documentation.
///
/// ```
/// # use sskuba_aws::autoscaling::Group;
/// # use sskuba_aws::ec2::{LaunchTemplate, Subnet, Vpc};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// # let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// # let subnet = stack.add("main", Subnet::new(vpc.id(), "10.0.0.0/24"))?;
/// let template = stack.add("web", LaunchTemplate::new("ami-0abcdef1234567890", "t3.micro"))?;
/// let group = Group::new(template.id(), 2_u32, 4_u32).subnet(subnet.id()).instance_tag("tier", "web");
/// stack.add("web", group)?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:autoscaling:Group",
    idempotency = "tag",
    visibility = "30s",
    create = "60s",
    made = "2s",
    update = "300s",
    delete = "90s",
    unique = "name"
)]
pub struct Group {
    /// The template that machines are launched with.
    #[resource(reference = "aws:ec2:LaunchTemplate")]
    launch_template_id: Input<String>,
    /// The least machines that it has.
    #[resource(rule = "Between(0, 10_000)")]
    min_size: Input<u32>,
    /// The most.
    #[resource(rule = "Between(0, 10_000)")]
    max_size: Input<u32>,
    /// The version of the template: a number, `$Default` or `$Latest`. Where the template is a resource of the program and
    /// nothing is said, the number of its default version.
    #[resource(default = "$Default".to_owned(), inherit = "launch_template_id.default_version")]
    launch_template_version: Input<String>,
    /// How many it shall have now, between the two.
    #[resource(cloud_default, rule = "Between(0, 10_000)")]
    desired: Option<Input<u32>>,
    /// The name; made of the resource's name and its token if none is given.
    #[resource(force_new, cloud_default, rule = "NAMES")]
    name: Option<Input<String>>,
    /// The subnets that machines are launched in.
    #[resource(default, holds, normaliser = "set", reference = "aws:ec2:Subnet", item = "subnet")]
    subnet_ids: Input<Vec<String>>,
    /// The target groups that machines are targets of. Those that others gave it stay if none are given.
    #[resource(
        cloud_default,
        normaliser = "set",
        reference = "aws:elbv2:TargetGroup",
        item = "target_group"
    )]
    target_group_arns: Option<Input<Vec<String>>>,
    /// What tells that a machine is well.
    #[resource(default = HealthCheck::Ec2)]
    health_check: Input<HealthCheck>,
    /// For how many seconds a new machine need not be well.
    #[resource(default = 300, rule = "Between(0, 7200)")]
    health_check_grace_seconds: Input<u32>,
    /// Whether a change of the template or its version replaces the machines.
    #[resource(default = true, write_only)]
    replace_machines: Input<bool>,
    /// How many of a hundred machines stay in service while machines are replaced.
    #[resource(default = 90, write_only, rule = "Between(0, 100)")]
    min_healthy_percent: Input<u8>,
    /// Tags of the group that its machines get when they are launched.
    #[resource(default, owned_entries, entry = "instance_tag")]
    instance_tags: Input<BTreeMap<String, String>>,
    /// Tags of the group alone.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The name that it has, by which it is known.
    #[resource(computed, id, early, pattern = "{name}-{hex:12}")]
    id: Computed<String>,
    /// The ARN.
    #[resource(
        computed,
        pattern = "arn:aws:autoscaling:{region}:{digits:12}:autoScalingGroup:{uuid}:autoScalingGroupName/{name}"
    )]
    arn: Computed<String>,
}

/// What AWS takes as the name of a group.
const NAMES: TextRule =
    TextRule { longest: 255, signs: " !\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~", inner: " ", reserved: "" };

impl Kind for Group {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        if args.min_size > args.max_size {
            let message = format!("is {}, more than max_size, which is {}", args.min_size, args.max_size);
            mistakes.push(mistake("min_size", message));
        } else if let Some(desired) = args.desired
            && !(args.min_size..=args.max_size).contains(&desired)
        {
            let bounds = format!("{} and {}", args.min_size, args.max_size);
            mistakes.push(mistake("desired", format!("is {desired}, which is not between {bounds}")));
        }
        if args.subnet_ids.is_empty() {
            mistakes.push(mistake("subnet_ids", "is empty; name a subnet: `.subnet(subnet.id())`"));
        }
        let tags = args.instance_tags.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        mistakes.extend(mistakes_in("instance_tags", &tags.collect()));
        if let Some(both) = args.instance_tags.keys().find(|key| args.tags.contains_key(*key)) {
            mistakes
                .push(mistake("instance_tags", format!("has the key {both:?}, as `tags` have; say it once")));
        }
        mistakes
    }
}
