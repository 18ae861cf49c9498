//! The contract between the engine and a provider, on values.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::error::{Class, Failure};
use super::foresight::Foresight;
use super::place::Place;
use crate::address::{Address, Kind, StackId, Token};
use crate::schema::{FieldError, Schema};
use crate::value::Map;

/// What every call is told.
#[derive(Debug, Clone)]
pub struct Cx {
    /// The stack.
    pub stack: StackId,
    /// The resource; its kind is the address's.
    pub address: Address,
    /// The generation: the idempotency token, the source of physical names, the ownership tag.
    pub token: Token,
    /// How long the call may take; a waiter inside the call must end before.
    pub timeout: Duration,
    /// Whether this repeats a call that an earlier run left open. Nothing else of the stack begins before it is
    /// resolved: who waits now for what another resource brings waits in vain. Such a call returns at once, with
    /// [`Failure::partial`] where something was made; what is left is done with the plan that follows.
    pub recovering: bool,
}

/// For how long a call waits for others while a stack recovers.
const MOMENT: Duration = Duration::from_secs(1);

impl Cx {
    /// Makes the context of a first call.
    pub fn new(stack: StackId, address: Address, token: Token, timeout: Duration) -> Self {
        Self { stack, address, token, timeout, recovering: false }
    }

    /// Returns for how long a call may wait for what does not come from the call itself, e.g. until a server answers:
    /// as long as is wanted, but a little less than the call may take, so that there is time to say why; in a
    /// recovery only a moment.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sskuba_core::provider::Cx;
    /// # use sskuba_core::address::{Address, StackId, Token};
    /// # let stack = StackId::parse("local/shop/dev").unwrap();
    /// # let address = Address::parse("local:wait:Tcp::main").unwrap();
    ///
    /// let mut cx = Cx::new(stack, address, Token::new([7; 16]), Duration::from_secs(100));
    /// assert_eq!(cx.patience(Duration::from_secs(300)), Duration::from_secs(95));
    /// cx.recovering = true;
    /// assert_eq!(cx.patience(Duration::from_secs(300)), Duration::from_secs(1));
    /// ```
    pub fn patience(&self, wanted: Duration) -> Duration {
        let most = self.timeout.mul_f64(0.95).min(wanted);
        if self.recovering { most.min(MOMENT) } else { most }
    }
}

/// An object as its provider reports it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object {
    /// The provider's id.
    pub id: String,
    /// The input fields as the service reports them; one that it says is not set is `Null`, and one of which it says
    /// nothing is left out.
    pub inputs: Map,
    /// The computed fields.
    pub outputs: Map,
}

impl Object {
    /// Marks what its schema says is secret; a kind that the program lost has no schema.
    pub(crate) fn sealed(self, schema: Option<&Schema>) -> Self {
        let Some(schema) = schema else { return self };
        let Self { id, inputs, outputs } = self;
        Self { id, inputs: schema.seal_outputs(inputs), outputs: schema.seal_outputs(outputs) }
    }
}

/// Whether an object can be used.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Readiness {
    /// It can; it is reported with all its fields.
    Ready(Object),
    /// Not yet. Some know when to ask again.
    Pending(Option<Duration>),
    /// It never will: the service gave it up, and says why. The next plan replaces it.
    Failed(String),
}

/// What is recorded of an object before a call that changes or reads it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prior {
    /// The provider's id.
    pub id: String,
    /// The inputs that the last successful call sent.
    pub inputs: Map,
    /// The computed fields as last reported.
    pub outputs: Map,
}

/// An update: from what, to what.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What is recorded.
    pub prior: Prior,
    /// The inputs that should be.
    pub inputs: Map,
}

/// How much a provider may be asked at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// The most calls at once; the engine finds the right number below it by itself.
    pub parallel: usize,
    /// The most calls a second; none for no limit.
    pub per_second: Option<f64>,
    /// The most objects that a refresh reads at once: more where the provider reads many with one call.
    pub reads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { parallel: 256, per_second: None, reads: 64 }
    }
}

/// A provider: it knows its kinds, and makes the instances that work on their objects.
///
/// # Contract
/// - Schemas and checks are the same for all instances, and make no call.
/// - `configure` makes no call that changes anything. Two instances with equal settings are alike.
///
/// # Guarantees
/// The engine configures an instance when it is first needed: a plan that calls nobody needs no credentials. It finds
/// out [where](Instance::place) an instance works before anything is read or changed there, and refuses to go on where
/// that is not where the recorded objects are.
///
/// # Assumptions
/// The provider has a kind `NAME:provider:Instance` for settings if a program can give any. The fields of it that say
/// where objects are, such as a region, are marked `#[resource(place)]`; where none is marked, all fields count that are
/// not secret.
///
/// # Errors
/// [`Failure`], whose texts hold no secret.
///
/// # Example
/// Authors implement [`Handler`](super::Handler) for each kind and join them with
/// [`Handlers`](super::Handlers), which is a `Provider`.
#[async_trait]
pub trait Provider: Send + Sync + fmt::Debug {
    /// Returns the name: the first part of its kinds.
    fn name(&self) -> &str;

    /// Returns the schemas of its kinds.
    fn schemas(&self) -> Vec<Arc<Schema>>;

    /// Returns the schema of a kind that is not among [`schemas`](Self::schemas): one that the provider learns at run time,
    /// such as a kind that a cluster defines. Makes no call.
    fn schema(&self, kind: &Kind) -> Option<Arc<Schema>> {
        let _ = kind;
        None
    }

    /// Learns kinds that are declared or recorded and that it does not know yet; asked before they are planned, refreshed or
    /// recovered, with each kind once. What it finds out, [`schema`](Self::schema) answers from then on; a kind that it
    /// cannot find is no failure here.
    async fn learn(&self, kinds: &[Kind]) -> Result<(), Failure> {
        let _ = kinds;
        Ok(())
    }

    /// Returns how much an instance may be asked at once.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Says what is wrong with inputs beyond what the schema says. Makes no call; parts may be unknown.
    fn check(&self, schema: &Schema, inputs: &Map) -> Vec<FieldError> {
        let _ = (schema, inputs);
        Vec::new()
    }

    /// Tells what follows from the inputs of a create or an update, so that a plan can say it: computed fields, and what
    /// differs within fields. Makes no call; all inputs are known. `prior` is what the last successful call sent, none
    /// for a create.
    fn foresee(&self, schema: &Schema, prior: Option<&Map>, inputs: &Map) -> Foresight {
        let _ = (schema, prior, inputs);
        Foresight::default()
    }

    /// Hears that what became of calls is recorded: of a stack, those about the generations of which `is_settled` is true.
    /// What was kept on this machine so that such a call could be repeated, e.g. what a command wrote, is of no use any
    /// more. Asked as soon as outcomes are durable, at the end of every command that writes to a stack, and of a
    /// stack that is removed. Makes no call, and returns soon; what cannot be removed is left for the next time.
    fn settled(&self, stack: &StackId, is_settled: &dyn Fn(Token) -> bool) {
        let _ = (stack, is_settled);
    }

    /// Makes an instance: with these settings, which are the inputs of the kind `NAME:provider:Instance`, or without any
    /// the default one, which takes them from its surroundings.
    async fn configure(&self, settings: Option<&Map>) -> Result<Arc<dyn Instance>, Failure>;
}

/// A provider with its settings: it makes, reads, changes and deletes objects in one place.
///
/// # Contract
/// - `place` is the same whenever it is asked, and differs between two instances exactly if the same id may mean
///   another object there.
/// - `create` of a kind with [`Idempotency::Token`](crate::schema::Idempotency) called twice with one token
///   makes one object. Of such a kind and of one with `Tag`, the object can be found by `find`, at the latest when
///   the kind's visibility window has passed since its creation.
/// - `delete` of an object that is gone succeeds; `read` of one answers `None`.
/// - `update` brings the object to the new inputs from whatever state an earlier, interrupted update left.
/// - A failure says truthfully whether anything was changed; where that is not known it says so.
///
/// # Guarantees
/// The engine makes no call before its intent is durable, never two calls for one resource at once, and hands
/// in inputs that passed the schema's check, with every default filled in and nothing unknown. It drops the
/// future of a call that outlives its timeout and treats its effect as unknown.
///
/// # Assumptions
/// Retries of throttled and passing faults are the provider's client's; a provider whose client has none is
/// wrapped in the adapter `Retry`.
///
/// # Errors
/// [`Failure`], whose texts hold no secret.
///
/// # Example
/// [`Handlers`](super::Handlers) makes one of typed handlers.
#[async_trait]
pub trait Instance: Send + Sync + fmt::Debug {
    /// Finds out where it works, by one cheap call or none: the service's own unique ids, e.g. of the account. What the
    /// settings say need not be repeated. Empty if its objects are wherever the program runs.
    async fn place(&self) -> Result<Place, Failure>;

    /// Makes the object. Of a kind with early fields it returns when the object exists and those are known, and leaves the
    /// waiting to [`ready`](Self::ready); of any other it waits until the object can be used.
    async fn create(&self, cx: &Cx, inputs: &Map) -> Result<Object, Failure>;

    /// Tells whether an object of a kind with early fields can be used; asked again and again, with pauses, after its
    /// create. Changes nothing, and does not wait itself.
    async fn ready(&self, cx: &Cx, prior: &Prior) -> Result<Readiness, Failure> {
        match self.read(cx, prior).await? {
            Some(object) => Ok(Readiness::Ready(object)),
            None => Err(Failure::new(Class::NotFound, "the object is not there")),
        }
    }

    /// Reads the object; none if it is gone.
    async fn read(&self, cx: &Cx, prior: &Prior) -> Result<Option<Object>, Failure>;

    /// Changes the object.
    async fn update(&self, cx: &Cx, change: &Change) -> Result<Object, Failure>;

    /// Says what an update would do beyond what its fields say, in a line each, such as that a machine restarts. Asked while
    /// a plan is made, of kinds whose schema [`asks`](Schema::asks) for it. Changes nothing. A failure of the class
    /// [`Invalid`](Class::Invalid) refuses the plan; any other says that it could not be found out.
    async fn preview(&self, cx: &Cx, change: &Change) -> Result<Vec<String>, Failure> {
        let _ = (cx, change);
        Ok(Vec::new())
    }

    /// Deletes the object, and waits until it is gone.
    async fn delete(&self, cx: &Cx, prior: &Prior) -> Result<(), Failure>;

    /// Finds the object that carries `cx.token`.
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure>;

    /// Answers a lookup: the computed fields of a kind that is one.
    async fn lookup(&self, cx: &Cx, inputs: &Map) -> Result<Map, Failure> {
        let _ = inputs;
        Err(Failure::new(Class::Terminal, format!("{} is not a lookup", cx.address.kind_str())))
    }

    /// Lists the objects of the address's kind that this provider's credentials can see.
    async fn list(&self, cx: &Cx) -> Result<Vec<Object>, Failure>;
}
