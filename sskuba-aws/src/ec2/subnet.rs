//! Subnets.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;

use crate::kind::Kind;

/// A subnet: a part of a network in one availability zone.
///
/// ```
/// # use sskuba_aws::ec2::{Subnet, Vpc};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// let subnet = Subnet::new(vpc.id(), "10.0.1.0/24").availability_zone("eu-west-1a").tag("tier", "private");
/// stack.add("private-0", subnet)?;
/// # Ok(())
/// # }
/// ```
///
/// Subnets of a network do not overlap: two of the same network and range are the same object, and one that goes to
/// another zone with its range is deleted before it is made there.
///
/// AWS refuses its delete while a network interface is left in it, which it may be for a minute after the
/// instance or load balancer that used it is gone; a delete waits for that.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:Subnet",
    idempotency = "tag",
    visibility = "30s",
    create = "2s",
    update = "1s",
    delete = "2s",
    unique = "vpc_id, cidr"
)]
pub struct Subnet {
    /// The network.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// The IPv4 address range, inside the network's.
    #[resource(force_new, normaliser = "cidr")]
    cidr: Input<String>,
    /// The availability zone by name, e.g. `eu-west-1a`; AWS picks one if none is given.
    #[resource(force_new, cloud_default)]
    availability_zone: Option<Input<String>>,
    /// Whether instances get a public address when they are launched.
    #[resource(default)]
    map_public_ip_on_launch: Input<bool>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "subnet-{hex:17}")]
    id: Computed<String>,
    /// The ARN.
    #[resource(computed, pattern = "arn:aws:ec2:{region}:{digits:12}:subnet/subnet-{hex:17}")]
    arn: Computed<String>,
    /// The zone by its id, which is the same in every account, e.g. `euw1-az1`.
    #[resource(computed, pattern = "use1-az{digits:1}")]
    zone_id: Computed<String>,
}

impl Kind for Subnet {}
