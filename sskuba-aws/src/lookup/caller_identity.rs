//! Whom the credentials belong to.

use sskuba_core::prelude::*;

use crate::kind::Kind;

/// The account and principal that the credentials belong to.
#[derive(Resource)]
#[resource(kind = "aws:sts:CallerIdentity", lookup, create = "1s")]
pub struct CallerIdentity {
    /// The account.
    #[resource(computed, pattern = "{digits:12}")]
    account_id: Computed<String>,
    /// The principal's ARN.
    #[resource(computed, pattern = "arn:aws:iam::{digits:12}:user/simulated")]
    arn: Computed<String>,
    /// The principal's id.
    #[resource(computed, pattern = "AIDA{upper:17}")]
    user_id: Computed<String>,
}

impl Kind for CallerIdentity {}
