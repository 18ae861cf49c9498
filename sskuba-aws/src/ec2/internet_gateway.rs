//! Internet gateways.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;

use crate::kind::Kind;

/// An internet gateway, attached to a network.
///
/// A network has at most one: two of the same network are the same object, whatever they are called.
///
/// AWS takes two calls, create and attach. A create that ends between them leaves a gateway that is found by
/// its ownership tag and reads as not attached; an update attaches it. AWS refuses to detach it while the
/// network still holds public addresses, which it may say for a minute after they are gone; a delete waits.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:InternetGateway",
    idempotency = "tag",
    visibility = "30s",
    create = "2s",
    update = "2s",
    delete = "2s",
    unique = "vpc_id"
)]
pub struct InternetGateway {
    /// The network that it is attached to.
    #[resource(reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "igw-{hex:17}")]
    id: Computed<String>,
}

impl Kind for InternetGateway {}
