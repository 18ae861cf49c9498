//! The targets of groups: one call describes, registers or takes out many of a group.

use std::marker::PhantomData;

use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetGroup as Group, TargetHealthDescription, TargetHealthReasonEnum as Reason,
    TargetHealthStateEnum as Health,
};

use super::{TargetGroupAttachmentArgs as Attachment, args, described, id, parts, port, short};
use crate::client::{Batched, together};
use crate::elbv2::TargetGroup;
use crate::elbv2::prelude::*;

/// The most targets that one call registers or takes out.
const MOST: usize = 100;
/// How many groups are asked about at a time.
const GROUPS: usize = 20;

/// Returns the targets of a group. One on the group's port is the same as one without a port.
pub(super) async fn of_group(elb: &Aws<Elb>, group: &Found<Group>) -> Result<Vec<Attachment>, Failure> {
    let found = elb.describe_target_health().target_group_arn(&group.id).send().await.asked(elb)?;
    let there = found.target_health_descriptions().iter().filter(|found| is_there(found));
    let targets = there.filter_map(TargetHealthDescription::target).map(|target| {
        let own = target.port().filter(|port| group.port() != Some(*port));
        let port = own.and_then(|port| u16::try_from(port).ok()).unwrap_or_default();
        args(&group.id, target.id().unwrap_or_default(), port)
    });
    Ok(targets.collect())
}

/// Tells whether a target is there; what is taken out is described for a while.
fn is_there(found: &TargetHealthDescription) -> bool {
    found.target_health().is_some_and(|health| {
        let gone = health.state() == Some(&Health::Draining)
            || health.reason() == Some(&Reason::NotRegistered)
            || health.reason() == Some(&Reason::DeregistrationInProgress);
        !gone
    })
}

/// Returns the attachments of these ids that are there, each with its id.
pub(super) async fn asked(
    elb: &Aws<Elb>,
    ids: Vec<String>,
) -> Result<Vec<(String, Found<Attachment>)>, Failure> {
    let groups = by_group(&ids);
    let mut all = Vec::new();
    for arns in groups.keys().cloned().collect::<Vec<_>>().chunks(GROUPS) {
        let there = <TargetGroup as Operations>::by_keys(elb, arns.to_vec()).await?;
        let targets = together(there.iter().map(|(_, group)| of_group(elb, group))).await;
        for ((arn, group), targets) in there.iter().zip(targets) {
            let targets = match targets {
                // The group went meanwhile.
                Err(failure) if failure.class == Class::NotFound => continue,
                targets => targets?,
            };
            let own_port = |target: &Attachment| port(target).map(i32::from).or_else(|| group.port());
            for wanted in &groups[arn] {
                let is_it = |target: &Attachment| {
                    target.target_id == short(&wanted.target_id) && own_port(target) == own_port(wanted)
                };
                if targets.iter().any(is_it) {
                    all.push((id(wanted), described(wanted.clone())));
                }
            }
        }
    }
    Ok(all)
}

/// Sorts attachments by their groups. What is no attachment's id is nobody's.
fn by_group(ids: &[String]) -> BTreeMap<String, Vec<Attachment>> {
    let mut groups = BTreeMap::<String, Vec<Attachment>>::new();
    for attachment in ids.iter().filter_map(|id| parts(id).ok()) {
        groups.entry(attachment.target_group_arn.clone()).or_default().push(attachment);
    }
    groups
}

fn target(args: &Attachment) -> TargetDescription {
    TargetDescription::builder().id(&args.target_id).set_port(port(args).map(i32::from)).build()
}

/// A call about targets of one group.
#[async_trait]
pub(super) trait OfOneGroup: Send + Sync + 'static {
    async fn send(elb: &Aws<Elb>, group: &str, targets: &[Attachment]) -> Result<(), Failure>;
}

/// Targets that are registered with their groups.
pub(super) struct Registered;

#[async_trait]
impl OfOneGroup for Registered {
    async fn send(elb: &Aws<Elb>, group: &str, targets: &[Attachment]) -> Result<(), Failure> {
        let targets = Some(targets.iter().map(target).collect());
        match elb.register_targets().target_group_arn(group).set_targets(targets).send().await {
            Err(error) if means(&error, Meaning::Unregistered) => {
                // A machine that was made a moment ago may not be known there yet.
                let mut unknown = refusal(&error, elb);
                unknown.class = Class::NotFound;
                Err(unknown)
            }
            other => other.sent(elb).map(drop),
        }
    }
}

/// Targets that are taken out of their groups.
pub(super) struct Deregistered;

#[async_trait]
impl OfOneGroup for Deregistered {
    async fn send(elb: &Aws<Elb>, group: &str, targets: &[Attachment]) -> Result<(), Failure> {
        let is_one = targets.len() == 1;
        let targets = Some(targets.iter().map(target).collect());
        match elb.deregister_targets().target_group_arn(group).set_targets(targets).send().await {
            // Which of several it is AWS does not say.
            Err(error) if means(&error, Meaning::Unregistered) && is_one => Ok(()),
            Err(error) if means(&error, Meaning::Unregistered) => Err(error).sent(elb),
            other => gone_is_fine(other.sent(elb)),
        }
    }
}

/// Targets about which such a call is made together.
pub(super) struct Together<T>(PhantomData<T>);

#[async_trait]
impl<T: OfOneGroup> Batched for Together<T> {
    type Api = Elb;
    /// What became of each of the targets.
    type Item = Result<(), Failure>;
    const MOST: usize = MOST;

    /// AWS refuses all of a call for one wrong target: then each is tried alone.
    async fn by_keys(elb: &Aws<Elb>, ids: Vec<String>) -> Result<Vec<(String, Self::Item)>, Failure> {
        let mut done = Vec::new();
        for (group, targets) in by_group(&ids) {
            let answer = T::send(elb, &group, &targets).await;
            let is_one_wrong = matches!(&answer, Err(failure) if is_about_inputs(&failure.class));
            if targets.len() == 1 || !is_one_wrong {
                done.extend(targets.iter().map(|target| (id(target), answer.clone())));
                continue;
            }
            for target in &targets {
                done.push((id(target), T::send(elb, &group, std::slice::from_ref(target)).await));
            }
        }
        Ok(done)
    }
}

/// Tells whether a refusal may be about one target of several.
fn is_about_inputs(class: &Class) -> bool {
    matches!(class, Class::Invalid(_) | Class::NotFound)
}
