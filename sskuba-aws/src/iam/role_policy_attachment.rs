//! Attachments of managed policies to roles.

use super::prelude::*;

/// A managed policy, AWS's own or one of the account, that a role has.
///
/// A role has a policy once: two of the same role and policy are the same object, whatever they are called. AWS can neither tag
/// it nor takes a token for it, and takes an attachment that is there for a new one: a create asks first, and refuses with
/// the line that imports it; only what an interrupted create of this resource left counts as made. Its id is role and
/// policy, `ROLE/ARN`.
#[derive(Resource)]
#[resource(
    kind = "aws:iam:RolePolicyAttachment",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    delete = "1s",
    unique = "role_name, policy_arn"
)]
pub struct RolePolicyAttachment {
    /// The name of the role.
    #[resource(force_new, reference = "aws:iam:Role", rule = "ROLE_NAMES")]
    role_name: Input<String>,
    /// The ARN of the policy.
    #[resource(force_new, reference = "aws:iam:Policy", rule = "is_arn")]
    policy_arn: Input<String>,
    /// The role's name and the policy's ARN.
    #[resource(computed, id, pattern = "{field:role_name}/{field:policy_arn}")]
    id: Computed<String>,
}

fn is_arn(text: &Value) -> Option<String> {
    let text = text.as_str().filter(|text| !text.starts_with("arn:"))?;
    Some(format!("{text:?} is no ARN, such as arn:aws:iam::aws:policy/NAME"))
}

impl Kind for RolePolicyAttachment {}

#[cfg(feature = "iam")]
#[async_trait]
impl Operations for RolePolicyAttachment {
    type Api = Iam;
    /// What there is to say of it.
    type Item = RolePolicyAttachmentArgs;
    const NAME: &'static str = "attachment of a policy";

    /// Those of all are those of each role.
    async fn describe(iam: &Aws<Iam>, which: Which) -> Result<Vec<Found<Self::Item>>, Failure> {
        let mut all = Vec::new();
        for role in super::Role::describe(iam, which).await? {
            all.extend(Self::of(iam, role.role_name()).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Self::Item>>, Failure> {
        let (role, _) = parts_of(&prior.id)?;
        Ok(Self::of(call.aws, role).await?.into_iter().find(|found| found.id == prior.id))
    }

    async fn create(call: &Call<'_>, args: RolePolicyAttachmentArgs) -> Result<Report<Self>, Failure> {
        let made = object(args.clone());
        let there = Self::of(call.aws, &args.role_name).await?.into_iter().any(|found| found.id == made.id);
        if there && !call.aws.sent_creates.may_have_made(call) {
            let message = format!("the role {} has the policy {} already", args.role_name, args.policy_arn);
            return Err(Failure::exists(message, made.id));
        }
        let attach = call.aws.attach_role_policy().role_name(&args.role_name).policy_arn(&args.policy_arn);
        let sent = async { attach.send().await.sent(call).map(|_| made) };
        call.aws.sent_creates.send(call, sent).await
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let (role, policy) = parts_of(&prior.id)?;
        let detach = call.aws.detach_role_policy().role_name(role).policy_arn(policy);
        detach.send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Self::Item>) -> Result<Report<Self>, Failure> {
        Ok(object(found.item.clone()))
    }
}

#[cfg(feature = "iam")]
impl RolePolicyAttachment {
    /// Returns those of a role; none of one that is not there.
    async fn of(iam: &Aws<Iam>, role: &str) -> Result<Vec<Found<RolePolicyAttachmentArgs>>, Failure> {
        let pages = iam.list_attached_role_policies().role_name(role).into_paginator().items().send();
        let all = there(pages.collect::<Result<Vec<_>, _>>().await.asked(iam))?.unwrap_or_default();
        let found = all.iter().map(|policy| {
            let item = RolePolicyAttachmentArgs {
                role_name: role.to_owned(),
                policy_arn: text(policy.policy_arn()),
            };
            Found { id: object(item.clone()).id, tags: BTreeMap::new(), item }
        });
        Ok(found.collect())
    }
}

#[cfg(feature = "iam")]
fn object(args: RolePolicyAttachmentArgs) -> Report<RolePolicyAttachment> {
    let id = format!("{}/{}", args.role_name, args.policy_arn);
    Report::new(id.clone(), RolePolicyAttachmentState { id }).args(args)
}

/// Splits an id into the role's name and the policy's ARN.
#[cfg(feature = "iam")]
fn parts_of(id: &str) -> Result<(&str, &str), Failure> {
    id.split_once('/').ok_or_else(|| {
        Failure::new(Class::Invalid("id".to_owned()), format!("{id:?} is not the id of an attachment"))
            .hint("it is the role's name and the policy's ARN, joined by `/`")
    })
}
