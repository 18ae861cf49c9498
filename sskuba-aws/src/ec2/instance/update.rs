//! What changes in place.

use aws_sdk_ec2::types::{AttributeBooleanValue, IamInstanceProfileAssociation};

use super::launch::{profile, tokens};
use super::operations::args_of;
use super::{Instance, InstanceArgs, profile_name};
use crate::ec2::prelude::*;

#[async_trait]
impl UpdateOperation for Instance {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let found = Self::started(call, id).await?.filter(Self::is_alive).ok_or_else(|| {
            Failure::new(Class::NotFound, format!("{id} is terminated")).advice(Advice::RefreshFirst)
        })?;
        let now = args_of(&found);
        Self::set_groups(call, id, args, &now).await?;
        if (args.require_imdsv2, args.metadata_hop_limit) != (now.require_imdsv2, now.metadata_hop_limit) {
            let modify = call.aws.modify_instance_metadata_options().instance_id(id);
            let modify = modify.http_tokens(tokens(args.require_imdsv2));
            let hops = args.metadata_hop_limit.into();
            modify.http_put_response_hop_limit(hops).send().await.sent(call)?;
        }
        if args.source_dest_check != now.source_dest_check {
            Self::set_source_dest_check(call, id, args.source_dest_check).await?;
        }
        let wanted = args.iam_instance_profile.as_deref();
        if wanted.map(profile_name) != now.iam_instance_profile.as_deref().map(profile_name) {
            Self::set_profile(call, id, wanted).await?;
        }
        Self::set_monitoring(call, id, args.monitoring, now.monitoring).await?;
        Self::set_protection(call, id, args.termination_protection).await?;
        Self::set_credits(call, id, args.cpu_credits.as_deref()).await?;
        Self::set_what_needs_a_stop(call, &found, args).await?;
        Self::set_running(call, id, args.running).await?;
        call.retagged(change).await
    }
}

impl Instance {
    async fn set_groups(
        call: &Call<'_>,
        id: &str,
        args: &InstanceArgs,
        now: &InstanceArgs,
    ) -> Result<(), Failure> {
        let sorted = |groups: &Option<Vec<String>>| {
            let mut groups = groups.clone().unwrap_or_default();
            groups.sort();
            groups.dedup();
            groups
        };
        if args.security_group_ids.is_none()
            || sorted(&args.security_group_ids) == sorted(&now.security_group_ids)
        {
            return Ok(());
        }
        let modify = call.aws.modify_instance_attribute().instance_id(id);
        modify.set_groups(args.security_group_ids.clone()).send().await.sent(call).map(drop)
    }

    pub(super) async fn set_source_dest_check(call: &Call<'_>, id: &str, on: bool) -> Result<(), Failure> {
        let value = AttributeBooleanValue::builder().value(on).build();
        let modify = call.aws.modify_instance_attribute().instance_id(id).source_dest_check(value);
        modify.send().await.sent(call).map(drop)
    }

    async fn set_profile(call: &Call<'_>, id: &str, wanted: Option<&str>) -> Result<(), Failure> {
        let of_instance = filter("instance-id", [id]);
        let describe = call.aws.describe_iam_instance_profile_associations().filters(of_instance);
        let pages = describe.into_paginator().items().send();
        let found: Vec<IamInstanceProfileAssociation> = pages.collect::<Result<_, _>>().await.asked(call)?;
        let active = found.iter().find(|found| {
            found.state().is_some_and(|state| ["associating", "associated"].contains(&state.as_str()))
        });
        let active = active.and_then(|found| found.association_id());
        match (wanted, active) {
            (Some(wanted), Some(active)) => {
                let replace = call.aws.replace_iam_instance_profile_association().association_id(active);
                replace.iam_instance_profile(profile(wanted)).send().await.sent(call).map(drop)
            }
            (Some(wanted), None) => {
                let associate = call.aws.associate_iam_instance_profile().instance_id(id);
                associate.iam_instance_profile(profile(wanted)).send().await.sent(call).map(drop)
            }
            (None, Some(active)) => {
                let take_away = call.aws.disassociate_iam_instance_profile().association_id(active);
                gone_is_fine(take_away.send().await.sent(call))
            }
            (None, None) => Ok(()),
        }
    }
}
