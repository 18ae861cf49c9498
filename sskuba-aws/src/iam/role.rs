//! Roles.

#[cfg(feature = "iam")]
use aws_sdk_iam::types::Role as Item;

use super::prelude::*;

/// A role: what services, machines and people of other accounts may take on.
///
/// Its name is unique in the account, whatever its path, and made of the resource's name and its token unless one is given;
/// with a given name the old one goes before another takes its place. Policies are other resources ([`RolePolicy`],
/// [`RolePolicyAttachment`]); AWS refuses to delete a role that has some which others gave it.
///
/// [`RolePolicy`]: super::RolePolicy
/// [`RolePolicyAttachment`]: super::RolePolicyAttachment
///
/// ```
/// # use sskuba_aws::iam::{Role, RolePolicyAttachment};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let trust = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
///     "Principal": {"Service": "ec2.amazonaws.com"}}}"#;
/// let role = stack.add("nodes", Role::new(trust))?;
/// let read_only = "arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess";
/// stack.add("nodes", RolePolicyAttachment::new(role.role_name(), read_only))?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:iam:Role",
    idempotency = "token, tag",
    visibility = "30s",
    create = "2s",
    update = "2s",
    delete = "2s",
    unique = "name"
)]
pub struct Role {
    /// The policy that says who may take it, as JSON. AWS stores an account in it as the ARN of its root.
    #[resource(normaliser = "json_sets")]
    assume_role_policy: Input<String>,
    /// The name, at most 64 letters, digits and any of `+=,.@_-`; made of the resource's name and its token if not given.
    #[resource(force_new, cloud_default, rule = "ROLE_NAMES")]
    name: Option<Input<String>>,
    /// The path.
    #[resource(force_new, default = "/".to_owned(), rule = "is_path")]
    path: Input<String>,
    /// What it is for, at most 1000 characters.
    #[resource(rule = "WORDS")]
    description: Option<Input<String>>,
    /// How long a session may last, in seconds: 3600 to 43200.
    #[resource(default = 3600_u32, rule = "Between(3600, 43_200)")]
    max_session_seconds: Input<u32>,
    /// The ARN of the policy that says what it can be allowed at most.
    #[resource(reference = "aws:iam:Policy")]
    permissions_boundary: Option<Input<String>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN.
    #[resource(computed, id, pattern = "arn:aws:iam::{digits:12}:role/{name}-{hex:12}")]
    arn: Computed<String>,
    /// The name that it has, which policies and instance profiles take.
    #[resource(computed, pattern = "{name}-{hex:12}")]
    role_name: Computed<String>,
    /// The id that no other role ever has.
    #[resource(computed, pattern = "AROA{upper:17}")]
    role_id: Computed<String>,
}

impl Kind for Role {}

#[cfg(feature = "iam")]
#[async_trait]
impl Operations for Role {
    type Api = Iam;
    type Item = Item;
    const NAME: &'static str = "role";

    /// Of all, those that AWS's services made for themselves are none of this kind.
    async fn describe(iam: &Aws<Iam>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let arns = match which {
            Which::Ids(arns) | Which::Among(arns) => arns,
            _ => {
                let pages = iam.list_roles().into_paginator().items().send();
                let all = pages.collect::<Result<Vec<_>, _>>().await.asked(iam)?.into_iter();
                let own = all.filter(|role| !role.path().starts_with("/aws-service-role/"));
                own.map(|role| role.arn().to_owned()).collect()
            }
        };
        let mut all = Vec::new();
        for arn in arns {
            all.extend(Self::named(iam, name_of(&arn, "role")?).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call.aws, name_of(&prior.id, "role")?).await
    }

    async fn create(call: &Call<'_>, args: RoleArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &ROLE_NAMES);
        let create = call.aws.create_role().role_name(&name).path(&args.path);
        let create = create.assume_role_policy_document(&args.assume_role_policy);
        let create = create.set_description(args.description.clone());
        let create = create.max_session_duration(args.max_session_seconds.cast_signed());
        let create = create.set_permissions_boundary(args.permissions_boundary.clone());
        let made = match create.set_tags(spec(call, &args.tags)).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let refusal = refusal(&error, call);
                let Some(there) = Self::named(call.aws, &name).await? else { return Err(refusal) };
                met(call, refusal, there.id.clone(), &there.tags)?;
                there.item
            }
            sent => sent.sent(call)?.role.ok_or_else(|| call.lacking(Self::NAME))?,
        };
        Ok(Report::new(made.arn(), state(&made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let delete = call.aws.delete_role().role_name(name_of(&prior.id, "role")?).send().await.sent(call);
        delete.map(drop).map_err(|failure| match failure.class {
            Class::Conflict => {
                failure.hint("take away the policies and instance profiles that others gave it")
            }
            _ => failure,
        })
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let seconds = found.max_session_duration().and_then(|seconds| u32::try_from(seconds).ok());
        let boundary = found.permissions_boundary();
        let args = RoleArgs {
            assume_role_policy: document(found.assume_role_policy_document()),
            name: given(Some(found.role_name())),
            path: found.path().to_owned(),
            description: given(found.description()),
            max_session_seconds: seconds.unwrap_or(3600),
            permissions_boundary: boundary.and_then(|of| given(of.permissions_boundary_arn())),
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call.aws, &call.name(None, &ROLE_NAMES)).await
    }
}

#[cfg(feature = "iam")]
#[async_trait]
impl UpdateOperation for Role {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (name, args) = (name_of(&change.prior.id, "role")?, &change.args);
        let found = Self::named(call.aws, name).await?.ok_or_else(|| call.not_there())?;
        if !same_document(&document(found.assume_role_policy_document()), &args.assume_role_policy) {
            let update = call.aws.update_assume_role_policy().role_name(name);
            update.policy_document(&args.assume_role_policy).send().await.sent(call)?;
        }
        let update = call.aws.update_role().role_name(name);
        let update = update.description(args.description.clone().unwrap_or_default());
        let update = update.max_session_duration(args.max_session_seconds.cast_signed());
        update.send().await.sent(call)?;
        match &args.permissions_boundary {
            Some(boundary) => {
                let put = call.aws.put_role_permissions_boundary().role_name(name);
                put.permissions_boundary(boundary).send().await.sent(call)?;
            }
            None if found.permissions_boundary().is_some() => {
                let delete = call.aws.delete_role_permissions_boundary().role_name(name);
                gone_is_fine(delete.send().await.sent(call))?;
            }
            None => {}
        }
        call.retagged(change).await
    }
}

#[cfg(feature = "iam")]
impl Role {
    /// Returns the role of a name, whoever made it.
    async fn named(iam: &Aws<Iam>, name: &str) -> Result<Option<Found<Item>>, Failure> {
        let answer = there(iam.get_role().role_name(name).send().await.asked(iam))?;
        let found = |item: Item| Found { id: item.arn().to_owned(), tags: tags_of(item.tags()), item };
        Ok(answer.and_then(|answer| answer.role).map(found))
    }
}

#[cfg(feature = "iam")]
fn state(found: &Item) -> RoleState {
    RoleState {
        arn: found.arn().to_owned(),
        role_name: found.role_name().to_owned(),
        role_id: found.role_id().to_owned(),
    }
}
