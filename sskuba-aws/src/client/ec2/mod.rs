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

use aws_sdk_ec2::types::{Filter, Tag};
use sskuba_core::provider::{Class, Failure};

use super::call::Call;
use super::cloud::filter;
use crate::tags;

/// Makes the filter that finds the object of a token.
fn owned(call: &Call<'_>) -> Filter {
    filter(&format!("tag:{}", tags::TOKEN), [call.token()])
}

/// Returns the one object of a token. The tags are looked at again: an endpoint that does not know the filter
/// must not hand us what belongs to others. Two can be there only if something else copied the tag.
fn the_one<T>(call: &Call<'_>, found: Vec<T>, of: impl Fn(&T) -> &[Tag]) -> Result<Option<T>, Failure> {
    let token = call.token();
    let ours = |item: &T| {
        of(item).iter().any(|tag| tag.key() == Some(tags::TOKEN) && tag.value() == Some(token.as_str()))
    };
    let mut ours: Vec<T> = found.into_iter().filter(ours).collect();
    match (ours.len(), ours.pop()) {
        (0 | 1, one) => Ok(one),
        (count, _) => Err(Failure::new(
            Class::Conflict,
            format!("{count} objects of {} carry the tag {} = {token}", call.cx.address, tags::TOKEN),
        )
        .hint("delete those that are not this stack's, or take the tag off them, and run again")),
    }
}
