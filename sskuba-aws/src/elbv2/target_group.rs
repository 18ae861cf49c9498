//! Target groups.

#[cfg(feature = "elbv2")]
use aws_sdk_elasticloadbalancingv2::types::{
    ProtocolEnum, TargetGroup as Item, TargetGroupAttribute, TargetTypeEnum,
};
use serde::{Deserialize, Serialize};

use super::GROUP_NAMES;
use super::prelude::*;

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
    idempotency = "token, tag",
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
    #[resource(force_new, rule = "Between(1, 65_535)")]
    port: Input<u16>,
    /// The name, at most 32 letters, digits and hyphens; made of the resource's name and its token if not given.
    #[resource(force_new, cloud_default, rule = "GROUP_NAMES")]
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
    #[resource(default = 300, rule = "Between(0, 3600)")]
    deregistration_delay_seconds: Input<u16>,
    /// Whether what comes from one address goes to one target.
    #[resource(default)]
    stickiness: Input<bool>,
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

/// The most characters of a path that is asked for.
const LONGEST_PATH: usize = 1024;

impl Kind for TargetGroup {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        let mut within = |field: &str, value: u16, low: u16, high: u16| {
            if !(low..=high).contains(&value) {
                mistakes.push(mistake(field, format!("is {value}; AWS takes {low} to {high}")));
            }
        };
        let Some(check) = &args.health_check else { return mistakes };
        within("health_check.interval_seconds", check.interval_seconds, 5, 300);
        within("health_check.timeout_seconds", check.timeout_seconds, 2, 120);
        within("health_check.healthy_threshold", check.healthy_threshold.into(), 2, 10);
        within("health_check.unhealthy_threshold", check.unhealthy_threshold.into(), 2, 10);
        if !["TCP", "HTTP", "HTTPS"].contains(&check.protocol.as_str()) {
            mistakes.push(mistake("health_check.protocol", "is none of TCP, HTTP, HTTPS"));
        }
        match &check.path {
            path if path.is_some() == (check.protocol == "TCP") => {
                mistakes.push(mistake("health_check.path", "goes with HTTP and HTTPS, and they need one"));
            }
            Some(path) if !path.starts_with('/') || path.len() > LONGEST_PATH => {
                let takes = format!("begins with `/` and has at most {LONGEST_PATH} characters");
                mistakes.push(mistake("health_check.path", format!("{path:?} is no path: one {takes}")));
            }
            _ => {}
        }
        if check.port != "traffic-port" && !check.port.parse::<u16>().is_ok_and(|port| port > 0) {
            let takes = "a number from 1 to 65535, or `traffic-port`";
            mistakes.push(mistake("health_check.port", format!("is {:?}; AWS takes {takes}", check.port)));
        }
        mistakes
    }
}

#[cfg(feature = "elbv2")]
const CLIENT_IP: &str = "preserve_client_ip.enabled";
#[cfg(feature = "elbv2")]
const STICKINESS: &str = "stickiness.enabled";
#[cfg(feature = "elbv2")]
const DELAY: &str = "deregistration_delay.timeout_seconds";

#[cfg(feature = "elbv2")]
#[async_trait]
impl Operations for TargetGroup {
    type Api = Elb;
    type Item = Item;
    const NAME: &'static str = "target group";
    const LINGERS: bool = true;

    /// Of all, those of other protocols are for other balancers.
    async fn describe(elb: &Aws<Elb>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = elb.describe_target_groups().set_target_group_arns(which.ids());
        let pages = describe.into_paginator().items().send();
        let mut all = pages.collect::<Result<Vec<_>, _>>().await.asked(elb)?;
        all.retain(|found: &Item| which != Which::All || is_ours(found.protocol()));
        Ok(found(all, Item::target_group_arn))
    }

    async fn create(call: &Call<'_>, args: TargetGroupArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &GROUP_NAMES);
        let arn = match Self::named(call, &name).await? {
            Some(found) => found.id,
            None => Self::make(call, &name, &args).await?,
        };
        let set = visible(call, || Self::set_attributes(call, &arn, &args)).await;
        set.map_err(|failure| call.partial::<Self>(&arn, failure))?;
        Ok(Report::new(arn.clone(), TargetGroupState { arn }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_target_group().target_group_arn(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let arn = found.id.clone();
        let describe = call.aws.describe_target_group_attributes().target_group_arn(&arn);
        let (attributes, tags) = tokio::join!(describe.send(), own_tags_of(call, &arn));
        let attributes = attributes.asked(call)?.attributes.unwrap_or_default();
        let value = |key: &str| {
            attributes.iter().find(|found| found.key() == Some(key)).and_then(TargetGroupAttribute::value)
        };
        let args = TargetGroupArgs {
            vpc_id: text(found.vpc_id()),
            port: found.port().and_then(|port| u16::try_from(port).ok()).unwrap_or_default(),
            name: given(found.target_group_name()),
            protocol: protocol_of(found.protocol()),
            target_type: match found.target_type() {
                Some(TargetTypeEnum::Ip) => TargetType::Ip,
                _ => TargetType::Instance,
            },
            preserve_client_ip: value(CLIENT_IP).map(|on| on == "true"),
            deregistration_delay_seconds: value(DELAY).and_then(|delay| delay.parse().ok()).unwrap_or(300),
            stickiness: value(STICKINESS) == Some("true"),
            health_check: Some(health_check(found)),
            tags: tags?,
        };
        Ok(Report::new(arn.clone(), TargetGroupState { arn }).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call, &call.name(None, &GROUP_NAMES)).await
    }
}

#[cfg(feature = "elbv2")]
#[async_trait]
impl UpdateOperation for TargetGroup {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (arn, args) = (&change.prior.id, &change.args);
        if let Some(check) = &args.health_check {
            let modify = call
                .aws
                .modify_target_group()
                .target_group_arn(arn)
                .health_check_protocol(ProtocolEnum::from(check.protocol.as_str()))
                .health_check_port(&check.port)
                .set_health_check_path(check.path.clone())
                .health_check_interval_seconds(check.interval_seconds.into())
                .health_check_timeout_seconds(check.timeout_seconds.into())
                .healthy_threshold_count(check.healthy_threshold.into())
                .unhealthy_threshold_count(check.unhealthy_threshold.into());
            modify.send().await.sent(call)?;
        }
        Self::set_attributes(call, arn, args).await?;
        call.retagged(change).await
    }
}

/// Tells whether a protocol is one of network load balancers that this kind knows.
#[cfg(feature = "elbv2")]
fn is_ours(protocol: Option<&ProtocolEnum>) -> bool {
    matches!(protocol, Some(ProtocolEnum::Tcp | ProtocolEnum::Udp | ProtocolEnum::TcpUdp))
}

#[cfg(feature = "elbv2")]
fn health_check(found: &Item) -> HealthCheck {
    let usual = HealthCheck::default();
    let seconds = |value: Option<i32>, usual: u16| value.and_then(|v| u16::try_from(v).ok()).unwrap_or(usual);
    let count =
        |value: Option<i32>| value.and_then(|v| u8::try_from(v).ok()).unwrap_or(usual.healthy_threshold);
    HealthCheck {
        protocol: text(found.health_check_protocol().map(ProtocolEnum::as_str)),
        port: text(found.health_check_port()),
        path: found.health_check_path().filter(|path| !path.is_empty()).map(str::to_owned),
        interval_seconds: seconds(found.health_check_interval_seconds(), usual.interval_seconds),
        timeout_seconds: seconds(found.health_check_timeout_seconds(), usual.timeout_seconds),
        healthy_threshold: count(found.healthy_threshold_count()),
        unhealthy_threshold: count(found.unhealthy_threshold_count()),
    }
}

#[cfg(feature = "elbv2")]
impl TargetGroup {
    /// Finds our target group of this name; another's is a conflict: AWS would silently answer a create of the same
    /// settings with it.
    async fn named(call: &Call<'_>, name: &str) -> Result<Option<Found<Item>>, Failure> {
        let there = match call.aws.describe_target_groups().names(name).send().await.asked(call) {
            Err(failure) if failure.class == Class::NotFound => return Ok(None),
            there => there?.target_groups.unwrap_or_default(),
        };
        let Some(there) = found(there, Item::target_group_arn).into_iter().next() else { return Ok(None) };
        let tags = tags_of(call, &there.id).await?;
        refuse_foreign(call, &format!("a target group of the name {name}"), &tags, &there.id)?;
        Ok(Some(there))
    }

    async fn make(call: &Call<'_>, name: &str, args: &TargetGroupArgs) -> Result<String, Failure> {
        let mut create = call
            .aws
            .create_target_group()
            .name(name)
            .vpc_id(&args.vpc_id)
            .port(args.port.into())
            .protocol(protocol(args.protocol))
            .target_type(match args.target_type {
                TargetType::Instance => TargetTypeEnum::Instance,
                TargetType::Ip => TargetTypeEnum::Ip,
            })
            .health_check_enabled(true)
            .set_tags(spec(call, &args.tags));
        if let Some(check) = &args.health_check {
            create = create
                .health_check_protocol(ProtocolEnum::from(check.protocol.as_str()))
                .health_check_port(&check.port)
                .set_health_check_path(check.path.clone())
                .health_check_interval_seconds(check.interval_seconds.into())
                .health_check_timeout_seconds(check.timeout_seconds.into())
                .healthy_threshold_count(check.healthy_threshold.into())
                .unhealthy_threshold_count(check.unhealthy_threshold.into());
        }
        let made = create.send().await.sent(call)?.target_groups.unwrap_or_default();
        let made = made.first().ok_or_else(|| call.lacking(Self::NAME))?;
        Ok(text(made.target_group_arn()))
    }

    async fn set_attributes(call: &Call<'_>, arn: &str, args: &TargetGroupArgs) -> Result<(), Failure> {
        let attribute =
            |key: &str, value: String| TargetGroupAttribute::builder().key(key).value(value).build();
        let modify = call.aws.modify_target_group_attributes().target_group_arn(arn);
        let mut modify = modify.attributes(attribute(DELAY, args.deregistration_delay_seconds.to_string()));
        modify = modify.attributes(attribute(STICKINESS, args.stickiness.to_string()));
        if args.stickiness {
            modify = modify.attributes(attribute("stickiness.type", "source_ip".to_owned()));
        }
        if let Some(preserve) = args.preserve_client_ip {
            modify = modify.attributes(attribute(CLIENT_IP, preserve.to_string()));
        }
        modify.send().await.sent(call).map(drop)
    }
}
