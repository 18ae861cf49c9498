//! Repositories.

#[cfg(feature = "ecr")]
use aws_sdk_ecr::types::{
    EncryptionConfiguration, EncryptionType, ImageScanningConfiguration, ImageTagMutability,
    Repository as Item,
};

use super::prelude::*;
use crate::kms::same_key;

/// A repository of images.
///
/// Its name is unique in the account's region and made of the resource's name and its token unless one is given; with a given
/// name the old one goes before another takes its place. AWS refuses to delete one that has images; with `force_delete(true)`
/// a delete takes them along.
#[derive(Resource)]
#[resource(
    kind = "aws:ecr:Repository",
    idempotency = "token, tag",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "name"
)]
pub struct Repository {
    /// The name, e.g. `shop/web`: 2 to 256 small letters and digits, with `/` and single `.`, `_` and `-` between them; made of
    /// the resource's name and its token if not given.
    #[resource(force_new, cloud_default, rule = "is_name")]
    name: Option<Input<String>>,
    /// Whether a tag of an image stays with it for ever.
    #[resource(default)]
    immutable_tags: Input<bool>,
    /// Whether an image is scanned when it is pushed.
    #[resource(default)]
    scan_on_push: Input<bool>,
    /// The ARN of the key that images are sealed with; ECR's own if not given.
    #[resource(force_new, normaliser = "same_key", reference = "aws:kms:Key")]
    kms_key_id: Option<Input<String>>,
    /// Whether a delete takes the images along.
    #[resource(default, write_only)]
    force_delete: Input<bool>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The ARN.
    #[resource(computed, id, pattern = "arn:aws:ecr:{region}:{digits:12}:repository/{name}-{hex:12}")]
    arn: Computed<String>,
    /// The name that it has.
    #[resource(computed, pattern = "{name}-{hex:12}")]
    repository_name: Computed<String>,
    /// Where images are pushed to and pulled from.
    #[resource(computed, pattern = "{digits:12}.dkr.ecr.{region}.amazonaws.com/{name}-{hex:12}")]
    url: Computed<String>,
}

/// Says what is wrong with the name of a repository
/// (<https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html>).
fn is_name(name: &Value) -> Option<String> {
    let name = name.as_str()?;
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_part = |part: &str| {
        let words = part.split(['.', '_', '-']);
        words.clone().all(|word| !word.is_empty() && word.chars().all(is_letter))
    };
    let is_one = (2..=256).contains(&name.len()) && name.split('/').all(is_part);
    (!is_one).then(|| {
        let takes =
            "AWS takes 2 to 256 small letters and digits, with `/` and single `.`, `_` and `-` between them";
        format!("{name:?} is no name of a repository: {takes}")
    })
}

impl Kind for Repository {}

#[cfg(feature = "ecr")]
#[async_trait]
impl Operations for Repository {
    type Api = Ecr;
    type Item = Item;
    const NAME: &'static str = "repository";
    const UNREPORTED: &'static [&'static str] = &["force_delete"];

    async fn describe(ecr: &Aws<Ecr>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let Some(arns) = which.ids() else {
            let pages = ecr.describe_repositories().into_paginator().items().send();
            let all = pages.collect::<Result<Vec<_>, _>>().await.asked(ecr)?;
            return Ok(all.into_iter().map(found).collect());
        };
        let mut all = Vec::new();
        for arn in arns {
            all.extend(Self::named(ecr, name_of(&arn)?).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call.aws, name_of(&prior.id)?).await
    }

    async fn create(call: &Call<'_>, args: RepositoryArgs) -> Result<Report<Self>, Failure> {
        let odd = |_| call.lacking("whole configuration");
        let name = args.name.clone().unwrap_or_else(|| made_name(call));
        let create = call.aws.create_repository().repository_name(&name);
        let create =
            create.image_tag_mutability(mutability(&args)).image_scanning_configuration(scanning(&args));
        let sealed = match &args.kms_key_id {
            Some(key) => EncryptionConfiguration::builder().encryption_type(EncryptionType::Kms).kms_key(key),
            None => EncryptionConfiguration::builder().encryption_type(EncryptionType::Aes256),
        };
        let create = create.encryption_configuration(sealed.build().map_err(odd)?);
        let made = match create.set_tags(spec(call, &args.tags)).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let refusal = refusal(&error, call);
                let look = || async { Self::named(call.aws, &name).await?.ok_or_else(|| call.not_there()) };
                let there = visible(call, look).await?;
                met(call, refusal, there.id.clone(), &tags_of(call.aws, &there.id).await?)?;
                there.item
            }
            sent => sent.sent(call)?.repository.ok_or_else(|| call.lacking(Self::NAME))?,
        };
        Ok(Report::new(text(made.repository_arn()), state(&made)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let force = prior.args.as_ref().is_some_and(|args| args.force_delete);
        let delete = call.aws.delete_repository().repository_name(name_of(&prior.id)?).force(force);
        delete.send().await.sent(call).map(drop).map_err(|failure| match failure.class {
            Class::Conflict => failure
                .hint("delete its images, or say `.force_delete(true)` and apply that before the delete"),
            _ => failure,
        })
    }

    async fn report(call: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let scanned = found.image_scanning_configuration().map(|scanning| scanning.scan_on_push());
        let args = RepositoryArgs {
            name: given(found.repository_name()),
            immutable_tags: found.image_tag_mutability() == Some(&ImageTagMutability::Immutable),
            scan_on_push: scanned.unwrap_or_default(),
            kms_key_id: found.encryption_configuration().and_then(|sealed| given(sealed.kms_key())),
            force_delete: false,
            tags: crate::tags::reported(tags_of(call.aws, &found.id).await?),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<Item>>, Failure> {
        Self::named(call.aws, &made_name(call)).await
    }
}

#[cfg(feature = "ecr")]
#[async_trait]
impl UpdateOperation for Repository {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (name, args) = (name_of(&change.prior.id)?, &change.args);
        let put = call.aws.put_image_tag_mutability().repository_name(name);
        put.image_tag_mutability(mutability(args)).send().await.sent(call)?;
        let put = call.aws.put_image_scanning_configuration().repository_name(name);
        put.image_scanning_configuration(scanning(args)).send().await.sent(call)?;
        call.retagged(change).await
    }
}

#[cfg(feature = "ecr")]
impl Repository {
    /// Returns the repository of a name, whoever made it.
    async fn named(ecr: &Aws<Ecr>, name: &str) -> Result<Option<Found<Item>>, Failure> {
        let answer = there(ecr.describe_repositories().repository_names(name).send().await.asked(ecr))?;
        Ok(answer.and_then(|answer| answer.repositories).unwrap_or_default().into_iter().next().map(found))
    }
}

/// Returns the name of a repository that is given none.
#[cfg(feature = "ecr")]
fn made_name(call: &Call<'_>) -> String {
    call.cx.token.physical_name(call.cx.address.name(), 256).to_lowercase()
}

#[cfg(feature = "ecr")]
fn mutability(args: &RepositoryArgs) -> ImageTagMutability {
    if args.immutable_tags { ImageTagMutability::Immutable } else { ImageTagMutability::Mutable }
}

#[cfg(feature = "ecr")]
fn scanning(args: &RepositoryArgs) -> ImageScanningConfiguration {
    ImageScanningConfiguration::builder().scan_on_push(args.scan_on_push).build()
}

#[cfg(feature = "ecr")]
fn name_of(arn: &str) -> Result<&str, Failure> {
    arn.split_once(":repository/").map(|(_, name)| name).ok_or_else(|| {
        Failure::new(Class::Invalid("id".to_owned()), format!("{arn:?} is no ARN of a repository"))
            .hint("it is written arn:aws:ecr:REGION:123456789012:repository/NAME")
    })
}

#[cfg(feature = "ecr")]
fn found(item: Item) -> Found<Item> {
    Found { id: text(item.repository_arn()), tags: BTreeMap::new(), item }
}

#[cfg(feature = "ecr")]
fn state(found: &Item) -> RepositoryState {
    RepositoryState {
        arn: text(found.repository_arn()),
        repository_name: text(found.repository_name()),
        url: text(found.repository_uri()),
    }
}
