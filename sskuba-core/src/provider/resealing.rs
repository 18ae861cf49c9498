//! What is secret in a record after its inputs became secret, or stopped to be, while their values stayed.

use super::contract::{Object, Prior};
use super::redaction::Redaction;
use super::texts::{Texts, has_one};
use crate::schema::Schema;
use crate::value::{Map, Value};

/// Returns what was reported of an object, its inputs and its computed fields, as secret as it would be if it were
/// reported now: what its kind says is secret, and what repeats a secret of `inputs`.
pub(crate) fn resealed(schema: &Schema, (observed, outputs): (&Map, &Map), inputs: &Map) -> (Map, Map) {
    let opened = |map: &Map| map.iter().map(|(name, value)| (name.clone(), opened(value))).collect();
    let object = Object { id: String::new(), inputs: opened(observed), outputs: opened(outputs) };
    let object = Redaction::new(vec![inputs]).object(object);
    (schema.seal_outputs(object.inputs), schema.seal_outputs(object.outputs))
}

/// Returns a reported value in which secret is what is secret in the value that the program declares for it.
pub(crate) fn sealed_like(declared: &Value, reported: Value) -> Value {
    match (declared, reported) {
        (Value::Map(declared), Value::Map(reported)) => {
            let sealed = reported.into_iter().map(|(key, value)| match declared.get(&key) {
                Some(declared) => (key, sealed_like(declared, value)),
                None => (key, value),
            });
            Value::Map(sealed.collect())
        }
        (Value::List(declared), Value::List(reported)) if declared.len() == reported.len() => Value::List(
            declared.iter().zip(reported).map(|(declared, value)| sealed_like(declared, value)).collect(),
        ),
        (declared, reported) if declared.has_secret() => reported.into_secret(),
        (_, reported) => reported,
    }
}

/// Returns those inputs and computed fields of an object that are secret still when its inputs change to `inputs`: not what
/// they have in the clear from now on, nor what repeats that.
pub(crate) fn still_secret(prior: &Prior, inputs: &Map) -> (Map, Map) {
    let is_opened = |name: &String, value: &Value| {
        let now =
            inputs.get(name).filter(|now| value.has_secret() && !now.has_secret() && !now.has_unknown());
        now.is_some_and(|now| opened(value) == *now)
    };
    let of = |map: &Map, keep: &dyn Fn(&String, &Value) -> bool| -> Map {
        let kept = map.iter().filter(|(name, value)| keep(name, value));
        kept.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    let public = Texts::of([&of(&prior.inputs, &is_opened)]);
    let repeats = |value: &Value| has_one(&std::iter::once(&public), &opened(value));
    let outputs = of(&prior.outputs, &|_, value| !(value.has_secret() && repeats(value)));
    (of(&prior.inputs, &|name, value| !is_opened(name, value)), outputs)
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
    fn what_is_public_now_is_kept_secret_no_longer() {
        let secret = |text: &str| Value::from(text).into_secret();
        let fields =
            |one: Value, two: Value| -> Map { [("one".to_owned(), one), ("two".to_owned(), two)].into() };
        let prior = Prior {
            id: "1".into(),
            inputs: fields(secret("canary-one"), secret("canary-two")),
            outputs: [("echo".to_owned(), secret("<canary-one>")), ("key".to_owned(), secret("own"))].into(),
        };
        let (inputs, outputs) = still_secret(&prior, &fields("canary-one".into(), secret("canary-two")));
        assert_eq!(inputs, [("two".to_owned(), secret("canary-two"))].into());
        assert_eq!(outputs, [("key".to_owned(), secret("own"))].into());
        // Another value in its place opens nothing.
        let (inputs, outputs) = still_secret(&prior, &fields("other".into(), secret("canary-two")));
        assert_eq!((inputs, outputs), (prior.inputs.clone(), prior.outputs.clone()));
    }

    #[test]
    fn what_is_reported_is_as_secret_as_what_is_declared() {
        let (secret, open) = (|text: &str| Value::from(text).into_secret(), |text: &str| Value::from(text));
        let map = |value| Value::Map([("a".to_owned(), value), ("b".to_owned(), open("b"))].into());
        for (declared, reported, sealed) in [
            (secret("x"), open("y"), secret("y")),
            (open("x"), open("y"), open("y")),
            (map(secret("x")), map(open("y")), map(secret("y"))),
            (Value::List(vec![open("1"), secret("2")]), Value::List(vec![open("1"), open("3")]), {
                Value::List(vec![open("1"), secret("3")])
            }),
            (Value::List(vec![secret("2")]), Value::List(vec![]), Value::List(vec![]).into_secret()),
        ] {
            assert_eq!(sealed_like(&declared, reported), sealed);
        }
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
