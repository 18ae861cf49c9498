//! Further ranges of networks.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{Vpc as Network, VpcCidrBlockState as Standing, VpcCidrBlockStateCode as Phase};

use super::prelude::*;

/// A further range of a network: a second range of IPv4, or one of IPv6 that AWS gives it.
///
/// The range of IPv6 is a /56, of which subnets take parts of /64: [`ipv6_subnet`] returns them. A subnet that lies in this
/// range has to be made after it and go before it: let it take `cidr_block()`, or `.depends_on(&range)`.
///
/// AWS can neither tag it nor takes a token for it. A create that meets the same range of the network is refused, with the
/// line that imports it; only what an interrupted create of this resource left counts as made.
///
/// ```
/// # use sskuba_aws::ec2::{Subnet, Vpc, VpcCidrBlock, ipv6_subnet};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// let v6 = stack.add("v6", VpcCidrBlock::new(vpc.id()).amazon_ipv6(true))?;
/// let first = v6.cidr_block().map(|range| ipv6_subnet(&range, 0).unwrap_or_default());
/// let subnet = Subnet::new(vpc.id(), "10.0.1.0/24").ipv6_cidr(first).assign_ipv6_on_creation(true);
/// stack.add("public", subnet)?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:VpcCidrBlock",
    idempotency = "token",
    visibility = "30s",
    create = "5s",
    delete = "5s",
    unique = "vpc_id, cidr",
    unique = "vpc_id, amazon_ipv6"
)]
pub struct VpcCidrBlock {
    /// The network.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// The range of IPv4, from /16 to /28.
    #[resource(force_new, cloud_default, normaliser = "cidr", rule = "ipv4_range")]
    cidr: Option<Input<String>>,
    /// `true` for a range of IPv6 that AWS gives the network, in place of one of IPv4. A network has one.
    #[resource(force_new)]
    amazon_ipv6: Option<Input<bool>>,
    /// The id.
    #[resource(computed, id, pattern = "vpc-cidr-assoc-{hex:17}")]
    id: Computed<String>,
    /// The range that it is.
    #[resource(computed, pattern = "2600:1f18:{hex:4}:{hex:2}00::/56")]
    cidr_block: Computed<String>,
}

impl Kind for VpcCidrBlock {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        match (&args.cidr, args.amazon_ipv6) {
            (_, Some(false)) => vec![mistake("amazon_ipv6", "is false; leave it out")],
            (None, None) => vec![mistake("cidr", "is needed, or `.amazon_ipv6(true)`")],
            (Some(_), Some(true)) => {
                vec![mistake("cidr", "is given together with amazon_ipv6, whose range AWS chooses")]
            }
            _ => Vec::new(),
        }
    }
}

/// Returns the /64 with a number of a /56 of IPv6; none of what is no such range.
///
/// ```
/// use sskuba_aws::ec2::ipv6_subnet;
///
/// assert_eq!(ipv6_subnet("2600:1f18:aaaa:bb00::/56", 3).as_deref(), Some("2600:1f18:aaaa:bb03::/64"));
/// assert_eq!(ipv6_subnet("10.0.0.0/16", 3), None);
/// ```
pub fn ipv6_subnet(range: &str, number: u8) -> Option<String> {
    let (address, length) = range.split_once('/')?;
    let address: std::net::Ipv6Addr = address.parse().ok()?;
    let mut parts = address.segments();
    parts[3] = (parts[3] & 0xff00) | u16::from(number);
    let part = std::net::Ipv6Addr::new(parts[0], parts[1], parts[2], parts[3], 0, 0, 0, 0);
    (length == "56").then(|| format!("{part}/64"))
}

/// A range as AWS describes it with its network.
#[cfg(feature = "ec2")]
#[derive(Clone)]
pub(crate) struct Range {
    vpc: String,
    cidr: String,
    is_ipv6: bool,
    state: Option<Standing>,
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for VpcCidrBlock {
    type Api = Ec2;
    type Item = Range;
    const NAME: &'static str = "range";
    const LINGERS: bool = true;

    /// The ranges are parts of the networks. The one that a network was made with is the network's.
    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Range>>, Failure> {
        let mut all = Vec::new();
        let ids = match &which {
            Which::Ids(ids) | Which::Among(ids) => Some(ids.clone()),
            _ => None,
        };
        let of_family = |family: &str| format!("{family}-association.association-id");
        let questions = match &ids {
            Some(ids) => vec![
                Some(vec![filter(&of_family("cidr-block"), ids)]),
                Some(vec![filter(&of_family("ipv6-cidr-block"), ids)]),
            ],
            None => vec![which.filters("vpc-id")],
        };
        for filters in questions {
            let pages = ec2.describe_vpcs().set_filters(filters).into_paginator().items().send();
            let networks: Vec<Network> = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
            all.extend(networks.iter().flat_map(ranges));
        }
        all.retain(|found| ids.as_ref().is_none_or(|ids| ids.contains(&found.id)));
        all.sort_by(|a, b| a.id.cmp(&b.id));
        all.dedup_by(|a, b| a.id == b.id);
        Ok(all)
    }

    fn is_alive(found: &Found<Range>) -> bool {
        !matches!(phase(found), Some(Phase::Disassociating | Phase::Disassociated))
    }

    async fn create(call: &Call<'_>, args: VpcCidrBlockArgs) -> Result<Report<Self>, Failure> {
        let ipv6 = args.amazon_ipv6 == Some(true);
        let of_vpc = Which::With(vec![("vpc-id", args.vpc_id.clone())]);
        let all = Self::describe(call.aws, of_vpc).await?;
        let is_same = |found: &Found<Range>| match &args.cidr {
            Some(cidr) => same_range(&found.cidr, cidr),
            None => found.is_ipv6,
        };
        let there = all.into_iter().find(|found| Self::is_alive(found) && is_same(found));
        // It carries no token: only what an interrupted create left is this resource's.
        let id = match there {
            Some(there) if call.aws.sent_creates.may_have_made(call) => there.id,
            Some(there) => {
                let message = format!("network {} has the range {} already", args.vpc_id, there.cidr);
                return Err(Failure::exists(message, there.id));
            }
            None => {
                let associate = call.aws.associate_vpc_cidr_block().vpc_id(&args.vpc_id);
                let associate = associate.set_cidr_block(args.cidr.as_deref().map(stored_range));
                let associate = associate.set_amazon_provided_ipv6_cidr_block(ipv6.then_some(true));
                let sent =
                    async { associate.customize().config_override(once()).send().await.sent_once(call) };
                let made = call.aws.sent_creates.send(call, sent).await?;
                let v4 = made.cidr_block_association().and_then(|made| made.association_id());
                let v6 = made.ipv6_cidr_block_association().and_then(|made| made.association_id());
                text(v4.or(v6))
            }
        };
        let ready = until(call, &id, || async {
            let found = call.aws.get::<Self>(&id).await?;
            Ok(match found {
                Some(found) if matches!(phase(&found), Some(Phase::Associated)) => Look::Done(found),
                Some(found) if matches!(phase(&found), Some(Phase::Failed | Phase::Failing)) => {
                    let why = found.state.as_ref().and_then(|state| state.status_message());
                    return Err(Failure::new(Class::Conflict, reason(None, why)));
                }
                _ => Look::Not("associating".to_owned()),
            })
        });
        let ready = ready.await.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id, state(&ready)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await?.filter(Self::is_alive) else { return Ok(()) };
        call.aws.disassociate_vpc_cidr_block().association_id(&found.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Range>) -> Result<Report<Self>, Failure> {
        let args = VpcCidrBlockArgs {
            vpc_id: found.vpc.clone(),
            cidr: (!found.is_ipv6).then(|| found.cidr.clone()),
            amazon_ipv6: found.is_ipv6.then_some(true),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

/// Returns the further ranges of a network.
#[cfg(feature = "ec2")]
fn ranges(network: &Network) -> Vec<Found<Range>> {
    let range = |id: Option<&str>, cidr: Option<&str>, is_ipv6: bool, state: Option<&Standing>| Found {
        id: text(id),
        tags: BTreeMap::new(),
        item: Range { vpc: text(network.vpc_id()), cidr: text(cidr), is_ipv6, state: state.cloned() },
    };
    let v4 = network.cidr_block_association_set().iter();
    let v4 = v4.map(|one| range(one.association_id(), one.cidr_block(), false, one.cidr_block_state()));
    let v4 = v4.filter(|found| network.cidr_block() != Some(&found.cidr));
    let v6 = network.ipv6_cidr_block_association_set().iter();
    let v6 =
        v6.map(|one| range(one.association_id(), one.ipv6_cidr_block(), true, one.ipv6_cidr_block_state()));
    v4.chain(v6).collect()
}

#[cfg(feature = "ec2")]
fn phase(found: &Range) -> Option<&Phase> {
    found.state.as_ref().and_then(|state| state.state())
}

#[cfg(feature = "ec2")]
fn state(found: &Found<Range>) -> VpcCidrBlockState {
    VpcCidrBlockState { id: found.id.clone(), cidr_block: found.cidr.clone() }
}
