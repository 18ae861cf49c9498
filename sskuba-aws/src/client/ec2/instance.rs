//! Instances.

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, HttpTokensState, Instance as Found, InstanceStateName as Phase,
};
use sskuba_core::provider::{Class, Failure, TypedChange, TypedObject, TypedPrior, TypedReadiness};

use super::super::batches::instances_of;
use super::super::call::Call;
use super::super::cloud::{Cloud, filter, given, text};
use super::super::failure::{Outcome, gone_is_fine};
use super::super::tagging::reported;
use super::super::wait::{self, Look};
use super::super::{Manage, not_there};
use super::instance_spec::{profile, tokens};
use super::{owned, the_one};
use crate::ec2::{Instance, InstanceArgs, InstanceState, profile_name};

#[async_trait]
impl Manage<Instance> for Cloud {
    async fn create(&self, call: &Call<'_>, args: InstanceArgs) -> Result<TypedObject<Instance>, Failure> {
        let made = self.launch(call, &args).await?.send().await.sent(call.place)?;
        let made = made.instances().first().ok_or_else(|| call.lacking("instance"))?;
        let id = text(made.instance_id());
        if !args.source_dest_check {
            let set = wait::accepted(call, || self.set_source_dest_check(call, &id, false)).await;
            set.map_err(|failure| call.partial::<Instance>(&id, failure))?;
        }
        Ok(TypedObject::new(id, state(made)))
    }

    async fn ready(
        &self,
        call: &Call<'_>,
        prior: TypedPrior<Instance>,
    ) -> Result<TypedReadiness<Instance>, Failure> {
        let found = self.known.instances.get(&prior.id).await?.ok_or_else(|| not_there(call))?;
        Ok(match phase(&found) {
            Some(Phase::Running) => TypedReadiness::Ready(object(&found)),
            Some(Phase::Pending) | None => TypedReadiness::Pending(None),
            Some(ended) => TypedReadiness::Failed(ending(&found, ended)),
        })
    }

    async fn read(
        &self,
        _: &Call<'_>,
        prior: TypedPrior<Instance>,
    ) -> Result<Option<TypedObject<Instance>>, Failure> {
        let found = self.known.instances.get(&prior.id).await?.filter(alive);
        Ok(found.map(|found| object(&found)))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<Instance>,
    ) -> Result<TypedObject<Instance>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let before = change.prior.args.as_ref().map(|args| &args.tags);
        let found = self.started(call, id).await?.filter(alive).ok_or_else(|| {
            Failure::new(Class::NotFound, format!("{id} is terminated"))
                .hint("run `refresh`, then `up`, to make another")
        })?;
        let now = args_of(&found);
        self.set_groups(call, id, args, &now).await?;
        if (args.require_imdsv2, args.metadata_hop_limit) != (now.require_imdsv2, now.metadata_hop_limit) {
            let modify = self.ec2.modify_instance_metadata_options().instance_id(id);
            let modify = modify.http_tokens(tokens(args.require_imdsv2));
            modify
                .http_put_response_hop_limit(args.metadata_hop_limit.into())
                .send()
                .await
                .sent(call.place)?;
        }
        if args.source_dest_check != now.source_dest_check {
            self.set_source_dest_check(call, id, args.source_dest_check).await?;
        }
        let wanted = args.iam_instance_profile.as_deref();
        if wanted.map(profile_name) != now.iam_instance_profile.as_deref().map(profile_name) {
            self.set_profile(call, id, wanted).await?;
        }
        self.retag(call, id, before, &args.tags).await?;
        let found = self.known.instances.get(id).await?.ok_or_else(|| call.lacking("instance"))?;
        Ok(object(&found))
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<Instance>) -> Result<(), Failure> {
        let terminate = self.ec2.terminate_instances().instance_ids(&prior.id);
        gone_is_fine(terminate.send().await.sent(call.place))?;
        wait::until(call, &prior.id, || async {
            Ok(match self.known.instances.get(&prior.id).await? {
                Some(found) if phase(&found) != Some(&Phase::Terminated) => {
                    Look::Not(text(phase(&found).map(Phase::as_str)))
                }
                _ => Look::Done(()),
            })
        })
        .await
    }

    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<Instance>>, Failure> {
        let found = self.ec2.describe_instances().filters(owned(call)).send().await.asked(call.place)?;
        let all = instances_of(found.reservations.unwrap_or_default());
        let found = the_one(call, all.into_iter().filter(alive).collect(), |found| found.tags())?;
        Ok(found.map(|found| object(&found)))
    }
}

fn phase(found: &Found) -> Option<&Phase> {
    found.state().and_then(|state| state.name())
}

/// Says how an instance ended while it started.
fn ending(found: &Found, phase: &Phase) -> String {
    let reason = found.state_reason();
    let (code, why) = (reason.and_then(|r| r.code()), reason.and_then(|r| r.message()));
    match why {
        Some(why) => format!("it is {phase}: {why} ({})", text(code)),
        None => format!("it is {phase}, and AWS gives no reason"),
    }
}

fn alive(found: &Found) -> bool {
    !matches!(phase(found), Some(Phase::Terminated | Phase::ShuttingDown))
}

fn state(found: &Found) -> InstanceState {
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

fn object(found: &Found) -> TypedObject<Instance> {
    TypedObject::new(text(found.instance_id()), state(found)).args(args_of(found))
}

/// Returns the inputs as AWS reports them; what it does not report with the instance is marked so in the schema.
fn args_of(found: &Found) -> InstanceArgs {
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
        tags: reported(found.tags()),
    }
}

impl Cloud {
    /// Returns an instance when it no longer starts: before that AWS refuses most changes.
    async fn started(&self, call: &Call<'_>, id: &str) -> Result<Option<Found>, Failure> {
        wait::until(call, id, || async {
            let found = self.known.instances.get(id).await?;
            Ok(match found.as_ref().and_then(phase) {
                Some(Phase::Pending) => Look::Not("pending".to_owned()),
                _ => Look::Done(found),
            })
        })
        .await
    }

    async fn set_groups(
        &self,
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
        let modify = self.ec2.modify_instance_attribute().instance_id(id);
        modify.set_groups(args.security_group_ids.clone()).send().await.sent(call.place).map(drop)
    }

    async fn set_source_dest_check(&self, call: &Call<'_>, id: &str, on: bool) -> Result<(), Failure> {
        let value = AttributeBooleanValue::builder().value(on).build();
        let modify = self.ec2.modify_instance_attribute().instance_id(id).source_dest_check(value);
        modify.send().await.sent(call.place).map(drop)
    }

    async fn set_profile(&self, call: &Call<'_>, id: &str, wanted: Option<&str>) -> Result<(), Failure> {
        let of_instance = filter("instance-id", [id]);
        let describe = self.ec2.describe_iam_instance_profile_associations().filters(of_instance);
        let found = describe.send().await.asked(call.place)?;
        let active = found.iam_instance_profile_associations().iter().find(|found| {
            found.state().is_some_and(|state| ["associating", "associated"].contains(&state.as_str()))
        });
        let active = active.and_then(|found| found.association_id());
        match (wanted, active) {
            (Some(wanted), Some(active)) => {
                let replace = self.ec2.replace_iam_instance_profile_association().association_id(active);
                replace.iam_instance_profile(profile(wanted)).send().await.sent(call.place).map(drop)
            }
            (Some(wanted), None) => {
                let associate = self.ec2.associate_iam_instance_profile().instance_id(id);
                associate.iam_instance_profile(profile(wanted)).send().await.sent(call.place).map(drop)
            }
            (None, Some(active)) => {
                let take_away = self.ec2.disassociate_iam_instance_profile().association_id(active);
                gone_is_fine(take_away.send().await.sent(call.place))
            }
            (None, None) => Ok(()),
        }
    }
}
