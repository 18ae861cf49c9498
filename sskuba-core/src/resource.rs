//! What a type must be to be declared as a resource; implemented by `#[derive(Resource)]`.

mod needs;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::expr::{Expr, NodeRef};
use crate::schema::{Schema, Text};
use crate::value::Map;

pub use needs::{AtOnce, InPlace, Later, Nobody, Replaced, Tag, Token, TokenOrTag};

/// A kind of resource that a program can declare.
///
/// # Contract
/// `Args` and `State` together have exactly the fields of the schema: `Args` the inputs, `State` the computed
/// ones. The schema never changes while a program runs.
///
/// # Guarantees
/// The engine gives a handler `Args` in which every value is known and every default is filled in.
///
/// # Assumptions
/// The kind's name stays; its fields change only together with the schema's `version`.
///
/// # Errors
/// None: what a program can do wrong is a compile error or is reported when the plan is made.
///
/// # Example
/// ```
/// use sskuba_core::prelude::*;
///
/// /// A page of a wiki.
/// #[derive(Resource)]
/// #[resource(kind = "wiki:page:Page", idempotency = "tag")]
/// pub struct Page {
///     /// Its title.
///     #[resource(force_new)]
///     title: Input<String>,
///     /// Its text.
///     #[resource(default = String::new())]
///     text: Input<String>,
///     /// The number that the wiki gave it.
///     #[resource(computed, id)]
///     id: Computed<String>,
/// }
///
/// let page = Page::new("Home").text("Welcome.");
/// assert_eq!(Page::schema().kind.to_string(), "wiki:page:Page");
/// # let _ = page;
/// ```
pub trait Resource: Sized + Send + 'static {
    /// The inputs, resolved.
    type Args: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static;
    /// The computed fields.
    type State: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static;
    /// The accessors of a declared resource's fields.
    type Outputs: Clone + Send + Sync + 'static;
    /// The provider, as a type; [`Of`] a number that stands for its name.
    type Provider;
    /// How an interrupted create is recovered, as a type: [`Token`], [`TokenOrTag`], [`Tag`] or [`Nobody`].
    type Recovery;
    /// Whether an object can be changed, as a type: [`InPlace`] or [`Replaced`].
    type Change;
    /// When an object can be used, as a type: [`AtOnce`] or [`Later`].
    type Readiness;

    /// Returns the schema.
    fn schema() -> Arc<Schema>;

    /// Returns the inputs as declared.
    fn into_inputs(self) -> BTreeMap<Text, Expr>;

    /// Returns the accessors of the fields of `node`.
    fn outputs(node: &NodeRef) -> Self::Outputs;
}

/// A kind whose fields were others in an earlier version: what the derive asks for where `version` is more than 1.
///
/// ```
/// use sskuba_core::prelude::*;
/// use sskuba_core::resource::Migrate;
/// use sskuba_core::value::Map;
///
/// /// A page; what was its `name` is its title now.
/// #[derive(Resource)]
/// #[resource(kind = "wiki:page:Page", version = 2, idempotency = "token")]
/// struct Page {
///     /// Its title.
///     title: Input<String>,
///     /// Its number.
///     #[resource(computed, id)]
///     id: Computed<String>,
/// }
///
/// impl Migrate for Page {
///     fn migrate(_from: u32, inputs: &mut Map, _outputs: &mut Map) {
///         if let Some(name) = inputs.remove("name") {
///             inputs.insert("title".to_owned(), name);
///         }
///     }
/// }
/// # let _ = Page::new("Home");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has a version above 1 and does not say what became of its earlier fields",
    note = "implement `Migrate` for it, with an empty body where no recorded value changes"
)]
pub trait Migrate: Resource {
    /// Brings recorded values to the form of the present version. `from` is the version that recorded them; the maps hold
    /// what was recorded of the inputs and of the computed fields, each as far as it is known. It is pure. It is asked again
    /// for as long as the object was not updated, also about values that a read has reported since: what has the present
    /// form stays.
    fn migrate(from: u32, inputs: &mut Map, outputs: &mut Map);
}

/// A provider as a type, so that a resource is given no instance of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Of<const NUMBER: u128>;

/// A kind that is an instance of a provider; given to resources with `.provider(&instance)`. The derive implements it for
/// kinds that are called `NAME:provider:Instance`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no instance of this resource's provider",
    note = "give `.provider(…)` the handle of an `Instance` that the provider of the resource has"
)]
pub trait InstanceOf<Provider>: Managed {}

/// A kind whose objects a stack makes and owns; added with `stack.add`. The derive implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is looked up, a stack does not make it",
    note = "use `stack.read(name, …)`"
)]
pub trait Managed: Resource {}

/// A kind that is only looked up; read with `stack.read`. The derive implements it for kinds marked `lookup`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is made by a stack, it is no lookup",
    note = "use `stack.add(name, …)`"
)]
pub trait Lookup: Resource {}
