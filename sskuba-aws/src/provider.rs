//! The provider: its services, each with its client or without.

use std::sync::Arc;

use sskuba_core::provider::{Handlers, Limits, Provider};
use sskuba_core::schema::Schema;

#[cfg(not(feature = "sts"))]
use crate::without_client::refusal;
use crate::{
    acm, autoscaling, ec2, ecr, elbv2, iam, kms, logs, route53, s3, secretsmanager, settings, ssm, sts,
};

#[cfg(feature = "sts")]
pub(crate) use crate::client::Account;

/// What the clients of all services share; without any there is nothing.
#[cfg(not(feature = "sts"))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account;

/// The name of the provider: the first part of its kinds.
const NAME: &str = "aws";

/// The most calls at once: EC2's request buckets hold 50 to 100 calls
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>). One description is of as many objects as are
/// read at once.
const LIMITS: Limits = Limits { parallel: 100, per_second: None, reads: 200 };

/// Adds the kinds of all services.
fn services(provider: Handlers, account: &Account) -> Handlers {
    let services = [
        acm::kinds,
        autoscaling::kinds,
        ec2::kinds,
        ecr::kinds,
        elbv2::kinds,
        iam::kinds,
        kms::kinds,
        logs::kinds,
        route53::kinds,
        s3::kinds,
        secretsmanager::kinds,
        ssm::kinds,
        sts::kinds,
    ];
    services.into_iter().fold(provider.limits(LIMITS), |provider, kinds| kinds(provider, account))
}

/// Returns the provider with these settings; where one is left out, with what its surroundings say.
#[cfg(feature = "sts")]
fn handlers(settings: settings::ProviderArgs) -> Handlers {
    let account = Account::new(settings);
    let here = account.clone();
    let provider = Handlers::located(NAME, move || {
        let here = here.clone();
        async move { here.place().await }
    });
    services(provider, &account)
        .settings::<settings::Provider, _>(|settings| async { Ok(handlers(settings)) })
}

/// Returns the provider without any client: it knows its kinds.
#[cfg(not(feature = "sts"))]
fn handlers(_: settings::ProviderArgs) -> Handlers {
    use std::future::ready;
    services(Handlers::located(NAME, || ready(Err(refusal()))), &Account)
        .settings::<settings::Provider, _>(|_| ready(Err::<Handlers, _>(refusal())))
}

/// Returns the schemas of all kinds.
///
/// ```
/// let kinds: Vec<String> = sskuba_aws::schemas().iter().map(|schema| schema.kind.to_string()).collect();
/// assert!(kinds.contains(&"aws:ec2:Vpc".to_owned()));
/// ```
pub fn schemas() -> Vec<Arc<Schema>> {
    provider().schemas()
}

/// Returns the provider. With the feature `client` it talks to AWS: it reads its configuration and credentials
/// at the first call, from where the AWS tools take them. Without the feature it knows its kinds and checks
/// their inputs, so that a program can be previewed and simulated, and refuses every call; the kinds of a service
/// alone are served with the feature of that service.
pub fn provider() -> Arc<dyn Provider> {
    Arc::new(handlers(settings::ProviderArgs::surroundings()))
}

#[cfg(test)]
mod tests;
