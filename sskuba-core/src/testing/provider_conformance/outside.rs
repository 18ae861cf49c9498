//! Tries what others do to objects: a value taken away, an object deleted; and objects that never were.

use std::sync::Arc;

use super::Trial;
use super::inputs::wrong_values;
use crate::address::Token;
use crate::provider::{Class, Failure, Object, Prior};
use crate::value::{Map, Value};

const UNSET: &str = "fields removed by others";
const REMOVED: &str = "objects removed by others";
const UNKNOWN: &str = "unknown id";

impl Trial<'_> {
    pub(super) async fn outside(&mut self) {
        self.odd_records().await;
        self.unknown_id().await;
        let hooks = self.case.hooks.clone();
        if hooks.unset.is_empty() {
            self.not_tried(UNSET, "the case has no hook `unset_field`");
        }
        for (field, hook) in &hooks.unset {
            self.unset(field, hook).await;
        }
        if let Some(hook) = self.hook(REMOVED, "remove", hooks.remove.as_ref()) {
            let (step, inputs) = ("object that others delete", self.inputs());
            let Some((token, object)) = self.made(step, &inputs).await else { return };
            hook(object.id.clone()).await;
            self.gone(step, token, &object, &inputs).await;
            self.clean(step, token, &object, &inputs).await;
        }
    }

    /// Checks that an object is gone: a read of it says so.
    pub(super) async fn gone(&mut self, step: &str, token: Token, object: &Object, sent: &Map) {
        let read = self.read(token, object, sent).await;
        if let Some(Some(there)) = self.done(&format!("{step}: read of what is gone"), read) {
            self.note(format!("{step}: `{}` is still there", there.id));
        }
    }

    /// A value that was taken away is reported as unset: of what is not reported nobody learns that it drifted.
    async fn unset(&mut self, field: &str, hook: &super::case::Hook) {
        let (step, inputs) = (format!("`{field}` that others remove"), self.inputs());
        if !self.case.create.contains_key(field) {
            return self.note(format!("{step}: the first create's inputs do not set it"));
        }
        let Some((token, object)) = self.made(&step, &inputs).await else { return };
        hook(object.id.clone()).await;
        let read = self.read(token, &object, &inputs).await;
        if let Some(read) = self.done(&step, read) {
            let sent = inputs.get(field).cloned().unwrap_or_default();
            match read.as_ref().map(|object| object.inputs.get(field)) {
                None => self.note(format!("{step}: the object is said to be gone")),
                Some(None) => self.note(format!(
                    "{step}: the read says nothing of it; report `None` in the inputs of the object, which means that it is \
                     not set"
                )),
                Some(Some(value)) => self.must(*value != sent, || {
                    format!("{step}: it is still reported as {}", value.masked())
                }),
            }
        }
        self.clean(&step, token, &object, &inputs).await;
    }

    /// A record whose fields have other types, such as one of an earlier version, is refused or read; nothing panics.
    async fn odd_records(&mut self) {
        let (step, inputs) = ("record with fields of other types", self.inputs());
        let Some((token, object)) = self.made(step, &inputs).await else { return };
        let schema = Arc::clone(&self.schema);
        let mut odd = Prior { id: object.id.clone(), ..Prior::default() };
        for field in &schema.fields {
            let into = if field.computed { &mut odd.outputs } else { &mut odd.inputs };
            let wrong = wrong_values(&field.shape).into_iter().next().unwrap_or(Value::Null);
            into.insert(field.name.to_string(), wrong);
        }
        match self.read_prior(token, &odd).await {
            Ok(read) => self.must(read.is_some(), || format!("{step}: `{}` is said to be gone", object.id)),
            Err(failure) => self.clear(step, &failure),
        }
        self.clean(step, token, &object, &inputs).await;
    }

    /// An id that no object has: a read says that it is gone, and a delete has nothing to do. One that cannot be an id
    /// may be refused.
    async fn unknown_id(&mut self) {
        let known_form = self.case.unknown_id.clone();
        if known_form.is_none() {
            let why = "the case has no `unknown_id`; what cannot be an id was tried, and may be refused";
            self.not_tried(UNKNOWN, why);
        }
        let ids = [known_form.clone(), Some("no-such-object".to_owned())];
        for id in ids.into_iter().flatten() {
            let step = format!("unknown id `{id}`");
            let (prior, strict) =
                (Prior { id: id.clone(), ..Prior::default() }, known_form.as_ref() == Some(&id));
            match self.read_prior(Self::token(), &prior).await {
                Ok(None) => {}
                Ok(Some(there)) => self.note(format!("{step}: read finds `{}`", there.id)),
                Err(failure) if strict || failure.class == Class::NotFound => self.note(format!(
                    "{step}: read: failed: {failure}; what is not there is answered with `None`"
                )),
                Err(failure) => self.clear(&step, &failure),
            }
            match self.delete_prior(Self::token(), &prior).await {
                Ok(()) => {}
                Err(failure) if strict || failure.class == Class::NotFound => self.note(format!(
                    "{step}: delete: failed: {failure}; a delete of what is not there succeeds"
                )),
                Err(failure) => self.clear(&step, &failure),
            }
        }
    }

    /// Notes a failure that is none of a provider's: a panic, or a call that does not end.
    fn clear(&mut self, step: &str, failure: &Failure) {
        let is_clear = failure.effect == crate::provider::Effect::NotApplied;
        self.must(is_clear, || format!("{step}: failed: {failure}"));
    }
}
