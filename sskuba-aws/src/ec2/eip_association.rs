//! Which instances and network interfaces have which elastic addresses.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::operation::associate_address::builders::AssociateAddressFluentBuilder;
#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::Address;

use super::prelude::*;

/// The use of an elastic address by an instance or a network interface.
///
/// An address has at most one: two of the same address are the same object, whatever they are called. AWS can neither tag it
/// nor takes a token for it. A create that meets one which is there already is refused, with the line that imports it; only
/// what an interrupted create of this resource left counts as made. Another instance, interface or private address gets the
/// address in place, without a gap in which nobody has it, and gives the association another id; it is found by its address.
///
/// The network needs an internet gateway: `.depends_on(&gateway)` on this resource makes it after the gateway and takes it
/// away before, as AWS wants it.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:EipAssociation",
    idempotency = "token",
    visibility = "30s",
    create = "2s",
    update = "2s",
    delete = "2s",
    unique = "allocation_id"
)]
pub struct EipAssociation {
    /// The elastic address by the id of its allocation.
    #[resource(force_new, holds, reference = "aws:ec2:Eip")]
    allocation_id: Input<String>,
    /// The instance, whose own interface gets the address; this or an interface.
    #[resource(live, cloud_default, reference = "aws:ec2:Instance")]
    instance_id: Option<Input<String>>,
    /// The network interface.
    #[resource(cloud_default, reference = "aws:ec2:NetworkInterface")]
    network_interface_id: Option<Input<String>>,
    /// The private address that it belongs to; the interface's first if not given.
    #[resource(cloud_default, rule = "ipv4_address")]
    private_ip: Option<Input<String>>,
    /// The id; another one after each change.
    #[resource(computed, id, volatile, pattern = "eipassoc-{hex:17}")]
    id: Computed<String>,
}

impl Kind for EipAssociation {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        match (&args.instance_id, &args.network_interface_id) {
            (None, None) => vec![mistake("instance_id", "is needed, or a network interface")],
            (Some(_), Some(_)) => {
                vec![mistake("network_interface_id", "is given together with instance_id; give one of them")]
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for EipAssociation {
    type Api = Ec2;
    type Item = Address;
    const NAME: &'static str = "association";

    /// The associations are parts of the addresses. Those of services, such as NAT gateways, are none of these, though they
    /// look the same but for the instance.
    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Address>>, Failure> {
        let of_ids = which.ids().map(|ids| vec![filter("association-id", &ids)]);
        let filters = which.filters("allocation-id").or(of_ids);
        let all = ec2.describe_addresses().set_filters(filters).send().await.asked(ec2)?.addresses;
        let mut all = found(all.unwrap_or_default(), Address::association_id, |_| &[]);
        all.retain(|found| !found.id.is_empty());
        Ok(all)
    }

    /// The keys are addresses, since a change gives another id.
    async fn by_keys(ec2: &Aws<Ec2>, all: Vec<String>) -> Result<Vec<(String, Found<Address>)>, Failure> {
        let all = Self::describe(ec2, Which::Among(all)).await?;
        Ok(all.into_iter().map(|found| (text(found.allocation_id()), found)).collect())
    }

    /// Finds it by its address; by its id where the address is not known, as in an import.
    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Address>>, Failure> {
        if let Some(args) = &prior.args {
            return call.aws.get::<Self>(&args.allocation_id).await;
        }
        let all = Self::describe(call.aws, Which::Ids(vec![prior.id.clone()])).await?;
        Ok(all.into_iter().find(|found| found.id == prior.id))
    }

    async fn create(call: &Call<'_>, args: EipAssociationArgs) -> Result<Report<Self>, Failure> {
        if let Some(found) = call.aws.get::<Self>(&args.allocation_id).await? {
            // It carries no token: only what an interrupted create left is this resource's.
            if call.aws.sent_creates.may_have_made(call) && is_so(&found, &args) {
                return Self::report(call, &found).await;
            }
            let (address, user) = (text(found.public_ip()), user_of(&found));
            return Err(Failure::exists(format!("address {address} is used by {user} already"), found.id));
        }
        let associate = associate(call, &args).allow_reassociation(false);
        let sent = async { associate.customize().config_override(once()).send().await.sent_once(call) };
        let id = text(call.aws.sent_creates.send(call, sent).await?.association_id());
        Ok(Report::new(id.clone(), EipAssociationState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        let take_away = call.aws.disassociate_address().association_id(&found.id);
        gone_is_fine(take_away.send().await.sent(call))
    }

    async fn report(_: &Call<'_>, found: &Found<Address>) -> Result<Report<Self>, Failure> {
        let args = EipAssociationArgs {
            allocation_id: text(found.allocation_id()),
            instance_id: given(found.instance_id()),
            network_interface_id: given(found.network_interface_id()),
            private_ip: given(found.private_ip_address()),
        };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), EipAssociationState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for EipAssociation {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let found = Self::get(call, &change.prior).await?;
        if let Some(found) = found.filter(|found| is_so(found, &change.args)) {
            return Self::report(call, &found).await;
        }
        let moved = associate(call, &change.args).allow_reassociation(true).send().await.sent(call)?;
        let id = text(moved.association_id());
        Ok(Report::new(id.clone(), EipAssociationState { id }))
    }
}

#[cfg(feature = "ec2")]
fn associate(call: &Call<'_>, args: &EipAssociationArgs) -> AssociateAddressFluentBuilder {
    let associate = call.aws.associate_address().allocation_id(&args.allocation_id);
    let associate = associate.set_instance_id(args.instance_id.clone());
    let associate = associate.set_network_interface_id(args.network_interface_id.clone());
    associate.set_private_ip_address(args.private_ip.clone())
}

/// Tells whether an address is used as a program says it.
#[cfg(feature = "ec2")]
fn is_so(found: &Address, args: &EipAssociationArgs) -> bool {
    let fits = |wanted: &Option<String>, there: Option<&str>| {
        wanted.as_ref().is_none_or(|wanted| there == Some(wanted.as_str()))
    };
    fits(&args.instance_id, found.instance_id())
        && fits(&args.network_interface_id, found.network_interface_id())
        && fits(&args.private_ip, found.private_ip_address())
}

#[cfg(feature = "ec2")]
fn user_of(found: &Address) -> String {
    given(found.instance_id())
        .or_else(|| given(found.network_interface_id()))
        .unwrap_or_else(|| found.association_id().unwrap_or("something").to_owned())
}
