//! What is wrong with inputs beyond what the schema says, found before anything is touched.

use std::str::FromStr;

use sskuba_core::resource::Resource;
use sskuba_core::schema::FieldError;

use crate::api::Target;

/// A kind of this provider.
pub(crate) trait Kind: Resource {
    /// Says what is wrong with inputs beyond what the schema says.
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let _ = args;
        Vec::new()
    }
}

/// Makes a mistake in a field.
pub(super) fn mistake(field: &str, message: impl Into<String>) -> FieldError {
    FieldError { field: field.to_owned(), message: message.into() }
}

/// Reads a text that has to be a `T`.
pub(super) fn reads<T: FromStr<Err: std::fmt::Display>>(field: &str, text: &str) -> Option<FieldError> {
    T::from_str(text).err().map(|error| mistake(field, error.to_string()))
}

/// Judges addresses of machines.
pub(super) fn addresses<'a>(
    field: &'a str,
    addresses: impl IntoIterator<Item = &'a String>,
) -> impl Iterator<Item = FieldError> {
    addresses.into_iter().filter_map(move |address| reads::<Target>(field, address))
}

/// Judges a time in seconds.
pub(super) fn positive(field: &str, seconds: u32) -> Option<FieldError> {
    (seconds == 0).then(|| mistake(field, "must be more than 0"))
}
