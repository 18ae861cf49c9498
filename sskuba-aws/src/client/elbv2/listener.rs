//! Listeners.

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, Listener as Found};
use sskuba_core::provider::{Failure, TypedChange, TypedObject, TypedPrior};

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, text};
use super::super::failure::{Outcome, gone_is_fine};
use super::{protocol, protocol_of, refuse_foreign};
use crate::elbv2::{Listener, ListenerArgs, ListenerState};

#[async_trait]
impl Manage<Listener> for Cloud {
    async fn create(&self, call: &Call<'_>, args: ListenerArgs) -> Result<TypedObject<Listener>, Failure> {
        if let Some(arn) = self.listener_on(call, &args).await? {
            return Ok(TypedObject::new(arn.clone(), ListenerState { arn }));
        }
        let create = self
            .elb
            .create_listener()
            .load_balancer_arn(&args.load_balancer_arn)
            .port(args.port.into())
            .protocol(protocol(args.protocol))
            .default_actions(forward(&args.target_group_arn))
            .set_tags(Some(self.elb_spec(call, &args.tags)));
        let made = create.send().await.sent(call.place)?;
        let arn = text(made.listeners().first().ok_or_else(|| call.lacking("listener"))?.listener_arn());
        Ok(TypedObject::new(arn.clone(), ListenerState { arn }))
    }

    async fn read(
        &self,
        _: &Call<'_>,
        prior: TypedPrior<Listener>,
    ) -> Result<Option<TypedObject<Listener>>, Failure> {
        match self.known.listeners.get(&prior.id).await? {
            Some(found) => self.listener(&found).await.map(Some),
            None => Ok(None),
        }
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<Listener>,
    ) -> Result<TypedObject<Listener>, Failure> {
        let (arn, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        let modify = self.elb.modify_listener().listener_arn(arn).port(args.port.into());
        let modify = modify.protocol(protocol(args.protocol));
        let modify = modify.default_actions(forward(&args.target_group_arn));
        modify.send().await.sent(call.place)?;
        self.elb_retag(call, arn, before, &args.tags).await?;
        let found = self.known.listeners.get(arn).await?.ok_or_else(|| call.lacking("listener"))?;
        self.listener(&found).await
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<Listener>) -> Result<(), Failure> {
        gone_is_fine(self.elb.delete_listener().listener_arn(&prior.id).send().await.sent(call.place))
    }

    async fn find(&self, _: &Call<'_>) -> Result<Option<TypedObject<Listener>>, Failure> {
        Ok(None)
    }
}

fn forward(target_group: &str) -> Action {
    Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(target_group).build()
}

impl Cloud {
    async fn listener(&self, found: &Found) -> Result<TypedObject<Listener>, Failure> {
        let arn = text(found.listener_arn());
        let target_group = found.default_actions().first().and_then(|action| action.target_group_arn());
        let args = ListenerArgs {
            load_balancer_arn: text(found.load_balancer_arn()),
            port: found.port().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
            target_group_arn: text(target_group),
            protocol: protocol_of(found.protocol()),
            tags: self.elb_reported(&arn).await?,
        };
        Ok(TypedObject::new(arn.clone(), ListenerState { arn }).args(args))
    }

    /// Finds our listener on the wanted port; another's is a conflict.
    async fn listener_on(&self, call: &Call<'_>, args: &ListenerArgs) -> Result<Option<String>, Failure> {
        let balancer = &args.load_balancer_arn;
        let mut pages =
            self.elb.describe_listeners().load_balancer_arn(balancer).into_paginator().items().send();
        while let Some(found) = pages.next().await {
            let found = found.asked(call.place)?;
            if found.port() != Some(args.port.into()) {
                continue;
            }
            let arn = text(found.listener_arn());
            let tags = self.known.elb_tags(&arn).await?;
            refuse_foreign(call, &format!("a listener on port {} of {balancer}", args.port), &tags, &arn)?;
            return Ok(Some(arn));
        }
        Ok(None)
    }
}
