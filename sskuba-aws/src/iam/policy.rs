//! Managed policies.

#[cfg(feature = "iam")]
use aws_sdk_iam::types::{Policy as Item, PolicyScopeType, PolicyVersion};

use super::prelude::*;

/// A managed policy: permissions that roles are given by attachments.
///
/// Its name is unique in the account, whatever its path, and made of the resource's name and its token unless one is given. A
/// changed document becomes a new version, the one that counts; AWS keeps five, so that the oldest of the others goes for the
/// sixth. AWS refuses to delete a policy that others attached somewhere.
#[derive(Resource)]
#[resource(
    kind = "aws:iam:Policy",
    idempotency = "token, tag",
    visibility = "30s",
    create = "2s",
    update = "2s",
    delete = "2s",
    unique = "name"
)]
pub struct Policy {
    /// The permissions, as JSON: at most 6144 characters, white space apart.
    #[resource(normaliser = "json_sets", rule = "fits")]
    document: Input<String>,
    /// The name, at most 128 letters, digits and any of `+=,.@_-`; made of the resource's name and its token if not given.
    #[resource(force_new, cloud_default, rule = "NAMES")]
    name: Option<Input<String>>,
    /// The path.
    #[resource(force_new, default = "/".to_owned(), rule = "is_path")]
    path: Input<String>,
    /// What it is for, at most 1000 characters.
    #[resource(force_new, rule = "WORDS")]
    description: Option<Input<String>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN.
    #[resource(computed, id, pattern = "arn:aws:iam::{digits:12}:policy/{name}-{hex:12}")]
    arn: Computed<String>,
    /// The name that it has.
    #[resource(computed, pattern = "{name}-{hex:12}")]
    policy_name: Computed<String>,
}

/// The most characters of a document, white space apart
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
const LONGEST: usize = 6144;

/// The most versions that AWS keeps.
#[cfg(feature = "iam")]
const VERSIONS: usize = 5;

/// AWS counts the characters without white space.
fn fits(document: &Value) -> Option<String> {
    let length = document.as_str()?.chars().filter(|c| !c.is_whitespace()).count();
    (length > LONGEST).then(|| format!("has {length} characters without white space; AWS takes {LONGEST}"))
}

impl Kind for Policy {}

#[cfg(feature = "iam")]
#[async_trait]
impl Operations for Policy {
    type Api = Iam;
    type Item = Item;
    const NAME: &'static str = "policy";

    /// Of all, those of AWS itself are none of this kind.
    async fn describe(iam: &Aws<Iam>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let arns = match which {
            Which::Ids(arns) | Which::Among(arns) => arns,
            _ => Self::all(iam).await?.iter().map(|policy| text(policy.arn())).collect(),
        };
        let mut all = Vec::new();
        for arn in arns {
            all.extend(Self::of(iam, &arn).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        name_of(&prior.id, "policy")?;
        Self::of(call.aws, &prior.id).await
    }

    async fn create(call: &Call<'_>, args: PolicyArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &NAMES);
        let create = call.aws.create_policy().policy_name(&name).path(&args.path);
        let create = create.policy_document(&args.document).set_description(args.description.clone());
        let made = match create.set_tags(spec(call, &args.tags)).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let refusal = refusal(&error, call);
                let Some(there) = Self::named(call, &name).await? else { return Err(refusal) };
                met(call, refusal, there.id.clone(), &there.tags)?;
                there.item
            }
            sent => sent.sent(call)?.policy.ok_or_else(|| call.lacking(Self::NAME))?,
        };
        Ok(Report::new(text(made.arn()), state(&made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        for old in Self::versions(call, &prior.id).await?.iter().filter(|one| !one.is_default_version()) {
            gone_is_fine(Self::forget(call, &prior.id, old).await)?;
        }
        let delete = call.aws.delete_policy().policy_arn(&prior.id).send().await.sent(call);
        delete.map(drop).map_err(|failure| match failure.class {
            Class::Conflict => failure.hint("detach it from what others attached it to"),
            _ => failure,
        })
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = PolicyArgs {
            document: Self::text(call, found).await?,
            name: given(found.policy_name()),
            path: text(found.path()),
            description: given(found.description()),
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call, &call.name(None, &NAMES)).await
    }
}

#[cfg(feature = "iam")]
#[async_trait]
impl UpdateOperation for Policy {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (arn, args) = (&change.prior.id, &change.args);
        let found = Self::of(call.aws, arn).await?.ok_or_else(|| call.not_there())?;
        if !same_document(&Self::text(call, &found).await?, &args.document) {
            let mut old = Self::versions(call, arn).await?;
            old.sort_by_key(|version| version.create_date().map(|date| date.as_nanos()));
            if old.len() >= VERSIONS
                && let Some(oldest) = old.iter().find(|version| !version.is_default_version())
            {
                Self::forget(call, arn, oldest).await?;
            }
            let create = call.aws.create_policy_version().policy_arn(arn).set_as_default(true);
            create.policy_document(&args.document).send().await.sent(call)?;
        }
        call.retagged(change).await
    }
}

#[cfg(feature = "iam")]
impl Policy {
    async fn all(iam: &Aws<Iam>) -> Result<Vec<Item>, Failure> {
        let pages = iam.list_policies().scope(PolicyScopeType::Local).into_paginator().items().send();
        pages.collect::<Result<Vec<_>, _>>().await.asked(iam)
    }

    async fn of(iam: &Aws<Iam>, arn: &str) -> Result<Option<Found<Item>>, Failure> {
        let answer = there(iam.get_policy().policy_arn(arn).send().await.asked(iam))?;
        let found = |item: Item| Found { id: text(item.arn()), tags: tags_of(item.tags()), item };
        Ok(answer.and_then(|answer| answer.policy).map(found))
    }

    /// Returns the account's policy of a name, whatever its path and whoever made it.
    async fn named(call: &Call<'_>, name: &str) -> Result<Option<Found<Item>>, Failure> {
        let all = Self::all(call.aws).await?;
        match all.iter().find(|policy| policy.policy_name() == Some(name)) {
            Some(policy) => Self::of(call.aws, policy.arn().unwrap_or_default()).await,
            None => Ok(None),
        }
    }

    /// Returns the document that counts.
    async fn text(call: &Call<'_>, found: &Item) -> Result<String, Failure> {
        let ask = call.aws.get_policy_version().policy_arn(text(found.arn()));
        let found = ask.version_id(text(found.default_version_id())).send().await.asked(call)?;
        Ok(document(found.policy_version().and_then(PolicyVersion::document)))
    }

    async fn versions(call: &Call<'_>, arn: &str) -> Result<Vec<PolicyVersion>, Failure> {
        let pages = call.aws.list_policy_versions().policy_arn(arn).into_paginator().items().send();
        pages.collect::<Result<Vec<_>, _>>().await.asked(call)
    }

    async fn forget(call: &Call<'_>, arn: &str, version: &PolicyVersion) -> Result<(), Failure> {
        let delete = call.aws.delete_policy_version().policy_arn(arn).version_id(text(version.version_id()));
        delete.send().await.sent(call).map(drop)
    }
}

#[cfg(feature = "iam")]
fn state(found: &Item) -> PolicyState {
    PolicyState { arn: text(found.arn()), policy_name: text(found.policy_name()) }
}
