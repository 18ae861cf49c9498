//! Configuration and credentials, from where the AWS tools take them, and where they lead.

use std::sync::Arc;
use std::time::Duration;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::SharedCredentialsProvider;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_smithy_http_client::tls::Provider as Tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use sskuba_core::provider::{Class, Failure, Place};
use tokio::sync::OnceCell;

use super::failure::Outcome;
use super::text;
use crate::settings::ProviderArgs;
use crate::tag_rules::mistakes_in;

/// How long one attempt of a call may take: descriptions of many objects take seconds.
const ATTEMPT: Duration = Duration::from_secs(30);
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How often the SDK tries a call where the user's configuration says nothing: EC2 throttles stacks of hundreds.
const ATTEMPTS: u32 = 8;
/// How long the question where the calls work may take, with all its tries.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the clients of all services of one provider instance share. It is loaded at the first call.
#[derive(Clone)]
pub(crate) struct Account(Arc<Lazy>);

struct Lazy {
    settings: ProviderArgs,
    loaded: OnceCell<Loaded>,
}

/// The configuration of one provider instance.
pub(super) struct Loaded {
    /// Region, credentials, endpoint, and how calls are repeated.
    pub(super) config: SdkConfig,
    /// Where the calls go, for messages: the endpoint, or AWS and its region.
    pub(super) place: String,
}

impl Account {
    pub(crate) fn new(settings: ProviderArgs) -> Self {
        Self(Arc::new(Lazy { settings, loaded: OnceCell::new() }))
    }

    pub(super) async fn loaded(&self) -> Result<&Loaded, Failure> {
        self.0.loaded.get_or_try_init(|| load(&self.0.settings)).await
    }

    /// Finds out in which account and region the calls work.
    pub(crate) async fn place(&self) -> Result<Place, Failure> {
        let Loaded { config, place, .. } = self.loaded().await?;
        // Nothing else begins before the answer is there.
        let patience = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
        let patient = aws_sdk_sts::Config::builder().timeout_config(patience);
        let ask = aws_sdk_sts::Client::new(config).get_caller_identity().customize().config_override(patient);
        let caller = ask.send().await.asked(&format!("the STS of {place}"))?;
        let region = config.region().map(ToString::to_string).unwrap_or_default();
        Ok(Place::of([("account", text(caller.account())), ("region", region)]))
    }
}

/// Loads the configuration. Credentials are fetched when they are first needed.
async fn load(settings: &ProviderArgs) -> Result<Loaded, Failure> {
    let defaults = settings.default_tags.iter().map(|(key, value)| (key.clone(), value.as_str().into()));
    if let Some(wrong) = mistakes_in("default_tags", &defaults.collect()).into_iter().next() {
        return Err(Failure::new(Class::Invalid(wrong.field), wrong.message));
    }
    let config = with_role(shared(settings).await, settings).await;
    let Some(region) = config.region().cloned() else {
        return Err(Failure::new(Class::Invalid("region".to_owned()), "no AWS region is configured")
            .hint("set AWS_REGION, `region` in the profile, or `.region(…)` of the provider instance"));
    };
    let place = match config.endpoint_url() {
        Some(endpoint) => endpoint.to_owned(),
        None => format!("AWS in {region}"),
    };
    Ok(Loaded { config, place })
}

async fn shared(settings: &ProviderArgs) -> SdkConfig {
    let tls = Tls::Rustls(CryptoMode::Ring);
    let http = aws_smithy_http_client::Builder::new().tls_provider(tls).build_https();
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
    let mut loader =
        aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).timeout_config(timeouts);
    if let Some(region) = &settings.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(endpoint) = &settings.endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let config = loader.load().await;
    if config.retry_config().is_none_or(|retries| *retries == RetryConfig::standard()) {
        let retries = RetryConfig::adaptive().with_max_attempts(ATTEMPTS);
        return config.into_builder().retry_config(retries).build();
    }
    config
}

async fn with_role(config: SdkConfig, settings: &ProviderArgs) -> SdkConfig {
    let Some(role) = &settings.assume_role_arn else { return config };
    let mut provider = AssumeRoleProvider::builder(role).configure(&config).session_name("sskuba");
    if let Some(id) = &settings.assume_role_external_id {
        provider = provider.external_id(id);
    }
    let credentials = SharedCredentialsProvider::new(provider.build().await);
    config.into_builder().credentials_provider(credentials).build()
}
