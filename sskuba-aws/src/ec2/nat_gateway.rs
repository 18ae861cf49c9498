//! NAT gateways.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{ConnectivityType, NatGateway as Item, NatGatewayState as Phase, ResourceType};
use serde::{Deserialize, Serialize};

#[cfg(feature = "ec2")]
use super::Eip;
use super::prelude::*;

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
    idempotency = "token, tag",
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

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for NatGateway {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "NAT gateway";

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_nat_gateways().set_nat_gateway_ids(which.ids());
        let pages = describe.set_filter(which.filters("nat-gateway-id")).into_paginator().items().send();
        Ok(found(pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?, Item::nat_gateway_id, Item::tags))
    }

    fn is_alive(found: &Found<Item>) -> bool {
        !matches!(found.state(), Some(Phase::Deleted | Phase::Deleting))
    }

    async fn create(call: &Call<'_>, args: NatGatewayArgs) -> Result<Report<Self>, Failure> {
        let connectivity = match args.connectivity {
            Connectivity::Public => ConnectivityType::Public,
            Connectivity::Private => ConnectivityType::Private,
        };
        let create = call.aws.create_nat_gateway().subnet_id(&args.subnet_id).connectivity_type(connectivity);
        let create = create.set_allocation_id(args.allocation_id.clone()).client_token(call.token());
        let create = create.tag_specifications(spec(call, ResourceType::Natgateway, &args.tags));
        let made = match create.send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let refusal = refusal(&error, call);
                return Err(Self::user_of(call, refusal, args.allocation_id.as_deref()).await);
            }
            other => other.sent(call)?.nat_gateway.ok_or_else(|| call.lacking(Self::NAME))?,
        };
        Ok(Report::new(text(made.nat_gateway_id()), state(&made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        match Self::get(call, prior).await? {
            Some(found) if found.state() != Some(&Phase::Deleted) => {}
            _ => return Ok(()),
        }
        let delete = call.aws.delete_nat_gateway().nat_gateway_id(&prior.id);
        gone_is_fine(delete.send().await.sent(call))?;
        until(call, &prior.id, || async {
            Ok(match Self::get(call, prior).await? {
                None => Look::Done(()),
                Some(found) if found.state() == Some(&Phase::Deleted) => Look::Done(()),
                Some(found) => Look::Not(text(found.state().map(Phase::as_str).or(Some("there")))),
            })
        })
        .await
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let address = found.nat_gateway_addresses().first();
        let args = NatGatewayArgs {
            subnet_id: text(found.subnet_id()),
            allocation_id: given(address.and_then(|address| address.allocation_id())),
            connectivity: match found.connectivity_type() {
                Some(ConnectivityType::Private) => Connectivity::Private,
                _ => Connectivity::Public,
            },
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[cfg(feature = "ec2")]
impl UpdateOperation for NatGateway {}

#[cfg(feature = "ec2")]
#[async_trait]
impl ReadinessOperation for NatGateway {
    async fn ready(
        call: &Call<'_>,
        found: &Found<Item>,
        _: Option<&NatGatewayArgs>,
    ) -> Result<TypedReadiness<Self>, Failure> {
        Ok(match found.state() {
            Some(Phase::Available) => TypedReadiness::Ready(Self::report(call, found).await?),
            Some(Phase::Failed) => {
                let (code, why) = (text(found.failure_code()), found.failure_message());
                let mut failure = Failure::new(Class::Conflict, reason(Some(&code), why));
                if Meaning::of(&code) == Some(Meaning::Taken) {
                    let address = found.nat_gateway_addresses().iter().find_map(|used| used.allocation_id());
                    failure = Self::user_of(call, failure, address).await;
                }
                TypedReadiness::Failed(failure.message)
            }
            Some(Phase::Deleting | Phase::Deleted) => {
                TypedReadiness::Failed("it was deleted before it was available".to_owned())
            }
            _ => TypedReadiness::Pending(None),
        })
    }
}

#[cfg(feature = "ec2")]
fn state(found: &Item) -> NatGatewayState {
    let address = found.nat_gateway_addresses().first();
    NatGatewayState {
        id: text(found.nat_gateway_id()),
        public_ip: text(address.and_then(|address| address.public_ip())),
        private_ip: text(address.and_then(|address| address.private_ip())),
    }
}

#[cfg(feature = "ec2")]
impl NatGateway {
    /// Adds to a refusal which gateway has the address, if one has; else what uses it.
    async fn user_of(call: &Call<'_>, mut refusal: Failure, address: Option<&str>) -> Failure {
        let of_address = |found: &Found<Item>| {
            found.nat_gateway_addresses().iter().any(|used| used.allocation_id() == address)
                && !matches!(found.state(), Some(Phase::Deleted | Phase::Failed))
        };
        let all = Self::describe(call.aws, Which::All).await.unwrap_or_default();
        if let Some(found) = all.into_iter().find(of_address) {
            return met(call, refusal.clone(), found.id, &found.tags).err().unwrap_or(refusal);
        }
        let used = match address {
            Some(address) => call.aws.get::<Eip>(address).await.ok().flatten(),
            None => None,
        };
        let user = used.as_ref().and_then(|used| used.instance_id().or(used.network_interface_id()));
        if let Some(user) = user.filter(|user| !user.is_empty()) {
            refusal.message = format!("{}: {user} has it", refusal.message);
        }
        refusal
    }
}
