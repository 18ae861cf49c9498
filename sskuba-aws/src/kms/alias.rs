//! Aliases of keys.

#[cfg(feature = "kms")]
use aws_sdk_kms::types::AliasListEntry as Item;

use super::prelude::*;
use super::same_key;

/// An alias: the name of a key, which may become another's.
///
/// An account's region has one of a name: two of the same name are the same object, whatever they are called. AWS can neither tag
/// it nor takes a token for it. A create that meets one which is there already is refused, with the line that imports it; only
/// what an interrupted create of this resource left, of the same key, counts as made. Its id is its name.
#[derive(Resource)]
#[resource(
    kind = "aws:kms:Alias",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "name"
)]
pub struct Alias {
    /// The name: `alias/` and at most 250 letters, digits and any of `/_-`.
    #[resource(force_new)]
    name: Input<String>,
    /// The id or the ARN of the key.
    #[resource(normaliser = "same_key", reference = "aws:kms:Key")]
    target_key_id: Input<String>,
    /// The name.
    #[resource(computed, id, pattern = "{field:name}")]
    id: Computed<String>,
    /// The ARN.
    #[resource(computed, pattern = "arn:aws:kms:{region}:{digits:12}:{field:name}")]
    arn: Computed<String>,
}

impl Kind for Alias {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let name = args.name.strip_prefix("alias/").unwrap_or_default();
        let is_one = |c: char| c.is_ascii_alphanumeric() || "/_-".contains(c);
        let message = if name.is_empty() || args.name.len() > 256 || !name.chars().all(is_one) {
            "is no name of a key: AWS takes `alias/` and at most 250 letters, digits and any of `/_-`"
        } else if name.starts_with("aws/") {
            "begins with `alias/aws/`, which AWS keeps for itself: choose another"
        } else {
            return Vec::new();
        };
        vec![mistake("name", format!("{:?} {message}", args.name))]
    }
}

#[cfg(feature = "kms")]
#[async_trait]
impl Operations for Alias {
    type Api = Kms;
    type Item = Item;
    const NAME: &'static str = "alias";

    /// AWS tells all or those of a key, and none by its name. Its own are none of this kind.
    async fn describe(kms: &Aws<Kms>, _: Which) -> Result<Vec<Found<Item>>, Failure> {
        let pages = kms.list_aliases().into_paginator().items().send();
        let all = pages.collect::<Result<Vec<_>, _>>().await.asked(kms)?.into_iter();
        let own = all.filter(|item: &Item| {
            item.target_key_id().is_some() && !text(item.alias_name()).starts_with("alias/aws/")
        });
        let found = |item: Item| Found { id: text(item.alias_name()), tags: BTreeMap::new(), item };
        Ok(own.map(found).collect())
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call, &prior.id).await
    }

    async fn create(call: &Call<'_>, args: AliasArgs) -> Result<Report<Self>, Failure> {
        let may_be_ours = call.aws.sent_creates.may_have_made(call);
        let sent = async {
            let create = call.aws.create_alias().alias_name(&args.name).target_key_id(&args.target_key_id);
            match create.customize().config_override(once()).send().await {
                Err(error) if means(&error, Meaning::Taken) => {
                    let mut refusal = refusal(&error, call);
                    let there = Self::named(call, &args.name).await?;
                    let key = there.as_ref().and_then(|there| there.target_key_id());
                    if may_be_ours && key == Some(super::bare_key(&args.target_key_id)) {
                        return Ok(());
                    }
                    refusal.exists = Some(args.name.clone());
                    Err(refusal)
                }
                sent => sent.sent_once(call).map(drop),
            }
        };
        call.aws.sent_creates.send(call, sent).await?;
        Self::made(call, &args.name).await
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_alias().alias_name(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = AliasArgs { name: found.id.clone(), target_key_id: text(found.target_key_id()) };
        let state = AliasState { id: found.id.clone(), arn: text(found.alias_arn()) };
        Ok(Report::new(found.id.clone(), state).args(args))
    }
}

#[cfg(feature = "kms")]
#[async_trait]
impl UpdateOperation for Alias {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let update = call.aws.update_alias().alias_name(&change.prior.id);
        update.target_key_id(&change.args.target_key_id).send().await.sent(call)?;
        Self::made(call, &change.prior.id).await
    }
}

#[cfg(feature = "kms")]
impl Alias {
    async fn named(call: &Call<'_>, name: &str) -> Result<Option<Found<Item>>, Failure> {
        Ok(Self::describe(call.aws, Which::All).await?.into_iter().find(|found| found.id == name))
    }

    /// Reports one that was made or changed a moment ago, which no call answers with.
    async fn made(call: &Call<'_>, name: &str) -> Result<Report<Self>, Failure> {
        let look = || async { Self::named(call, name).await?.ok_or_else(|| call.not_there()) };
        let found = accepted(call, look).await?;
        Self::report(call, &found).await
    }
}
