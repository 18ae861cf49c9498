//! Security groups.

use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType, SecurityGroup as Found};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, text, told};
use super::super::failure::{Outcome, gone_is_fine};
use super::super::once::once;
use super::super::wait::{self, Look};
use super::{owned, the_one};
use crate::ec2::{SecurityGroup, SecurityGroupArgs, SecurityGroupState};

/// The most characters of a group's name.
const NAME_LIMIT: usize = 255;

#[async_trait]
impl Manage<SecurityGroup> for Cloud {
    async fn create(
        &self,
        call: &Call<'_>,
        args: SecurityGroupArgs,
    ) -> Result<TypedObject<SecurityGroup>, Failure> {
        let given = args.name.clone();
        let name = given.unwrap_or_else(|| call.cx.token.physical_name(call.cx.address.name(), NAME_LIMIT));
        let create = self.ec2.create_security_group().vpc_id(&args.vpc_id).group_name(name);
        let create = create.description(&args.description);
        let create = create.tag_specifications(self.spec(call, ResourceType::SecurityGroup, &args.tags));
        let made = create.customize().config_override(once()).send().await.sent_once(call.place)?;
        let id = text(made.group_id());
        let found = wait::until(call, &id, || async {
            let found = self.known.security_groups.get(&id).await?;
            Ok(found.map_or_else(|| Look::Not("not visible".to_owned()), Look::Done))
        });
        let found = found.await.map_err(|failure| call.partial::<SecurityGroup>(&id, failure))?;
        Ok(TypedObject::new(id, state(&found)))
    }

    async fn read(
        &self,
        call: &Call<'_>,
        prior: TypedPrior<SecurityGroup>,
    ) -> Result<Option<TypedObject<SecurityGroup>>, Failure> {
        let found = self.known.security_groups.get(&prior.id).await?;
        Ok(found.map(|found| self.security_group(call, &found, prior.args.as_ref())))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<SecurityGroup>,
    ) -> Result<TypedObject<SecurityGroup>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        self.retag(call, id, before, &args.tags).await?;
        let found =
            self.known.security_groups.get(id).await?.ok_or_else(|| call.lacking("security group"))?;
        Ok(self.security_group(call, &found, Some(args)))
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<SecurityGroup>) -> Result<(), Failure> {
        wait::unused(call, || async {
            let delete = self.ec2.delete_security_group().group_id(&prior.id);
            gone_is_fine(delete.send().await.sent(call.place))
        })
        .await
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<SecurityGroup>>, Failure> {
        let found =
            self.ec2.describe_security_groups().filters(owned(call)).send().await.asked(call.place)?;
        let found = the_one(call, found.security_groups.unwrap_or_default(), |found| found.tags())?;
        Ok(found.map(|found| self.security_group(call, &found, None)))
    }
}

fn state(found: &Found) -> SecurityGroupState {
    SecurityGroupState {
        id: text(found.group_id()),
        group_name: text(found.group_name()),
        owner_id: text(found.owner_id()),
    }
}

impl Cloud {
    fn security_group(
        &self,
        call: &Call<'_>,
        found: &Found,
        known: Option<&SecurityGroupArgs>,
    ) -> TypedObject<SecurityGroup> {
        let args = SecurityGroupArgs {
            vpc_id: text(found.vpc_id()),
            name: told(known.map(|args| &args.name), found.group_name().map(str::to_owned)),
            description: text(found.description()),
            tags: self.own_tags(call, found.tags(), known.map(|args| &args.tags)),
        };
        TypedObject::new(text(found.group_id()), state(found)).args(args)
    }
}
