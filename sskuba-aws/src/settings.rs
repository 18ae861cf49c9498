//! An explicit provider instance: another region, account or endpoint.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;

/// An AWS provider instance with settings of its own; resources use it with `.provider(&instance)`.
///
/// What is left out comes from where the AWS tools take it: variables, the shared configuration files, single
/// sign-on, web identity, the instance's own role. Credentials are never recorded.
///
/// ```
/// use sskuba_aws::{Provider, ec2::Vpc};
/// use sskuba_core::prelude::*;
///
/// fn program(stack: &mut Stack) -> Result<()> {
///     let tokyo = stack.add("tokyo", Provider::new().region("ap-northeast-1").default_tag("team", "data"))?;
///     stack.add("main", Vpc::new("10.0.0.0/16"))?.provider(&tokyo);
///     Ok(())
/// }
/// ```
#[derive(Resource)]
#[resource(kind = "aws:provider:Instance", idempotency = "token")]
pub struct Provider {
    /// The region, e.g. `eu-west-1`.
    #[resource(place)]
    region: Option<Input<String>>,
    /// The profile of the shared configuration files.
    profile: Option<Input<String>>,
    /// The address of all services, e.g. `http://127.0.0.1:5000`; for tests and private endpoints.
    #[resource(place)]
    endpoint: Option<Input<String>>,
    /// Tags of every resource; a resource's own tag of the same key wins. A change reaches what is there already.
    #[resource(default, entry = "default_tag", entries_of = "tags")]
    default_tags: Input<BTreeMap<String, String>>,
    /// The role to assume, by ARN.
    assume_role_arn: Option<Input<String>>,
    /// The external id that the assumed role asks for.
    assume_role_external_id: Option<Input<String>>,
    /// The name of the instance.
    #[resource(computed, id, pattern = "aws-{name}")]
    id: Computed<String>,
}

impl ProviderArgs {
    /// Returns settings that leave everything to the surroundings.
    pub(crate) fn surroundings() -> Self {
        Self {
            region: None,
            profile: None,
            endpoint: None,
            default_tags: BTreeMap::new(),
            assume_role_arn: None,
            assume_role_external_id: None,
        }
    }
}
