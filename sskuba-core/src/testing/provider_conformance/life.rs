//! Tries the life of an object: made, read, changed, replaced, deleted.

use std::sync::Arc;

use super::Trial;
use crate::address::Token;
use crate::plan::{Keys, Within, drifts};
use crate::provider::{Object, Prior};
use crate::schema::Idempotency;
use crate::value::{Map, Value};

impl Trial<'_> {
    pub(super) async fn look_up(&mut self) {
        let inputs = self.inputs();
        let first = self.lookup(&inputs).await;
        let Some(first) = self.done("lookup", first) else { return };
        self.check_outputs("lookup", &first);
        let again = self.lookup(&inputs).await;
        let Some(again) = self.done("lookup again", again) else { return };
        self.must(first == again, || "lookup: the same question has two answers".to_owned());
    }

    pub(super) async fn live(&mut self) {
        let token = Self::token();
        let inputs = self.inputs();
        let created = self.create(token, &inputs).await;
        let Some(object) = self.done("create", created) else { return };
        self.check_object("create", &object, &inputs);
        self.again(token, &inputs, &object).await;
        let object = self.usable("create", token, object, &inputs).await;
        self.check_object("ready", &object, &inputs);
        self.reads("read", token, &object, &inputs).await;
        self.finds("find", token, &object).await;
        let (object, inputs) = self.updates(token, object, inputs).await;
        self.replace(&object, &inputs).await;
        self.deletes(token, &object, &inputs).await;
    }

    /// Checks what a call reported against the schema and against what was sent.
    pub(super) fn check_object(&mut self, step: &str, object: &Object, sent: &Map) {
        self.must(!object.id.is_empty(), || format!("{step}: the id is empty"));
        self.check_outputs(step, &object.outputs);
        let schema = Arc::clone(&self.schema);
        let id = object.outputs.get(&*schema.id_field).map(|value| match value.reveal() {
            Value::String(text) => text.clone(),
            other => other.masked().to_string(),
        });
        self.must(id.as_deref() == Some(&object.id), || {
            format!("{step}: the id is `{}` and the field `{}` says {id:?}", object.id, schema.id_field)
        });
        for (name, reported) in &object.inputs {
            let Some(field) = schema.inputs().find(|field| field.name == *name) else {
                self.note(format!("{step}: reports `{name}`, which is no input"));
                continue;
            };
            let given = sent.get(name);
            let chosen = given.is_none() && (field.cloud_default || !field.owned_entries.is_empty());
            let drifts = given.is_none() && *reported != Value::Null || drifts(field, given, Some(reported));
            self.must(chosen || !drifts, || {
                let (given, reported) = (given.unwrap_or(&Value::Null).masked(), reported.masked());
                format!("{step}: `{name}` was sent as {given} and is reported as {reported}: that is drift")
            });
        }
        for (name, foreseen) in self.provider.foresee(&schema, None, sent).outputs {
            let reported = object.outputs.get(&name).unwrap_or(&Value::Null);
            self.must(reported.reveal() == foreseen.reveal(), || {
                format!("{step}: `{name}` is not what was foreseen of it: a plan would be wrong")
            });
        }
        let shown = format!("{object:?}");
        for (name, value) in sent.iter().filter(|(_, value)| value.has_secret()) {
            let leaks = value.as_str().is_some_and(|text| text.len() > 5 && shown.contains(text));
            self.must(!leaks, || format!("{step}: the secret `{name}` is reported in the clear"));
        }
    }

    pub(super) fn check_outputs(&mut self, step: &str, outputs: &Map) {
        let schema = Arc::clone(&self.schema);
        for field in schema.outputs() {
            let value = match outputs.get(&*field.name) {
                None | Some(Value::Null) => continue,
                Some(value) => value,
            };
            let mut errors = Vec::new();
            field.shape.check(value, &field.name, &mut errors);
            for error in errors {
                self.note(format!("{step}: computed {error}"));
            }
            self.must(!value.has_unknown(), || format!("{step}: computed `{}` is unknown", field.name));
            self.must(!field.secret || value.has_secret(), || {
                format!("{step}: the secret `{}` is reported in the clear", field.name)
            });
        }
        for name in outputs.keys().filter(|name| schema.outputs().all(|field| field.name != **name)) {
            self.note(format!("{step}: reports `{name}`, which is no computed field"));
        }
    }

    /// Creates again with the same token, where that must make nothing new.
    async fn again(&mut self, token: Token, inputs: &Map, object: &Object) {
        if self.schema.idempotency != Idempotency::Token {
            return;
        }
        let result = self.create(token, inputs).await;
        let Some(again) = self.done("create again with the same token", result) else { return };
        self.must(again.id == object.id || self.case.only_in_state, || {
            format!("create again with the same token: made `{}` beside `{}`", again.id, object.id)
        });
    }

    /// Reads; what is there must be what was reported before.
    pub(super) async fn reads(&mut self, step: &str, token: Token, object: &Object, sent: &Map) {
        let result = self.read(token, object, sent).await;
        let Some(read) = self.done(step, result) else { return };
        let Some(read) = read else {
            self.note(format!("{step}: `{}` is not there", object.id));
            return;
        };
        self.check_object(step, &read, sent);
        self.must(read.id == object.id, || format!("{step}: `{}` became `{}`", object.id, read.id));
        self.same_outputs(step, object, &read, true);
        let result = self.read_prior(token, &Prior { id: object.id.clone(), ..Prior::default() }).await;
        let step = format!("{step} by id alone");
        if let Some(Some(read)) = self.done(&step, result) {
            self.must(read.id == object.id, || format!("{step}: `{}` became `{}`", object.id, read.id));
        }
    }

    /// Checks that the computed fields are the same; volatile ones only where nothing was changed.
    fn same_outputs(&mut self, step: &str, before: &Object, after: &Object, volatile: bool) {
        let schema = Arc::clone(&self.schema);
        for field in schema.outputs().filter(|field| volatile || !field.volatile) {
            let value = |object: &Object| object.outputs.get(&*field.name).cloned().unwrap_or_default();
            let (before, after) = (value(before), value(after));
            let hint = if field.volatile { "" } else { "; if it may, mark it `volatile`" };
            self.must(field.normaliser.same(&before, &after), || {
                let (before, after) = (before.masked(), after.masked());
                format!("{step}: computed `{}` changed from {before} to {after}{hint}", field.name)
            });
        }
    }

    async fn finds(&mut self, step: &str, token: Token, object: &Object) {
        let result = self.find(token).await;
        let Some(found) = self.done(step, result) else { return };
        match found {
            Some(found) => {
                self.must(found.id == object.id, || {
                    format!("{step}: found `{}`, not `{}`", found.id, object.id)
                });
            }
            None if self.schema.idempotency == Idempotency::Tag => {
                self.note(format!("{step}: `{}` is not found by its token", object.id));
            }
            None => {}
        }
        let result = self.find(Self::token()).await;
        if let Some(Some(found)) = self.done(step, result) {
            self.note(format!("{step}: a token that was never used finds `{}`", found.id));
        }
    }

    /// Updates, twice, and reads; returns the object and its inputs as they are then.
    async fn updates(&mut self, token: Token, object: Object, sent: Map) -> (Object, Map) {
        let Some(to) = self.case.update.clone() else { return (object, sent) };
        let to = self.schema.complete(to);
        if self.schema.asks {
            let result = self.preview(token, &object, &sent, &to).await;
            self.done("preview of the update", result);
            self.reads("read after the preview", token, &object, &sent).await;
        }
        let result = self.update(token, &object, &sent, &to).await;
        let Some(updated) = self.done("update", result) else { return (object, sent) };
        self.check_object("update", &updated, &to);
        self.must(updated.id == object.id, || format!("update: `{}` became `{}`", object.id, updated.id));
        self.same_outputs("update", &object, &updated, false);
        // What an interrupted update leaves: the same change has to work again.
        let result = self.update(token, &object, &sent, &to).await;
        let Some(updated) = self.done("update again", result) else { return (updated, to) };
        self.reads("read after the update", token, &updated, &to).await;
        if self.case.reports_drift {
            let result = self.read(token, &updated, &to).await;
            let shown =
                self.done("read after the update", result).flatten().is_some_and(|o| !o.inputs.is_empty());
            self.must(shown, || "read after the update: reports no inputs".to_owned());
        }
        (updated, to)
    }

    /// Creates what takes the object's place, beside it or after it, and deletes that again.
    async fn replace(&mut self, object: &Object, sent: &Map) {
        let Some(inputs) = self.case.replacement.clone() else { return };
        let (token, inputs) = (Self::token(), self.schema.complete(inputs));
        // Two with one key cannot be there together either.
        let keys = |inputs: &Map| Keys::of(&self.schema, inputs, &Within::Instance(None));
        let first = self.schema.delete_first || keys(sent).meet(&keys(&inputs));
        if first {
            let result = self.delete(token, object, sent).await;
            self.done("delete before the replacement", result);
        }
        let result = self.create(token, &inputs).await;
        let Some(new) = self.done("replacement", result) else { return };
        self.check_object("replacement", &new, &inputs);
        let new = self.usable("replacement", token, new, &inputs).await;
        self.must(new.id != object.id || first, || {
            format!("replacement: has the id `{}` of what it replaces", new.id)
        });
        self.reads("read of the replacement", token, &new, &inputs).await;
        let result = self.delete(token, &new, &inputs).await;
        self.done("delete of the replacement", result);
    }

    async fn deletes(&mut self, token: Token, object: &Object, sent: &Map) {
        let result = self.delete(token, object, sent).await;
        self.done("delete", result);
        let result = self.delete(token, object, sent).await;
        self.done("delete again", result);
        let result = self.read(token, object, sent).await;
        let there = self.done("read after the delete", result).flatten().is_some();
        self.must(there == self.case.only_in_state, || match there {
            true => format!("read after the delete: `{}` is still there", object.id),
            false => "read after the delete: it is gone, so it is not only in the state".to_owned(),
        });
        let result = self.find(token).await;
        if let Some(Some(found)) = self.done("find after the delete", result) {
            self.note(format!("find after the delete: `{}` is still there", found.id));
        }
    }
}
