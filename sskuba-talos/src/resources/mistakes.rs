//! What is wrong with inputs beyond what the schema says, found before anything is touched.

use std::str::FromStr;

use sskuba_core::resource::Resource;
use sskuba_core::schema::FieldError;
use sskuba_core::value::{Map, Value};

use crate::api::Target;

/// A kind of this provider.
pub(crate) trait Kind: Resource {
    /// The fields that hold addresses of machines.
    const ADDRESSES: &'static [&'static str] = &[];

    /// Says what is wrong with the addresses that are known, while other inputs are not yet.
    fn wrong_addresses(inputs: &Map) -> Vec<FieldError> {
        let known = Self::ADDRESSES.iter().filter_map(|field| Some((*field, inputs.get(*field)?)));
        known.flat_map(|(field, value)| wrong(field, value)).collect()
    }

    /// Says what is wrong with inputs beyond what the schema says.
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let _ = args;
        Vec::new()
    }
}

/// Judges an address, or a list of them.
fn wrong(field: &str, value: &Value) -> Vec<FieldError> {
    match value {
        Value::List(items) => items.iter().flat_map(|item| wrong(field, item)).collect(),
        value => value.as_str().and_then(|text| reads::<Target>(field, text)).into_iter().collect(),
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

/// Writes an address as every spelling of it is written, with its port: it is the same machine.
pub(super) fn machine(address: &Value) -> Value {
    let target = address.as_str().and_then(|text| text.parse::<Target>().ok());
    target.map_or_else(|| address.clone(), |target| Value::from(target.to_string().to_lowercase()))
}

/// Judges a time in seconds.
pub(super) fn positive(field: &str, seconds: u32) -> Option<FieldError> {
    (seconds == 0).then(|| mistake(field, "must be more than 0"))
}
