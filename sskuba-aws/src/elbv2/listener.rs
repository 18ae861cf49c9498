//! Listeners.

#[cfg(feature = "elbv2")]
use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, Listener as Item};

#[cfg(feature = "elbv2")]
use super::LoadBalancer;
use super::Protocol;
use super::prelude::*;

/// A listener: a port of a load balancer, and the target group that it sends to.
///
/// A target group is for one load balancer alone: where the balancer is replaced, the old listener goes before the new one
/// sends to the same group.
///
/// A load balancer has one on a port: two of the same balancer and port are the same object, whatever they are called.
/// AWS answers a create of the same settings with the same object, so that an interrupted create is made again; one that
/// is there already and does not carry this resource's token is refused, with the line that imports it.
#[derive(Resource)]
#[resource(
    kind = "aws:elbv2:Listener",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "load_balancer_arn, port",
    delete_first
)]
pub struct Listener {
    /// The load balancer.
    #[resource(force_new, reference = "aws:elbv2:LoadBalancer")]
    load_balancer_arn: Input<String>,
    /// The port.
    #[resource(rule = "Between(1, 65_535)")]
    port: Input<u16>,
    /// The target group that it sends to. One with a given name that has to be replaced goes first, and the listener before
    /// it.
    #[resource(holds, reference = "aws:elbv2:TargetGroup")]
    target_group_arn: Input<String>,
    /// The protocol.
    #[resource(default = Protocol::Tcp)]
    protocol: Input<Protocol>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN.
    #[resource(
        computed,
        id,
        pattern = "arn:aws:elasticloadbalancing:{region}:{digits:12}:listener/net/nlb-{hex:8}/{hex:16}/{hex:16}"
    )]
    arn: Computed<String>,
}

impl Kind for Listener {}

#[cfg(feature = "elbv2")]
#[async_trait]
impl Operations for Listener {
    type Api = Elb;
    type Item = Item;
    const NAME: &'static str = "listener";

    /// Those of all are those of each balancer.
    async fn describe(elb: &Aws<Elb>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let Some(arns) = which.ids() else {
            let mut all = Vec::new();
            for balancer in LoadBalancer::describe(elb, Which::All).await? {
                all.extend(Self::of(elb, &balancer.id).await?);
            }
            return Ok(all);
        };
        let all = elb.describe_listeners().set_listener_arns(Some(arns)).send().await.asked(elb)?.listeners;
        Ok(found(all.unwrap_or_default(), Item::listener_arn))
    }

    async fn create(call: &Call<'_>, args: ListenerArgs) -> Result<Report<Self>, Failure> {
        let (balancer, port) = (&args.load_balancer_arn, i32::from(args.port));
        let there = Self::of(call.aws, balancer).await?.into_iter().find(|found| found.port() == Some(port));
        if let Some(Found { id: arn, .. }) = there {
            let what = format!("a listener on port {port} of {balancer}");
            refuse_foreign(call, &what, &tags_of(call, &arn).await?, &arn)?;
            return Ok(Report::new(arn.clone(), ListenerState { arn }));
        }
        let create = call
            .aws
            .create_listener()
            .load_balancer_arn(balancer)
            .port(port)
            .protocol(protocol(args.protocol))
            .default_actions(forward(&args.target_group_arn))
            .set_tags(spec(call, &args.tags));
        let made = create.send().await.sent(call)?;
        let arn = text(made.listeners().first().ok_or_else(|| call.lacking(Self::NAME))?.listener_arn());
        Ok(Report::new(arn.clone(), ListenerState { arn }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_listener().listener_arn(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let target_group = found.default_actions().first().and_then(|action| action.target_group_arn());
        let args = ListenerArgs {
            load_balancer_arn: text(found.load_balancer_arn()),
            port: found.port().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
            target_group_arn: text(target_group),
            protocol: protocol_of(found.protocol()),
            tags: own_tags_of(call, &found.id).await?,
        };
        let arn = found.id.clone();
        Ok(Report::new(arn.clone(), ListenerState { arn }).args(args))
    }
}

#[cfg(feature = "elbv2")]
#[async_trait]
impl UpdateOperation for Listener {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let args = &change.args;
        let modify = call.aws.modify_listener().listener_arn(&change.prior.id).port(args.port.into());
        let modify = modify.protocol(protocol(args.protocol));
        let modify = modify.default_actions(forward(&args.target_group_arn));
        modify.send().await.sent(call)?;
        call.retagged(change).await
    }
}

#[cfg(feature = "elbv2")]
impl Listener {
    /// Returns the listeners of a balancer.
    async fn of(elb: &Aws<Elb>, balancer: &str) -> Result<Vec<Found<Item>>, Failure> {
        let pages = elb.describe_listeners().load_balancer_arn(balancer).into_paginator().items().send();
        Ok(found(pages.collect::<Result<Vec<_>, _>>().await.asked(elb)?, Item::listener_arn))
    }
}

#[cfg(feature = "elbv2")]
fn forward(target_group: &str) -> Action {
    Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(target_group).build()
}
