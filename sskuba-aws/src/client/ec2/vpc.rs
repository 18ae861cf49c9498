//! Virtual private clouds.

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, ResourceType, Vpc as Found, VpcAttributeName, VpcState as Phase,
};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, text};
use super::super::failure::{Outcome, gone_is_fine};
use super::super::once::once;
use super::super::tagging::reported;
use super::super::wait::{self, Look};
use super::{owned, the_one};
use crate::ec2::{Vpc, VpcArgs, VpcState};

#[async_trait]
impl Manage<Vpc> for Cloud {
    async fn create(&self, call: &Call<'_>, args: VpcArgs) -> Result<TypedObject<Vpc>, Failure> {
        let spec = self.spec(call, ResourceType::Vpc, &args.tags);
        let create = self.ec2.create_vpc().cidr_block(&args.cidr).tag_specifications(spec);
        let made = create.customize().config_override(once()).send().await.sent_once(call.place)?;
        let made = made.vpc.ok_or_else(|| call.lacking("VPC"))?;
        let id = text(made.vpc_id());
        let ready = async {
            wait::until(call, &id, || async {
                Ok(match self.known.vpcs.get(&id).await? {
                    Some(vpc) if vpc.state() == Some(&Phase::Available) => Look::Done(()),
                    _ => Look::Not("not available".to_owned()),
                })
            })
            .await?;
            self.set_dns(call, &id, (args.enable_dns_support, args.enable_dns_hostnames), (true, false)).await
        };
        ready.await.map_err(|failure| call.partial::<Vpc>(&id, failure))?;
        Ok(TypedObject::new(id, state(&made)))
    }

    async fn read(
        &self,
        call: &Call<'_>,
        prior: TypedPrior<Vpc>,
    ) -> Result<Option<TypedObject<Vpc>>, Failure> {
        match self.known.vpcs.get(&prior.id).await? {
            Some(found) => self.vpc(call, &found).await.map(Some),
            None => Ok(None),
        }
    }

    async fn update(&self, call: &Call<'_>, change: TypedChange<Vpc>) -> Result<TypedObject<Vpc>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        let now = self.dns(call, id).await?;
        self.set_dns(call, id, (args.enable_dns_support, args.enable_dns_hostnames), now).await?;
        self.retag(call, id, before, &args.tags).await?;
        let found = self.known.vpcs.get(id).await?.ok_or_else(|| call.lacking("VPC"))?;
        self.vpc(call, &found).await
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<Vpc>) -> Result<(), Failure> {
        wait::unused(call, || async {
            gone_is_fine(self.ec2.delete_vpc().vpc_id(&prior.id).send().await.sent(call.place))
        })
        .await
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<Vpc>>, Failure> {
        let found = self.ec2.describe_vpcs().filters(owned(call)).send().await.asked(call.place)?;
        match the_one(call, found.vpcs.unwrap_or_default(), |found| found.tags())? {
            Some(found) => self.vpc(call, &found).await.map(Some),
            None => Ok(None),
        }
    }
}

fn state(found: &Found) -> VpcState {
    VpcState { id: text(found.vpc_id()), owner_id: text(found.owner_id()) }
}

impl Cloud {
    async fn vpc(&self, call: &Call<'_>, found: &Found) -> Result<TypedObject<Vpc>, Failure> {
        let state = state(found);
        let (enable_dns_support, enable_dns_hostnames) = self.dns(call, &state.id).await?;
        let args = VpcArgs {
            cidr: text(found.cidr_block()),
            enable_dns_support,
            enable_dns_hostnames,
            tags: reported(found.tags()),
        };
        Ok(TypedObject::new(state.id.clone(), state).args(args))
    }

    /// Returns whether DNS is answered, and whether instances get DNS names.
    async fn dns(&self, call: &Call<'_>, id: &str) -> Result<(bool, bool), Failure> {
        let ask = |name| self.ec2.describe_vpc_attribute().vpc_id(id).attribute(name).send();
        let (support, names) =
            tokio::join!(ask(VpcAttributeName::EnableDnsSupport), ask(VpcAttributeName::EnableDnsHostnames));
        let (support, names) = (support.asked(call.place)?, names.asked(call.place)?);
        let on = |value: Option<&AttributeBooleanValue>| {
            value.and_then(AttributeBooleanValue::value).unwrap_or_default()
        };
        Ok((on(support.enable_dns_support()), on(names.enable_dns_hostnames())))
    }

    /// Sets what differs, one attribute at a time as AWS wants it; names need the support.
    async fn set_dns(
        &self,
        call: &Call<'_>,
        id: &str,
        (support, names): (bool, bool),
        now: (bool, bool),
    ) -> Result<(), Failure> {
        let value = |on| AttributeBooleanValue::builder().value(on).build();
        let modify = || self.ec2.modify_vpc_attribute().vpc_id(id);
        let set_support = || async move {
            if support == now.0 {
                return Ok(());
            }
            modify().enable_dns_support(value(support)).send().await.sent(call.place).map(drop)
        };
        if support {
            wait::visible(call, set_support).await?;
        }
        if names != now.1 {
            let set = || async { modify().enable_dns_hostnames(value(names)).send().await.sent(call.place) };
            wait::visible(call, set).await?;
        }
        if support { Ok(()) } else { wait::visible(call, set_support).await }
    }
}
