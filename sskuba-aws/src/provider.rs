//! The provider: with the client, or without it.

use std::sync::Arc;

use sskuba_core::provider::{Limits, Provider};
use sskuba_core::schema::Schema;

use crate::{ec2, elbv2, lookup, settings};

/// The name of the provider: the first part of its kinds.
pub(crate) const NAME: &str = "aws";

/// The most calls at once: EC2's request buckets hold 50 to 100 calls
/// (<https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html>).
const LIMITS: Limits = Limits { parallel: 100, per_second: None };

/// Adds a handler for every kind; `$handler` and `$lookup` make one for the kind that they are given.
macro_rules! with_kinds {
    ($handlers:expr, $resource:expr, $lookup:expr) => {
        $handlers
            .limits(super::LIMITS)
            .resource::<ec2::Eip>($resource)
            .resource::<ec2::Instance>($resource)
            .resource::<ec2::InternetGateway>($resource)
            .resource::<ec2::KeyPair>($resource)
            .resource::<ec2::NatGateway>($resource)
            .resource::<ec2::Route>($resource)
            .resource::<ec2::RouteTable>($resource)
            .resource::<ec2::RouteTableAssociation>($resource)
            .resource::<ec2::SecurityGroup>($resource)
            .resource::<ec2::SecurityGroupRule>($resource)
            .resource::<ec2::Subnet>($resource)
            .resource::<ec2::Vpc>($resource)
            .resource::<elbv2::Listener>($resource)
            .resource::<elbv2::LoadBalancer>($resource)
            .resource::<elbv2::TargetGroup>($resource)
            .resource::<elbv2::TargetGroupAttachment>($resource)
            .lookup::<lookup::AvailabilityZones>($lookup)
            .lookup::<lookup::CallerIdentity>($lookup)
            .lookup::<lookup::Image>($lookup)
    };
}

/// Returns the schemas of all kinds.
///
/// ```
/// let kinds: Vec<String> = sskuba_aws::schemas().iter().map(|schema| schema.kind.to_string()).collect();
/// assert!(kinds.contains(&"aws:ec2:Vpc".to_owned()));
/// ```
pub fn schemas() -> Vec<Arc<Schema>> {
    unbuilt::handlers().schemas()
}

/// Returns the provider. With the feature `client` it talks to AWS: it reads its configuration and credentials
/// at the first call, from where the AWS tools take them. Without the feature it knows its kinds and checks
/// their inputs, so that a program can be previewed and simulated, and refuses every call.
pub fn provider() -> Arc<dyn Provider> {
    #[cfg(feature = "client")]
    return Arc::new(built::handlers());
    #[cfg(not(feature = "client"))]
    return Arc::new(unbuilt::handlers());
}

#[cfg(feature = "client")]
mod built;
mod unbuilt;

#[cfg(test)]
mod tests;
