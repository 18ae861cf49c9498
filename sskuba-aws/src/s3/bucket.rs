//! Buckets.

#[cfg(feature = "s3")]
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, Delete, ObjectIdentifier,
    PublicAccessBlockConfiguration, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, VersioningConfiguration,
};

use super::prelude::*;
use crate::kms::same_key;

/// A bucket.
///
/// Its name is unique among the buckets of all accounts and made of the resource's name and its token unless one is given; with a
/// given name the old one goes before another takes its place. It is made with its tags, and one that is there is ours only if it
/// carries the token. AWS refuses to delete a bucket that has objects; with `force_destroy(true)` a delete takes all of them and
/// all their versions away first, for good.
///
/// Outside of `us-east-1` a bucket is in the region of the provider instance, and one of another region is not found. moto takes no tags with a create, so
/// that no test loses the answer for a given name.
///
/// ```
/// # use sskuba_aws::s3::{Bucket, Object};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let site = stack.add("site", Bucket::new().versioning(true))?;
/// stack.add("index", Object::new(site.id(), "index.html", "<p>hello</p>").content_type("text/html"))?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:s3:Bucket",
    idempotency = "token, tag",
    visibility = "30s",
    create = "3s",
    update = "2s",
    delete = "1s",
    unique = "name"
)]
pub struct Bucket {
    /// The name: 3 to 63 small letters, digits, dots and hyphens; made of the resource's name and its token if not given.
    #[resource(force_new, cloud_default)]
    name: Option<Input<String>>,
    /// Whether older versions of objects are kept.
    #[resource(default)]
    versioning: Input<bool>,
    /// The key that objects are sealed with: its id, ARN or alias; S3's own if not given.
    #[resource(normaliser = "same_key", reference = "aws:kms:Key")]
    kms_key_id: Option<Input<String>>,
    /// Whether S3 asks KMS once for many objects.
    #[resource(default)]
    bucket_key: Input<bool>,
    /// Whether nothing of it can be public, whatever policies and lists of access say.
    #[resource(default = true)]
    public_access_blocked: Input<bool>,
    /// Whether a delete takes the objects along.
    #[resource(default, write_only)]
    force_destroy: Input<bool>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The name that it has.
    #[resource(computed, id, pattern = "{name}-{hex:12}")]
    id: Computed<String>,
    /// The ARN.
    #[resource(computed, pattern = "arn:aws:s3:::{name}-{hex:12}")]
    arn: Computed<String>,
    /// The DNS name that it has in its region.
    #[resource(computed, pattern = "{name}-{hex:12}.s3.{region}.amazonaws.com")]
    domain_name: Computed<String>,
}

/// Says what is wrong with the name of a bucket
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>).
fn name_mistake(name: &str) -> Option<FieldError> {
    const BEGINNINGS: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
    const ENDS: [&str; 2] = ["-s3alias", ".mrap"];
    // After two hyphens.
    const SORTS: [&str; 3] = ["ol-s3", "x-s3", "table-s3"];
    let is_edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let message = if !(3..=63).contains(&name.len()) {
        format!("has {} characters; AWS takes 3 to 63", name.len())
    } else if let Some(odd) =
        name.chars().find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(*c)))
    {
        format!("{name:?} has {odd:?}; AWS takes small letters, digits, dots and hyphens")
    } else if !is_edge(name.chars().next()) || !is_edge(name.chars().next_back()) || name.contains("..") {
        format!("{name:?} begins or ends with a sign, or has two dots together, which AWS refuses")
    } else if name.parse::<std::net::Ipv4Addr>().is_ok() {
        format!("{name:?} is an address, which AWS refuses")
    } else if BEGINNINGS.iter().any(|begin| name.starts_with(begin))
        || ENDS.iter().any(|end| name.ends_with(end))
        || name.rsplit_once("--").is_some_and(|(_, sort)| SORTS.contains(&sort))
    {
        format!("{name:?} begins or ends as names do that AWS keeps for itself: choose another")
    } else {
        return None;
    };
    Some(mistake("name", message))
}

impl Kind for Bucket {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::from_iter(args.name.as_deref().and_then(name_mistake));
        if args.bucket_key && args.kms_key_id.is_none() {
            mistakes.push(mistake("bucket_key", "is of a key in KMS: add `.kms_key_id(…)`, or leave it out"));
        }
        mistakes
    }
}

#[cfg(feature = "s3")]
#[async_trait]
impl Operations for Bucket {
    type Api = S3;
    /// Its name is all that a list tells of it.
    type Item = ();
    const NAME: &'static str = "bucket";
    const UNREPORTED: &'static [&'static str] = &["force_destroy"];

    async fn describe(s3: &Aws<S3>, which: Which) -> Result<Vec<Found<()>>, Failure> {
        let names = match which {
            Which::Ids(names) | Which::Among(names) => names,
            _ => {
                let pages = s3.list_buckets().bucket_region(region(s3)).into_paginator().items().send();
                let all = pages.collect::<Result<Vec<_>, _>>().await.asked(s3)?;
                return Ok(all.iter().map(|bucket| found(text(bucket.name()))).collect());
            }
        };
        let mut all = Vec::new();
        for name in names {
            all.extend(Self::named(s3, &name).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<()>>, Failure> {
        Self::named(call.aws, &prior.id).await
    }

    async fn create(call: &Call<'_>, args: BucketArgs) -> Result<Report<Self>, Failure> {
        let made_name = made_name(call);
        let name = args.name.clone().unwrap_or_else(|| made_name.clone());
        // In one region AWS answers a create of what is there as if it had made it.
        match Self::named(call.aws, &name).await? {
            // A name that is made of the token is nobody else's.
            Some(_) if name == made_name => {}
            Some(there) => {
                let tags = tags_of(call.aws, &there.id).await?;
                refuse_foreign(call, &format!("a bucket of the name {name}"), &tags, &there.id)?;
            }
            None => Self::make(call, &name, &args).await?,
        }
        let set = async {
            visible(call, || call.retag(&name, None, &args.tags)).await?;
            Self::set(call, &name, &args).await
        };
        set.await.map_err(|failure| call.partial::<Self>(&name, failure))?;
        Ok(Report::new(name.clone(), state(call, name)))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        if prior.args.as_ref().is_some_and(|args| args.force_destroy) {
            Self::empty(call, &prior.id).await?;
        }
        let delete = call.aws.delete_bucket().bucket(&prior.id).send().await.sent(call);
        delete.map(drop).map_err(|failure| match failure.class {
            Class::Conflict => failure
                .hint("delete its objects, or say `.force_destroy(true)` and apply that before the delete"),
            _ => failure,
        })
    }

    async fn report(call: &Call<'_>, found: &Found<()>) -> Result<Report<Self>, Failure> {
        let (s3, name) = (call.aws, &found.id);
        let (versioning, encryption, block) = tokio::join!(
            s3.get_bucket_versioning().bucket(name).send(),
            s3.get_bucket_encryption().bucket(name).send(),
            s3.get_public_access_block().bucket(name).send()
        );
        let encryption =
            there(encryption.asked(call))?.and_then(|it| it.server_side_encryption_configuration);
        let rule = encryption.and_then(|it| it.rules.into_iter().next());
        let sealed = rule.as_ref().and_then(|rule| rule.apply_server_side_encryption_by_default());
        let block = there(block.asked(call))?.and_then(|it| it.public_access_block_configuration);
        let is_whole = |block: PublicAccessBlockConfiguration| {
            [
                block.block_public_acls,
                block.ignore_public_acls,
                block.block_public_policy,
                block.restrict_public_buckets,
            ]
            .iter()
            .all(|is| *is == Some(true))
        };
        let args = BucketArgs {
            name: Some(name.clone()),
            versioning: versioning.asked(call)?.status() == Some(&BucketVersioningStatus::Enabled),
            kms_key_id: sealed.and_then(|by| given(by.kms_master_key_id())),
            bucket_key: rule.as_ref().and_then(|rule| rule.bucket_key_enabled()).unwrap_or_default(),
            public_access_blocked: block.is_some_and(is_whole),
            force_destroy: false,
            tags: crate::tags::reported(tags_of(s3, name).await?),
        };
        Ok(Report::new(name.clone(), state(call, name.clone())).args(args))
    }

    async fn find(call: &Call<'_>) -> Result<Option<Found<()>>, Failure> {
        Self::named(call.aws, &made_name(call)).await
    }
}

#[cfg(feature = "s3")]
#[async_trait]
impl UpdateOperation for Bucket {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        Self::set(call, &change.prior.id, &change.args).await?;
        call.retagged(change).await
    }
}

#[cfg(feature = "s3")]
impl Bucket {
    /// Returns the account's bucket of a name; one of another account or region fails.
    async fn named(s3: &Aws<S3>, name: &str) -> Result<Option<Found<()>>, Failure> {
        let answer = s3.head_bucket().bucket(name).send().await;
        // Such an answer has no body that says more.
        let status =
            answer.as_ref().err().and_then(|error| error.raw_response()).map(|raw| raw.status().as_u16());
        match status {
            Some(404) => Ok(None),
            Some(403) => {
                let message =
                    format!("the bucket {name} is another account's, or the credentials may not see it");
                Err(Failure::new(Class::Denied, message))
            }
            Some(301 | 400) => {
                let message = format!("the bucket {name} is not in {}", region(s3));
                Err(Failure::new(Class::Conflict, message)
                    .hint("choose another name, or the region that it is in"))
            }
            _ => answer.asked(s3).map(|_| Some(found(name.to_owned()))),
        }
    }

    async fn make(call: &Call<'_>, name: &str, args: &BucketArgs) -> Result<(), Failure> {
        let region = region(call.aws);
        let place = (region != "us-east-1").then(|| BucketLocationConstraint::from(region.as_str()));
        let config = CreateBucketConfiguration::builder().set_location_constraint(place);
        let config = config.set_tags(Some(pairs(call.tags(&args.tags)))).build();
        let create = call.aws.create_bucket().bucket(name).create_bucket_configuration(config);
        match create.send().await {
            // It came to be after it was looked for: by a try before this one, or by somebody else.
            Err(error) if means(&error, Meaning::Taken) => {
                let tags = tags_of(call.aws, name).await.map_err(|_| refusal(&error, call))?;
                match name == made_name(call) {
                    true => Ok(()),
                    false => refuse_foreign(call, &format!("a bucket of the name {name}"), &tags, name),
                }
            }
            sent => sent.sent(call).map(drop),
        }
    }

    /// Sets all but the tags.
    async fn set(call: &Call<'_>, name: &str, args: &BucketArgs) -> Result<(), Failure> {
        let odd = |_| call.lacking("whole configuration");
        let status = call.aws.get_bucket_versioning().bucket(name).send().await.asked(call)?.status;
        // One that never had versions cannot be told from one whose are off.
        if args.versioning || status == Some(BucketVersioningStatus::Enabled) {
            let status = if args.versioning {
                BucketVersioningStatus::Enabled
            } else {
                BucketVersioningStatus::Suspended
            };
            let put = call.aws.put_bucket_versioning().bucket(name);
            let put = put.versioning_configuration(VersioningConfiguration::builder().status(status).build());
            put.send().await.sent(call)?;
        }
        let sealed = ServerSideEncryptionByDefault::builder();
        let sealed = match &args.kms_key_id {
            Some(key) => sealed.sse_algorithm(ServerSideEncryption::AwsKms).kms_master_key_id(key),
            None => sealed.sse_algorithm(ServerSideEncryption::Aes256),
        };
        let rule = ServerSideEncryptionRule::builder().bucket_key_enabled(args.bucket_key);
        let rule = rule.apply_server_side_encryption_by_default(sealed.build().map_err(odd)?).build();
        let config = ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(odd)?;
        let put = call.aws.put_bucket_encryption().bucket(name);
        put.server_side_encryption_configuration(config).send().await.sent(call)?;
        let is = args.public_access_blocked;
        let block = PublicAccessBlockConfiguration::builder().block_public_acls(is).ignore_public_acls(is);
        let block = block.block_public_policy(is).restrict_public_buckets(is).build();
        let put = call.aws.put_public_access_block().bucket(name).public_access_block_configuration(block);
        put.send().await.sent(call).map(drop)
    }

    /// Deletes all objects, with all versions of them.
    async fn empty(call: &Call<'_>, name: &str) -> Result<(), Failure> {
        let odd = |_| call.lacking("whole object");
        loop {
            let page = there(call.aws.list_object_versions().bucket(name).send().await.asked(call))?;
            let Some(page) = page else { return Ok(()) };
            let versions = page.versions().iter().map(|one| (one.key(), one.version_id()));
            let marks = page.delete_markers().iter().map(|one| (one.key(), one.version_id()));
            let object = |(key, version): (Option<&str>, Option<&str>)| {
                let object = ObjectIdentifier::builder().key(text(key));
                object.set_version_id(version.map(str::to_owned)).build()
            };
            let all = versions.chain(marks).map(object).collect::<Result<Vec<_>, _>>().map_err(odd)?;
            if all.is_empty() {
                return Ok(());
            }
            let delete = Delete::builder().set_objects(Some(all)).quiet(true).build().map_err(odd)?;
            let done = call.aws.delete_objects().bucket(name).delete(delete).send().await.sent(call)?;
            if let Some(error) = done.errors().first() {
                let (key, why) = (text(error.key()), crate::client::reason(error.code(), error.message()));
                return Err(Failure::new(Class::Conflict, format!("{key} cannot be deleted: {why}")));
            }
        }
    }
}

/// Returns the name of a bucket that is given none.
#[cfg(feature = "s3")]
fn made_name(call: &Call<'_>) -> String {
    call.cx.token.physical_name(call.cx.address.name(), 63).to_lowercase()
}

#[cfg(feature = "s3")]
fn found(id: String) -> Found<()> {
    Found { id, tags: BTreeMap::new(), item: () }
}

#[cfg(feature = "s3")]
fn state(call: &Call<'_>, id: String) -> BucketState {
    let region = region(call.aws);
    let (partition, end) = match region.split('-').next() {
        Some("cn") => ("aws-cn", ".cn"),
        _ if region.starts_with("us-gov-") => ("aws-us-gov", ""),
        _ => ("aws", ""),
    };
    let arn = format!("arn:{partition}:s3:::{id}");
    let domain_name = format!("{id}.s3.{region}.amazonaws.com{end}");
    BucketState { id, arn, domain_name }
}
