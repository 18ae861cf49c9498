//! Network load balancers.

mod attachment;
mod listener;
mod load_balancer;
mod tagging;
mod target_group;

use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum;
use sskuba_core::provider::{Class, Failure};

use super::call::Call;
use crate::elbv2::Protocol;
use crate::tags::{self, Tags};

/// The most characters of a load balancer's or target group's name.
const NAME_LIMIT: usize = 32;

/// Returns the name that an object is made with.
fn name(call: &Call<'_>, given: Option<&String>) -> String {
    given.cloned().unwrap_or_else(|| call.cx.token.physical_name(call.cx.address.name(), NAME_LIMIT))
}

/// Refuses an object of the wanted name that is not this generation's: AWS would silently answer a create of
/// the same settings with it.
fn refuse_foreign(call: &Call<'_>, what: &str, found: &Tags) -> Result<(), Failure> {
    if found.get(tags::TOKEN) == Some(&call.token()) {
        return Ok(());
    }
    let owner = match (found.get(tags::STACK), found.get(tags::ADDRESS)) {
        (Some(stack), Some(address)) => format!("it belongs to {address} of stack {stack}"),
        _ => "it does not belong to a stack".to_owned(),
    };
    Err(Failure::new(Class::Conflict, format!("{what} is there already: {owner}"))
        .hint("choose another, delete the one that is there, or import it"))
}

fn protocol(ours: Protocol) -> ProtocolEnum {
    match ours {
        Protocol::Tcp => ProtocolEnum::Tcp,
        Protocol::Udp => ProtocolEnum::Udp,
        Protocol::TcpUdp => ProtocolEnum::TcpUdp,
    }
}

fn protocol_of(theirs: Option<&ProtocolEnum>) -> Protocol {
    match theirs {
        Some(ProtocolEnum::Udp) => Protocol::Udp,
        Some(ProtocolEnum::TcpUdp) => Protocol::TcpUdp,
        _ => Protocol::Tcp,
    }
}
