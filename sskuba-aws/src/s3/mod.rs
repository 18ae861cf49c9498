//! S3: buckets, their policies, and objects.

mod bucket;
mod bucket_policy;
mod object;
mod prelude;
#[cfg(feature = "s3")]
mod service;

use sskuba_core::provider::Handlers;

pub use bucket::{Bucket, BucketArgs, BucketOutputs, BucketState};
pub use bucket_policy::{BucketPolicy, BucketPolicyArgs, BucketPolicyOutputs, BucketPolicyState};
pub use object::{Object, ObjectArgs, ObjectOutputs, ObjectState};

use crate::provider::Account;
#[cfg(not(feature = "s3"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "s3")]
type Kinds = crate::client::Kinds<service::S3>;

/// Adds the kinds of S3.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account).resource::<Bucket>().resource::<BucketPolicy>().resource::<Object>().added()
}
