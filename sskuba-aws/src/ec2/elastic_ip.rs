//! Elastic IP addresses.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;

use crate::kind::Kind;

/// An elastic IP address: a public IPv4 address that stays.
///
/// An account has five in a region unless it asked for more.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:Eip",
    idempotency = "tag",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s"
)]
pub struct Eip {
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id of the allocation, which other resources take.
    #[resource(computed, id, pattern = "eipalloc-{hex:17}")]
    id: Computed<String>,
    /// The address.
    #[resource(computed, pattern = "{ip:52.17}")]
    public_ip: Computed<String>,
}

impl Kind for Eip {}
