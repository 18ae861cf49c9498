//! How instances are described, made, deleted and reported.

use aws_sdk_ec2::types::{
    HttpTokensState, Instance as Item, InstanceStateName as Phase, MonitoringState, Reservation,
};

use super::attributes::{self, asked_alone};
use super::launch::launch;
use super::{Instance, InstanceArgs, InstanceState};
use crate::ec2::prelude::*;

#[async_trait]
impl Operations for Instance {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "instance";

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_instances().set_instance_ids(which.ids());
        let pages = describe.set_filters(which.filters("instance-id")).into_paginator().items().send();
        let reservations: Vec<Reservation> = pages.collect::<Result<_, _>>().await.asked(ec2)?;
        let all = reservations.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default());
        Ok(found(all, Item::instance_id, Item::tags))
    }

    fn is_alive(found: &Found<Item>) -> bool {
        !matches!(phase(found), Some(Phase::Terminated | Phase::ShuttingDown))
    }

    async fn create(call: &Call<'_>, args: InstanceArgs) -> Result<Report<Self>, Failure> {
        let made = launch(call, &args).await?.send().await.sent(call)?;
        let made = made.instances().first().ok_or_else(|| call.lacking(Self::NAME))?;
        let id = text(made.instance_id());
        let half_made = |failure| call.partial::<Self>(&id, failure);
        if !args.source_dest_check {
            let set = accepted(call, || Self::set_source_dest_check(call, &id, false)).await;
            set.map_err(half_made)?;
        }
        if !args.running {
            accepted(call, || Self::stop(call, &id)).await.map_err(half_made)?;
        }
        Ok(Report::new(id, state(made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let terminate = call.aws.terminate_instances().instance_ids(&prior.id);
        gone_is_fine(terminate.send().await.sent(call))?;
        until(call, &prior.id, || async {
            Ok(match Self::get(call, prior).await? {
                Some(found) if phase(&found) != Some(&Phase::Terminated) => {
                    Look::Not(text(phase(&found).map(Phase::as_str).or(Some("there"))))
                }
                _ => Look::Done(()),
            })
        })
        .await
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = InstanceArgs { tags: found.own_tags(), ..args_of(found) };
        Ok(Report::new(found.id.clone(), state(found)).args(args).unreported(asked_alone()))
    }

    async fn report_for(
        call: &Call<'_>,
        found: &Found<Item>,
        said: Option<&InstanceArgs>,
    ) -> Result<Report<Self>, Failure> {
        let mut report = Self::report(call, found).await?;
        if let Some(args) = &mut report.args {
            report.unreported = attributes::fill(call, found, said, args).await?;
        }
        Ok(report)
    }
}

#[async_trait]
impl ReadinessOperation for Instance {
    /// What shall not run is ready when it is stopped.
    async fn ready(
        call: &Call<'_>,
        found: &Found<Item>,
        said: Option<&InstanceArgs>,
    ) -> Result<TypedReadiness<Self>, Failure> {
        let shall_run = said.is_none_or(|said| said.running);
        let usable = if shall_run { Phase::Running } else { Phase::Stopped };
        Ok(match phase(found) {
            Some(there) if *there == usable => {
                TypedReadiness::Ready(Self::report_for(call, found, said).await?)
            }
            Some(Phase::Pending) | None => TypedReadiness::Pending(None),
            Some(Phase::Running | Phase::Stopping) if !shall_run => TypedReadiness::Pending(None),
            Some(ended) => TypedReadiness::Failed(ending(found, ended)),
        })
    }
}

pub(super) fn phase(found: &Item) -> Option<&Phase> {
    found.state().and_then(|state| state.name())
}

/// Says how an instance ended while it started.
fn ending(found: &Item, phase: &Phase) -> String {
    let why = found.state_reason();
    let why = reason(why.and_then(|why| why.code()), why.and_then(|why| why.message()));
    format!("it is {phase}: {why}")
}

fn state(found: &Item) -> InstanceState {
    let interface = found.network_interfaces().first();
    InstanceState {
        id: text(found.instance_id()),
        private_ip: text(found.private_ip_address()),
        private_dns: text(found.private_dns_name()),
        public_ip: text(found.public_ip_address()),
        availability_zone: text(found.placement().and_then(|placement| placement.availability_zone())),
        network_interface_id: text(interface.and_then(|interface| interface.network_interface_id())),
    }
}

/// Tells whether an instance reports its figures every minute, or is about to.
fn is_on(monitoring: &MonitoringState) -> bool {
    matches!(monitoring, MonitoringState::Enabled | MonitoringState::Pending)
}

/// Returns the inputs as AWS reports them with the instance; the tags are with what was found.
pub(super) fn args_of(found: &Item) -> InstanceArgs {
    let metadata = found.metadata_options();
    let groups = found.security_groups().iter().map(|group| text(group.group_id()));
    let hops = metadata.and_then(|options| options.http_put_response_hop_limit());
    InstanceArgs {
        ami: text(found.image_id()),
        instance_type: text(found.instance_type().map(|kind| kind.as_str())),
        subnet_id: text(found.subnet_id()),
        security_group_ids: Some(groups.collect()),
        key_name: given(found.key_name()),
        user_data: None,
        user_data_base64: None,
        iam_instance_profile: given(found.iam_instance_profile().and_then(|profile| profile.arn())),
        require_imdsv2: metadata.and_then(|options| options.http_tokens())
            == Some(&HttpTokensState::Required),
        metadata_hop_limit: hops.and_then(|hops| u8::try_from(hops).ok()).unwrap_or(1),
        root_volume: None,
        fixed_private_ip: given(found.private_ip_address()),
        associate_public_ip: None,
        source_dest_check: found.source_dest_check().unwrap_or(true),
        stop_to_update: false,
        running: !matches!(phase(found), Some(Phase::Stopping | Phase::Stopped)),
        monitoring: found.monitoring().and_then(|monitoring| monitoring.state()).is_some_and(is_on),
        termination_protection: None,
        cpu_credits: None,
        tags: BTreeMap::new(),
    }
}
