//! Targets of target groups.

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetHealthReasonEnum as Reason, TargetHealthStateEnum as Health,
};
use sskuba_core::provider::{Class, Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::Cloud;
use super::super::failure::{Outcome, gone_is_fine, is, not_found};
use crate::elbv2::{TargetGroupAttachment, TargetGroupAttachmentArgs, TargetGroupAttachmentState};

type Object = TypedObject<TargetGroupAttachment>;

#[async_trait]
impl Manage<TargetGroupAttachment> for Cloud {
    async fn create(&self, call: &Call<'_>, args: TargetGroupAttachmentArgs) -> Result<Object, Failure> {
        // It carries no token: only what an interrupted create left is this resource's.
        if !self.tried.may_have_made(call) && self.is_registered(call, &args).await? {
            let message = format!("{} is a target of {} already", args.target_id, args.target_group_arn);
            return Err(Failure::exists(message, object(args).id));
        }
        self.tried.send(call, self.register(call, args)).await
    }

    async fn read(
        &self,
        call: &Call<'_>,
        prior: TypedPrior<TargetGroupAttachment>,
    ) -> Result<Option<Object>, Failure> {
        let args = parts(&prior.id)?;
        Ok(self.is_registered(call, &args).await?.then(|| object(args)))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<TargetGroupAttachment>,
    ) -> Result<Object, Failure> {
        let before = parts(&change.prior.id)?;
        let (old, new) = (self.serving_port(&before).await?, self.serving_port(&change.args).await?);
        let object = self.register(call, change.args).await?;
        if old != new {
            self.deregister(call, &before).await?;
        }
        Ok(object)
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<TargetGroupAttachment>) -> Result<(), Failure> {
        self.deregister(call, &parts(&prior.id)?).await
    }

    async fn find(&self, _: &Call<'_>) -> Result<Option<Object>, Failure> {
        Ok(None)
    }
}

impl Cloud {
    async fn is_registered(
        &self,
        call: &Call<'_>,
        args: &TargetGroupAttachmentArgs,
    ) -> Result<bool, Failure> {
        let describe = self.elb.describe_target_health().target_group_arn(&args.target_group_arn);
        let found = match describe.targets(target(args)).send().await {
            Err(error) if not_found(&error) || is(&error, &["InvalidTarget"]) => return Ok(false),
            other => other.asked(call.place)?,
        };
        let mut states = found.target_health_descriptions().iter().filter_map(|found| found.target_health());
        Ok(states.any(|health| {
            let gone = health.state() == Some(&Health::Draining)
                || health.reason() == Some(&Reason::NotRegistered)
                || health.reason() == Some(&Reason::DeregistrationInProgress);
            !gone
        }))
    }

    /// Returns the port that a target serves on: its own, or its group's.
    async fn serving_port(&self, args: &TargetGroupAttachmentArgs) -> Result<Option<i32>, Failure> {
        match port(args) {
            Some(port) => Ok(Some(port.into())),
            None => {
                Ok(self.known.target_groups.get(&args.target_group_arn).await?.and_then(|group| group.port()))
            }
        }
    }

    async fn deregister(&self, call: &Call<'_>, args: &TargetGroupAttachmentArgs) -> Result<(), Failure> {
        let deregister = self.elb.deregister_targets().target_group_arn(&args.target_group_arn);
        match deregister.targets(target(args)).send().await {
            Err(error) if is(&error, &["InvalidTarget"]) => Ok(()),
            other => gone_is_fine(other.sent(call.place)),
        }
    }

    async fn register(&self, call: &Call<'_>, args: TargetGroupAttachmentArgs) -> Result<Object, Failure> {
        let register = self.elb.register_targets().target_group_arn(&args.target_group_arn);
        register.targets(target(&args)).send().await.sent(call.place)?;
        Ok(object(args))
    }
}

/// Returns a port that is not the group's.
fn port(args: &TargetGroupAttachmentArgs) -> Option<u16> {
    Some(args.port).filter(|port| *port != 0)
}

fn target(args: &TargetGroupAttachmentArgs) -> TargetDescription {
    TargetDescription::builder().id(&args.target_id).set_port(port(args).map(i32::from)).build()
}

fn object(args: TargetGroupAttachmentArgs) -> Object {
    let port = port(&args).map(|port| format!("_{port}")).unwrap_or_default();
    let id = format!("{}_{}{port}", args.target_group_arn, args.target_id);
    TypedObject::new(id.clone(), TargetGroupAttachmentState { id }).args(args)
}

/// Splits an attachment's id into group, target and port.
fn parts(id: &str) -> Result<TargetGroupAttachmentArgs, Failure> {
    let mut parts = id.split('_');
    let wrong = || {
        Failure::new(Class::Invalid("id".to_owned()), format!("{id:?} is not the id of an attachment"))
            .hint("it is the group's ARN, the target and, if it has one, the port, joined by `_`")
    };
    match (parts.next(), parts.next(), parts.next().map(str::parse), parts.next()) {
        (Some(arn), Some(target), None, None) => Ok(args(arn, target, 0)),
        (Some(arn), Some(target), Some(Ok(port)), None) => Ok(args(arn, target, port)),
        _ => Err(wrong()),
    }
}

fn args(arn: &str, target: &str, port: u16) -> TargetGroupAttachmentArgs {
    TargetGroupAttachmentArgs { target_group_arn: arn.to_owned(), target_id: target.to_owned(), port }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_says_what_is_attached_where() {
        for port in [0, 6443] {
            let given = args("arn:aws:elasticloadbalancing:x:1:targetgroup/t/0", "i-1", port);
            let back = parts(&object(given.clone()).id).unwrap();
            assert_eq!(
                (back.target_group_arn, back.target_id, back.port),
                (given.target_group_arn, given.target_id, port)
            );
        }
        assert!(parts("arn").is_err());
        assert!(parts("arn_i-1_http").is_err());
    }
}
