//! What every kind of this provider says beyond its schema, with or without the client.

#[cfg(feature = "sts")]
use sskuba_core::provider::{Class, Failure};
use sskuba_core::resource::Resource;
use sskuba_core::schema::{Field, FieldError, FieldType};
use sskuba_core::value::{Map, Value, get_map, map_of};

use crate::tag_rules::tag_mistakes;

/// A kind of this provider. An empty implementation says that its schema says it all.
pub(crate) trait Kind: Resource {
    /// Says what is wrong with inputs beyond what the schema says. While a text is not known yet, another stands for it
    /// ([`known_mistakes`]).
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
    let inputs = map_of(args).unwrap_or_default();
    let mut mistakes = beside_tags::<R>(args, &inputs);
    mistakes.extend(wrong_tags::<R>(&inputs));
    mistakes
}

/// Says which tags AWS does not take; a question may be about tags that only AWS itself sets.
fn wrong_tags<R: Kind>(inputs: &Map) -> Vec<FieldError> {
    if R::schema().is_lookup() { Vec::new() } else { tag_mistakes(inputs) }
}

fn beside_tags<R: Kind>(args: &R::Args, inputs: &Map) -> Vec<FieldError> {
    let mut mistakes = R::mistakes(args);
    for field in R::schema().inputs() {
        let is_told = mistakes.iter().any(|mistake| mistake.field == field.name);
        mistakes.extend(empty(field, inputs).filter(|_| !is_told));
    }
    mistakes
}

/// Refuses a text that is empty: AWS takes none for "not set", so that it would differ from what is read for ever.
fn empty(field: &Field, inputs: &Map) -> Option<FieldError> {
    let is_empty = inputs.get(&*field.name).and_then(Value::as_str) == Some("");
    let message = if field.required { "is empty" } else { "is empty; leave it out to say nothing" };
    (is_empty && !field.secret).then(|| mistake(&field.name, message))
}

/// Says what is wrong with inputs of which some are not known yet, so that a plan says it and not the apply half way. The
/// id of what is not made yet, or another text that is not known, has a stand-in, of which no mistake is told. Where more
/// is not known, the tags alone are looked at.
pub(crate) fn known_mistakes<R: Kind>(inputs: &Map) -> Vec<FieldError> {
    let (schema, mut assumed, mut all) = (R::schema(), Vec::new(), inputs.clone());
    for field in schema.inputs() {
        let Some(value) = all.get_mut(&*field.name).filter(|value| value.has_unknown()) else { continue };
        match stand_in(field, value) {
            Some(known) => *value = known,
            None => return wrong_tags::<R>(inputs),
        }
        assumed.push(&*field.name);
    }
    let Ok(args) = get_map::<R::Args>(&all) else { return wrong_tags::<R>(inputs) };
    let mut mistakes = beside_tags::<R>(&args, &all);
    mistakes.retain(|mistake| !assumed.contains(&mistake.field.as_str()));
    mistakes.extend(wrong_tags::<R>(inputs));
    mistakes
}

/// Returns what stands for a value that is not known: a text for a text of which the schema has no default, since others
/// decide what the other inputs mean.
fn stand_in(field: &Field, value: &Value) -> Option<Value> {
    const UNKNOWN: &str = "unknown";
    let known = match (&field.shape, value.reveal()) {
        (FieldType::String, Value::Unknown) if field.default.is_none() => UNKNOWN.into(),
        (FieldType::List(item), Value::Unknown) if **item == FieldType::String => {
            Value::List(vec![UNKNOWN.into()])
        }
        (FieldType::List(item), Value::List(items)) if **item == FieldType::String => {
            let known = |item: &Value| if item.has_unknown() { UNKNOWN.into() } else { item.clone() };
            Value::List(items.iter().map(known).collect())
        }
        // Its keys are looked at as they are.
        (FieldType::Map(_), _) => Value::Map(Map::new()),
        _ => return None,
    };
    Some(if field.secret { known.into_secret() } else { known })
}

/// Refuses wrong inputs before anything is sent.
#[cfg(feature = "sts")]
pub(crate) fn refuse_mistakes<R: Kind>(args: &R::Args) -> Result<(), Failure> {
    match mistakes::<R>(args).into_iter().next() {
        None => Ok(()),
        Some(FieldError { field, message }) => Err(Failure::new(Class::Invalid(field), message)),
    }
}
