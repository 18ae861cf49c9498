//! Target groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;

use crate::kind::{Kind, mistake};

/// A protocol of a network load balancer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "UPPERCASE")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// Both on one port.
    #[serde(rename = "TCP_UDP")]
    TcpUdp,
}

/// What a target is named by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "lowercase")]
pub enum TargetType {
    /// The id of an instance.
    Instance,
    /// An address.
    Ip,
}

/// How a target group finds out whether a target answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Shape)]
pub struct HealthCheck {
    /// `TCP`, `HTTP` or `HTTPS`.
    #[serde(default = "HealthCheck::tcp")]
    pub protocol: String,
    /// The port, or `traffic-port` for the one that the target serves on.
    #[serde(default = "HealthCheck::traffic_port")]
    pub port: String,
    /// The path, for HTTP and HTTPS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Seconds between two checks, 5 to 300.
    #[serde(default = "HealthCheck::thirty")]
    pub interval_seconds: u16,
    /// Seconds that an answer may take, 2 to 120.
    #[serde(default = "HealthCheck::ten")]
    pub timeout_seconds: u16,
    /// Good checks in a row that make a target healthy, 2 to 10.
    #[serde(default = "HealthCheck::three")]
    pub healthy_threshold: u8,
    /// Bad checks in a row that make a target unhealthy, 2 to 10.
    #[serde(default = "HealthCheck::three")]
    pub unhealthy_threshold: u8,
}

impl HealthCheck {
    fn tcp() -> String {
        "TCP".to_owned()
    }
    fn traffic_port() -> String {
        "traffic-port".to_owned()
    }
    fn thirty() -> u16 {
        30
    }
    fn ten() -> u16 {
        10
    }
    fn three() -> u8 {
        3
    }
}

impl Default for HealthCheck {
    /// Returns a TCP check of the serving port every 30 seconds, where three answers in a row decide.
    fn default() -> Self {
        Self {
            protocol: Self::tcp(),
            port: Self::traffic_port(),
            path: None,
            interval_seconds: Self::thirty(),
            timeout_seconds: Self::ten(),
            healthy_threshold: Self::three(),
            unhealthy_threshold: Self::three(),
        }
    }
}

/// A target group: what a listener sends to. Its targets are resources of their own:
/// [`TargetGroupAttachment`](super::TargetGroupAttachment).
///
/// Its name is unique in the account's region and made of the resource's name and its token unless one is given; with a
/// given name the old one goes before another takes its place. AWS answers a create of the same name and settings with
/// the same object: an interrupted create is made again.
/// A target that calls itself through the load balancer is answered only with `preserve_client_ip(false)`.
#[derive(Resource)]
#[resource(
    kind = "aws:elbv2:TargetGroup",
    idempotency = "token",
    visibility = "30s",
    create = "2s",
    update = "2s",
    delete = "2s",
    unique = "name"
)]
pub struct TargetGroup {
    /// The network of the targets.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// The port that targets serve on.
    #[resource(force_new)]
    port: Input<u16>,
    /// The name, at most 32 letters, digits and hyphens; made of the resource's name and its token if not given.
    #[resource(force_new, cloud_default)]
    name: Option<Input<String>>,
    /// The protocol.
    #[resource(force_new, default = Protocol::Tcp)]
    protocol: Input<Protocol>,
    /// What targets are named by.
    #[resource(force_new, default = TargetType::Instance)]
    target_type: Input<TargetType>,
    /// Whether targets see the client's address; as AWS has it for the target type if not given.
    #[resource(cloud_default)]
    preserve_client_ip: Option<Input<bool>>,
    /// Seconds that a target which is taken out may go on with its connections, 0 to 3600.
    #[resource(default = 300)]
    deregistration_delay_seconds: Input<u16>,
    /// How it finds out whether a target answers; as AWS has it if not given.
    #[resource(cloud_default)]
    health_check: Option<Input<HealthCheck>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN.
    #[resource(
        computed,
        id,
        pattern = "arn:aws:elasticloadbalancing:{region}:{digits:12}:targetgroup/tg-{hex:8}/{hex:16}"
    )]
    arn: Computed<String>,
}

impl Kind for TargetGroup {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = super::name_mistakes(args.name.as_ref());
        let mut within = |field: &str, value: u16, low: u16, high: u16| {
            if !(low..=high).contains(&value) {
                mistakes.push(mistake(field, format!("is {value}; AWS takes {low} to {high}")));
            }
        };
        within("port", args.port, 1, u16::MAX);
        within("deregistration_delay_seconds", args.deregistration_delay_seconds, 0, 3600);
        let Some(check) = &args.health_check else { return mistakes };
        within("health_check.interval_seconds", check.interval_seconds, 5, 300);
        within("health_check.timeout_seconds", check.timeout_seconds, 2, 120);
        within("health_check.healthy_threshold", check.healthy_threshold.into(), 2, 10);
        within("health_check.unhealthy_threshold", check.unhealthy_threshold.into(), 2, 10);
        if !["TCP", "HTTP", "HTTPS"].contains(&check.protocol.as_str()) {
            mistakes.push(mistake("health_check.protocol", "is none of TCP, HTTP, HTTPS"));
        }
        if check.path.is_some() == (check.protocol == "TCP") {
            mistakes.push(mistake("health_check.path", "goes with HTTP and HTTPS, and they need one"));
        }
        mistakes
    }
}
