//! Virtual private clouds.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;

use crate::kind::Kind;

/// A virtual private cloud: an isolated network with an address range of its own.
///
/// Found after an interrupted create by its ownership tag. A create takes about a second; the DNS attributes
/// are set by two more calls, since `CreateVpc` does not take them.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:Vpc",
    idempotency = "tag",
    visibility = "30s",
    create = "2s",
    update = "1s",
    delete = "1s"
)]
pub struct Vpc {
    /// The IPv4 address range, from /16 to /28.
    #[resource(force_new, normaliser = "cidr")]
    cidr: Input<String>,
    /// Whether the network's own DNS server answers.
    #[resource(default = true)]
    enable_dns_support: Input<bool>,
    /// Whether instances with public addresses get public DNS names.
    #[resource(default)]
    enable_dns_hostnames: Input<bool>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "vpc-{hex:17}")]
    id: Computed<String>,
    /// The account that owns it.
    #[resource(computed, pattern = "{digits:12}")]
    owner_id: Computed<String>,
}

impl Kind for Vpc {}
