//! Documents of policies.

use sskuba_core::schema::Normaliser;
use sskuba_core::value::Value;

/// Tells whether two documents of policies say the same: order and repetition in lists do not count, and an item alone is
/// the same as a list of it.
pub(crate) fn same_document(a: &str, b: &str) -> bool {
    Normaliser::JsonSets.same(&Value::from(a), &Value::from(b))
}
