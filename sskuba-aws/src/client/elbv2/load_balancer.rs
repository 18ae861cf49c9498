//! Network load balancers.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    LoadBalancer as Found, LoadBalancerAttribute, LoadBalancerSchemeEnum as Scheme,
    LoadBalancerStateEnum as Phase, LoadBalancerTypeEnum,
};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior, TypedReadiness};

use super::super::call::Call;
use super::super::cloud::{Cloud, given, text};
use super::super::failure::{Outcome, gone_is_fine, not_found};
use super::super::wait::{self, Look};
use super::super::{Manage, not_there};
use super::{name, refuse_foreign};
use crate::elbv2::{LoadBalancer, LoadBalancerArgs, LoadBalancerState};

const CROSS_ZONE: &str = "load_balancing.cross_zone.enabled";
const PROTECTION: &str = "deletion_protection.enabled";

#[async_trait]
impl Manage<LoadBalancer> for Cloud {
    async fn create(
        &self,
        call: &Call<'_>,
        args: LoadBalancerArgs,
    ) -> Result<TypedObject<LoadBalancer>, Failure> {
        let name = name(call, args.name.as_ref());
        let made = match self.balancer_named(call, &name).await? {
            Some(found) => found,
            None => self.make_balancer(call, &name, &args).await?,
        };
        let arn = text(made.load_balancer_arn());
        let set = wait::visible(call, || self.set_balancer_attributes(call, &arn, &args)).await;
        set.map_err(|failure| call.partial::<LoadBalancer>(&arn, failure))?;
        Ok(TypedObject::new(arn, state(&made)))
    }

    async fn ready(
        &self,
        call: &Call<'_>,
        prior: TypedPrior<LoadBalancer>,
    ) -> Result<TypedReadiness<LoadBalancer>, Failure> {
        let found = self.known.balancers.get(&prior.id).await?.ok_or_else(|| not_there(call))?;
        let state = found.state();
        Ok(match state.and_then(|state| state.code()) {
            Some(Phase::Active | Phase::ActiveImpaired) => {
                TypedReadiness::Ready(self.balancer(call, &found).await?)
            }
            Some(Phase::Failed) => {
                TypedReadiness::Failed(match text(state.and_then(|state| state.reason())) {
                    why if why.is_empty() => "it failed, and AWS gives no reason".to_owned(),
                    why => why,
                })
            }
            _ => TypedReadiness::Pending(None),
        })
    }

    async fn read(
        &self,
        call: &Call<'_>,
        prior: TypedPrior<LoadBalancer>,
    ) -> Result<Option<TypedObject<LoadBalancer>>, Failure> {
        match self.known.balancers.get(&prior.id).await? {
            Some(found) => self.balancer(call, &found).await.map(Some),
            None => Ok(None),
        }
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<LoadBalancer>,
    ) -> Result<TypedObject<LoadBalancer>, Failure> {
        let (arn, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        let found = self.known.balancers.get(arn).await?.ok_or_else(|| call.lacking("load balancer"))?;
        let wanted: BTreeSet<String> = args.subnet_ids.iter().cloned().collect();
        if subnets(&found) != wanted {
            let set = self.elb.set_subnets().load_balancer_arn(arn);
            let set = set.set_subnets(Some(wanted.into_iter().collect())).send().await.sent(call.place);
            set.map_err(|failure| {
                failure.hint("AWS only adds subnets to a network load balancer; to remove one use --replace")
            })?;
        }
        self.set_balancer_groups(call, &found, args).await?;
        self.set_balancer_attributes(call, arn, args).await?;
        self.elb_retag(call, arn, before, &args.tags).await?;
        let found = self.known.balancers.get(arn).await?.ok_or_else(|| call.lacking("load balancer"))?;
        self.balancer(call, &found).await
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<LoadBalancer>) -> Result<(), Failure> {
        let delete = self.elb.delete_load_balancer().load_balancer_arn(&prior.id);
        gone_is_fine(delete.send().await.sent(call.place))?;
        wait::until(call, &prior.id, || async {
            let found = self.known.balancers.get(&prior.id).await?;
            Ok(found.map_or(Look::Done(()), |_| Look::Not("there".to_owned())))
        })
        .await
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<LoadBalancer>>, Failure> {
        match self.balancer_named(call, &name(call, None)).await? {
            Some(found) => self.balancer(call, &found).await.map(Some),
            None => Ok(None),
        }
    }
}

fn state(found: &Found) -> LoadBalancerState {
    LoadBalancerState {
        arn: text(found.load_balancer_arn()),
        dns_name: text(found.dns_name()),
        zone_id: text(found.canonical_hosted_zone_id()),
    }
}

fn subnets(found: &Found) -> BTreeSet<String> {
    found.availability_zones().iter().map(|zone| text(zone.subnet_id())).collect()
}

impl Cloud {
    async fn balancer(&self, call: &Call<'_>, found: &Found) -> Result<TypedObject<LoadBalancer>, Failure> {
        let arn = text(found.load_balancer_arn());
        let describe = self.elb.describe_load_balancer_attributes().load_balancer_arn(&arn);
        let attributes = describe.send().await.asked(call.place)?.attributes.unwrap_or_default();
        let on = |key: &str| {
            attributes.iter().any(|found| found.key() == Some(key) && found.value() == Some("true"))
        };
        let groups = found.security_groups();
        let args = LoadBalancerArgs {
            subnet_ids: subnets(found).into_iter().collect(),
            name: given(found.load_balancer_name()),
            internal: found.scheme() == Some(&Scheme::Internal),
            cross_zone: on(CROSS_ZONE),
            deletion_protection: on(PROTECTION),
            security_group_ids: (!groups.is_empty()).then(|| groups.to_vec()),
            tags: self.elb_reported(&arn).await?,
        };
        Ok(TypedObject::new(arn, state(found)).args(args))
    }

    /// Finds our load balancer of this name; another's is a conflict.
    async fn balancer_named(&self, call: &Call<'_>, name: &str) -> Result<Option<Found>, Failure> {
        let found = match self.elb.describe_load_balancers().names(name).send().await {
            Err(error) if not_found(&error) => return Ok(None),
            other => other.asked(call.place)?.load_balancers.unwrap_or_default(),
        };
        let Some(found) = found.into_iter().next() else { return Ok(None) };
        let arn = text(found.load_balancer_arn());
        let tags = self.known.elb_tags(&arn).await?;
        refuse_foreign(call, &format!("a load balancer of the name {name}"), &tags, &arn)?;
        Ok(Some(found))
    }

    async fn make_balancer(
        &self,
        call: &Call<'_>,
        name: &str,
        args: &LoadBalancerArgs,
    ) -> Result<Found, Failure> {
        let create = self
            .elb
            .create_load_balancer()
            .name(name)
            .r#type(LoadBalancerTypeEnum::Network)
            .scheme(if args.internal { Scheme::Internal } else { Scheme::InternetFacing })
            .set_subnets(Some(args.subnet_ids.clone()))
            .set_security_groups(args.security_group_ids.clone())
            .set_tags(Some(self.elb_spec(call, &args.tags)));
        let made = create.send().await.sent(call.place)?.load_balancers.unwrap_or_default();
        made.into_iter().next().ok_or_else(|| call.lacking("load balancer"))
    }

    async fn set_balancer_groups(
        &self,
        call: &Call<'_>,
        found: &Found,
        args: &LoadBalancerArgs,
    ) -> Result<(), Failure> {
        let Some(wanted) = &args.security_group_ids else { return Ok(()) };
        if found.security_groups().iter().collect::<BTreeSet<_>>() == wanted.iter().collect() {
            return Ok(());
        }
        let set = self.elb.set_security_groups().set_load_balancer_arn(found.load_balancer_arn.clone());
        let set = set.set_security_groups(Some(wanted.clone())).send().await.sent(call.place);
        set.map(drop).map_err(|failure| match found.security_groups().is_empty() {
            true => failure.hint("AWS adds none to a load balancer that was made without any; use --replace"),
            false => failure,
        })
    }

    async fn set_balancer_attributes(
        &self,
        call: &Call<'_>,
        arn: &str,
        args: &LoadBalancerArgs,
    ) -> Result<(), Failure> {
        let attribute =
            |key: &str, on: bool| LoadBalancerAttribute::builder().key(key).value(on.to_string()).build();
        let modify = self.elb.modify_load_balancer_attributes().load_balancer_arn(arn);
        let modify = modify.attributes(attribute(CROSS_ZONE, args.cross_zone));
        let modify = modify.attributes(attribute(PROTECTION, args.deletion_protection));
        modify.send().await.sent(call.place).map(drop)
    }
}
