//! Targets of target groups.

use sskuba_core::prelude::*;

use crate::kind::Kind;

/// A target of a target group.
///
/// A group has a target once on a port: two of the same group, target and port are the same object, whatever they are
/// called, and so are one without a port and one with the group's. AWS can neither tag it nor takes a token for it. A create that meets one which is there already is refused,
/// with the line that imports it; only what an interrupted create of this resource left counts as made. A create waits
/// until a machine of this stack that it names runs, and not until it answers: what makes it answer may depend on the
/// target being there.
#[derive(Resource)]
#[resource(
    kind = "aws:elbv2:TargetGroupAttachment",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "target_group_arn, target_id, port"
)]
pub struct TargetGroupAttachment {
    /// The target group.
    #[resource(force_new, reference = "aws:elbv2:TargetGroup")]
    target_group_arn: Input<String>,
    /// The id of an instance, or an address, as the group's target type says. AWS takes only what is running.
    #[resource(force_new, live)]
    target_id: Input<String>,
    /// The port that the target serves on; the group's if none is given, which 0 means too.
    #[resource(default, inherit = "target_group_arn.port")]
    port: Input<u16>,
    /// The group's ARN, the target and the port.
    #[resource(computed, id, pattern = "{field:target_group_arn}_{field:target_id}_{hex:4}")]
    id: Computed<String>,
}

impl Kind for TargetGroupAttachment {}
