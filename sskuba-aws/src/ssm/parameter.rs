//! Parameters.

#[cfg(feature = "ssm")]
use aws_sdk_ssm::types::{ParameterMetadata, ParameterStringFilter, ParameterType};

use super::prelude::*;
use crate::kms::same_key;

/// A parameter of the Parameter Store.
///
/// Its name is unique in the account's region and made of the resource's name and its token unless one is given; with a given
/// name the old one goes before another takes its place. Its value is a secret here, sealed by AWS or not: plans and messages
/// never show it. It is read back, with `kms:Decrypt` where it is sealed, so that a value which others set is drift.
#[derive(Resource)]
#[resource(
    kind = "aws:ssm:Parameter",
    idempotency = "token, tag",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "name"
)]
pub struct Parameter {
    /// The value, 1 to 4096 bytes.
    value: Input<Secret<String>>,
    /// The name, e.g. `/shop/database/url`: letters, digits and any of `/_.-`; made of the resource's name and its token if
    /// not given.
    #[resource(force_new, cloud_default, rule = "NAMES")]
    name: Option<Input<String>>,
    /// Whether AWS seals it (`SecureString`), or keeps it as it is (`String`).
    #[resource(force_new, default)]
    secure: Input<bool>,
    /// The key that a sealed one is sealed with: its id, ARN or alias; AWS's own if not given.
    #[resource(normaliser = "same_key", reference = "aws:kms:Key")]
    kms_key_id: Option<Input<String>>,
    /// What it is for, at most 1024 characters.
    #[resource(rule = "AtMost(1024)")]
    description: Option<Input<String>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The name that it has.
    #[resource(computed, id, pattern = "{name}-{hex:12}")]
    id: Computed<String>,
    /// The ARN.
    #[resource(computed, pattern = "arn:aws:ssm:{region}:{digits:12}:parameter/{name}-{hex:12}")]
    arn: Computed<String>,
    /// How often it was set.
    #[resource(computed, volatile, pattern = "{digits:1}")]
    parameter_version: Computed<String>,
}

/// What AWS takes as the name of a parameter
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html>).
const NAMES: TextRule = TextRule { longest: 1011, signs: "/_.-", inner: "", reserved: "" };

/// The key that AWS takes if none is named.
#[cfg(feature = "ssm")]
const OWN_KEY: &str = "alias/aws/ssm";

impl Kind for Parameter {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        mistakes.extend(args.name.as_deref().and_then(place_mistake));
        let length = args.value.expose().len();
        if !(1..=4096).contains(&length) {
            mistakes.push(mistake("value", format!("has {length} bytes; AWS takes 1 to 4096")));
        }
        if args.kms_key_id.is_some() && !args.secure {
            mistakes.push(mistake(
                "kms_key_id",
                "is of a sealed parameter: add `.secure(true)`, or leave it out",
            ));
        }
        mistakes
    }
}

/// Says what is wrong with where a name begins, and how deep it is.
fn place_mistake(name: &str) -> Option<FieldError> {
    let first = name.trim_start_matches('/').to_ascii_lowercase();
    let message = if first.starts_with("aws") || first.starts_with("ssm") {
        "begins with `aws` or `ssm`, which AWS keeps for itself: choose another"
    } else if name.contains('/') && !name.starts_with('/') {
        "is a path that does not begin with `/`"
    } else if name.ends_with('/') || name.contains("//") {
        "has a part that is empty"
    } else if name.matches('/').count() > 15 {
        "is deeper than 15 levels"
    } else {
        return None;
    };
    Some(mistake("name", format!("{name:?} {message}")))
}

/// A parameter with its value.
#[cfg(feature = "ssm")]
#[derive(Clone)]
pub(crate) struct Item {
    about: ParameterMetadata,
    value: Secret<String>,
}

#[cfg(feature = "ssm")]
#[async_trait]
impl Operations for Parameter {
    type Api = Ssm;
    type Item = Item;
    const NAME: &'static str = "parameter";

    async fn describe(ssm: &Aws<Ssm>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let names = match which {
            Which::Ids(names) | Which::Among(names) => names,
            _ => {
                let pages = ssm.describe_parameters().into_paginator().send();
                let pages = pages.collect::<Result<Vec<_>, _>>().await.asked(ssm)?.into_iter();
                let all = pages.flat_map(|page| page.parameters.unwrap_or_default());
                let known = all.filter(|about| about.r#type() != Some(&ParameterType::StringList));
                known.map(|about| text(about.name())).collect()
            }
        };
        let mut all = Vec::new();
        for name in names {
            all.extend(Self::named(ssm, &name).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call.aws, &prior.id).await
    }

    async fn create(call: &Call<'_>, args: ParameterArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &NAMES);
        let put = Self::put(call, &name, &args).overwrite(false);
        match put.set_tags(spec(call, &args.tags)).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let there = tags_of(call.aws, &name).await?;
                met(call, refusal(&error, call), name.clone(), &there)?;
            }
            sent => drop(sent.sent(call)?),
        }
        // The answer has no ARN, and what was made a moment ago may not be known everywhere.
        let look = || async { Self::named(call.aws, &name).await?.ok_or_else(|| call.not_there()) };
        let found = crate::client::accepted(call, look).await;
        found
            .map(|found| Report::new(name.clone(), state(&found)))
            .map_err(|f| call.partial::<Self>(&name, f))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_parameter().name(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let key = given(found.about.key_id()).filter(|key| !key.ends_with(OWN_KEY));
        let args = ParameterArgs {
            value: found.value.clone(),
            name: Some(found.id.clone()),
            secure: found.about.r#type() == Some(&ParameterType::SecureString),
            kms_key_id: key,
            description: given(found.about.description()),
            tags: crate::tags::reported(tags_of(call.aws, &found.id).await?),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call.aws, &call.name(None, &NAMES)).await
    }
}

#[cfg(feature = "ssm")]
#[async_trait]
impl UpdateOperation for Parameter {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (name, args) = (&change.prior.id, &change.args);
        let found = Self::named(call.aws, name).await?.ok_or_else(|| call.not_there())?;
        let there = Self::report(call, &found).await?.args;
        let is_same = there.is_some_and(|there| {
            let key = |args: &ParameterArgs| {
                args.kms_key_id.as_deref().map(crate::kms::bare_key).map(str::to_owned)
            };
            there.value.expose() == args.value.expose()
                && (&there.description, key(&there)) == (&args.description, key(args))
        });
        // Each put counts as a version, also one that changes nothing.
        if !is_same {
            Self::put(call, name, args).overwrite(true).send().await.sent(call)?;
        }
        call.retagged(change).await
    }
}

#[cfg(feature = "ssm")]
impl Parameter {
    async fn named(ssm: &Aws<Ssm>, name: &str) -> Result<Option<Found<Item>>, Failure> {
        let odd = |_| Failure::new(Class::Invalid("name".to_owned()), "the name is none that AWS takes");
        let filter = ParameterStringFilter::builder().key("Name").option("Equals").values(name);
        let ask = ssm.describe_parameters().parameter_filters(filter.build().map_err(odd)?);
        // A page may be empty, and another follow.
        let pages = ask.into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await.asked(ssm)?.into_iter();
        let about = pages.flat_map(|page| page.parameters.unwrap_or_default()).next();
        let Some(about) = about else { return Ok(None) };
        let value = match ssm.get_parameter().name(name).with_decryption(true).send().await.asked(ssm) {
            Err(failure) if failure.class == Class::NotFound => return Ok(None),
            found => found?.parameter.and_then(|found| found.value).unwrap_or_default(),
        };
        let item = Item { about, value: Secret::new(value) };
        Ok(Some(Found { id: name.to_owned(), tags: BTreeMap::new(), item }))
    }

    fn put(call: &Call<'_>, name: &str, args: &ParameterArgs) -> Put {
        let kind = if args.secure { ParameterType::SecureString } else { ParameterType::String };
        let key = args.kms_key_id.clone().or_else(|| args.secure.then(|| OWN_KEY.to_owned()));
        let put = call.aws.put_parameter().name(name).value(args.value.expose()).r#type(kind);
        put.description(args.description.clone().unwrap_or_default()).set_key_id(key)
    }
}

#[cfg(feature = "ssm")]
type Put = aws_sdk_ssm::operation::put_parameter::builders::PutParameterFluentBuilder;

#[cfg(feature = "ssm")]
fn state(found: &Found<Item>) -> ParameterState {
    ParameterState {
        id: found.id.clone(),
        arn: text(found.about.arn()),
        parameter_version: found.about.version().to_string(),
    }
}
