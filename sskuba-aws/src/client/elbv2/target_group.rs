//! Target groups.

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    ProtocolEnum, TargetGroup as Found, TargetGroupAttribute, TargetTypeEnum,
};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, given, text};
use super::super::failure::{Outcome, gone_is_fine, not_found};
use super::super::wait;
use super::{name, protocol, protocol_of, refuse_foreign};
use crate::elbv2::{HealthCheck, TargetGroup, TargetGroupArgs, TargetGroupState, TargetType};

const CLIENT_IP: &str = "preserve_client_ip.enabled";
const DELAY: &str = "deregistration_delay.timeout_seconds";

#[async_trait]
impl Manage<TargetGroup> for Cloud {
    async fn create(
        &self,
        call: &Call<'_>,
        args: TargetGroupArgs,
    ) -> Result<TypedObject<TargetGroup>, Failure> {
        let name = name(call, args.name.as_ref());
        let made = match self.target_group_named(call, &name).await? {
            Some(found) => found,
            None => self.make_target_group(call, &name, &args).await?,
        };
        let arn = text(made.target_group_arn());
        let set = wait::visible(call, || self.set_target_group_attributes(call, &arn, &args)).await;
        set.map_err(|failure| call.partial::<TargetGroup>(&arn, failure))?;
        Ok(TypedObject::new(arn.clone(), TargetGroupState { arn }))
    }

    async fn read(
        &self,
        call: &Call<'_>,
        prior: TypedPrior<TargetGroup>,
    ) -> Result<Option<TypedObject<TargetGroup>>, Failure> {
        match self.known.target_groups.get(&prior.id).await? {
            Some(found) => self.target_group(call, &found).await.map(Some),
            None => Ok(None),
        }
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<TargetGroup>,
    ) -> Result<TypedObject<TargetGroup>, Failure> {
        let (arn, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        if let Some(check) = &args.health_check {
            let modify = self
                .elb
                .modify_target_group()
                .target_group_arn(arn)
                .health_check_protocol(ProtocolEnum::from(check.protocol.as_str()))
                .health_check_port(&check.port)
                .set_health_check_path(check.path.clone())
                .health_check_interval_seconds(check.interval_seconds.into())
                .health_check_timeout_seconds(check.timeout_seconds.into())
                .healthy_threshold_count(check.healthy_threshold.into())
                .unhealthy_threshold_count(check.unhealthy_threshold.into());
            modify.send().await.sent(call.place)?;
        }
        self.set_target_group_attributes(call, arn, args).await?;
        self.elb_retag(call, arn, before, &args.tags).await?;
        let found = self.known.target_groups.get(arn).await?.ok_or_else(|| call.lacking("target group"))?;
        self.target_group(call, &found).await
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<TargetGroup>) -> Result<(), Failure> {
        wait::unused(call, || async {
            let delete = self.elb.delete_target_group().target_group_arn(&prior.id);
            gone_is_fine(delete.send().await.sent(call.place))
        })
        .await
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<TargetGroup>>, Failure> {
        match self.target_group_named(call, &name(call, None)).await? {
            Some(found) => self.target_group(call, &found).await.map(Some),
            None => Ok(None),
        }
    }
}

fn health_check(found: &Found) -> HealthCheck {
    let usual = HealthCheck::default();
    let seconds = |value: Option<i32>, usual: u16| value.and_then(|v| u16::try_from(v).ok()).unwrap_or(usual);
    let count =
        |value: Option<i32>| value.and_then(|v| u8::try_from(v).ok()).unwrap_or(usual.healthy_threshold);
    HealthCheck {
        protocol: text(found.health_check_protocol().map(ProtocolEnum::as_str)),
        port: text(found.health_check_port()),
        path: found.health_check_path().filter(|path| !path.is_empty()).map(str::to_owned),
        interval_seconds: seconds(found.health_check_interval_seconds(), usual.interval_seconds),
        timeout_seconds: seconds(found.health_check_timeout_seconds(), usual.timeout_seconds),
        healthy_threshold: count(found.healthy_threshold_count()),
        unhealthy_threshold: count(found.unhealthy_threshold_count()),
    }
}

impl Cloud {
    async fn target_group(
        &self,
        call: &Call<'_>,
        found: &Found,
    ) -> Result<TypedObject<TargetGroup>, Failure> {
        let arn = text(found.target_group_arn());
        let describe = self.elb.describe_target_group_attributes().target_group_arn(&arn);
        let attributes = describe.send().await.asked(call.place)?.attributes.unwrap_or_default();
        let value = |key: &str| {
            attributes.iter().find(|found| found.key() == Some(key)).and_then(TargetGroupAttribute::value)
        };
        let args = TargetGroupArgs {
            vpc_id: text(found.vpc_id()),
            port: found.port().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
            name: given(found.target_group_name()),
            protocol: protocol_of(found.protocol()),
            target_type: match found.target_type() {
                Some(TargetTypeEnum::Ip) => TargetType::Ip,
                _ => TargetType::Instance,
            },
            preserve_client_ip: value(CLIENT_IP).map(|on| on == "true"),
            deregistration_delay_seconds: value(DELAY).and_then(|delay| delay.parse().ok()).unwrap_or(300),
            health_check: Some(health_check(found)),
            tags: self.elb_reported(&arn).await?,
        };
        Ok(TypedObject::new(arn.clone(), TargetGroupState { arn }).args(args))
    }

    /// Finds our target group of this name; another's is a conflict.
    async fn target_group_named(&self, call: &Call<'_>, name: &str) -> Result<Option<Found>, Failure> {
        let found = match self.elb.describe_target_groups().names(name).send().await {
            Err(error) if not_found(&error) => return Ok(None),
            other => other.asked(call.place)?.target_groups.unwrap_or_default(),
        };
        let Some(found) = found.into_iter().next() else { return Ok(None) };
        let arn = text(found.target_group_arn());
        let tags = self.known.elb_tags(&arn).await?;
        refuse_foreign(call, &format!("a target group of the name {name}"), &tags, &arn)?;
        Ok(Some(found))
    }

    async fn make_target_group(
        &self,
        call: &Call<'_>,
        name: &str,
        args: &TargetGroupArgs,
    ) -> Result<Found, Failure> {
        let mut create = self
            .elb
            .create_target_group()
            .name(name)
            .vpc_id(&args.vpc_id)
            .port(args.port.into())
            .protocol(protocol(args.protocol))
            .target_type(match args.target_type {
                TargetType::Instance => TargetTypeEnum::Instance,
                TargetType::Ip => TargetTypeEnum::Ip,
            })
            .health_check_enabled(true)
            .set_tags(Some(self.elb_spec(call, &args.tags)));
        if let Some(check) = &args.health_check {
            create = create
                .health_check_protocol(ProtocolEnum::from(check.protocol.as_str()))
                .health_check_port(&check.port)
                .set_health_check_path(check.path.clone())
                .health_check_interval_seconds(check.interval_seconds.into())
                .health_check_timeout_seconds(check.timeout_seconds.into())
                .healthy_threshold_count(check.healthy_threshold.into())
                .unhealthy_threshold_count(check.unhealthy_threshold.into());
        }
        let made = create.send().await.sent(call.place)?.target_groups.unwrap_or_default();
        made.into_iter().next().ok_or_else(|| call.lacking("target group"))
    }

    async fn set_target_group_attributes(
        &self,
        call: &Call<'_>,
        arn: &str,
        args: &TargetGroupArgs,
    ) -> Result<(), Failure> {
        let attribute =
            |key: &str, value: String| TargetGroupAttribute::builder().key(key).value(value).build();
        let modify = self.elb.modify_target_group_attributes().target_group_arn(arn);
        let mut modify = modify.attributes(attribute(DELAY, args.deregistration_delay_seconds.to_string()));
        if let Some(preserve) = args.preserve_client_ip {
            modify = modify.attributes(attribute(CLIENT_IP, preserve.to_string()));
        }
        modify.send().await.sent(call.place).map(drop)
    }
}
