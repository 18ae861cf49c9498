//! Network load balancers.

mod attachment;
mod listener;
mod load_balancer;
mod tagging;
mod target_group;

use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum;
use sskuba_core::provider::Failure;

use super::call::Call;
use super::stranger::{is_own, stranger};
use crate::elbv2::Protocol;
use crate::tags::Tags;

/// The most characters of a load balancer's or target group's name.
const NAME_LIMIT: usize = 32;

/// Returns the name that an object is made with.
fn name(call: &Call<'_>, given: Option<&String>) -> String {
    given.cloned().unwrap_or_else(|| call.cx.token.physical_name(call.cx.address.name(), NAME_LIMIT))
}

/// Refuses an object with the key of the wanted one that is not this generation's: AWS would silently answer a
/// create of the same settings with it.
fn refuse_foreign(call: &Call<'_>, what: &str, found: &Tags, arn: &str) -> Result<(), Failure> {
    if is_own(call, found) { Ok(()) } else { Err(stranger(what, found, arn)) }
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
