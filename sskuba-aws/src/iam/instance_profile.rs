//! Instance profiles.

#[cfg(feature = "iam")]
use aws_sdk_iam::types::InstanceProfile as Item;

use super::prelude::*;

/// An instance profile: the role of a machine.
///
/// Its name is unique in the account, whatever its path, and made of the resource's name and its token unless one is given; with
/// a given name the old one goes before another takes its place. Machines know a new profile, and another role of one, only
/// after some seconds.
#[derive(Resource)]
#[resource(
    kind = "aws:iam:InstanceProfile",
    idempotency = "token, tag",
    visibility = "30s",
    create = "2s",
    update = "2s",
    delete = "2s",
    unique = "name"
)]
pub struct InstanceProfile {
    /// The name of the role.
    #[resource(reference = "aws:iam:Role", rule = "ROLE_NAMES")]
    role_name: Input<String>,
    /// The name, at most 128 letters, digits and any of `+=,.@_-`; made of the resource's name and its token if not given.
    #[resource(force_new, cloud_default, rule = "NAMES")]
    name: Option<Input<String>>,
    /// The path.
    #[resource(force_new, default = "/".to_owned(), rule = "is_path")]
    path: Input<String>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN.
    #[resource(computed, id, pattern = "arn:aws:iam::{digits:12}:instance-profile/{name}-{hex:12}")]
    arn: Computed<String>,
    /// The name that it has, which machines take.
    #[resource(computed, pattern = "{name}-{hex:12}")]
    profile_name: Computed<String>,
}

impl Kind for InstanceProfile {}

#[cfg(feature = "iam")]
const TYPE: &str = "instance-profile";

#[cfg(feature = "iam")]
#[async_trait]
impl Operations for InstanceProfile {
    type Api = Iam;
    type Item = Item;
    const NAME: &'static str = "instance profile";

    async fn describe(iam: &Aws<Iam>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let arns = match which {
            Which::Ids(arns) | Which::Among(arns) => arns,
            _ => {
                let pages = iam.list_instance_profiles().into_paginator().items().send();
                let all = pages.collect::<Result<Vec<_>, _>>().await.asked(iam)?;
                all.iter().map(|profile| profile.arn().to_owned()).collect()
            }
        };
        let mut all = Vec::new();
        for arn in arns {
            all.extend(Self::named(iam, name_of(&arn, TYPE)?).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call.aws, name_of(&prior.id, TYPE)?).await
    }

    async fn create(call: &Call<'_>, args: InstanceProfileArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &NAMES);
        let create = call.aws.create_instance_profile().instance_profile_name(&name).path(&args.path);
        let made = match create.set_tags(spec(call, &args.tags)).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let refusal = refusal(&error, call);
                let Some(there) = Self::named(call.aws, &name).await? else { return Err(refusal) };
                met(call, refusal, there.id.clone(), &there.tags)?;
                there.item
            }
            sent => sent.sent(call)?.instance_profile.ok_or_else(|| call.lacking(Self::NAME))?,
        };
        let set = visible(call, || Self::set_role(call, &made, &args.role_name)).await;
        set.map_err(|failure| call.partial::<Self>(made.arn(), failure))?;
        Ok(Report::new(made.arn(), state(&made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        for role in found.roles() {
            gone_is_fine(Self::take_role(call, &found, role.role_name()).await)?;
        }
        let delete = call.aws.delete_instance_profile().instance_profile_name(found.instance_profile_name());
        delete.send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = InstanceProfileArgs {
            role_name: text(found.roles().first().map(|role| role.role_name())),
            name: given(Some(found.instance_profile_name())),
            path: found.path().to_owned(),
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call.aws, &call.name(None, &NAMES)).await
    }
}

#[cfg(feature = "iam")]
#[async_trait]
impl UpdateOperation for InstanceProfile {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.not_there())?;
        Self::set_role(call, &found, &change.args.role_name).await?;
        call.retagged(change).await
    }
}

#[cfg(feature = "iam")]
impl InstanceProfile {
    /// Returns the instance profile of a name, whoever made it.
    async fn named(iam: &Aws<Iam>, name: &str) -> Result<Option<Found<Item>>, Failure> {
        let ask = iam.get_instance_profile().instance_profile_name(name);
        let found = |item: Item| Found { id: item.arn().to_owned(), tags: tags_of(item.tags()), item };
        Ok(there(ask.send().await.asked(iam))?.and_then(|answer| answer.instance_profile).map(found))
    }

    /// Gives it a role in place of the one that it has: it takes one at a time.
    async fn set_role(call: &Call<'_>, found: &Item, wanted: &str) -> Result<(), Failure> {
        for other in found.roles().iter().filter(|role| role.role_name() != wanted) {
            gone_is_fine(Self::take_role(call, found, other.role_name()).await)?;
        }
        if found.roles().iter().any(|role| role.role_name() == wanted) {
            return Ok(());
        }
        let add = call.aws.add_role_to_instance_profile();
        let add = add.instance_profile_name(found.instance_profile_name()).role_name(wanted);
        add.send().await.sent(call).map(drop)
    }

    async fn take_role(call: &Call<'_>, found: &Item, role: &str) -> Result<(), Failure> {
        let remove = call.aws.remove_role_from_instance_profile();
        let remove = remove.instance_profile_name(found.instance_profile_name()).role_name(role);
        remove.send().await.sent(call).map(drop)
    }
}

#[cfg(feature = "iam")]
fn state(found: &Item) -> InstanceProfileState {
    InstanceProfileState {
        arn: found.arn().to_owned(),
        profile_name: found.instance_profile_name().to_owned(),
    }
}
