//! What every kind of this provider says beyond its schema, with or without the client.

#[cfg(feature = "client")]
use sskuba_core::provider::{Class, Failure};
use sskuba_core::resource::Resource;
use sskuba_core::schema::FieldError;

/// A kind of this provider.
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

/// Refuses wrong inputs before anything is sent.
#[cfg(feature = "client")]
pub(crate) fn refuse_mistakes<R: Kind>(args: &R::Args) -> Result<(), Failure> {
    match R::mistakes(args).into_iter().next() {
        None => Ok(()),
        Some(FieldError { field, message }) => Err(Failure::new(Class::Invalid(field), message)),
    }
}
