//! Internet gateways.

use async_trait::async_trait;
use aws_sdk_ec2::types::{InternetGateway as Found, ResourceType};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, filter, text};
use super::super::failure::{Outcome, gone_is_fine, is};
use super::super::once::once;
use super::super::stranger::{is_own, stranger};
use super::super::tagging::{all as all_tags, reported};
use super::super::wait;
use super::{owned, the_one};
use crate::ec2::{InternetGateway, InternetGatewayArgs, InternetGatewayState};

#[async_trait]
impl Manage<InternetGateway> for Cloud {
    async fn create(
        &self,
        call: &Call<'_>,
        args: InternetGatewayArgs,
    ) -> Result<TypedObject<InternetGateway>, Failure> {
        if let Some(id) = self.gateway_of(call, &args.vpc_id).await? {
            return Ok(TypedObject::new(id.clone(), InternetGatewayState { id }));
        }
        let spec = self.spec(call, ResourceType::InternetGateway, &args.tags);
        let create = self.ec2.create_internet_gateway().tag_specifications(spec);
        let made = create.customize().config_override(once()).send().await.sent_once(call.place)?;
        let made = made.internet_gateway.ok_or_else(|| call.lacking("internet gateway"))?;
        let id = text(made.internet_gateway_id());
        let attached = wait::visible(call, || self.attach(call, &id, &args.vpc_id)).await;
        attached.map_err(|failure| call.partial::<InternetGateway>(&id, failure))?;
        Ok(TypedObject::new(id.clone(), InternetGatewayState { id }))
    }

    async fn read(
        &self,
        _: &Call<'_>,
        prior: TypedPrior<InternetGateway>,
    ) -> Result<Option<TypedObject<InternetGateway>>, Failure> {
        let found = self.known.internet_gateways.get(&prior.id).await?;
        Ok(found.map(|found| object(&found)))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<InternetGateway>,
    ) -> Result<TypedObject<InternetGateway>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        let found =
            self.known.internet_gateways.get(id).await?.ok_or_else(|| call.lacking("internet gateway"))?;
        if vpc_of(&found) != args.vpc_id {
            self.detach(call, &found).await?;
            self.attach(call, id, &args.vpc_id).await?;
        }
        self.retag(call, id, before, &args.tags).await?;
        let found =
            self.known.internet_gateways.get(id).await?.ok_or_else(|| call.lacking("internet gateway"))?;
        Ok(object(&found))
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<InternetGateway>) -> Result<(), Failure> {
        let Some(found) = self.known.internet_gateways.get(&prior.id).await? else { return Ok(()) };
        self.detach(call, &found).await?;
        wait::unused(call, || async {
            let delete = self.ec2.delete_internet_gateway().internet_gateway_id(&prior.id);
            gone_is_fine(delete.send().await.sent(call.place))
        })
        .await
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<InternetGateway>>, Failure> {
        let found =
            self.ec2.describe_internet_gateways().filters(owned(call)).send().await.asked(call.place)?;
        let found = the_one(call, found.internet_gateways.unwrap_or_default(), |found| found.tags())?;
        Ok(found.map(|found| object(&found)))
    }
}

/// Returns the network that a gateway is attached to; empty if to none.
fn vpc_of(found: &Found) -> String {
    text(found.attachments().iter().find_map(|attachment| attachment.vpc_id()))
}

fn object(found: &Found) -> TypedObject<InternetGateway> {
    let id = text(found.internet_gateway_id());
    let args = InternetGatewayArgs { vpc_id: vpc_of(found), tags: reported(found.tags()) };
    TypedObject::new(id.clone(), InternetGatewayState { id }).args(args)
}

impl Cloud {
    /// Finds our gateway of this network; another's is a conflict.
    async fn gateway_of(&self, call: &Call<'_>, vpc: &str) -> Result<Option<String>, Failure> {
        let of_vpc = filter("attachment.vpc-id", [vpc]);
        let found = self.ec2.describe_internet_gateways().filters(of_vpc).send().await.asked(call.place)?;
        let Some(found) = found.internet_gateways().iter().find(|found| vpc_of(found) == vpc) else {
            return Ok(None);
        };
        let (id, tags) = (text(found.internet_gateway_id()), all_tags(found.tags()));
        match is_own(call, &tags) {
            true => Ok(Some(id)),
            false => Err(stranger(&format!("an internet gateway of network {vpc}"), &tags, &id)),
        }
    }

    /// Attaches a gateway; it counts as done where the gateway is attached to this network already.
    async fn attach(&self, call: &Call<'_>, id: &str, vpc: &str) -> Result<(), Failure> {
        match self.ec2.attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send().await {
            Err(error) if is(&error, &["Resource.AlreadyAssociated"]) => {
                match self.known.internet_gateways.get(id).await? {
                    Some(found) if vpc_of(&found) == vpc => Ok(()),
                    _ => Err(error).sent(call.place),
                }
            }
            other => other.sent(call.place).map(drop),
        }
    }

    /// Detaches a gateway; AWS refuses while the network holds public addresses.
    async fn detach(&self, call: &Call<'_>, found: &Found) -> Result<(), Failure> {
        let (id, vpc) = (text(found.internet_gateway_id()), vpc_of(found));
        if vpc.is_empty() {
            return Ok(());
        }
        wait::unused(call, || async {
            let detach = self.ec2.detach_internet_gateway().internet_gateway_id(&id).vpc_id(&vpc);
            gone_is_fine(detach.send().await.sent(call.place))
        })
        .await
    }
}
