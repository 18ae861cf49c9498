//! Objects that are there already with the key of one that is to be made.

use sskuba_core::provider::Failure;

use super::call::Call;
use crate::tags::{self, Tags};

/// Makes the failure of a create that met an object of somebody else.
pub(crate) fn stranger(what: &str, found: &Tags, id: &str) -> Failure {
    Failure::exists(format!("{what} is there already: {}", owner(found)), id)
}

/// Adds to a service's refusal which object it met; an own one, which a create counts as made, is returned instead.
pub(crate) fn met(
    call: &Call<'_>,
    mut refusal: Failure,
    id: String,
    found: &Tags,
) -> Result<String, Failure> {
    if is_own(call, found) {
        return Ok(id);
    }
    refusal.message = format!("{}: {id}: {}", refusal.message, owner(found));
    refusal.exists = Some(id);
    Err(refusal)
}

/// Tells whether tags are those of the generation that a call is about.
pub(crate) fn is_own(call: &Call<'_>, found: &Tags) -> bool {
    found.get(tags::TOKEN) == Some(&call.token())
}

fn owner(found: &Tags) -> String {
    match (found.get(tags::STACK), found.get(tags::ADDRESS)) {
        (Some(stack), Some(address)) => format!("it belongs to {address} of stack {stack}"),
        _ => "it belongs to no stack".to_owned(),
    }
}
