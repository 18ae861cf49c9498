//! Listeners.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;

use super::Protocol;
use crate::kind::{Kind, mistake};

/// A listener: a port of a load balancer, and the target group that it sends to.
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
    unique = "load_balancer_arn, port"
)]
pub struct Listener {
    /// The load balancer.
    #[resource(force_new, reference = "aws:elbv2:LoadBalancer")]
    load_balancer_arn: Input<String>,
    /// The port.
    port: Input<u16>,
    /// The target group that it sends to.
    #[resource(reference = "aws:elbv2:TargetGroup")]
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

impl Kind for Listener {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        if args.port == 0 { vec![mistake("port", "is 0; AWS takes 1 to 65535")] } else { Vec::new() }
    }
}
