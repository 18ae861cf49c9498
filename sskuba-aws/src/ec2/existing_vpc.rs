//! A network that the stack does not own.

use super::prelude::*;

/// The one network of the region that fits what is said of it: somebody else's, which a program builds in.
///
/// None, or several, is an error: what is built in a network must not depend on which of them AWS names first.
///
/// ```
/// # use sskuba_aws::ec2::{ExistingSubnets, ExistingVpc};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let vpc = stack.read("shared", ExistingVpc::new().tag("team", "network"))?;
/// let private = stack.read("private", ExistingSubnets::new(vpc.id()).tag("tier", "private"))?;
/// stack.export("subnets", private.ids());
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(kind = "aws:ec2:ExistingVpc", lookup, create = "1s")]
pub struct ExistingVpc {
    /// Its id, where the program is told that.
    vpc_id: Option<Input<String>>,
    /// Its first range.
    #[resource(normaliser = "cidr")]
    range: Option<Input<String>>,
    /// Whether it is the one that the account has in each region by default.
    #[resource(default)]
    default: Input<bool>,
    /// Tags that it has; a value of `*` stands for any.
    #[resource(default, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "vpc-{hex:17}")]
    id: Computed<String>,
    /// The first range.
    #[resource(computed, pattern = "10.0.0.0/16")]
    cidr: Computed<String>,
    /// The account that owns it, which may have shared it.
    #[resource(computed, pattern = "{digits:12}")]
    owner_id: Computed<String>,
}

impl Kind for ExistingVpc {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let says = args.vpc_id.is_some() || args.range.is_some() || args.default || !args.tags.is_empty();
        let message =
            "says nothing of the network: give its tags, its id or its range, or ask for the default one";
        if says { Vec::new() } else { vec![mistake("tags", message)] }
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl LookupOperation for ExistingVpc {
    type Api = Ec2;

    async fn look(ec2: &Aws<Ec2>, args: ExistingVpcArgs) -> Result<ExistingVpcState, Failure> {
        let mut describe = ec2.describe_vpcs().set_filters(Some(tag_filters(&args.tags)));
        describe = describe.set_vpc_ids(args.vpc_id.map(|id| vec![id]));
        if let Some(range) = &args.range {
            describe = describe.filters(filter("cidr", [stored_range(range)]));
        }
        if args.default {
            describe = describe.filters(filter("is-default", ["true"]));
        }
        let pages = describe.into_paginator().items().send();
        let found = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        let vpc = only(ec2, "network", found, |vpc| text(vpc.vpc_id()))?;
        Ok(ExistingVpcState {
            id: text(vpc.vpc_id()),
            cidr: text(vpc.cidr_block()),
            owner_id: text(vpc.owner_id()),
        })
    }
}

/// Returns the one object that was found.
#[cfg(feature = "ec2")]
fn only<T>(ec2: &Aws<Ec2>, what: &str, mut found: Vec<T>, id: impl Fn(&T) -> String) -> Result<T, Failure> {
    if found.len() > 1 {
        let mut ids: Vec<String> = found.iter().map(id).collect();
        ids.sort();
        let message = format!("{} {what}s in {} fit: {}", ids.len(), ec2.place, ids.join(", "));
        return Err(Failure::new(Class::Conflict, message).hint("say more of the one that is meant"));
    }
    found.pop().ok_or_else(|| {
        Failure::new(Class::NotFound, format!("no {what} in {} fits", ec2.place))
            .hint("check the tags, the range, the account and the region")
    })
}
