//! AWS for `sskuba`: typed resources of EC2, network load balancers, DNS, IAM, secrets and storage, and the client that makes
//! them.
//!
//! The kinds compile without the AWS SDK, so that a program can be written, previewed and simulated without
//! it; [`provider`] talks to AWS when the crate is built with the feature `client`, or with those of the services that it
//! needs.
//!
//! ```
//! use sskuba_aws::ec2::{InternetGateway, Subnet, Vpc};
//! use sskuba_core::prelude::*;
//!
//! fn network(stack: &mut Stack) -> Result<()> {
//!     let vpc = stack.add("main", Vpc::new("10.0.0.0/16").enable_dns_hostnames(true))?;
//!     stack.add("main", InternetGateway::new(vpc.id()))?;
//!     for (i, zone) in ["eu-west-1a", "eu-west-1b"].into_iter().enumerate() {
//!         let cidr = format!("10.0.{i}.0/24");
//!         let subnet = Subnet::new(vpc.id(), cidr).availability_zone(zone).tag("tier", "private");
//!         stack.add(format!("private-{i}"), subnet)?;
//!     }
//!     stack.export("vpc_id", vpc.id());
//!     Ok(())
//! }
//! ```
//!
//! # How it is laid out
//! A service has a folder and a feature, and a kind one file in it: the type with its checks, and below them, behind the
//! feature, what talks to the service. What follows from that is written once in `client`.
//!
//! # Ownership
//! Whatever AWS lets us tag carries `sskuba:stack`, `sskuba:address` and `sskuba:token` from its creation on,
//! and a `Name` unless the program gives one. An interrupted create is found again by the token, never by name.

#[cfg(feature = "sts")]
#[cfg_attr(
    not(all(feature = "ec2", feature = "elbv2")),
    expect(unused_imports, reason = "no service alone uses all that they have in common")
)]
#[cfg_attr(not(feature = "ec2"), expect(dead_code, reason = "the same"))]
mod client;
mod kind;
mod provider;
mod settings;
mod tag_rules;
#[cfg(any(feature = "sts", test))]
mod tags;
mod texts;
#[cfg(not(all(
    feature = "acm",
    feature = "autoscaling",
    feature = "ec2",
    feature = "ecr",
    feature = "elbv2",
    feature = "iam",
    feature = "kms",
    feature = "logs",
    feature = "route53",
    feature = "s3",
    feature = "secretsmanager",
    feature = "ssm",
    feature = "sts"
)))]
mod without_client;

pub mod acm;
pub mod autoscaling;
pub mod ec2;
pub mod ecr;
pub mod elbv2;
pub mod iam;
pub mod kms;
pub mod logs;
pub mod route53;
pub mod s3;
pub mod secretsmanager;
pub mod ssm;
pub mod sts;

pub use provider::{provider, schemas};
pub use settings::{Provider, ProviderArgs, ProviderOutputs, ProviderState};
