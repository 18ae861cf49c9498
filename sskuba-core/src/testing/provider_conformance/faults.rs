//! Tries what only the peer can bring about: lost answers, throttling, late visibility, objects that are given up.

use tokio::time::{Instant, sleep};

use super::Trial;
use super::calls::{MOST, PAUSE};
use super::case::Hook;
use crate::address::Token;
use crate::provider::{Class, Effect, Failure, Object, Readiness};
use crate::schema::Idempotency;
use crate::value::Map;

const LOST: &str = "lost answers";
const THROTTLED: &str = "throttling";
const HIDDEN: &str = "late visibility";
const GIVEN_UP: &str = "failed after made";

impl Trial<'_> {
    pub(super) async fn faults(&mut self) {
        let hooks = self.case.hooks.clone();
        if let Some(hook) = self.hook(LOST, "lose_next_answer", hooks.lose.as_ref()) {
            if self.schema.idempotency == Idempotency::None {
                self.not_tried("lost answers of creates", "the kind's idempotency is `none`: a person looks");
            } else {
                self.lost_create(&hook).await;
            }
            self.lost_update(&hook).await;
            self.lost_delete(&hook).await;
        }
        if let Some(hook) = self.hook(THROTTLED, "throttle", hooks.throttle.as_ref()) {
            self.throttled(&hook).await;
        }
        if let Some(hook) = self.hook(HIDDEN, "hide", hooks.hide.as_ref()) {
            self.hidden(&hook).await;
        }
        if let Some(hook) = self.hook(GIVEN_UP, "fail", hooks.fail.as_ref()) {
            self.given_up(&hook).await;
        }
    }

    /// Returns a hook, or notes that the part is not tried without it.
    pub(super) fn hook(&mut self, part: &'static str, name: &str, hook: Option<&Hook>) -> Option<Hook> {
        if hook.is_none() {
            self.not_tried(part, format!("the case has no hook `{name}`"));
        }
        hook.cloned()
    }

    /// A create whose answer is lost made one object, and the engine's recovery finds it and makes no second one.
    async fn lost_create(&mut self, hook: &Hook) {
        let step = "create whose answer is lost";
        let (token, inputs) = (Self::token(), self.inputs());
        let before = self.ids().await;
        hook(String::new()).await;
        // A client may have made the call again by itself.
        if let Err(failure) = self.create(token, &inputs).await {
            self.admits(step, &failure);
        }
        let recovered = self.recovered(token, &inputs).await;
        let recovered = self.done(step, recovered).flatten();
        match &recovered {
            Some(object) => self.check_object(step, object, &inputs),
            None => self.note(format!("{step}: it took effect, and the object is not found by its token")),
        }
        self.only(step, before, token, recovered.as_ref(), &inputs).await;
    }

    /// Finds the object of a create by the rules of recovery.
    async fn recovered(&self, token: Token, inputs: &Map) -> Result<Option<Object>, Failure> {
        if self.schema.idempotency == Idempotency::Token {
            match self.create(token, inputs).await {
                Ok(object) => return Ok(Some(object)),
                // It is refused, e.g. because the name is taken; then it is searched for.
                Err(failure) => {
                    let found = self.find(token).await?;
                    return if found.is_some() { Ok(found) } else { Err(failure) };
                }
            }
        }
        let until = Instant::now() + self.schema.visibility;
        loop {
            let last = Instant::now() >= until;
            let found = self.find(token).await?;
            if found.is_some() || last {
                return Ok(found);
            }
            sleep(PAUSE).await;
        }
    }

    /// Notes every object that is there besides one, and deletes them all.
    async fn only(
        &mut self,
        step: &str,
        before: Option<std::collections::BTreeSet<String>>,
        token: Token,
        one: Option<&Object>,
        inputs: &Map,
    ) {
        if let Some(object) = one {
            sleep(self.schema.visibility).await;
            let after = self.ids().await;
            for id in after.iter().flatten() {
                if *id != object.id && before.as_ref().is_some_and(|before| !before.contains(id)) {
                    self.note(format!("{step}: `{id}` was made beside `{}`", object.id));
                    let stray = Object { id: id.clone(), ..Object::default() };
                    self.clean(step, token, &stray, inputs).await;
                }
            }
            self.clean(step, token, object, inputs).await;
        }
    }

    async fn lost_update(&mut self, hook: &Hook) {
        let step = "update whose answer is lost";
        let Some(to) = self.case.update.clone() else {
            return self.not_tried("lost answers of updates", "the case has no `update`");
        };
        let (inputs, to) = (self.inputs(), self.schema.complete(to));
        let Some((token, object)) = self.made(step, &inputs).await else { return };
        hook(String::new()).await;
        if let Err(failure) = self.update(token, &object, &inputs, &to).await {
            self.admits(step, &failure);
        }
        let again = self.update(token, &object, &inputs, &to).await;
        let changed = self.done(&format!("{step}: again"), again).unwrap_or(object);
        self.reads(&format!("{step}: read"), token, &changed, &to).await;
        self.clean(step, token, &changed, &to).await;
    }

    async fn lost_delete(&mut self, hook: &Hook) {
        let (step, inputs) = ("delete whose answer is lost", self.inputs());
        let Some((token, object)) = self.made(step, &inputs).await else { return };
        hook(String::new()).await;
        if let Err(failure) = self.delete(token, &object, &inputs).await {
            self.admits(step, &failure);
        }
        self.clean(&format!("{step}: again"), token, &object, &inputs).await;
        self.gone(step, token, &object, &inputs).await;
    }

    /// Throttled calls say that they are, change nothing, and succeed when they are made again.
    async fn throttled(&mut self, hook: &Hook) {
        let (token, inputs) = (Self::token(), self.inputs());
        let before = self.ids().await;
        hook(String::new()).await;
        let step = "create while throttled";
        let mut made = self.create(token, &inputs).await;
        for _ in 0..MOST {
            if !self.is_throttled(step, made.as_ref().err()) {
                break;
            }
            sleep(PAUSE).await;
            made = self.create(token, &inputs).await;
        }
        let Some(object) = self.done(step, made) else { return };
        let object = self.usable(step, token, object, &inputs).await;
        hook(String::new()).await;
        let step = "read while throttled";
        let mut read = self.read(token, &object, &inputs).await;
        for _ in 0..MOST {
            if !self.is_throttled(step, read.as_ref().err()) {
                break;
            }
            sleep(PAUSE).await;
            read = self.read(token, &object, &inputs).await;
        }
        if let Some(read) = self.done(step, read) {
            self.must(read.is_some(), || format!("{step}: `{}` is said to be gone", object.id));
        }
        hook(String::new()).await;
        let step = "delete while throttled";
        let mut deleted = self.delete(token, &object, &inputs).await;
        for _ in 0..MOST {
            if !self.is_throttled(step, deleted.as_ref().err()) {
                break;
            }
            sleep(PAUSE).await;
            deleted = self.delete(token, &object, &inputs).await;
        }
        self.done(step, deleted);
        self.gone(step, token, &object, &inputs).await;
        let after = self.ids().await;
        if let (Some(before), Some(after)) = (before, after) {
            let more: Vec<_> = after.difference(&before).collect();
            self.must(more.is_empty(), || format!("throttling: these are left: {more:?}"));
        }
    }

    /// Tells whether a call was throttled and is to be made again; notes what is wrong with how it says so.
    fn is_throttled(&mut self, step: &str, failure: Option<&Failure>) -> bool {
        let Some(failure) = failure.filter(|failure| failure.class == Class::Throttled) else { return false };
        self.must(failure.effect == Effect::NotApplied, || {
            format!("{step}: a throttled call changed nothing, and the failure does not say so")
        });
        failure.effect == Effect::NotApplied
    }

    /// What is hidden right after its create is found when the kind's visibility window has passed, at the latest.
    async fn hidden(&mut self, hook: &Hook) {
        let (step, token, inputs) = ("object that is seen late", Self::token(), self.inputs());
        hook(String::new()).await;
        let made = self.create(token, &inputs).await;
        let Some(object) = self.done(step, made) else { return };
        let until = Instant::now() + self.schema.visibility;
        loop {
            let last = Instant::now() >= until;
            let read = self.read(token, &object, &inputs).await;
            let Some(read) = self.done(step, read) else { break };
            if read.is_some() {
                break;
            }
            if last {
                let window = self.schema.visibility;
                self.note(format!(
                    "{step}: `{}` is not seen {window:?} after its create, which is the kind's `visibility`: say how long \
                     it may take with `#[resource(visibility = \"…\")]`",
                    object.id
                ));
                break;
            }
            sleep(PAUSE).await;
        }
        if self.schema.idempotency == Idempotency::Tag {
            let found = self.find(token).await;
            let found = self.done(step, found).flatten();
            self.must(found.is_some(), || format!("{step}: `{}` is not found by its token", object.id));
        }
        let object = self.usable(step, token, object, &inputs).await;
        self.clean(step, token, &object, &inputs).await;
    }

    /// An object that its service gives up is reported as failed, with the service's words, and can be deleted.
    async fn given_up(&mut self, hook: &Hook) {
        let (step, token, inputs) = ("object that its service gives up", Self::token(), self.inputs());
        hook(String::new()).await;
        let object = match self.create(token, &inputs).await {
            Ok(object) if self.schema.has_early() => object,
            Ok(object) => {
                self.note(format!("{step}: the create of `{}` says that it can be used", object.id));
                object
            }
            Err(Failure { effect: Effect::Applied(object), .. }) => *object,
            Err(Failure { effect: Effect::NotApplied, .. }) => return,
            Err(failure) => return self.note(format!("{step}: create: failed: {failure}")),
        };
        if self.schema.has_early() {
            match self.settled(token, &object, &inputs).await {
                Ok(Readiness::Failed(why)) => {
                    self.must(!why.is_empty(), || format!("{step}: it does not say why"));
                }
                Ok(other) => self.note(format!("{step}: `ready` says {other:?}, not `Failed`")),
                Err(failure) => self.note(format!(
                    "{step}: `ready` fails ({failure}); it answers `Failed` with the service's words"
                )),
            }
        }
        self.clean(step, token, &object, &inputs).await;
        self.gone(step, token, &object, &inputs).await;
    }
}
