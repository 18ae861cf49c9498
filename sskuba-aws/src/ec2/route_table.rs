//! Route tables and which subnets use them.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;

use crate::kind::Kind;

/// A route table. Its routes are resources of their own: [`Route`](super::Route).
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:RouteTable",
    idempotency = "tag",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s"
)]
pub struct RouteTable {
    /// The network.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// Tags.
    #[resource(default, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "rtb-{hex:17}")]
    id: Computed<String>,
    /// The account that owns it.
    #[resource(computed, pattern = "{digits:12}")]
    owner_id: Computed<String>,
}

impl Kind for RouteTable {}

/// The use of a route table by a subnet.
///
/// AWS can neither tag it nor takes a token for it, but a subnet has at most one: the same call again is
/// answered with "already associated", and where that is with the same table it counts as made. A change of
/// the table is made in place, without a gap, and gives the association another id; it is found by its subnet.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:RouteTableAssociation",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    delete_first
)]
pub struct RouteTableAssociation {
    /// The subnet.
    #[resource(force_new, reference = "aws:ec2:Subnet")]
    subnet_id: Input<String>,
    /// The route table.
    #[resource(reference = "aws:ec2:RouteTable")]
    route_table_id: Input<String>,
    /// The id; another one after each change of the table.
    #[resource(computed, id, volatile, pattern = "rtbassoc-{hex:17}")]
    id: Computed<String>,
}

impl Kind for RouteTableAssociation {}
