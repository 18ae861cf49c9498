//! What each operation does to the world.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use sskuba_core::address::Kind;
use sskuba_core::advice::Advice;
use sskuba_core::provider::{Change, Class, Cx, Failure, Object, Place, Prior, Readiness};
use sskuba_core::schema::Idempotency;
use sskuba_core::value::{Map, Value};

use super::{SimProvider, broken};
use crate::object::{Incarnation, SimKind, Stored, origin};
use crate::world::{Effect, Fields, Key, Link, Marks, Tables, WorldError, WorldObject};

/// A failure on its way through the world's own errors.
pub(super) struct Stop(Failure);

impl From<WorldError> for Stop {
    fn from(error: WorldError) -> Self {
        Self(broken(error))
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self(failure)
    }
}

/// How many objects of one token are told apart before their ids are said to be taken.
const INCARNATIONS: u32 = 64;

impl SimProvider {
    fn change<T>(
        &self,
        f: impl FnOnce(&Tables, &Marks) -> Result<(T, Vec<Effect>), Stop>,
    ) -> Result<T, Failure> {
        self.world.change(f).map_err(|Stop(failure)| failure)
    }

    pub(super) fn make(&self, cx: &Cx, kind: &SimKind, inputs: &Map) -> Result<Object, Failure> {
        self.change(|tables, marks| {
            let stored = kind.store(inputs, marks)?;
            let report = |object: &WorldObject| kind.report(object, inputs, marks, &self.options.region);
            let here = self.place();
            let mut made =
                tables.with_token(cx.token, &kind.schema.kind).filter(|object| is_in(object, &here));
            if kind.schema.idempotency == Idempotency::Token
                && let Some(there) = made.next()
            {
                if !kind.same_inputs(there, &stored) {
                    return Err(mismatch(cx, there).into());
                }
                let whole = Arc::new(WorldObject { partial: false, ..WorldObject::clone(there) });
                let effects = if there.partial { vec![Effect::Put(Arc::clone(&whole))] } else { Vec::new() };
                return Ok((report(&whole), effects));
            }
            let links = kind.links(inputs);
            self.check_links(cx, tables, &links)?;
            let object = Arc::new(self.new_object(cx, kind, tables, marks, (inputs, stored, links))?);
            Ok((report(&object), vec![Effect::Put(object)]))
        })
    }

    /// Puts what was decided on in place of what the kind's templates give.
    fn decide(&self, cx: &Cx, inputs: &Map, outputs: &mut Fields) -> Result<(), Failure> {
        let Some(answers) = &self.answers else { return Ok(()) };
        outputs.extend(answers(cx, inputs)?);
        Ok(())
    }

    fn new_object(
        &self,
        cx: &Cx,
        kind: &SimKind,
        tables: &Tables,
        marks: &Marks,
        (inputs, stored, links): (&Map, Stored, Vec<Link>),
    ) -> Result<WorldObject, Failure> {
        let unique = kind.unique(&stored);
        let here = self.place();
        let token = cx.token.to_string();
        let origin = origin(cx, &token, &self.options.region);
        let mut taken = None;
        for nth in 0..INCARNATIONS {
            let mut outputs = kind.outputs(&origin, &stored.fields, Incarnation { nth, revision: 0 });
            self.decide(cx, inputs, &mut outputs)?;
            let key = Key { kind: kind.schema.kind.clone(), id: kind.id(&outputs) };
            if tables.get(&key).is_some() {
                let fixed = taken.as_ref() == Some(&key);
                taken = Some(key);
                if fixed { break } else { continue }
            }
            check_name(kind, tables, (&here, unique.as_deref()), None)?;
            let mut hidden = stored.hidden;
            kind.hide(&mut outputs, &mut hidden, marks);
            return Ok(WorldObject {
                kind: key.kind,
                place: here,
                id: key.id,
                token: cx.token,
                stack: cx.stack.clone(),
                address: cx.address.clone(),
                inputs: stored.fields,
                outputs,
                hidden,
                created: self.options.clock.now(),
                partial: false,
                nth,
                revision: 0,
                links,
                unique,
            });
        }
        let id = taken.map(|key| key.id).unwrap_or_default();
        let message = format!("AlreadyExists: there is a {} `{id}`", kind.schema.kind);
        Err(Failure::exists(message, id).hint("choose another name, or import the object"))
    }

    /// Fails if a field names an object that is not there.
    fn check_links(&self, cx: &Cx, tables: &Tables, links: &[Link]) -> Result<(), Failure> {
        let missing = |link: &&Link| {
            let Key { kind, .. } = &link.to;
            (self.world.simulates(kind) || tables.has_kind(kind)) && tables.get(&link.to).is_none()
        };
        let Some(Link { field, to }) = links.iter().find(missing) else { return Ok(()) };
        let message = format!(
            "Invalid{}.NotFound: `{field}` of {} names {} `{}`, which does not exist",
            to.kind.type_name(),
            cx.address,
            to.kind,
            to.id
        );
        Err(Failure::new(Class::NotFound, message)
            .hint("it was deleted by someone else")
            .advice(Advice::RefreshFirst))
    }

    pub(super) fn see(&self, kind: &SimKind, prior: &Prior) -> Result<Option<Object>, Failure> {
        let key = key(kind, &prior.id);
        let object = self.world.look(|tables| tables.get(&key).cloned()).map_err(broken)?;
        let marks = self.world.marks();
        let here = self.place();
        let object = object.filter(|object| is_in(object, &here) && self.is_visible(kind, object));
        Ok(object.map(|object| kind.report(&object, &prior.inputs, &marks, &self.options.region)))
    }

    /// Tells whether an object can be used: some time after it was made.
    pub(super) fn usable(&self, cx: &Cx, kind: &SimKind, prior: &Prior) -> Result<Readiness, Failure> {
        let key = key(kind, &prior.id);
        let there = self.world.look(|tables| tables.get(&key).cloned()).map_err(broken)?;
        let Some(object) = self.see(kind, prior)? else {
            let message = format!("NotFound: there is no {} `{}`", key.kind, key.id);
            return Err(Failure::new(Class::NotFound, message));
        };
        let unready = self.options.unready(&kind.schema);
        // An import asks with a token of its own.
        let token = there.as_ref().map_or(cx.token, |there| there.token);
        let here = self.made.lock().unwrap_or_else(PoisonError::into_inner).get(&token).copied();
        // Another program made it: the clock tells how long ago.
        let by_clock = || there.map(|there| self.options.clock.now().since(there.created));
        let passed = here.map(|made| made.elapsed()).or_else(by_clock).unwrap_or_default();
        match unready.saturating_sub(passed) {
            Duration::ZERO => Ok(Readiness::Ready(object)),
            left => Ok(Readiness::Pending(Some(left.min(unready / 40)))),
        }
    }

    pub(super) fn seek(&self, cx: &Cx, kind: &SimKind) -> Result<Option<Object>, Failure> {
        if kind.schema.idempotency == Idempotency::None {
            return Ok(None);
        }
        let here = self.place();
        let found = self.world.look(|tables| {
            let mut all = tables.with_token(cx.token, &kind.schema.kind);
            all.find(|object| is_in(object, &here) && self.is_visible(kind, object)).cloned()
        });
        let found = found.map_err(broken)?;
        let marks = self.world.marks();
        Ok(found.map(|object| kind.report(&object, &Map::new(), &marks, &self.options.region)))
    }

    pub(super) fn all(&self, kind: &SimKind) -> Result<Vec<Object>, Failure> {
        let all = self.world.objects().map_err(broken)?;
        let marks = self.world.marks();
        let here = self.place();
        let seen = |object: &&Arc<WorldObject>| {
            object.kind == kind.schema.kind && is_in(object, &here) && self.is_visible(kind, object)
        };
        let of_kind = all.iter().filter(seen);
        Ok(of_kind.map(|object| kind.report(object, &Map::new(), &marks, &self.options.region)).collect())
    }

    fn is_visible(&self, kind: &SimKind, object: &WorldObject) -> bool {
        let hidden_for = self.options.invisible(&kind.schema);
        hidden_for.is_zero() || self.options.clock.now().since(object.created) >= hidden_for
    }

    pub(super) fn alter(&self, cx: &Cx, kind: &SimKind, change: &Change) -> Result<Object, Failure> {
        self.change(|tables, marks| {
            let (key, here) = (key(kind, &change.prior.id), self.place());
            let Some(there) = tables.get(&key).filter(|object| is_in(object, &here)) else {
                let message = format!("NotFound: there is no {} `{}`", key.kind, key.id);
                let failure = Failure::new(Class::NotFound, message).hint("it was deleted by someone else");
                return Err(failure.advice(Advice::RefreshFirst).into());
            };
            let mut stored = kind.store(&change.inputs, marks)?;
            kind.keep_entries_of_others(there, &change.prior.inputs, &mut stored);
            if let Some(field) = kind.forbidden_change(there, &stored) {
                let message = format!("`{}` of {} `{}` cannot be changed", field.name, key.kind, key.id);
                return Err(Failure::new(Class::Invalid(field.name.to_string()), message)
                    .hint("replace the object")
                    .into());
            }
            let links = kind.links(&change.inputs);
            self.check_links(cx, tables, &links)?;
            let unique = kind.unique(&stored);
            check_name(kind, tables, (&here, unique.as_deref()), Some(&key))?;
            let token = there.token.to_string();
            let mut origin = origin(cx, &token, &self.options.region);
            origin.name = there.address.name();
            let at = Incarnation { nth: there.nth, revision: there.revision + 1 };
            let mut outputs = kind.outputs(&origin, &stored.fields, at);
            self.decide(cx, &change.inputs, &mut outputs)?;
            if let Some(id) = there.outputs.get(&*kind.schema.id_field) {
                outputs.insert(kind.schema.id_field.to_string(), id.clone());
            }
            let mut hidden = stored.hidden;
            kind.hide(&mut outputs, &mut hidden, marks);
            let object = Arc::new(WorldObject {
                inputs: stored.fields,
                outputs,
                hidden,
                partial: false,
                revision: at.revision,
                links,
                unique,
                ..WorldObject::clone(there)
            });
            let report = kind.report(&object, &change.inputs, marks, &self.options.region);
            Ok((report, vec![Effect::Put(object)]))
        })
    }

    pub(super) fn unmake(&self, kind: &SimKind, prior: &Prior) -> Result<(), Failure> {
        self.change(|tables, _| {
            let key = key(kind, &prior.id);
            let here = self.place();
            if !tables.get(&key).is_some_and(|object| is_in(object, &here)) {
                return Ok(((), Vec::new()));
            }
            if let Some(other) = tables.dependant(&key) {
                let field = other.links.iter().find(|link| link.to == key).map_or("", |link| &link.field);
                let message = format!(
                    "DependencyViolation: {} `{}` is used by `{field}` of {} `{}` ({} of stack {})",
                    key.kind, key.id, other.kind, other.id, other.address, other.stack
                );
                return Err(Failure::new(Class::Conflict, message).hint("delete what uses it first").into());
            }
            Ok(((), vec![Effect::Gone(key)]))
        })
    }

    pub(super) fn answer(&self, cx: &Cx, kind: &SimKind, inputs: &Map) -> Result<Map, Failure> {
        let marks = self.world.marks();
        let stored = kind.store(inputs, &marks)?;
        let links = kind.links(inputs);
        let checked = self.world.look(|tables| self.check_links(cx, tables, &links));
        checked.map_err(broken)??;
        // The same question has the same answer, whoever asks.
        let question = serde_json::to_string(&stored.fields).unwrap_or_default();
        let origin = origin(cx, &question, &self.options.region);
        let mut outputs = kind.outputs(&origin, &stored.fields, Incarnation { nth: 0, revision: 0 });
        self.decide(cx, inputs, &mut outputs)?;
        let outputs = outputs.into_iter().map(|(name, json)| (name, Value::from_json(json))).collect();
        Ok(kind.schema.seal_outputs(outputs))
    }

    pub(super) fn mark_partial(&self, kind: &Kind, id: &str) -> Result<(), Failure> {
        let key = Key { kind: kind.clone(), id: id.to_owned() };
        self.change(|tables, _| {
            let object =
                tables.get(&key).map(|object| WorldObject { partial: true, ..WorldObject::clone(object) });
            Ok(((), object.map(|object| Effect::Put(Arc::new(object))).into_iter().collect()))
        })
    }
}

fn key(kind: &SimKind, id: &str) -> Key {
    Key { kind: kind.schema.kind.clone(), id: id.to_owned() }
}

fn mismatch(cx: &Cx, there: &WorldObject) -> Failure {
    let message = format!(
        "IdempotentParameterMismatch: token {} made {} `{}` with other inputs",
        cx.token, there.kind, there.id
    );
    Failure::new(Class::Conflict, message)
}

/// Tells whether an object is in a place.
fn is_in(object: &WorldObject, place: &Place) -> bool {
    object.place.is_empty() || object.place == *place
}

/// Fails if another object of the kind has the name in a place.
fn check_name(
    kind: &SimKind,
    tables: &Tables,
    (place, name): (&Place, Option<&str>),
    own: Option<&Key>,
) -> Result<(), Failure> {
    let Some(name) = name else { return Ok(()) };
    match tables.named(&kind.schema.kind, place, name) {
        Some(other) if Some(other) != own => {
            let message = format!("NameInUse: {} `{}` has the name `{name}`", other.kind, other.id);
            Err(Failure::exists(message, &other.id).hint("delete it first, or choose another name"))
        }
        _ => Ok(()),
    }
}
