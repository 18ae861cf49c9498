//! Elastic load balancing, version 2: network load balancers.

mod listener;
mod load_balancer;
mod prelude;
#[cfg(feature = "elbv2")]
mod service;
mod target_group;
mod target_group_attachment;

use sskuba_core::provider::Handlers;

pub use listener::{Listener, ListenerArgs, ListenerOutputs, ListenerState};
pub use load_balancer::{LoadBalancer, LoadBalancerArgs, LoadBalancerOutputs, LoadBalancerState};
pub use target_group::{
    HealthCheck, Protocol, TargetGroup, TargetGroupArgs, TargetGroupOutputs, TargetGroupState, TargetType,
};
pub use target_group_attachment::{
    TargetGroupAttachment, TargetGroupAttachmentArgs, TargetGroupAttachmentOutputs,
    TargetGroupAttachmentState,
};

use crate::provider::Account;
use crate::texts::TextRule;
#[cfg(not(feature = "elbv2"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "elbv2")]
type Kinds = crate::client::Kinds<service::Elb>;

/// Adds the kinds of Elastic Load Balancing.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account)
        .resource::<Listener>()
        .resource::<LoadBalancer>()
        .resource::<TargetGroup>()
        .resource::<TargetGroupAttachment>()
        .added()
}

/// What AWS takes as the name of a load balancer.
const BALANCER_NAMES: TextRule = TextRule { longest: 32, signs: "-", inner: "-", reserved: "internal-" };

/// What it takes as the name of a target group.
const GROUP_NAMES: TextRule = TextRule { reserved: "", ..BALANCER_NAMES };
