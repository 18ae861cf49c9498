//! Subnets.

use async_trait::async_trait;
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, Subnet as Found, SubnetState as Phase};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, filter, given, text};
use super::super::failure::{Outcome, gone_is_fine, is, refusal};
use super::super::once::once;
use super::super::stranger::met;
use super::super::tagging::{all as all_tags, reported};
use super::super::wait::{self, Look};
use super::route::same_range;
use super::{owned, the_one};
use crate::ec2::{Subnet, SubnetArgs, SubnetState};

#[async_trait]
impl Manage<Subnet> for Cloud {
    async fn create(&self, call: &Call<'_>, args: SubnetArgs) -> Result<TypedObject<Subnet>, Failure> {
        let spec = self.spec(call, ResourceType::Subnet, &args.tags);
        let create =
            self.ec2.create_subnet().vpc_id(&args.vpc_id).cidr_block(&args.cidr).tag_specifications(spec);
        let create = create.set_availability_zone(args.availability_zone);
        let made = match create.customize().config_override(once()).send().await {
            Err(error) if is(&error, &["InvalidSubnet.Conflict"]) => {
                self.subnet_of(call, &args.vpc_id, &args.cidr, refusal(&error, call.place)).await?
            }
            other => other.sent_once(call.place)?.subnet.ok_or_else(|| call.lacking("subnet"))?,
        };
        let id = text(made.subnet_id());
        let ready = async {
            wait::until(call, &id, || async {
                Ok(match self.known.subnets.get(&id).await? {
                    Some(subnet) if subnet.state() == Some(&Phase::Available) => Look::Done(()),
                    _ => Look::Not("not available".to_owned()),
                })
            })
            .await?;
            self.set_public(call, &id, args.map_public_ip_on_launch, false).await
        };
        ready.await.map_err(|failure| call.partial::<Subnet>(&id, failure))?;
        Ok(TypedObject::new(id, state(&made)))
    }

    async fn read(
        &self,
        _: &Call<'_>,
        prior: TypedPrior<Subnet>,
    ) -> Result<Option<TypedObject<Subnet>>, Failure> {
        let found = self.known.subnets.get(&prior.id).await?;
        Ok(found.map(|found| object(&found)))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<Subnet>,
    ) -> Result<TypedObject<Subnet>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        self.set_public(call, id, args.map_public_ip_on_launch, !args.map_public_ip_on_launch).await?;
        self.retag(call, id, before, &args.tags).await?;
        let found = self.known.subnets.get(id).await?.ok_or_else(|| call.lacking("subnet"))?;
        Ok(object(&found))
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<Subnet>) -> Result<(), Failure> {
        wait::unused(call, || async {
            gone_is_fine(self.ec2.delete_subnet().subnet_id(&prior.id).send().await.sent(call.place))
        })
        .await
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<Subnet>>, Failure> {
        let found = self.ec2.describe_subnets().filters(owned(call)).send().await.asked(call.place)?;
        let found = the_one(call, found.subnets.unwrap_or_default(), |found| found.tags())?;
        Ok(found.map(|found| object(&found)))
    }
}

fn state(found: &Found) -> SubnetState {
    SubnetState {
        id: text(found.subnet_id()),
        arn: text(found.subnet_arn()),
        zone_id: text(found.availability_zone_id()),
    }
}

fn object(found: &Found) -> TypedObject<Subnet> {
    let args = SubnetArgs {
        vpc_id: text(found.vpc_id()),
        cidr: text(found.cidr_block()),
        availability_zone: given(found.availability_zone()),
        map_public_ip_on_launch: found.map_public_ip_on_launch().unwrap_or_default(),
        tags: reported(found.tags()),
    };
    TypedObject::new(text(found.subnet_id()), state(found)).args(args)
}

impl Cloud {
    /// Returns our subnet of a range that AWS says is taken; another's of just this range is named in the refusal.
    async fn subnet_of(
        &self,
        call: &Call<'_>,
        vpc: &str,
        cidr: &str,
        refusal: Failure,
    ) -> Result<Found, Failure> {
        let describe = self.ec2.describe_subnets().filters(filter("vpc-id", [vpc]));
        let found = describe.send().await.asked(call.place)?.subnets.unwrap_or_default();
        let same = |found: &Found| found.cidr_block().is_some_and(|there| same_range(there, cidr));
        let Some(found) = found.into_iter().find(same) else { return Err(refusal) };
        met(call, refusal, text(found.subnet_id()), &all_tags(found.tags()))?;
        Ok(found)
    }

    async fn set_public(&self, call: &Call<'_>, id: &str, public: bool, now: bool) -> Result<(), Failure> {
        if public == now {
            return Ok(());
        }
        let value = AttributeBooleanValue::builder().value(public).build();
        wait::visible(call, || async {
            let modify =
                self.ec2.modify_subnet_attribute().subnet_id(id).map_public_ip_on_launch(value.clone());
            modify.send().await.sent(call.place).map(drop)
        })
        .await
    }
}
