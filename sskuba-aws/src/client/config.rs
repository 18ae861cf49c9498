//! Loads configuration and credentials from where the AWS tools take them.

use std::time::Duration;

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ec2::config::SharedCredentialsProvider;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::timeout::TimeoutConfig;
use aws_smithy_http_client::tls::Provider as Tls;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use sskuba_core::provider::{Class, Failure};

use super::batches::Batches;
use super::cloud::Cloud;
use super::tried::Tried;
use crate::kind::reserved;
use crate::settings::ProviderArgs;

/// How long one attempt of a call may take: descriptions of many objects take seconds.
const ATTEMPT: Duration = Duration::from_secs(30);
/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);
/// How often the SDK tries a call where the user's configuration says nothing: EC2 throttles stacks of hundreds.
const ATTEMPTS: u32 = 8;

/// Loads the configuration and makes the clients. Credentials are fetched when they are first needed.
pub(super) async fn load(settings: &ProviderArgs) -> Result<Cloud, Failure> {
    if let Some(wrong) = settings.default_tags.keys().find_map(|key| reserved("default_tags", key)) {
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
    let ec2 = aws_sdk_ec2::Client::new(&config);
    let elb = aws_sdk_elasticloadbalancingv2::Client::new(&config);
    Ok(Cloud {
        known: Batches::new(&ec2, &elb, &place),
        sts: aws_sdk_sts::Client::new(&config),
        ec2,
        elb,
        tried: Tried::default(),
        defaults: settings.default_tags.clone(),
        place,
    })
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
