//! Moments in computed fields: when something ends, and when it is to be renewed.

use super::{Field, Schema, Shape};
use crate::clock::Timestamp;
use crate::value::{Map, Value};

/// A type of a computed field that says when: milliseconds since 1970-01-01 UTC as a number, or RFC 3339 in UTC as a text
/// (`2027-03-01T12:00:00Z`).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no moment",
    label = "neither milliseconds since 1970 (`u64`) nor RFC 3339 (`String`)",
    note = "`renew_at` and `expires` mark `Computed<u64>`, `Computed<String>`, or one that holds an `Option` of these"
)]
pub trait Moment: Shape {
    /// Returns the mark of a field of this type.
    #[doc(hidden)]
    fn mark() -> bool {
        true
    }
}

impl Moment for u64 {}
impl Moment for String {}
impl<T: Moment> Moment for Option<T> {}

/// Reads a moment; none where a value is none.
fn moment(value: &Value) -> Option<Timestamp> {
    match value.reveal() {
        Value::Number(number) => number.as_i128().and_then(|n| u64::try_from(n).ok()).map(Timestamp),
        Value::String(text) => Timestamp::parse(text),
        _ => None,
    }
}

/// What is due: since when, and when the object ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    /// From when on it was to be renewed.
    pub(crate) since: Timestamp,
    /// When it is of no use any more, where that is known.
    pub(crate) expires: Option<Timestamp>,
}

impl Schema {
    /// Says whether an object with these computed fields is to be renewed by now, and since when.
    pub(crate) fn due(&self, outputs: &Map, now: Timestamp) -> Option<Due> {
        let earliest = |mark: fn(&Field) -> bool| {
            let marked = self.outputs().filter(|field| mark(field));
            marked.filter_map(|field| outputs.get(&*field.name).and_then(moment)).min()
        };
        let since = earliest(|field| field.renew_at).filter(|since| *since <= now)?;
        Some(Due { since, expires: earliest(|field| field.expires) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let computed = |name: &'static str| Field { computed: true, ..Field::of(name) };
        Schema {
            fields: vec![
                Field { renew_at: true, ..computed("renew_at") },
                Field { renew_at: true, ..computed("rotates") },
                Field { expires: true, ..computed("expires") },
            ],
            ..Schema::of(crate::address::Kind::parse("demo:x:Ticket").unwrap())
        }
    }

    fn due(outputs: serde_json::Value, now: u64) -> Option<Due> {
        schema().due(&crate::value::map_of(&outputs).unwrap(), Timestamp(now))
    }

    #[test]
    fn the_first_moment_that_is_reached_counts() {
        use serde_json::json;
        let both = json!({"renew_at": 2000, "rotates": "1970-01-01T00:00:03Z", "expires": 9000});
        assert_eq!(due(both.clone(), 1999), None);
        let expected = Due { since: Timestamp(2000), expires: Some(Timestamp(9000)) };
        assert_eq!(due(both, 2000), Some(expected));
        let text = json!({"rotates": "1970-01-01T00:00:03Z"});
        assert_eq!(due(text.clone(), 2999), None);
        assert_eq!(due(text, 3000), Some(Due { since: Timestamp(3000), expires: None }));
    }

    #[test]
    fn what_is_no_moment_is_never_due() {
        use serde_json::json;
        for odd in
            [json!(null), json!("soon"), json!(-1), json!(1.5), json!([1]), json!("9999-99-99T00:00:00Z")]
        {
            assert_eq!(due(json!({"renew_at": odd}), u64::MAX), None);
        }
        assert_eq!(due(json!({"expires": 1}), u64::MAX), None, "an end alone renews nothing");
    }
}
