//! NAT gateways.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;

use crate::kind::{Kind, mistake};

/// What a NAT gateway reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "lowercase")]
pub enum Connectivity {
    /// The internet, from an elastic address.
    Public,
    /// Other networks alone.
    Private,
}

/// A NAT gateway: the way out for subnets without public addresses.
///
/// An elastic address serves one: two with the same address are the same object, whatever they are called, and a
/// replacement that keeps the address deletes the old gateway first.
///
/// AWS honours a client token, so that an interrupted create is simply made again. A create takes about
/// 90 seconds until the gateway is `available` and a delete about a minute, as the logs of other tools' public
/// acceptance tests show; AWS itself gives no figure.
///
/// ```
/// # use sskuba_aws::ec2::{Eip, NatGateway, Subnet, Vpc};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// # let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// # let public = stack.add("public", Subnet::new(vpc.id(), "10.0.0.0/24"))?;
/// let address = stack.add("nat", Eip::new())?;
/// stack.add("nat", NatGateway::new(public.id()).allocation_id(address.id()))?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:NatGateway",
    idempotency = "token",
    visibility = "30s",
    create = "95s",
    made = "3s",
    update = "1s",
    delete = "60s",
    unique = "allocation_id"
)]
pub struct NatGateway {
    /// The subnet that it is in; one with a route to an internet gateway if it is public.
    #[resource(force_new, reference = "aws:ec2:Subnet")]
    subnet_id: Input<String>,
    /// The elastic address of a public one.
    #[resource(force_new, reference = "aws:ec2:Eip")]
    allocation_id: Option<Input<String>>,
    /// What it reaches.
    #[resource(force_new, default = Connectivity::Public)]
    connectivity: Input<Connectivity>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, early, pattern = "nat-{hex:17}")]
    id: Computed<String>,
    /// The public address; empty for a private one.
    #[resource(computed, pattern = "{ip:52.17}")]
    public_ip: Computed<String>,
    /// The private address.
    #[resource(computed, pattern = "{ip:10.0}")]
    private_ip: Computed<String>,
}

impl Kind for NatGateway {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        match (args.connectivity, &args.allocation_id) {
            (Connectivity::Public, None) => vec![mistake(
                "allocation_id",
                "a public gateway needs an elastic address: `.allocation_id(eip.id())`, or make it private",
            )],
            (Connectivity::Private, Some(_)) => {
                vec![mistake("allocation_id", "a private gateway takes no elastic address; leave it out")]
            }
            _ => Vec::new(),
        }
    }
}
