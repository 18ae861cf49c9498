//! Elastic IP addresses.

use async_trait::async_trait;
use aws_sdk_ec2::types::{Address, DomainType, ResourceType};
use sskuba_core::provider::{Class, Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, text};
use super::super::failure::{Outcome, gone_is_fine};
use super::super::once::once;
use super::super::tagging::reported;
use super::super::wait;
use super::{owned, the_one};
use crate::ec2::{Eip, EipArgs, EipState};

#[async_trait]
impl Manage<Eip> for Cloud {
    async fn create(&self, call: &Call<'_>, args: EipArgs) -> Result<TypedObject<Eip>, Failure> {
        let spec = self.spec(call, ResourceType::ElasticIp, &args.tags);
        let create = self.ec2.allocate_address().domain(DomainType::Vpc).tag_specifications(spec);
        let made = create.customize().config_override(once()).send().await.sent_once(call.place)?;
        let state = EipState { id: text(made.allocation_id()), public_ip: text(made.public_ip()) };
        Ok(TypedObject::new(state.id.clone(), state))
    }

    async fn read(&self, _: &Call<'_>, prior: TypedPrior<Eip>) -> Result<Option<TypedObject<Eip>>, Failure> {
        let found = self.known.addresses.get(&prior.id).await?;
        Ok(found.map(|found| object(&found)))
    }

    async fn update(&self, call: &Call<'_>, change: TypedChange<Eip>) -> Result<TypedObject<Eip>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        self.retag(call, id, before, &args.tags).await?;
        let found = self.known.addresses.get(id).await?.ok_or_else(|| call.lacking("address"))?;
        Ok(object(&found))
    }

    /// AWS answers the release of an address in use with "you do not have permission".
    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<Eip>) -> Result<(), Failure> {
        wait::unused(call, || async {
            let release = self.ec2.release_address().allocation_id(&prior.id);
            let mut released = gone_is_fine(release.send().await.sent(call.place));
            if let Err(failure) = &mut released
                && failure.class == Class::Denied
                && let Some(found) = self.known.addresses.get(&prior.id).await?
                && let Some(user) = found.association_id().filter(|id| !id.is_empty())
            {
                failure.class = Class::Conflict;
                failure.message = format!("address {} is in use: {user}", text(found.public_ip()));
            }
            released
        })
        .await
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<Eip>>, Failure> {
        let found = self.ec2.describe_addresses().filters(owned(call)).send().await.asked(call.place)?;
        let found = the_one(call, found.addresses.unwrap_or_default(), |found| found.tags())?;
        Ok(found.map(|found| object(&found)))
    }
}

fn object(found: &Address) -> TypedObject<Eip> {
    let state = EipState { id: text(found.allocation_id()), public_ip: text(found.public_ip()) };
    TypedObject::new(state.id.clone(), state).args(EipArgs { tags: reported(found.tags()) })
}
