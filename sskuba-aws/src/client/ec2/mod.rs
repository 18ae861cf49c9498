//! EC2.

mod association;
mod elastic_ip;
mod instance;
mod instance_spec;
mod internet_gateway;
mod key_pair;
mod nat_gateway;
mod route;
mod route_table;
mod security_group;
mod security_group_rule;
mod subnet;
mod vpc;

use aws_sdk_ec2::types::Filter;
use sskuba_core::provider::{Class, Failure};

use super::call::Call;
use super::cloud::filter;
use crate::tags;

/// Makes the filter that finds the object of a token.
fn owned(call: &Call<'_>) -> Filter {
    filter(&format!("tag:{}", tags::TOKEN), [call.token()])
}

/// Returns the one object of a token. Two can be there only if something else copied the tag.
fn the_one<T>(call: &Call<'_>, found: Vec<T>) -> Result<Option<T>, Failure> {
    let count = found.len();
    let mut found = found.into_iter();
    match (found.next(), count) {
        (one, 0 | 1) => Ok(one),
        _ => Err(Failure::new(
            Class::Conflict,
            format!(
                "{count} objects of {} carry the tag {} = {}",
                call.cx.address,
                tags::TOKEN,
                call.token()
            ),
        )
        .hint("delete those that are not this stack's, or take the tag off them, and run again")),
    }
}
