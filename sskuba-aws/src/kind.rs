//! What every kind of this provider says beyond its schema, with or without the client.

#[cfg(feature = "sts")]
use sskuba_core::provider::{Class, Failure};
use sskuba_core::resource::Resource;
use sskuba_core::schema::FieldError;
use sskuba_core::value::{Map, Value, map_of};

/// A kind of this provider. An empty implementation says that its schema says it all.
pub(crate) trait Kind: Resource {
    /// Says what is wrong with inputs beyond what the schema says.
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let _ = args;
        Vec::new()
    }
}

/// Makes a mistake in a field.
pub(crate) fn mistake(field: &str, message: impl Into<String>) -> FieldError {
    FieldError { field: field.to_owned(), message: message.into() }
}

/// Says what is wrong with the inputs of any kind.
pub(crate) fn mistakes<R: Kind>(args: &R::Args) -> Vec<FieldError> {
    let mut mistakes = R::mistakes(args);
    mistakes.extend(map_of(args).iter().flat_map(tag_mistakes));
    mistakes
}

/// Says which tags AWS refuses; makes no call, and needs no other input to be known.
pub(crate) fn tag_mistakes(inputs: &Map) -> Vec<FieldError> {
    let Some(Value::Map(tags)) = inputs.get("tags").map(Value::reveal) else { return Vec::new() };
    tags.keys().filter_map(|key| reserved("tags", key)).collect()
}

/// Refuses the key of a tag that AWS keeps for itself.
pub(crate) fn reserved(field: &str, key: &str) -> Option<FieldError> {
    let starts = key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"));
    let message = format!("has the key {key:?}; those that begin with `aws:` are AWS's own: choose another");
    starts.then(|| mistake(field, message))
}

/// Refuses wrong inputs before anything is sent.
#[cfg(feature = "sts")]
pub(crate) fn refuse_mistakes<R: Kind>(args: &R::Args) -> Result<(), Failure> {
    match mistakes::<R>(args).into_iter().next() {
        None => Ok(()),
        Some(FieldError { field, message }) => Err(Failure::new(Class::Invalid(field), message)),
    }
}
