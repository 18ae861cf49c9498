//! Which networks use which DHCP options.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::Vpc as Network;

#[cfg(feature = "ec2")]
use super::Vpc;
use super::prelude::*;

/// The use of DHCP options by a network.
///
/// A network has exactly one, from its creation on: AWS's own, or the account's. So a create takes the place of what is there
/// and meets nothing that it would have to refuse, a change is made in place, and a delete leaves the network without options
/// (`default`), whatever it had before. Two of the same network are the same object, whatever they are called.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:DhcpOptionsAssociation",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "vpc_id"
)]
pub struct DhcpOptionsAssociation {
    /// The network.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// The options.
    #[resource(reference = "aws:ec2:DhcpOptions")]
    dhcp_options_id: Input<String>,
    /// The network's id.
    #[resource(computed, id, pattern = "{field:vpc_id}")]
    id: Computed<String>,
}

/// What a network has that uses no options.
#[cfg(feature = "ec2")]
const NONE: &str = "default";

impl Kind for DhcpOptionsAssociation {}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for DhcpOptionsAssociation {
    type Api = Ec2;
    type Item = Network;
    const NAME: &'static str = "association";

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Network>>, Failure> {
        let mut all = Vpc::describe(ec2, which).await?;
        all.retain(|found| found.dhcp_options_id().is_some_and(|id| id != NONE));
        Ok(all)
    }

    async fn create(call: &Call<'_>, args: DhcpOptionsAssociationArgs) -> Result<Report<Self>, Failure> {
        visible(call, || Self::associate(call, &args.vpc_id, &args.dhcp_options_id)).await?;
        let id = args.vpc_id;
        Ok(Report::new(id.clone(), DhcpOptionsAssociationState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        gone_is_fine(Self::associate(call, &prior.id, NONE).await)
    }

    async fn report(_: &Call<'_>, found: &Found<Network>) -> Result<Report<Self>, Failure> {
        let id = found.id.clone();
        let args =
            DhcpOptionsAssociationArgs { vpc_id: id.clone(), dhcp_options_id: text(found.dhcp_options_id()) };
        Ok(Report::new(id.clone(), DhcpOptionsAssociationState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for DhcpOptionsAssociation {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        Self::associate(call, &change.prior.id, &change.args.dhcp_options_id).await?;
        let id = change.prior.id;
        Ok(Report::new(id.clone(), DhcpOptionsAssociationState { id }))
    }
}

#[cfg(feature = "ec2")]
impl DhcpOptionsAssociation {
    async fn associate(call: &Call<'_>, vpc: &str, options: &str) -> Result<(), Failure> {
        let associate = call.aws.associate_dhcp_options().vpc_id(vpc).dhcp_options_id(options);
        associate.send().await.sent(call).map(drop)
    }
}
