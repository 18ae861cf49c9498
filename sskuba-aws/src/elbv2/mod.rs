//! Elastic load balancing, version 2: network load balancers.

mod listener;
mod load_balancer;
mod prelude;
#[cfg(feature = "elbv2")]
mod service;
mod target_group;
mod target_group_attachment;

use sskuba_core::provider::Handlers;
use sskuba_core::schema::FieldError;

pub use listener::{Listener, ListenerArgs, ListenerOutputs, ListenerState};
pub use load_balancer::{LoadBalancer, LoadBalancerArgs, LoadBalancerOutputs, LoadBalancerState};
pub use target_group::{
    HealthCheck, Protocol, TargetGroup, TargetGroupArgs, TargetGroupOutputs, TargetGroupState, TargetType,
};
pub use target_group_attachment::{
    TargetGroupAttachment, TargetGroupAttachmentArgs, TargetGroupAttachmentOutputs,
    TargetGroupAttachmentState,
};

use crate::kind::mistake;
use crate::provider::Account;
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

/// Says what is wrong with the name of a load balancer or target group.
fn name_mistakes(name: Option<&String>) -> Vec<FieldError> {
    let good = |name: &String| {
        (1..=32).contains(&name.len())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !name.starts_with('-')
            && !name.ends_with('-')
    };
    match name {
        Some(name) if !good(name) => {
            let rule = "is 1 to 32 letters, digits and hyphens, with no hyphen first or last";
            vec![mistake("name", format!("{name:?} cannot be one: a name {rule}"))]
        }
        _ => Vec::new(),
    }
}
