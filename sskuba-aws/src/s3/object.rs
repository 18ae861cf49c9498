//! Objects.

#[cfg(feature = "s3")]
use aws_sdk_s3::primitives::ByteStream;

use super::prelude::*;

/// An object of a bucket, whose text the program says.
///
/// A bucket has one of a key: two of the same bucket and key are the same object, whatever they are called. A create that meets
/// one which is there already is refused, with the line that imports it (AWS checks it with the write itself,
/// `If-None-Match`); only what an interrupted create of this resource left, with the same text, counts as made. It carries no
/// tags. It is read whole, so that a text which others changed is drift. In a bucket with versions a delete leaves the older
/// ones.
///
/// Its id is bucket and key, `BUCKET/KEY`. Objects are not listed: a bucket may have billions.
#[derive(Resource)]
#[resource(
    kind = "aws:s3:Object",
    idempotency = "token",
    visibility = "5s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "bucket, key"
)]
pub struct Object {
    /// The bucket.
    #[resource(force_new, reference = "aws:s3:Bucket")]
    bucket: Input<String>,
    /// The key: at most 1024 bytes.
    #[resource(force_new)]
    key: Input<String>,
    /// The text: at most 1 MiB, and not empty.
    content: Input<String>,
    /// Of which type it is, e.g. `text/html`.
    #[resource(cloud_default)]
    content_type: Option<Input<String>>,
    /// For how long others may keep it, e.g. `max-age=300`.
    cache_control: Option<Input<String>>,
    /// The bucket and the key.
    #[resource(computed, id, pattern = "{field:bucket}/{field:key}")]
    id: Computed<String>,
    /// The print of the object, which is another when it is.
    #[resource(computed, volatile, pattern = "{hex:32}")]
    etag: Computed<String>,
}

/// The most bytes of a text.
const LIMIT: usize = 1 << 20;

impl Kind for Object {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        let (key, content) = (args.key.len(), args.content.len());
        if key > 1024 {
            mistakes.push(mistake("key", format!("has {key} bytes; AWS takes 1024")));
        }
        if content > LIMIT {
            mistakes
                .push(mistake("content", format!("has {content} bytes; at most {LIMIT} can be said here")));
        }
        mistakes
    }
}

/// An object as it is read.
#[cfg(feature = "s3")]
#[derive(Debug, Clone)]
pub(crate) struct Item {
    args: ObjectArgs,
    etag: String,
    /// Whether it is a text that the program could have said.
    is_text: bool,
}

#[cfg(feature = "s3")]
#[async_trait]
impl Operations for Object {
    type Api = S3;
    type Item = Item;
    const NAME: &'static str = "object";

    async fn describe(_: &Aws<S3>, _: Which) -> Result<Vec<Found<Item>>, Failure> {
        Err(Failure::unlisted("a bucket may have billions of objects"))
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        let (bucket, key) = parts(&prior.id)?;
        Self::of(call, bucket, key).await
    }

    async fn create(call: &Call<'_>, args: ObjectArgs) -> Result<Report<Self>, Failure> {
        let may_be_ours = call.aws.sent_creates.may_have_made(call);
        let sent = async {
            let put = Self::put(call, &args).if_none_match("*");
            match put.customize().config_override(once()).send().await {
                Err(error) if means(&error, Meaning::Taken) => {
                    let mut refusal = refusal(&error, call);
                    let there = Self::of(call, &args.bucket, &args.key).await?;
                    match there {
                        Some(there) if may_be_ours && there.args.content == args.content => {
                            Ok(object(&args, there.item.etag))
                        }
                        _ => {
                            refusal.exists = Some(format!("{}/{}", args.bucket, args.key));
                            Err(refusal)
                        }
                    }
                }
                sent => sent.sent_once(call).map(|made| object(&args, text(made.e_tag()))),
            }
        };
        call.aws.sent_creates.send(call, sent).await
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let (bucket, key) = parts(&prior.id)?;
        call.aws.delete_object().bucket(bucket).key(key).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let report = object(&found.args, found.etag.clone()).args(found.args.clone());
        // Of what is no text the program cannot say what it is.
        Ok(report.unreported((!found.is_text).then_some("content")))
    }
}

#[cfg(feature = "s3")]
#[async_trait]
impl UpdateOperation for Object {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let made = Self::put(call, &change.args).send().await.sent(call)?;
        Ok(object(&change.args, text(made.e_tag())))
    }
}

#[cfg(feature = "s3")]
impl Object {
    async fn of(call: &Call<'_>, bucket: &str, key: &str) -> Result<Option<Found<Item>>, Failure> {
        let get = call.aws.get_object().bucket(bucket).key(key);
        let Some(found) = there(get.send().await.asked(call))? else { return Ok(None) };
        let (content_type, cache_control) = (given(found.content_type()), given(found.cache_control()));
        let (etag, length) = (text(found.e_tag()), found.content_length().unwrap_or_default());
        let is_short = usize::try_from(length).is_ok_and(|length| length <= LIMIT);
        let broken = |error| {
            Failure::new(Class::Transient, format!("{bucket}/{key} was not read to its end: {error}"))
        };
        let content = match is_short {
            true => String::from_utf8(found.body.collect().await.map_err(broken)?.to_vec()).ok(),
            false => None,
        };
        let item = Item {
            is_text: content.is_some(),
            args: ObjectArgs {
                bucket: bucket.to_owned(),
                key: key.to_owned(),
                content: content.unwrap_or_default(),
                content_type,
                cache_control,
            },
            etag,
        };
        Ok(Some(Found { id: format!("{bucket}/{key}"), tags: BTreeMap::new(), item }))
    }

    fn put(call: &Call<'_>, args: &ObjectArgs) -> Put {
        let body = ByteStream::from(args.content.clone().into_bytes());
        let put = call.aws.put_object().bucket(&args.bucket).key(&args.key).body(body);
        put.set_content_type(args.content_type.clone()).set_cache_control(args.cache_control.clone())
    }
}

#[cfg(feature = "s3")]
type Put = aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;

#[cfg(feature = "s3")]
fn object(args: &ObjectArgs, etag: String) -> Report<Object> {
    let id = format!("{}/{}", args.bucket, args.key);
    let etag = etag.trim_matches('"').to_owned();
    Report::new(id.clone(), ObjectState { id, etag })
}

/// Splits an id into bucket and key.
#[cfg(feature = "s3")]
fn parts(id: &str) -> Result<(&str, &str), Failure> {
    id.split_once('/').filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty()).ok_or_else(|| {
        Failure::new(Class::Invalid("id".to_owned()), format!("{id:?} is not the id of an object"))
            .hint("it is the bucket and the key, joined by `/`")
    })
}
