//! A provider that simulates the kinds of any other.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sskuba_core::address::Token;
use sskuba_core::advice::Advice;
use sskuba_core::provider::{
    Change, Class, Cx, Failure, Instance, Limits, Object, Place, Prior, Provider, Readiness,
};
use sskuba_core::schema::Schema;
use sskuba_core::value::Map;
use tokio::time::Instant;

use crate::faults::{Fault, Op, Phase};
use crate::object::SimKind;
use crate::options::Options;
use crate::seed::Seed;
use crate::world::{Effect, Fields, World, WorldError};

mod effects;

/// What decides on computed fields.
type Answers = dyn Fn(&Cx, &Map) -> Result<Fields, Failure> + Send + Sync;

type FaultPlan = dyn Fn(&Cx, Op, Phase) -> Option<Fault> + Send + Sync;

/// A provider that simulates the kinds of any other, from their schemas alone.
///
/// Clones, and the instances that [`configure`](Provider::configure) makes, share the world. Each instance sees the
/// objects of its own account and region, and of whatever else its settings say of the place.
#[derive(Clone)]
pub struct SimProvider {
    name: String,
    kinds: Arc<HashMap<String, SimKind>>,
    world: World,
    options: Options,
    /// What the settings of an instance say of the place.
    said: Place,
    limits: Limits,
    plan: Option<Arc<FaultPlan>>,
    answers: Option<Arc<Answers>>,
    attempts: Arc<Mutex<HashMap<(Token, Op), u32>>>,
    /// When this program made objects that cannot be used at once.
    made: Arc<Mutex<HashMap<Token, Instant>>>,
}

impl fmt::Debug for SimProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimProvider").field("name", &self.name).field("world", &self.world.path()).finish()
    }
}

/// How the two parts of a call's time relate: a quarter passes before the effect, the rest after it.
const BEFORE: u32 = 4;

impl SimProvider {
    /// Makes a provider of this name that simulates these kinds in `world`.
    pub fn new(name: impl Into<String>, schemas: Vec<Arc<Schema>>, world: World) -> Self {
        world.simulate(schemas.iter().map(|schema| schema.kind.clone()));
        let kinds = schemas.into_iter().map(|schema| (schema.kind.to_string(), SimKind::new(schema)));
        Self {
            name: name.into(),
            kinds: Arc::new(kinds.collect()),
            world,
            options: Options::default(),
            said: Place::default(),
            limits: Limits::default(),
            plan: None,
            answers: None,
            attempts: Arc::default(),
            made: Arc::default(),
        }
    }

    /// Sets how it behaves.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Sets how much it may be asked at once.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what decides on faults before the rates do: `plan` is asked twice at each call, before and after the
    /// effect. It may also end the program, to see what survives.
    ///
    /// After the effect the truth is that something was changed: there every fault but
    /// [`Failure`](Fault::Failure) and [`Partial`](Fault::Partial) is reported as of unknown effect.
    #[must_use]
    pub fn fault_plan(
        mut self,
        plan: impl Fn(&Cx, Op, Phase) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        self.plan = Some(Arc::new(plan));
        self
    }

    /// Sets what decides on computed fields, from the inputs; those that it does not name are made by the kind's templates.
    /// A failure of it is that of the call.
    #[must_use]
    pub fn answers(
        mut self,
        answers: impl Fn(&Cx, &Map) -> Result<Fields, Failure> + Send + Sync + 'static,
    ) -> Self {
        self.answers = Some(Arc::new(answers));
        self
    }

    /// Returns where the objects of this instance are.
    pub(crate) fn place(&self) -> Place {
        let own = [("account", self.options.account.clone()), ("region", self.options.region.clone())];
        Place::of(own).and(self.said.clone())
    }

    /// Returns the world.
    pub fn world(&self) -> &World {
        &self.world
    }

    fn kind(&self, cx: &Cx, lookup: bool) -> Result<&SimKind, Failure> {
        let text = cx.address.kind_str();
        let Some(kind) = self.kinds.get(text) else {
            let message = format!("provider {} has no kind {text}", self.name);
            return Err(Failure::new(Class::Terminal, message)
                .hint("build the program with the version that recorded it")
                .advice(Advice::ForgetUnknown(cx.address.clone())));
        };
        kind.ready()?;
        if kind.schema.is_lookup() != lookup {
            let word = if lookup { "is not a lookup" } else { "is a lookup: it is only looked up" };
            return Err(Failure::new(Class::Terminal, format!("{text} {word}")));
        }
        Ok(kind)
    }

    /// Makes a call: latency and faults round its effect.
    async fn call<T>(
        &self,
        cx: &Cx,
        op: Op,
        kind: &SimKind,
        effect: impl FnOnce() -> Result<T, Failure> + Send,
    ) -> Result<T, Failure>
    where
        T: Send + Reported,
    {
        let latency = self.options.latency(&kind.schema, op);
        let drawn = self.draw(cx, op)?;
        let planned = |phase| self.plan.as_ref().and_then(|plan| plan(cx, op, phase));
        let at = |phase| drawn.iter().find(|(drawn, _)| *drawn == phase).map(|(_, fault)| fault.clone());
        pause(latency / BEFORE).await;
        if let Some(fault) = planned(Phase::Before).or_else(|| at(Phase::Before)) {
            return Err(self.fail(cx, op, Phase::Before, fault).await);
        }
        let value = effect()?;
        pause(latency - latency / BEFORE).await;
        match planned(Phase::After).or_else(|| at(Phase::After)) {
            None => Ok(value),
            Some(Fault::GivenUp) if op == Op::Ready => Ok(T::given_up().unwrap_or(value)),
            Some(Fault::Partial) if op == Op::Create => Err(self.half(cx, kind, value)),
            Some(fault) => Err(self.fail(cx, op, Phase::After, fault).await),
        }
    }

    /// Draws the fault of this attempt, and notes it so that the next program goes on with the next attempt.
    fn draw(&self, cx: &Cx, op: Op) -> Result<Option<(Phase, Fault)>, Failure> {
        if self.options.faults.is_none() {
            return Ok(None);
        }
        let token = cx.token;
        let noted = self.world.look(|tables| tables.faults(token, op)).map_err(broken)?;
        let attempt = {
            let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
            let next = attempts.entry((token, op)).or_default();
            let attempt = noted.max(*next);
            *next = attempt + 1;
            attempt
        };
        let drawn = self.options.faults.decide(token, op, attempt);
        if drawn.is_some() {
            let note = Effect::Fault { token, op, attempt };
            self.world.change::<_, WorldError>(|_, _| Ok(((), vec![note]))).map_err(broken)?;
        }
        Ok(drawn)
    }

    async fn fail(&self, cx: &Cx, op: Op, phase: Phase, fault: Fault) -> Failure {
        let what = format!("{} of {}", op.word(), cx.address.kind_str());
        let in_doubt = phase == Phase::After || matches!(fault, Fault::Lost | Fault::Partial | Fault::Stall);
        let (class, message) = match fault {
            Fault::Failure(failure) => return *failure,
            Fault::Throttled => (Class::Throttled, format!("Throttling: rate exceeded at {what}")),
            Fault::Transient => {
                (Class::Transient, format!("ServiceUnavailable: {what} is not possible just now"))
            }
            Fault::Denied => (Class::Denied, format!("AccessDenied: the credentials do not allow {what}")),
            Fault::Conflict => {
                (Class::Conflict, format!("ResourceInUse: something else is at work at {what}"))
            }
            Fault::Lost | Fault::Partial | Fault::GivenUp => {
                (Class::Transient, format!("the connection was lost before the answer to {what}"))
            }
            Fault::Stall => {
                tokio::time::sleep(cx.timeout.saturating_mul(2)).await;
                (Class::Timeout, format!("no answer to {what}"))
            }
        };
        let unknown = op.changes() && in_doubt;
        let failure = if unknown { Failure::unknown(class, message) } else { Failure::new(class, message) };
        let mut seed = Seed::of(&[cx.token.as_bytes(), op.word().as_bytes()]);
        failure.request_id(format!("sim-{}", seed.text("0123456789abcdef", 12)))
    }

    /// Leaves a created object unfinished.
    fn half(&self, cx: &Cx, kind: &SimKind, value: impl Reported) -> Failure {
        let Some(mut object) = value.object() else {
            return Failure::unknown(Class::Transient, "the create ended half way");
        };
        if let Err(failure) = self.mark_partial(&kind.schema.kind, &object.id) {
            return failure;
        }
        object.inputs.clear();
        object.outputs.retain(|name, _| *name == kind.schema.id_field);
        let what = format!("CreateFailed: {} {} did not become ready", cx.address.kind_str(), object.id);
        Failure::partial(Class::Transient, what, object).hint("run again: the object is mended or replaced")
    }
}

/// What a call reports.
trait Reported {
    /// Returns the object, if it reports one.
    fn object(self) -> Option<Object>;

    /// Returns the report of an object that never becomes usable, if it can say that.
    fn given_up() -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

impl Reported for Object {
    fn object(self) -> Option<Object> {
        Some(self)
    }
}

impl Reported for Option<Object> {
    fn object(self) -> Option<Object> {
        self
    }
}

impl Reported for Readiness {
    fn object(self) -> Option<Object> {
        None
    }
    fn given_up() -> Option<Self> {
        Some(Self::Failed("InsufficientCapacity: there is no room for it".to_owned()))
    }
}

macro_rules! reports_none {
    ($($ty:ty),*) => { $(impl Reported for $ty { fn object(self) -> Option<Object> { None } })* };
}
reports_none!((), Map, Vec<Object>);

async fn pause(time: std::time::Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// Says that the world's file failed; nothing was changed.
fn broken(error: WorldError) -> Failure {
    Failure::new(Class::Terminal, error.to_string())
}

#[async_trait]
impl Provider for SimProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn schemas(&self) -> Vec<Arc<Schema>> {
        // A program waits for what may be hidden: here that is known exactly.
        let known = |kind: &SimKind| {
            let visibility = self.options.invisible(&kind.schema);
            Arc::new(Schema { visibility, ..Schema::clone(&kind.schema) })
        };
        let mut all: Vec<_> = self.kinds.values().map(known).collect();
        all.sort_by(|a, b| a.kind.cmp(&b.kind));
        all
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    async fn configure(&self, settings: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        let mut instance = self.clone();
        if let Some(settings) = settings {
            let text = |names: [&str; 2]| names.iter().find_map(|name| settings.get(*name)?.as_str());
            if let Some(region) = text(["region", "location"]) {
                region.clone_into(&mut instance.options.region);
            }
            if let Some(account) = text(["account", "subscription"]) {
                account.clone_into(&mut instance.options.account);
            }
            let kind = self.kinds.values().find(|kind| kind.schema.is_instance());
            instance.said = kind.map(|kind| Place::of_settings(&kind.schema, settings)).unwrap_or_default();
        }
        Ok(Arc::new(instance))
    }
}

#[async_trait]
impl Instance for SimProvider {
    async fn place(&self) -> Result<Place, Failure> {
        Ok(self.place())
    }

    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure> {
        let kind = self.kind(cx, false)?;
        let made = self.call(cx, Op::Create, kind, || self.make(cx, kind, inputs)).await;
        if kind.schema.has_early() && made.is_ok() {
            let mut times = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            times.entry(cx.token).or_insert_with(Instant::now);
        }
        made
    }

    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<Readiness, Failure> {
        let kind = self.kind(cx, false)?;
        self.call(cx, Op::Ready, kind, || self.usable(cx, kind, prior)).await
    }

    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure> {
        let kind = self.kind(cx, false)?;
        self.call(cx, Op::Read, kind, || self.see(kind, prior)).await
    }

    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure> {
        let kind = self.kind(cx, false)?;
        self.call(cx, Op::Update, kind, || self.alter(cx, kind, change)).await
    }

    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure> {
        let kind = self.kind(cx, false)?;
        self.call(cx, Op::Delete, kind, || self.unmake(kind, prior)).await
    }

    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        let kind = self.kind(cx, false)?;
        self.call(cx, Op::Find, kind, || self.seek(cx, kind)).await
    }

    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        let kind = self.kind(cx, true)?;
        self.call(cx, Op::Lookup, kind, || self.answer(cx, kind, inputs)).await
    }

    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure> {
        let kind = self.kind(cx, false)?;
        self.call(cx, Op::List, kind, || self.all(kind)).await
    }
}

#[cfg(test)]
mod tests;
