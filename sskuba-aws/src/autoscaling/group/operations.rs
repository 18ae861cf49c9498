//! How groups are described, made, changed, deleted and reported.

use aws_sdk_autoscaling::types::{
    AutoScalingGroup as Item, Filter, LaunchTemplateSpecification, LifecycleState, Tag,
};

use super::{Group, GroupArgs, GroupState, HealthCheck, NAMES};
use crate::autoscaling::prelude::*;
use crate::tags::{TOKEN, Tags, dropped};

#[async_trait]
impl Operations for Group {
    type Api = AutoScaling;
    type Item = Item;
    const NAME: &'static str = "group";

    /// A name that is not known is left out of the answer. The tags are those of the group alone.
    async fn describe(aws: &Aws<AutoScaling>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = aws.describe_auto_scaling_groups();
        let describe = match which {
            Which::Ids(names) | Which::Among(names) => describe.set_auto_scaling_group_names(Some(names)),
            Which::Token(token) => {
                describe.filters(Filter::builder().name(format!("tag:{TOKEN}")).values(token).build())
            }
            Which::All | Which::With(_) => describe,
        };
        let all: Vec<Item> =
            describe.into_paginator().items().send().collect::<Result<_, _>>().await.asked(aws)?;
        let found = |item: Item| Found {
            id: text(item.auto_scaling_group_name()),
            tags: tags_of(&item, false),
            item,
        };
        Ok(all.into_iter().map(found).collect())
    }

    /// A group that is deleted has a status, and others have none.
    fn is_alive(found: &Found<Item>) -> bool {
        found.status().is_none_or(str::is_empty)
    }

    async fn create(call: &Call<'_>, args: GroupArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &NAMES);
        let tags: Vec<Tag> = group_tags(&name, call.tags(&args.tags), false)
            .into_iter()
            .chain(group_tags(&name, args.instance_tags.clone(), true))
            .collect();
        let create = call
            .aws
            .create_auto_scaling_group()
            .auto_scaling_group_name(&name)
            .launch_template(template(&args))
            .min_size(number(args.min_size))
            .max_size(number(args.max_size))
            .set_desired_capacity(args.desired.map(number))
            .vpc_zone_identifier(args.subnet_ids.join(","))
            .set_target_group_arns(args.target_group_arns.clone())
            .health_check_type(check(args.health_check))
            .health_check_grace_period(number(args.health_check_grace_seconds))
            .set_tags(Some(tags));
        match create.send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let refusal = refusal(&error, call);
                let Some(there) = call.aws.get::<Self>(&name).await? else { return Err(refusal) };
                met(call, refusal, there.id.clone(), &there.tags)?;
            }
            sent => drop(sent.sent(call)?),
        }
        let made = until(call, &name, || async {
            let found = call.aws.get::<Self>(&name).await?;
            Ok(found.map_or_else(|| Look::Not("not visible".to_owned()), Look::Done))
        });
        let made = made.await.map_err(|failure| call.partial::<Self>(&name, failure))?;
        Ok(Report::new(name, state(&made)))
    }

    /// The machines go with it.
    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        if Self::is_alive(&found) {
            let delete = call.aws.delete_auto_scaling_group().auto_scaling_group_name(&prior.id);
            gone_is_fine(delete.force_delete(true).send().await.sent(call))?;
        }
        until(call, &prior.id, || async {
            Ok(match Self::get(call, prior).await? {
                None => Look::Done(()),
                Some(found) => Look::Not(text(found.status().or(Some("there")))),
            })
        })
        .await
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let template = found.launch_template();
        let subnets = found.vpc_zone_identifier().unwrap_or_default().split(',').filter(|id| !id.is_empty());
        let args = GroupArgs {
            launch_template_id: text(template.and_then(|template| template.launch_template_id())),
            launch_template_version: text(
                template.and_then(|template| template.version()).or(Some("$Default")),
            ),
            min_size: count(found.min_size()),
            max_size: count(found.max_size()),
            desired: Some(count(found.desired_capacity())),
            name: given(found.auto_scaling_group_name()),
            subnet_ids: subnets.map(str::to_owned).collect(),
            target_group_arns: Some(found.target_group_arns().to_vec()),
            health_check: match found.health_check_type() {
                Some("ELB") => HealthCheck::Elb,
                _ => HealthCheck::Ec2,
            },
            health_check_grace_seconds: count(found.health_check_grace_period()),
            replace_machines: true,
            min_healthy_percent: 90,
            instance_tags: tags_of(found, true),
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[async_trait]
impl ReadinessOperation for Group {
    async fn ready(
        call: &Call<'_>,
        found: &Found<Item>,
        _: Option<&GroupArgs>,
    ) -> Result<TypedReadiness<Self>, Failure> {
        let serves = |state: Option<&LifecycleState>| state == Some(&LifecycleState::InService);
        let serving = found.instances().iter().filter(|machine| serves(machine.lifecycle_state())).count();
        let wanted = usize::try_from(count(found.desired_capacity())).unwrap_or_default();
        Ok(if !Self::is_alive(found) {
            TypedReadiness::Failed("it was deleted before it had its machines".to_owned())
        } else if serving >= wanted {
            TypedReadiness::Ready(Self::report(call, found).await?)
        } else {
            TypedReadiness::Pending(None)
        })
    }
}

#[async_trait]
impl UpdateOperation for Group {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let args = &change.args;
        let found = call.tagged(&change).await?;
        if !Self::is_alive(&found) {
            let message = format!("group {} is being deleted", found.id);
            return Err(Failure::new(Class::NotFound, message).advice(Advice::RefreshFirst));
        }
        Self::set_instance_tags(call, &found, &change).await?;
        let update = call
            .aws
            .update_auto_scaling_group()
            .auto_scaling_group_name(&found.id)
            .launch_template(template(args))
            .min_size(number(args.min_size))
            .max_size(number(args.max_size))
            .set_desired_capacity(args.desired.map(number))
            .vpc_zone_identifier(args.subnet_ids.join(","))
            .health_check_type(check(args.health_check))
            .health_check_grace_period(number(args.health_check_grace_seconds));
        update.send().await.sent(call)?;
        Self::set_target_groups(call, &found, args.target_group_arns.as_deref()).await?;
        let before = change.prior.args.as_ref();
        let is_other = before.is_none_or(|before| {
            before.launch_template_id != args.launch_template_id
                || before.launch_template_version != args.launch_template_version
        });
        if is_other && args.replace_machines {
            Self::refresh_machines(call, &found.id, args.min_healthy_percent).await?;
        }
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.lacking(Self::NAME))?;
        Self::report(call, &found).await
    }
}

fn template(args: &GroupArgs) -> LaunchTemplateSpecification {
    let template = LaunchTemplateSpecification::builder().launch_template_id(&args.launch_template_id);
    template.version(&args.launch_template_version).build()
}

fn check(check: HealthCheck) -> &'static str {
    match check {
        HealthCheck::Ec2 => "EC2",
        HealthCheck::Elb => "ELB",
    }
}

/// Returns the tags that machines get, or those that they do not get.
fn tags_of(found: &Item, for_machines: bool) -> Tags {
    let tags = found.tags().iter();
    let tags = tags.filter(|tag| tag.propagate_at_launch().unwrap_or_default() == for_machines);
    tags.map(|tag| (text(tag.key()), text(tag.value()))).collect()
}

fn state(found: &Item) -> GroupState {
    GroupState { id: text(found.auto_scaling_group_name()), arn: text(found.auto_scaling_group_arn()) }
}

impl Group {
    /// Brings the tags that machines get up to date; those that others gave stay.
    async fn set_instance_tags(
        call: &Call<'_>,
        found: &Found<Item>,
        change: &TypedChange<Self>,
    ) -> Result<(), Failure> {
        let (wanted, there) = (&change.args.instance_tags, tags_of(found, true));
        let mut less = change.prior.args.as_ref().map(|before| dropped(&before.instance_tags, wanted));
        // One that is a tag of the group alone now is none of the machines' any more.
        less.iter_mut().for_each(|less| less.retain(|key| there.contains_key(key)));
        if let Some(less) = less.filter(|less| !less.is_empty()) {
            <AutoScaling as crate::client::Objects>::untag(call.aws, &found.id, less).await?;
        }
        if wanted.iter().all(|(key, value)| there.get(key) == Some(value)) {
            return Ok(());
        }
        let tags = Some(group_tags(&found.id, wanted.clone(), true));
        call.aws.create_or_update_tags().set_tags(tags).send().await.sent(call).map(drop)
    }

    async fn set_target_groups(
        call: &Call<'_>,
        found: &Found<Item>,
        wanted: Option<&[String]>,
    ) -> Result<(), Failure> {
        let Some(wanted) = wanted else { return Ok(()) };
        let there = found.target_group_arns();
        let only = |these: &[String], those: &[String]| -> Vec<String> {
            these.iter().filter(|arn| !those.contains(arn)).cloned().collect()
        };
        let (more, less) = (only(wanted, there), only(there, wanted));
        if !more.is_empty() {
            let attach = call.aws.attach_load_balancer_target_groups().auto_scaling_group_name(&found.id);
            attach.set_target_group_arns(Some(more)).send().await.sent(call)?;
        }
        if !less.is_empty() {
            let detach = call.aws.detach_load_balancer_target_groups().auto_scaling_group_name(&found.id);
            detach.set_target_group_arns(Some(less)).send().await.sent(call)?;
        }
        Ok(())
    }
}
