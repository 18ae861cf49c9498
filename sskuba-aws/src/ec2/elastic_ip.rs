//! Elastic IP addresses.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{Address, DomainType, ResourceType};

use super::prelude::*;

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

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for Eip {
    type Api = Ec2;
    type Item = Address;
    const NAME: &'static str = "address";
    const LINGERS: bool = true;

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Address>>, Failure> {
        let describe = ec2.describe_addresses().set_allocation_ids(which.ids());
        let all = describe.set_filters(which.filters("allocation-id")).send().await.asked(ec2)?.addresses;
        Ok(found(all.unwrap_or_default(), Address::allocation_id, Address::tags))
    }

    async fn create(call: &Call<'_>, args: EipArgs) -> Result<Report<Self>, Failure> {
        let spec = spec(call, ResourceType::ElasticIp, &args.tags);
        let create = call.aws.allocate_address().domain(DomainType::Vpc).tag_specifications(spec);
        let made = create.customize().config_override(once()).send().await.sent_once(call)?;
        let state = EipState { id: text(made.allocation_id()), public_ip: text(made.public_ip()) };
        Ok(Report::new(state.id.clone(), state))
    }

    /// AWS answers the release of an address in use with "you do not have permission".
    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let mut released = call.aws.release_address().allocation_id(&prior.id).send().await.sent(call);
        if let Err(failure) = &mut released
            && failure.class == Class::Denied
            && let Some(found) = Self::get(call, prior).await?
            && let Some(user) = found.association_id().filter(|id| !id.is_empty())
        {
            // What AWS says of a foreign address is no advice here.
            (failure.class, failure.hint) = (Class::Conflict, None);
            failure.message = format!("address {} is in use: {user}", text(found.public_ip()));
        }
        released.map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Address>) -> Result<Report<Self>, Failure> {
        let state = EipState { id: found.id.clone(), public_ip: text(found.public_ip()) };
        Ok(Report::new(found.id.clone(), state).args(EipArgs { tags: found.own_tags() }))
    }
}

#[cfg(feature = "ec2")]
impl UpdateOperation for Eip {}
