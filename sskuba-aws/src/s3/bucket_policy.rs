//! Policies of buckets.

use super::prelude::*;

/// The policy of a bucket.
///
/// A bucket has one: two of the same bucket are the same object, whatever they are called. AWS can neither tag it nor takes a
/// token for it, and would silently write over one that is there: a create asks first, and refuses with the line that
/// imports it; only what an interrupted create of this resource left, with the same document, counts as made. Its id is the
/// bucket's name.
#[derive(Resource)]
#[resource(
    kind = "aws:s3:BucketPolicy",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "bucket"
)]
pub struct BucketPolicy {
    /// The bucket.
    #[resource(force_new, reference = "aws:s3:Bucket")]
    bucket: Input<String>,
    /// The policy, as JSON, at most 20 KB.
    #[resource(normaliser = "json_sets")]
    policy: Input<String>,
    /// The bucket's name.
    #[resource(computed, id, pattern = "{field:bucket}")]
    id: Computed<String>,
}

impl Kind for BucketPolicy {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let length = args.policy.len();
        let is_long = length > 20 * 1024;
        let message = || mistake("policy", format!("has {length} bytes; AWS takes {}", 20 * 1024));
        is_long.then(message).into_iter().collect()
    }
}

#[cfg(feature = "s3")]
#[async_trait]
impl Operations for BucketPolicy {
    type Api = S3;
    /// The document.
    type Item = String;
    const NAME: &'static str = "policy of a bucket";

    /// Those of all are those of each bucket.
    async fn describe(s3: &Aws<S3>, which: Which) -> Result<Vec<Found<String>>, Failure> {
        let mut all = Vec::new();
        for bucket in super::Bucket::describe(s3, which).await? {
            all.extend(Self::of(s3, &bucket.id).await?);
        }
        Ok(all)
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<String>>, Failure> {
        Self::of(call.aws, &prior.id).await
    }

    async fn create(call: &Call<'_>, args: BucketPolicyArgs) -> Result<Report<Self>, Failure> {
        let may_be_ours = call.aws.sent_creates.may_have_made(call);
        if let Some(there) = Self::of(call.aws, &args.bucket).await?
            && !(may_be_ours && same_document(&there.item, &args.policy))
        {
            return Err(Failure::exists(
                format!("the bucket {} has a policy already", args.bucket),
                args.bucket,
            ));
        }
        call.aws.sent_creates.send(call, Self::put(call, args)).await
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_bucket_policy().bucket(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<String>) -> Result<Report<Self>, Failure> {
        Ok(object(BucketPolicyArgs { bucket: found.id.clone(), policy: found.item.clone() }))
    }
}

#[cfg(feature = "s3")]
#[async_trait]
impl UpdateOperation for BucketPolicy {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        Self::put(call, change.args).await
    }
}

#[cfg(feature = "s3")]
impl BucketPolicy {
    async fn of(s3: &Aws<S3>, bucket: &str) -> Result<Option<Found<String>>, Failure> {
        let found = there(s3.get_bucket_policy().bucket(bucket).send().await.asked(s3))?;
        let policy = found.and_then(|found| given(found.policy()));
        Ok(policy.map(|item| Found { id: bucket.to_owned(), tags: BTreeMap::new(), item }))
    }

    async fn put(call: &Call<'_>, args: BucketPolicyArgs) -> Result<Report<Self>, Failure> {
        let put = call.aws.put_bucket_policy().bucket(&args.bucket).policy(&args.policy);
        put.send().await.sent(call)?;
        Ok(object(args))
    }
}

#[cfg(feature = "s3")]
fn object(args: BucketPolicyArgs) -> Report<BucketPolicy> {
    let id = args.bucket.clone();
    Report::new(id.clone(), BucketPolicyState { id }).args(args)
}
