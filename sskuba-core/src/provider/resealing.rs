//! What is secret in a record after its inputs became secret, or stopped to be, while their values stayed.

use super::contract::Object;
use super::told::Told;
use crate::schema::Schema;
use crate::value::{Map, Value};

/// Returns what was reported of an object, its inputs and its computed fields, as secret as it would be if it were
/// reported now: what its kind says is secret, and what repeats a secret of `inputs`.
pub(crate) fn resealed(schema: &Schema, (observed, outputs): (&Map, &Map), inputs: &Map) -> (Map, Map) {
    let opened = |map: &Map| map.iter().map(|(name, value)| (name.clone(), opened(value))).collect();
    let object = Object { id: String::new(), inputs: opened(observed), outputs: opened(outputs) };
    let object = Told::new(vec![inputs]).object(object);
    (schema.seal_outputs(object.inputs), schema.seal_outputs(object.outputs))
}

/// Returns a value with no part of it secret.
fn opened(value: &Value) -> Value {
    value.exposed().map_or_else(|_| value.clone(), Value::from_json)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    /// A thing with a name.
    #[derive(Resource)]
    #[resource(kind = "demo:seal:Thing", idempotency = "token")]
    struct Thing {
        /// Its name.
        name: Input<String>,
        /// The name again.
        echo: Computed<String>,
        /// The id.
        id: Computed<String>,
    }

    #[test]
    fn what_repeats_a_secret_follows_it_both_ways() {
        let (secret, open) = (Value::from("hunter2-canary").into_secret(), Value::from("hunter2-canary"));
        for (before, now) in [(&open, &secret), (&secret, &open)] {
            let fields = |value: &Value| -> Map { [("name".to_owned(), value.clone())].into() };
            let outputs: Map = [("echo".to_owned(), before.clone()), ("id".to_owned(), "1".into())].into();
            let (observed, outputs) = resealed(&Thing::schema(), (&fields(before), &outputs), &fields(now));
            assert_eq!((observed.get("name"), outputs.get("echo")), (Some(now), Some(now)));
            assert_eq!(outputs["id"], "1".into());
        }
    }
}
