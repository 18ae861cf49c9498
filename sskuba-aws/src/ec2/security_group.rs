//! Security groups.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;

use crate::kind::Kind;

/// A security group. Its rules are resources of their own: [`SecurityGroupRule`](super::SecurityGroupRule).
///
/// As AWS makes it, it lets everything out and nothing in; with `.allow_all_outbound(false)` nothing goes out either
/// but what rules allow. Its name is unique in the network, so one is made of the resource's name and its token unless
/// the program gives one; two with the same network and name are the same object, and a group with a given name is
/// deleted before another takes its place.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:SecurityGroup",
    idempotency = "tag",
    visibility = "30s",
    create = "2s",
    update = "1s",
    delete = "2s",
    unique = "vpc_id, name"
)]
pub struct SecurityGroup {
    /// The network.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// The name; made of the resource's name and its token if none is given.
    #[resource(force_new, cloud_default)]
    name: Option<Input<String>>,
    /// What it is for, which AWS cannot change; "Managed by sskuba" for one that is made without.
    #[resource(force_new, cloud_default)]
    description: Option<Input<String>>,
    /// Whether it keeps the rule with which AWS makes it, which lets everything out. Later changes of that rule by
    /// others are not seen as drift, for a [`SecurityGroupRule`](super::SecurityGroupRule) may have taken it over.
    #[resource(default = true)]
    allow_all_outbound: Input<bool>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "sg-{hex:17}")]
    id: Computed<String>,
    /// The name that it has.
    #[resource(computed, pattern = "{name}-{hex:12}")]
    group_name: Computed<String>,
    /// The account that owns it.
    #[resource(computed, pattern = "{digits:12}")]
    owner_id: Computed<String>,
}

impl Kind for SecurityGroup {}
