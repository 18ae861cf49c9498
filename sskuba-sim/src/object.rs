//! One simulated kind: how its objects are stored, made and reported.

use std::sync::Arc;

use serde_json::Value as Json;
use sskuba_core::provider::{Class, Cx, Failure, Object};
use sskuba_core::schema::{Field, Schema, Text};
use sskuba_core::value::{FieldPath, Map, Value};

use crate::pattern::{Maker, Source};
use crate::seed::Seed;
use crate::world::{Fields, Key, Link, Marks, WorldObject};

/// A schema, made ready.
#[derive(Debug)]
pub(crate) struct SimKind {
    pub(crate) schema: Arc<Schema>,
    makers: Vec<Maker>,
    mistakes: Vec<String>,
}

/// Inputs as they are stored.
pub(crate) struct Stored {
    pub(crate) fields: Fields,
    pub(crate) hidden: Vec<String>,
}

/// Which of the objects of one token, after how many updates.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Incarnation {
    pub(crate) nth: u32,
    pub(crate) revision: u32,
}

/// Who asks, where it shows in a value.
pub(crate) struct Origin<'a> {
    pub(crate) name: &'a str,
    pub(crate) stack: &'a str,
    pub(crate) token: &'a str,
    pub(crate) region: &'a str,
}

impl SimKind {
    pub(crate) fn new(schema: Arc<Schema>) -> Self {
        let (mut makers, mut mistakes) = (Vec::new(), Vec::new());
        for field in schema.outputs() {
            match Maker::new(field, schema.kind.type_name(), field.name == schema.id_field) {
                Ok(maker) => makers.push(maker),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        Self { schema, makers, mistakes }
    }

    /// Fails if the schema cannot be simulated.
    pub(crate) fn ready(&self) -> Result<(), Failure> {
        if self.mistakes.is_empty() {
            return Ok(());
        }
        let all = self.mistakes.join("; ");
        Err(Failure::new(Class::Terminal, format!("{} cannot be simulated: {all}", self.schema.kind)))
    }

    /// Turns inputs into what is stored: marks in place of secrets.
    pub(crate) fn store(&self, inputs: &Map, marks: &Marks) -> Result<Stored, Failure> {
        let mut stored = Stored { fields: Fields::new(), hidden: Vec::new() };
        for (name, value) in inputs.iter().filter(|(_, value)| **value != Value::Null) {
            let secret = value.has_secret() || self.schema.field(name).is_some_and(|field| field.secret);
            let json = if secret {
                stored.hidden.push(name.clone());
                Json::String(marks.of(name, value))
            } else {
                value.exposed().map_err(|error| {
                    Failure::new(Class::Invalid(name.clone()), format!("the value of `{name}` {error}"))
                })?
            };
            stored.fields.insert(name.clone(), json);
        }
        Ok(stored)
    }

    /// Keeps the entries of lists and maps that others wrote: neither those that were sent before, nor those that are now.
    pub(crate) fn keep_entries_of_others(&self, there: &WorldObject, before: &Map, new: &mut Stored) {
        for field in
            self.schema.inputs().filter(|field| field.owned_entries.contains(&FieldPath::of(&*field.name)))
        {
            let Some(old) = there.inputs.get(&*field.name) else { continue };
            let before = before.get(&*field.name).and_then(|value| value.exposed().ok()).unwrap_or_default();
            match (old, new.fields.get_mut(&*field.name)) {
                (Json::Object(old), Some(Json::Object(new))) => {
                    for (key, value) in old.iter().filter(|(key, _)| before.get(key.as_str()).is_none()) {
                        new.entry(key.clone()).or_insert_with(|| value.clone());
                    }
                }
                (Json::Array(old), Some(Json::Array(new))) => {
                    let sent = before.as_array().cloned().unwrap_or_default();
                    let others: Vec<Json> = old
                        .iter()
                        .filter(|item| !sent.contains(item) && !new.contains(item))
                        .cloned()
                        .collect();
                    new.extend(others);
                }
                _ => {}
            }
        }
    }

    /// Returns what the inputs refer to.
    pub(crate) fn links(&self, inputs: &Map) -> Vec<Link> {
        let fields =
            self.schema.inputs().filter_map(|field| Some((&*field.name, field.reference.as_deref()?)));
        let mut links = Vec::new();
        for (name, kind) in fields {
            let (Some(value), Ok(kind)) = (inputs.get(name), kind.parse()) else { continue };
            let mut ids = Vec::new();
            texts(value, &mut ids);
            let link =
                |id: String| Link { field: name.to_owned(), to: Key { kind: Clone::clone(&kind), id } };
            links.extend(ids.into_iter().map(link));
        }
        links
    }

    /// Returns what no other object of the kind in its place may have: the first key of the schema, or the input `name`
    /// of a kind whose objects cannot live side by side.
    pub(crate) fn unique(&self, stored: &Stored) -> Option<String> {
        if let Some(fields) = self.schema.unique.first() {
            let normal = |name: &Text| {
                let (field, json) = (self.schema.field(name)?, stored.fields.get(&**name)?);
                let value = field.normaliser.apply(&Value::from_json(json.clone()));
                Some(value.as_str().map_or_else(|| value.masked().to_string(), str::to_owned))
            };
            return fields.iter().map(normal).collect::<Option<Vec<_>>>().map(|parts| parts.join(" "));
        }
        let name = self.schema.delete_first.then(|| stored.fields.get("name")).flatten()?;
        name.as_str().map(str::to_owned)
    }

    /// Makes the computed fields, secrets in the clear.
    pub(crate) fn outputs(&self, origin: &Origin<'_>, inputs: &Fields, at: Incarnation) -> Fields {
        let Origin { name, stack, token, region } = *origin;
        let source = Source { name, stack, token, region, inputs };
        let make = |maker: &Maker| {
            let revision = if maker.volatile { at.revision } else { 0 };
            let kind = self.schema.kind.as_str().as_bytes();
            let (nth, revision) = (at.nth.to_le_bytes(), revision.to_le_bytes());
            let mut seed = Seed::of(&[kind, maker.name.as_bytes(), token.as_bytes(), &nth, &revision]);
            (maker.name.to_string(), maker.make(&source, &mut seed))
        };
        self.makers.iter().map(make).collect()
    }

    /// Puts marks in place of secret computed fields.
    pub(crate) fn hide(&self, outputs: &mut Fields, hidden: &mut Vec<String>, marks: &Marks) {
        for maker in self.makers.iter().filter(|maker| maker.secret) {
            if let Some(value) = outputs.get_mut(&*maker.name) {
                *value = Json::String(marks.of(&maker.name, &Value::from_json(value.take())));
                hidden.push(maker.name.to_string());
            }
        }
    }

    /// Returns the id among computed fields.
    pub(crate) fn id(&self, outputs: &Fields) -> String {
        match outputs.get(&*self.schema.id_field) {
            Some(Json::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    /// Reports an object as the service would. `known` is what the caller has of the inputs: the world itself
    /// remembers no secret.
    pub(crate) fn report(&self, object: &WorldObject, known: &Map, marks: &Marks, region: &str) -> Object {
        let is_hidden = |name: &str| object.hidden.iter().any(|hidden| hidden == name);
        let mut inputs = Map::new();
        for (name, json) in &object.inputs {
            if !is_hidden(name) {
                inputs.insert(name.clone(), Value::from_json(json.clone()));
            } else if let Some(value) = known.get(name)
                && json.as_str() == Some(&marks.of(name, value))
            {
                inputs.insert(name.clone(), value.clone());
            }
        }
        for name in known.keys().filter(|name| !object.inputs.contains_key(*name)) {
            inputs.insert(name.clone(), Value::Null);
        }
        let mut outputs = object.outputs.clone();
        if self.makers.iter().any(|maker| maker.secret) {
            let token = object.token.to_string();
            let (name, stack) = (object.address.name(), object.stack.as_str());
            let origin = Origin { name, stack, token: &token, region };
            let at = Incarnation { nth: object.nth, revision: object.revision };
            let clear = self.outputs(&origin, &object.inputs, at);
            outputs.extend(clear.into_iter().filter(|(name, _)| is_hidden(name)));
        }
        let outputs = outputs.into_iter().map(|(name, json)| (name, Value::from_json(json))).collect();
        Object { id: object.id.clone(), inputs, outputs: self.schema.seal_outputs(outputs) }
    }

    /// Returns the first field that forces a replacement and differs between an object and new inputs.
    pub(crate) fn forbidden_change(&self, object: &WorldObject, new: &Stored) -> Option<&Field> {
        self.schema.inputs().filter(|field| field.force_new).find(|field| {
            let (old, new) = (object.inputs.get(&*field.name), new.fields.get(&*field.name));
            let value = |json: Option<&Json>| json.cloned().map_or(Value::Null, Value::from_json);
            old != new && !field.normaliser.same(&value(old), &value(new))
        })
    }

    /// Tells whether inputs mean the same as those of an object.
    pub(crate) fn same_inputs(&self, object: &WorldObject, new: &Stored) -> bool {
        self.schema.inputs().all(|field| {
            let (old, new) = (object.inputs.get(&*field.name), new.fields.get(&*field.name));
            let value = |json: Option<&Json>| json.cloned().map_or(Value::Null, Value::from_json);
            old == new || field.normaliser.same(&value(old), &value(new))
        })
    }
}

/// Collects the texts of a value: one, those of a list, or those of a map.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value.reveal() {
        Value::String(text) if !text.is_empty() => found.push(text.clone()),
        Value::List(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Map(map) => map.values().for_each(|item| texts(item, found)),
        _ => {}
    }
}

/// Returns who asks.
pub(crate) fn origin<'a>(cx: &'a Cx, token: &'a str, region: &'a str) -> Origin<'a> {
    Origin { name: cx.address.name(), stack: cx.stack.as_str(), token, region }
}
