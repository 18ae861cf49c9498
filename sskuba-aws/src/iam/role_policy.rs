//! Policies that are in roles.

use super::prelude::*;

/// A policy that is in a role, and goes with it.
///
/// A role has one of a name: two of the same role and name are the same object, whatever they are called. AWS can neither tag
/// it nor takes a token for it, and would silently write over one that is there: a create asks first, and refuses with the
/// line that imports it; only what an interrupted create of this resource left, with the same document, counts as made.
/// Its id is role and name, `ROLE:NAME`.
#[derive(Resource)]
#[resource(
    kind = "aws:iam:RolePolicy",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "role_name, name"
)]
pub struct RolePolicy {
    /// The name of the role.
    #[resource(force_new, reference = "aws:iam:Role", rule = "ROLE_NAMES")]
    role_name: Input<String>,
    /// The name, at most 128 letters, digits and any of `+=,.@_-`.
    #[resource(force_new, rule = "NAMES")]
    name: Input<String>,
    /// The permissions, as JSON.
    #[resource(normaliser = "json_sets")]
    document: Input<String>,
    /// The role's name and the policy's.
    #[resource(computed, id, pattern = "{field:role_name}:{field:name}")]
    id: Computed<String>,
}

impl Kind for RolePolicy {}

#[cfg(feature = "iam")]
#[async_trait]
impl Operations for RolePolicy {
    type Api = Iam;
    /// What there is to say of it.
    type Item = RolePolicyArgs;
    const NAME: &'static str = "policy of a role";

    /// Those of all are those of each role.
    async fn describe(iam: &Aws<Iam>, which: Which) -> Result<Vec<Found<Self::Item>>, Failure> {
        let mut all = Vec::new();
        for role in super::Role::describe(iam, which).await? {
            let pages = iam.list_role_policies().role_name(role.role_name()).into_paginator().items().send();
            for name in pages.collect::<Result<Vec<_>, _>>().await.asked(iam)? {
                all.extend(Self::of(iam, role.role_name(), &name).await?);
            }
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Self::Item>>, Failure> {
        let (role, name) = parts_of(&prior.id)?;
        Self::of(call.aws, role, name).await
    }

    async fn create(call: &Call<'_>, args: RolePolicyArgs) -> Result<Report<Self>, Failure> {
        let may_be_ours = call.aws.sent_creates.may_have_made(call);
        if let Some(there) = Self::of(call.aws, &args.role_name, &args.name).await?
            && !(may_be_ours && same_document(&there.document, &args.document))
        {
            let message = format!("the role {} has a policy {} already", args.role_name, args.name);
            return Err(Failure::exists(message, there.id));
        }
        call.aws.sent_creates.send(call, Self::put(call, args)).await
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let (role, name) = parts_of(&prior.id)?;
        let delete = call.aws.delete_role_policy().role_name(role).policy_name(name);
        delete.send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Self::Item>) -> Result<Report<Self>, Failure> {
        Ok(object(found.item.clone()))
    }
}

#[cfg(feature = "iam")]
#[async_trait]
impl UpdateOperation for RolePolicy {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        Self::put(call, change.args).await
    }
}

#[cfg(feature = "iam")]
impl RolePolicy {
    async fn of(iam: &Aws<Iam>, role: &str, name: &str) -> Result<Option<Found<RolePolicyArgs>>, Failure> {
        let ask = iam.get_role_policy().role_name(role).policy_name(name);
        Ok(there(ask.send().await.asked(iam))?.map(|found| {
            let item = RolePolicyArgs {
                role_name: found.role_name().to_owned(),
                name: found.policy_name().to_owned(),
                document: document(Some(found.policy_document())),
            };
            Found { id: object(item.clone()).id, tags: BTreeMap::new(), item }
        }))
    }

    async fn put(call: &Call<'_>, args: RolePolicyArgs) -> Result<Report<Self>, Failure> {
        let put = call.aws.put_role_policy().role_name(&args.role_name).policy_name(&args.name);
        put.policy_document(&args.document).send().await.sent(call)?;
        Ok(object(args))
    }
}

#[cfg(feature = "iam")]
fn object(args: RolePolicyArgs) -> Report<RolePolicy> {
    let id = format!("{}:{}", args.role_name, args.name);
    Report::new(id.clone(), RolePolicyState { id }).args(args)
}

/// Splits an id into the role's name and the policy's.
#[cfg(feature = "iam")]
fn parts_of(id: &str) -> Result<(&str, &str), Failure> {
    id.split_once(':').ok_or_else(|| {
        Failure::new(Class::Invalid("id".to_owned()), format!("{id:?} is not the id of a policy of a role"))
            .hint("it is the role's name and the policy's, joined by `:`")
    })
}
