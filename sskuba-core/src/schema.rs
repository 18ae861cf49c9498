//! What a kind of resource looks like: its fields, and how its provider treats it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::address::Kind;
use crate::secret::Secret;
use crate::value::{FieldPath, Map, Value};

mod check;
mod moment;
mod normalise;
mod paths;

pub use check::{FieldError, Rule};
pub(crate) use moment::Due;
pub use moment::Moment;
pub use normalise::Normaliser;

/// A text of a schema: a constant of the program where the kind is a Rust type, and one of its own where the kind was
/// learned at run time.
pub type Text = Cow<'static, str>;

/// Under which name the values are recorded, beside the inputs, whose change replaces a resource.
pub const TRIGGERS: &str = "$replace_triggered_by";

/// Returns the inputs as a provider is told them: without what is recorded beside them.
pub(crate) fn strip_triggers(mut inputs: Map) -> Map {
    inputs.remove(TRIGGERS);
    inputs
}

/// Returns inputs as a provider is told them; see [`strip_triggers`].
pub(crate) fn without_triggers(inputs: &Map) -> Cow<'_, Map> {
    match inputs.contains_key(TRIGGERS) {
        true => Cow::Owned(strip_triggers(inputs.clone())),
        false => Cow::Borrowed(inputs),
    }
}

/// The type of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldType {
    /// Text.
    String,
    /// True or false.
    Bool,
    /// A whole number between the two bounds, inclusive.
    Integer(i128, i128),
    /// A number.
    Float,
    /// Items of one type.
    List(Box<FieldType>),
    /// Values of one type by name.
    Map(Box<FieldType>),
    /// A struct: its fields, and whether each must be there.
    Object(Vec<(String, FieldType, bool)>),
    /// One of these texts.
    OneOf(Vec<String>),
    /// Anything JSON can say.
    Any,
}

/// A Rust type that can be the type of a field. Derive it for structs with `#[derive(Shape)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the type of a resource's field",
    label = "has no `Shape`",
    note = "derive it: `#[derive(Shape, Serialize, Deserialize)]`; the types of JSON have it already"
)]
pub trait Shape {
    /// Returns the field type.
    fn shape() -> FieldType;

    /// Tells whether a value of this type is secret as a whole.
    fn is_secret() -> bool {
        false
    }

    /// Tells whether the value may be left out.
    fn is_optional() -> bool {
        false
    }
}

macro_rules! shapes {
    ($($ty:ty => $shape:expr;)*) => { $(impl Shape for $ty { fn shape() -> FieldType { $shape } })* };
}

shapes! {
    String => FieldType::String;
    bool => FieldType::Bool;
    u8 => FieldType::Integer(0, u8::MAX.into());
    u16 => FieldType::Integer(0, u16::MAX.into());
    u32 => FieldType::Integer(0, u32::MAX.into());
    u64 => FieldType::Integer(0, u64::MAX.into());
    i32 => FieldType::Integer(i32::MIN.into(), i32::MAX.into());
    i64 => FieldType::Integer(i64::MIN.into(), i64::MAX.into());
    f64 => FieldType::Float;
    serde_json::Value => FieldType::Any;
}

impl<T: Shape> Shape for Vec<T> {
    fn shape() -> FieldType {
        FieldType::List(Box::new(T::shape()))
    }
    fn is_secret() -> bool {
        T::is_secret()
    }
}

impl<T: Shape> Shape for BTreeMap<String, T> {
    fn shape() -> FieldType {
        FieldType::Map(Box::new(T::shape()))
    }
    fn is_secret() -> bool {
        T::is_secret()
    }
}

impl<T: Shape> Shape for Option<T> {
    fn shape() -> FieldType {
        T::shape()
    }
    fn is_secret() -> bool {
        T::is_secret()
    }
    fn is_optional() -> bool {
        true
    }
}

impl<T: Shape + zeroize::Zeroize> Shape for Secret<T> {
    fn shape() -> FieldType {
        T::shape()
    }
    fn is_secret() -> bool {
        true
    }
}

/// One field of a kind.
#[derive(Debug, Clone)]
pub struct Field {
    /// Its name, as in Rust and in state.
    pub name: Text,
    /// Its documentation: the first paragraph of the field's doc comment.
    pub doc: Text,
    /// The type.
    pub shape: FieldType,
    /// An input must be given (it has no default and is not optional).
    pub required: bool,
    /// The provider computes it; it is an output alone.
    pub computed: bool,
    /// Changing it replaces the resource.
    pub force_new: bool,
    /// Parts of it whose change replaces the resource.
    pub force_new_parts: Vec<FieldPath>,
    /// It is masked and sealed.
    pub secret: bool,
    /// A computed field that may change whenever the resource is updated.
    pub volatile: bool,
    /// A computed field with the [`Moment`] from which on the next plan updates the resource, so that what ends is made anew in
    /// time. Where it is absent, nothing is due.
    pub renew_at: bool,
    /// A computed field with the [`Moment`] at which the object stops to be of use, such as the end of a certificate; for people.
    pub expires: bool,
    /// Of a provider instance: it says where its objects are.
    pub place: bool,
    /// The service never gives it back: what is recorded of it decides, and it is no drift.
    pub write_only: bool,
    /// The service chooses a value where the program gives none.
    pub cloud_default: bool,
    /// The lists and maps, itself or parts of it, that others write too: the program owns the entries that it set.
    pub owned_entries: Vec<FieldPath>,
    /// Of a provider instance: every resource that is made with it has the entries of this map in its own map of this name
    /// too, unless it says otherwise of a key.
    pub entries_of: Option<Text>,
    /// A computed field that is final when the object exists, before it can be used.
    pub early: bool,
    /// An input through which the object is used at once: what it names has to be ready, also where its id is early.
    pub live: bool,
    /// An input that names what cannot be deleted while the object names it: where that has to be deleted before it is made
    /// anew, the object goes before it.
    pub holds: bool,
    /// Which spellings mean the same.
    pub normaliser: Normaliser,
    /// Says what is wrong with a known value beyond its type.
    pub rule: Option<fn(&Value) -> Option<String>>,
    /// The value that is taken where none is given.
    pub default: Option<Value>,
    /// The kind whose id this field holds (or, for a list, whose ids).
    pub reference: Option<Text>,
    /// For a computed field: how the provider's values look, as a template that the simulated world fills,
    /// e.g. `vpc-{hex:17}`.
    pub pattern: Option<Text>,
}

impl Field {
    /// Makes an optional input that may be anything JSON can say; for schemas that are made at run time.
    ///
    /// ```
    /// use sskuba_core::schema::{Field, FieldType};
    ///
    /// let name = Field { shape: FieldType::String, required: true, force_new: true, ..Field::of("name") };
    /// assert!(!name.computed);
    /// ```
    pub fn of(name: impl Into<Text>) -> Self {
        Self {
            name: name.into(),
            doc: Text::Borrowed(""),
            shape: FieldType::Any,
            required: false,
            computed: false,
            force_new: false,
            force_new_parts: Vec::new(),
            secret: false,
            volatile: false,
            renew_at: false,
            expires: false,
            place: false,
            write_only: false,
            cloud_default: false,
            owned_entries: Vec::new(),
            entries_of: None,
            early: false,
            live: false,
            holds: false,
            normaliser: Normaliser::Exact,
            rule: None,
            default: None,
            reference: None,
            pattern: None,
        }
    }
}

/// How a create that was interrupted can be found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idempotency {
    /// The service honours an idempotency token: the same call again returns the same object.
    Token,
    /// The object carries the token from its creation (as a tag or a name), so that it can be found.
    Tag,
    /// Neither: after an interruption a person has to look.
    None,
}

/// How long the operations of a kind usually take, until history knows better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Durations {
    /// A create, until the object can be used.
    pub create: Duration,
    /// The part of that until the object exists, of a kind with early fields.
    pub made: Duration,
    /// An update.
    pub update: Duration,
    /// A delete, until the object is gone.
    pub delete: Duration,
}

/// Brings values to the form of a kind's present version: which version recorded them, the inputs, and the computed
/// fields.
pub type Migration = fn(u32, &mut Map, &mut Map);

/// A field that differs, of an object that is recorded.
#[derive(Debug, Clone, Copy)]
pub struct Differing<'a> {
    /// The field.
    pub field: &'a str,
    /// The inputs that the last successful call sent.
    pub sent: &'a Map,
    /// The inputs as the service reported them last; what it said nothing of is not among them.
    pub seen: &'a Map,
    /// The inputs that should be, of which parts may not be known yet.
    pub wanted: &'a Map,
}

/// Tells whether a field that differs replaces the object, where that depends on values.
pub type Replacing = fn(&Differing<'_>) -> bool;

/// What declarations of a kind are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Objects that are created, changed, deleted and recorded.
    Resource,
    /// Questions: asked at every run, never created or recorded.
    Lookup,
    /// Provider instances: settings that other resources are made with. They are recorded and are no object anywhere.
    Instance,
}

impl Role {
    /// Returns the role of a kind of which only the name is known: kinds of the module `provider` are instances.
    pub(crate) fn named(module: &str) -> Self {
        if module == "provider" { Self::Instance } else { Self::Resource }
    }
}

/// The schema of a kind.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The kind.
    pub kind: Kind,
    /// The Rust type, with the path of the module in which it is written: `my_crate::storage::Bucket`.
    pub rust: Text,
    /// What the kind is: the first paragraph of its doc comment.
    pub doc: Text,
    /// The version of the fields; grows when recorded values need a migration.
    pub version: u32,
    /// What brings recorded values of an earlier version to the form of this one; a first version has none.
    pub migrate: Option<Migration>,
    /// The fields, inputs and outputs.
    pub fields: Vec<Field>,
    /// How an interrupted create is recovered.
    pub idempotency: Idempotency,
    /// For how long after its creation an object may be invisible to `find` and `read`.
    pub visibility: Duration,
    /// Expected durations.
    pub expected: Durations,
    /// Two generations cannot live side by side: a replacement deletes first.
    pub delete_first: bool,
    /// What a delete does beyond taking the object away, for plans: `wipes {address}`. Inputs stand in braces.
    pub deleting: Option<Text>,
    /// Whether the provider is asked, while a plan is made, what an update would do; see
    /// [`Instance::preview`](crate::provider::Instance::preview).
    pub asks: bool,
    /// Its object may not answer for a while, or never again, as a machine may not. A refresh that cannot ask keeps what is
    /// recorded; a delete that cannot reach it fails, and what it depends on is deleted all the same: of what it needs,
    /// all is recorded with it but its provider instance.
    pub may_be_away: bool,
    /// What it makes cannot be made again: nothing replaces it that the program does not unprotect.
    pub guarded: bool,
    /// Which fields replace the object when they differ, where that depends on values; beside those that always do.
    pub replacing: Option<Replacing>,
    /// The keys of the kind: input fields that together tell an object from every other in its place. An object
    /// without one of the fields has not that key.
    pub unique: Vec<Vec<Text>>,
    /// What declarations of the kind are.
    pub role: Role,
    /// The computed field that holds the provider's id.
    pub id_field: Text,
    /// How many operations on this kind may run at once; none for no limit of its own.
    pub parallel: Option<usize>,
    /// How many updates of this kind may run at once, whatever else of it runs; after one failed, no other one is begun in
    /// this run. None where that makes no difference.
    pub parallel_updates: Option<usize>,
}

impl Schema {
    /// Makes a schema that says nothing of its kind, for schemas that are made at run time: version 1, no fields, not
    /// recoverable, ten seconds for each operation.
    pub fn of(kind: Kind) -> Self {
        const USUAL: Duration = Duration::from_secs(10);
        Self {
            role: Role::named(kind.module()),
            kind,
            rust: Text::Borrowed(""),
            doc: Text::Borrowed(""),
            version: 1,
            migrate: None,
            fields: Vec::new(),
            idempotency: Idempotency::None,
            visibility: Duration::ZERO,
            expected: Durations { create: USUAL, made: USUAL, update: USUAL, delete: USUAL },
            delete_first: false,
            deleting: None,
            asks: false,
            may_be_away: false,
            guarded: false,
            replacing: None,
            unique: Vec::new(),
            id_field: Text::Borrowed("id"),
            parallel: None,
            parallel_updates: None,
        }
    }

    /// Returns a field by name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Says what a delete of an object with these inputs does; secrets are masked.
    pub(crate) fn deleting(&self, inputs: &Map) -> Option<String> {
        let mut text = self.deleting.clone()?.into_owned();
        for (name, value) in inputs {
            let plain = match value.masked() {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            text = text.replace(&format!("{{{name}}}"), &plain);
        }
        Some(text)
    }

    /// Returns the input fields.
    pub fn inputs(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.computed)
    }

    /// Tells whether the kind is that of a provider's instances.
    pub fn is_instance(&self) -> bool {
        self.role == Role::Instance
    }

    /// Tells whether the kind is a lookup.
    pub fn is_lookup(&self) -> bool {
        self.role == Role::Lookup
    }

    /// Tells whether a field of a provider instance says where its objects are. Where no field is marked, all do that
    /// are not secret: to take a credential for a place costs less than the reverse.
    pub fn is_place(&self, field: &Field) -> bool {
        let marked = || self.fields.iter().any(|field| field.place);
        field.place || (self.is_instance() && !field.computed && !field.secret && !marked())
    }

    /// Tells whether a field that differs replaces the object.
    pub fn replaces(&self, differing: &Differing<'_>) -> bool {
        let field = self.field(differing.field);
        field.is_some_and(|field| field.force_new || self.is_place(field))
            || self.replacing.is_some_and(|replaces| replaces(differing))
    }

    /// Tells whether an object of the kind exists before it can be used: some computed fields are final early, and the
    /// engine asks for the rest until it is there.
    pub fn has_early(&self) -> bool {
        self.fields.iter().any(|field| field.early)
    }

    /// Tells whether a field of a declared resource is final when its object exists, before it can be used.
    pub fn is_early(&self, name: &str) -> bool {
        self.field(name).is_some_and(|field| !field.computed || field.early)
    }

    /// Returns the computed fields.
    pub fn outputs(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.computed)
    }

    /// Fills defaults, marks the values of secret fields as secret and drops absent ones, so that two
    /// programs that mean the same give the same inputs.
    pub fn complete(&self, mut inputs: Map) -> Map {
        inputs.retain(|_, value| *value != Value::Null);
        for field in self.inputs() {
            match inputs.get_mut(&*field.name) {
                Some(value) if field.secret => *value = std::mem::take(value).into_secret(),
                Some(_) => {}
                None => {
                    if let Some(default) = &field.default {
                        inputs.insert(field.name.to_string(), default.clone());
                    }
                }
            }
        }
        inputs
    }

    /// Marks the values of secret computed fields as secret.
    pub fn seal_outputs(&self, mut outputs: Map) -> Map {
        for field in self.fields.iter().filter(|field| field.secret) {
            if let Some(value) = outputs.get_mut(&*field.name) {
                *value = std::mem::take(value).into_secret();
            }
        }
        outputs
    }
}
