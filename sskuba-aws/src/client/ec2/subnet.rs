//! Subnets.

use async_trait::async_trait;
use aws_sdk_ec2::types::{AttributeBooleanValue, ResourceType, Subnet as Found, SubnetState as Phase};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, text, told};
use super::super::failure::{Outcome, gone_is_fine};
use super::super::once::once;
use super::super::wait::{self, Look};
use super::{owned, the_one};
use crate::ec2::{Subnet, SubnetArgs, SubnetState};

#[async_trait]
impl Manage<Subnet> for Cloud {
    async fn create(&self, call: &Call<'_>, args: SubnetArgs) -> Result<TypedObject<Subnet>, Failure> {
        let spec = self.spec(call, ResourceType::Subnet, &args.tags);
        let create =
            self.ec2.create_subnet().vpc_id(&args.vpc_id).cidr_block(&args.cidr).tag_specifications(spec);
        let create = create.set_availability_zone(args.availability_zone);
        let made = create.customize().config_override(once()).send().await.sent_once(call.place)?;
        let made = made.subnet.ok_or_else(|| call.lacking("subnet"))?;
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
        call: &Call<'_>,
        prior: TypedPrior<Subnet>,
    ) -> Result<Option<TypedObject<Subnet>>, Failure> {
        let found = self.known.subnets.get(&prior.id).await?;
        Ok(found.map(|found| self.subnet(call, &found, prior.args.as_ref())))
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
        Ok(self.subnet(call, &found, Some(args)))
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
        Ok(found.map(|found| self.subnet(call, &found, None)))
    }
}

fn state(found: &Found) -> SubnetState {
    SubnetState {
        id: text(found.subnet_id()),
        arn: text(found.subnet_arn()),
        zone_id: text(found.availability_zone_id()),
    }
}

impl Cloud {
    fn subnet(&self, call: &Call<'_>, found: &Found, known: Option<&SubnetArgs>) -> TypedObject<Subnet> {
        let args = SubnetArgs {
            vpc_id: text(found.vpc_id()),
            cidr: text(found.cidr_block()),
            availability_zone: told(
                known.map(|args| &args.availability_zone),
                found.availability_zone().map(str::to_owned),
            ),
            map_public_ip_on_launch: found.map_public_ip_on_launch().unwrap_or_default(),
            tags: self.own_tags(call, found.tags(), known.map(|args| &args.tags)),
        };
        TypedObject::new(text(found.subnet_id()), state(found)).args(args)
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
