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
    #[resource(default, owned_entries, entry = "tag")]
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
/// A subnet has at most one: two of the same subnet are the same object, whatever they are called. AWS can neither tag it
/// nor takes a token for it. A create that meets one which is there already is refused, with the line that imports it;
/// only what an interrupted create of this resource left counts as made. A change of the table is made in place, without
/// a gap, and gives the association another id; it is found by its subnet.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:RouteTableAssociation",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "subnet_id"
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
