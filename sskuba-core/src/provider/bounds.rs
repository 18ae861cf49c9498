//! What a provider reports is recorded, so it has to be of a size that can be read again.

use super::contract::Object;
use super::error::{Class, Effect, Failure};
use crate::value::{Map, ValueError, check_map, take_excess};

/// Takes the fields out of an object that are more than a value may be; returns what was wrong with them.
pub(crate) fn trim(object: &mut Object) -> Option<String> {
    let faults = [&mut object.inputs, &mut object.outputs].into_iter().flat_map(take_excess);
    without(faults.collect())
}

/// Says which fields of an object are not recorded.
pub(crate) fn without(faults: Vec<(String, ValueError)>) -> Option<String> {
    let faults: Vec<_> = faults.iter().map(|(field, error)| format!("`{field}` {error}")).collect();
    (!faults.is_empty()).then(|| {
        format!("the provider reported what cannot be recorded, so it is left out: {}", faults.join("; "))
    })
}

/// Bounds the object that a call made or changed: with a field that is too much it counts as half made, so that it is
/// recorded, with all else that is known of it.
///
/// # Errors
/// That, with the names of the fields.
pub(crate) fn made(mut object: Object) -> Result<Object, Failure> {
    match trim(&mut object) {
        None => Ok(object),
        Some(why) => Err(Failure::partial(Class::Terminal, why, object)),
    }
}

/// Bounds an object that was only looked at; a field that is too much counts as not reported.
pub(crate) fn seen(mut object: Object) -> Object {
    if let Some(why) = trim(&mut object) {
        tracing::warn!("{why}");
    }
    object
}

/// Bounds the object of a failure.
pub(crate) fn failed(mut failure: Failure) -> Failure {
    if let Effect::Applied(object) = &mut failure.effect
        && let Some(why) = trim(object)
    {
        failure.message = format!("{}; {why}", failure.message);
    }
    failure
}

/// Bounds the answer to a lookup.
///
/// # Errors
/// If a field is too much, with its name.
pub(crate) fn found(map: Map) -> Result<Map, Failure> {
    match check_map(&map) {
        Ok(()) => Ok(map),
        Err(error) => Err(Failure::new(Class::Terminal, format!("the answer's {error}"))),
    }
}
