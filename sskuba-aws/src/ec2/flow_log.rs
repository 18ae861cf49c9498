//! Flow logs.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{FlowLog as Item, FlowLogsResourceType, LogDestinationType, TrafficType};
use serde::{Deserialize, Serialize};

use super::prelude::*;

/// Which packets a flow log tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "lowercase")]
pub enum Traffic {
    /// All.
    All,
    /// Those that were let through.
    Accept,
    /// Those that were not.
    Reject,
}

/// A flow log: who talked to whom in a network, a subnet or through a network interface, written to a group of logs, a bucket
/// or a stream of Firehose.
///
/// AWS honours a client token, so that an interrupted create is simply made again. AWS changes none: all but the tags replaces
/// it. Two of the same object and destination are the same object, and the old one goes first.
///
/// AWS makes it also where it cannot write, because the role may not or the destination is not there: then it says so of the
/// log later, which is not waited for.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:FlowLog",
    idempotency = "token, tag",
    visibility = "30s",
    create = "2s",
    update = "1s",
    delete = "1s",
    unique = "resource_id, destination_arn"
)]
pub struct FlowLog {
    /// The network, subnet or network interface, by its id.
    #[resource(force_new)]
    resource_id: Input<String>,
    /// The ARN of the group of logs, the bucket (or a folder in it) or the stream that it is written to.
    #[resource(force_new, normaliser = "same_destination", rule = "known_destination")]
    destination_arn: Input<String>,
    /// Which packets it tells of.
    #[resource(force_new, default = Traffic::All)]
    traffic: Input<Traffic>,
    /// The ARN of the role that writes to a group of logs, which needs it.
    #[resource(force_new, reference = "aws:iam:Role")]
    role_arn: Option<Input<String>>,
    /// The fields of a line, e.g. `${srcaddr} ${dstaddr} ${action}`; AWS's own choice if not given.
    #[resource(force_new, cloud_default)]
    format: Option<Input<String>>,
    /// Over how many seconds packets are counted together: 60 or 600.
    #[resource(force_new, default = 600)]
    interval_seconds: Input<u16>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "fl-{hex:17}")]
    id: Computed<String>,
}

/// Returns the service of a destination, as its ARN says.
fn service(arn: &str) -> &str {
    arn.split(':').nth(2).unwrap_or_default()
}

/// Drops the `:*` that ARNs of groups of logs end with in some places.
fn same_destination(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |arn| arn.trim_end_matches(":*").into())
}

fn known_destination(value: &Value) -> Option<String> {
    let arn = value.as_str()?;
    let is_known = arn.starts_with("arn:") && ["logs", "s3", "firehose"].contains(&service(arn));
    (!is_known).then(|| format!("{arn:?} is no ARN of a group of logs, a bucket or a stream of Firehose"))
}

impl Kind for FlowLog {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        if service(&args.destination_arn) == "logs" && args.role_arn.is_none() {
            mistakes.push(mistake("role_arn", "is needed of a log that is written to a group of logs"));
        }
        if ![60, 600].contains(&args.interval_seconds) {
            mistakes.push(mistake("interval_seconds", "is neither 60 nor 600"));
        }
        let known = ["vpc-", "subnet-", "eni-", "unknown"];
        if !known.iter().any(|start| args.resource_id.starts_with(start)) {
            let message =
                format!("{:?} is no id of a network, a subnet or a network interface", args.resource_id);
            mistakes.push(mistake("resource_id", message));
        }
        mistakes
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for FlowLog {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "flow log";

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_flow_logs().set_flow_log_ids(which.ids());
        let pages = describe.set_filter(which.filters("flow-log-id")).into_paginator().items().send();
        Ok(found(pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?, Item::flow_log_id, Item::tags))
    }

    async fn create(call: &Call<'_>, args: FlowLogArgs) -> Result<Report<Self>, Failure> {
        let create = call
            .aws
            .create_flow_logs()
            .client_token(call.token())
            .resource_ids(&args.resource_id)
            .resource_type(match args.resource_id.split('-').next() {
                Some("subnet") => FlowLogsResourceType::Subnet,
                Some("eni") => FlowLogsResourceType::NetworkInterface,
                _ => FlowLogsResourceType::Vpc,
            })
            .traffic_type(match args.traffic {
                Traffic::All => TrafficType::All,
                Traffic::Accept => TrafficType::Accept,
                Traffic::Reject => TrafficType::Reject,
            })
            .log_destination_type(match service(&args.destination_arn) {
                "s3" => LogDestinationType::S3,
                "firehose" => LogDestinationType::KinesisDataFirehose,
                _ => LogDestinationType::CloudWatchLogs,
            })
            .log_destination(args.destination_arn.trim_end_matches(":*"))
            .set_deliver_logs_permission_arn(args.role_arn.clone())
            .set_log_format(args.format.clone())
            .max_aggregation_interval(args.interval_seconds.into())
            .tag_specifications(spec(call, ResourceType::VpcFlowLog, &args.tags));
        let made = create.send().await.sent(call)?;
        if let Some(refused) = made.unsuccessful().first().and_then(|refused| refused.error()) {
            let message = format!("CreateFlowLogs: {}", reason(refused.code(), refused.message()));
            return Err(Failure::new(Class::Invalid("destination_arn".to_owned()), message));
        }
        let id = made.flow_log_ids().first().cloned().ok_or_else(|| call.lacking(Self::NAME))?;
        Ok(Report::new(id.clone(), FlowLogState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_flow_logs().flow_log_ids(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = FlowLogArgs {
            resource_id: text(found.resource_id()),
            destination_arn: text(found.log_destination()),
            traffic: match found.traffic_type() {
                Some(TrafficType::Accept) => Traffic::Accept,
                Some(TrafficType::Reject) => Traffic::Reject,
                _ => Traffic::All,
            },
            role_arn: given(found.deliver_logs_permission_arn()),
            format: given(found.log_format()),
            interval_seconds: found
                .max_aggregation_interval()
                .and_then(|s| u16::try_from(s).ok())
                .unwrap_or(600),
            tags: found.own_tags(),
        };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), FlowLogState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
impl UpdateOperation for FlowLog {}
