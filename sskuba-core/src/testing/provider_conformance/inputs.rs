//! Tries the checks of the inputs: what is right passes, what is wrong is named.

use std::sync::Arc;

use super::Trial;
use crate::schema::{Field, FieldType};
use crate::value::{Map, Value};

impl Trial<'_> {
    pub(super) fn check_inputs(&mut self) {
        let case = self.case;
        let named = [
            ("the create's", Some(&case.create)),
            ("the update's", case.update.as_ref()),
            ("the replacement's", case.replacement.as_ref()),
        ];
        for (which, inputs) in named.into_iter().filter_map(|(which, inputs)| Some((which, inputs?))) {
            for mistake in self.mistakes(inputs) {
                self.note(format!("check: {which} inputs are refused: {mistake}"));
            }
        }
        let schema = Arc::clone(&self.schema);
        for field in schema.inputs() {
            self.check_field(field);
        }
        let mut more = case.create.clone();
        more.insert("no_such_field".into(), Value::Bool(true));
        self.refused("no_such_field", &more, "a field that the kind does not have");
        for field in schema.outputs() {
            let mut more = case.create.clone();
            more.insert(field.name.to_string(), Value::Null);
            self.refused(&field.name, &more, "a computed field as input");
        }
    }

    /// Returns what the schema and the provider say against inputs.
    fn mistakes(&self, inputs: &Map) -> Vec<String> {
        let inputs = self.schema.complete(inputs.clone());
        let mut found = self.schema.check(&inputs);
        if found.is_empty() {
            match self.provider_check(&self.schema, &inputs) {
                Ok(errors) => found = errors,
                Err(panic) => return vec![panic],
            }
        }
        found.iter().map(ToString::to_string).collect()
    }

    fn check_field(&mut self, field: &Field) {
        for wrong in wrong_values(&field.shape) {
            let mut inputs = self.case.create.clone();
            inputs.insert(field.name.to_string(), wrong.clone());
            self.refused(&field.name, &inputs, &format!("{} in place of {}", wrong.sort(), field.shape));
        }
        if field.required {
            let mut inputs = self.case.create.clone();
            inputs.remove(&*field.name);
            self.refused(&field.name, &inputs, "nothing in a required field");
        }
        let mut inputs = self.schema.complete(self.case.create.clone());
        inputs.insert(field.name.to_string(), Value::Unknown);
        let found: Vec<String> = self.schema.check(&inputs).iter().map(ToString::to_string).collect();
        self.must(found.is_empty(), || {
            format!(
                "check: `{}` may be unknown in a preview, and is refused: {}",
                field.name,
                found.join(", ")
            )
        });
        self.survives(&inputs, &format!("`{}` unknown", field.name));
    }

    /// The provider's check may say what it likes, but it must not panic.
    fn survives(&mut self, inputs: &Map, what: &str) {
        let schema = Arc::clone(&self.schema);
        if let Err(panic) = self.provider_check(&schema, inputs) {
            self.note(format!("check: with {what}: {panic}"));
        }
    }

    fn refused(&mut self, field: &str, inputs: &Map, what: &str) {
        let found = self.schema.check(inputs);
        self.survives(inputs, what);
        let named = found.iter().any(|error| error.field.split(['.', '[']).next() == Some(field));
        self.must(named, || format!("check: {what} passes: no error names `{field}`"));
    }
}

/// Returns values that are not of the type.
pub(super) fn wrong_values(shape: &FieldType) -> Vec<Value> {
    let text = || Value::from("not-this");
    match shape {
        FieldType::String => vec![Value::Bool(true), Value::List(Vec::new())],
        FieldType::Bool | FieldType::Float => vec![text()],
        FieldType::Integer(_, high) => {
            let above = i64::try_from(high.saturating_add(1)).ok().map(Value::from);
            [Some(text()), above].into_iter().flatten().collect()
        }
        FieldType::List(item) => {
            let inner = wrong_values(item).into_iter().map(|value| Value::List(vec![value]));
            [text()].into_iter().chain(inner).collect()
        }
        FieldType::Map(item) => {
            let inner =
                wrong_values(item).into_iter().map(|value| Value::Map([("a".to_owned(), value)].into()));
            [text()].into_iter().chain(inner).collect()
        }
        FieldType::Object(_) | FieldType::OneOf(_) => vec![text(), Value::Bool(true)],
        FieldType::Any => Vec::new(),
    }
}
