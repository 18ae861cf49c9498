//! Network load balancers.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;

use crate::kind::{Kind, mistake};

/// A network load balancer.
///
/// Its name is unique in the account's region and made of the resource's name and its token unless one is given; with a
/// given name the old one goes before another takes its place. AWS answers a create of the same name and settings with
/// the same object: an interrupted create is made again.
/// A create takes two to three minutes until it is `active`, as the logs of other tools' public acceptance
/// tests show; a delete is quick, but the network interfaces go only after a while, and a subnet's delete
/// waits for them.
///
/// ```
/// # use sskuba_aws::ec2::{Subnet, Vpc};
/// # use sskuba_aws::elbv2::{Listener, LoadBalancer, TargetGroup};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// # let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// # let a = stack.add("a", Subnet::new(vpc.id(), "10.0.0.0/24"))?;
/// # let b = stack.add("b", Subnet::new(vpc.id(), "10.0.1.0/24"))?;
/// let balancer = stack.add("api", LoadBalancer::new([a.id(), b.id()]).cross_zone(true))?;
/// let targets = stack.add("api", TargetGroup::new(vpc.id(), 6443).preserve_client_ip(false))?;
/// stack.add("api", Listener::new(balancer.arn(), 6443, targets.arn()))?;
/// stack.export("api", balancer.dns_name());
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:elbv2:LoadBalancer",
    idempotency = "token",
    visibility = "30s",
    create = "150s",
    made = "3s",
    update = "5s",
    delete = "5s",
    unique = "name"
)]
pub struct LoadBalancer {
    /// The subnets, one in each zone. AWS adds some in place; to remove one, replace the load balancer.
    #[resource(normaliser = "set", reference = "aws:ec2:Subnet")]
    subnet_ids: Input<Vec<String>>,
    /// The name, at most 32 letters, digits and hyphens; made of the resource's name and its token if not given.
    #[resource(force_new, cloud_default)]
    name: Option<Input<String>>,
    /// Whether it has private addresses alone.
    #[resource(force_new, default)]
    internal: Input<bool>,
    /// Whether each of its nodes sends to targets in all zones.
    #[resource(default)]
    cross_zone: Input<bool>,
    /// Whether AWS refuses to delete it.
    #[resource(default)]
    deletion_protection: Input<bool>,
    /// The security groups, as they are if not given; AWS adds none to a load balancer that was made without any.
    #[resource(
        cloud_default,
        normaliser = "set",
        reference = "aws:ec2:SecurityGroup",
        item = "security_group"
    )]
    security_group_ids: Option<Input<Vec<String>>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN.
    #[resource(
        computed,
        id,
        early,
        pattern = "arn:aws:elasticloadbalancing:{region}:{digits:12}:loadbalancer/net/nlb-{hex:8}/{hex:16}"
    )]
    arn: Computed<String>,
    /// The DNS name.
    #[resource(computed, early, pattern = "nlb-{hex:8}-{hex:16}.elb.{region}.amazonaws.com")]
    dns_name: Computed<String>,
    /// The hosted zone of the DNS name, for alias records.
    #[resource(computed, early, pattern = "Z{upper:13}")]
    zone_id: Computed<String>,
}

impl Kind for LoadBalancer {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = super::name_mistakes(args.name.as_ref());
        if args.subnet_ids.is_empty() {
            mistakes.push(mistake("subnet_ids", "is empty; a load balancer needs a subnet"));
        }
        if args.security_group_ids.as_ref().is_some_and(Vec::is_empty) {
            mistakes.push(mistake("security_group_ids", "is empty; name a group, or leave the field out"));
        }
        mistakes
    }
}
