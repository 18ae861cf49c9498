//! Whom the credentials belong to.

use sskuba_core::prelude::*;
#[cfg(feature = "sts")]
use sskuba_core::provider::Failure;

#[cfg(feature = "sts")]
use super::service::Sts;
#[cfg(feature = "sts")]
use crate::client::{Aws, LookupOperation, Outcome, text};
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

#[cfg(feature = "sts")]
#[async_trait::async_trait]
impl LookupOperation for CallerIdentity {
    type Api = Sts;

    async fn look(sts: &Aws<Sts>, _: CallerIdentityArgs) -> Result<CallerIdentityState, Failure> {
        let found = sts.get_caller_identity().send().await.asked(sts)?;
        Ok(CallerIdentityState {
            account_id: text(found.account()),
            arn: text(found.arn()),
            user_id: text(found.user_id()),
        })
    }
}
