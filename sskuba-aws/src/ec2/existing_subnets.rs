//! Subnets that the stack does not own.

use super::prelude::*;

/// The subnets of a network that have certain tags, in the order of their zones and ids; see [`ExistingVpc`](super::ExistingVpc).
///
/// That there are none is an error.
#[derive(Resource)]
#[resource(kind = "aws:ec2:ExistingSubnets", lookup, create = "1s")]
pub struct ExistingSubnets {
    /// The network.
    #[resource(reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// Tags that they have; a value of `*` stands for any.
    #[resource(default, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ids.
    #[resource(computed, pattern = "subnet-{hex:17}|subnet-{hex:17}|subnet-{hex:17}")]
    ids: Computed<Vec<String>>,
    /// The zone of each, e.g. `eu-west-1a`; in the order of the ids.
    #[resource(computed, pattern = "{region}a|{region}b|{region}c")]
    zones: Computed<Vec<String>>,
    /// The range of each, in the order of the ids.
    #[resource(computed, pattern = "10.0.0.0/24|10.0.1.0/24|10.0.2.0/24")]
    cidrs: Computed<Vec<String>>,
}

impl Kind for ExistingSubnets {}

#[cfg(feature = "ec2")]
#[async_trait]
impl LookupOperation for ExistingSubnets {
    type Api = Ec2;

    async fn look(ec2: &Aws<Ec2>, args: ExistingSubnetsArgs) -> Result<ExistingSubnetsState, Failure> {
        let describe = ec2.describe_subnets().set_filters(Some(tag_filters(&args.tags)));
        let pages = describe.filters(filter("vpc-id", [&args.vpc_id])).into_paginator().items().send();
        let found = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        let mut found: Vec<(String, String, String)> = found
            .iter()
            .map(|it| (text(it.availability_zone()), text(it.subnet_id()), text(it.cidr_block())))
            .collect();
        found.sort();
        if found.is_empty() {
            let message = format!("no subnet of {} in {} fits", args.vpc_id, ec2.place);
            return Err(Failure::new(Class::NotFound, message).hint("check the network and the tags"));
        }
        let mut state = ExistingSubnetsState { ids: Vec::new(), zones: Vec::new(), cidrs: Vec::new() };
        for (zone, id, cidr) in found {
            state.ids.push(id);
            state.zones.push(zone);
            state.cidrs.push(cidr);
        }
        Ok(state)
    }
}
