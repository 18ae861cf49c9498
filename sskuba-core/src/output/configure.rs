//! The options of resources, scopes and components, as methods.

use std::sync::Arc;
use std::time::Duration;

use super::{Handle, Input, Output};
use crate::address::Address;
use crate::expr::{Draft, Expr, NodeRef, Options, Transform};
use crate::lifecycle::{Alias, HookName, Timeouts, When};
use crate::resource::{InstanceOf, Resource};
use crate::schema::{Schema, Text};

/// What stands for a node of the graph: the handle of a resource, of a dynamic one or of a component.
#[diagnostic::on_unimplemented(
    message = "`{Self}` stands for no resource",
    note = "give the handle that `stack.add(…)` or `stack.component(…)` returned"
)]
pub trait AsNode {
    /// Returns the untyped reference.
    fn node(&self) -> &NodeRef;
}

impl<R: Resource> AsNode for Handle<R> {
    fn node(&self) -> &NodeRef {
        Self::node(self)
    }
}

/// What an input can be set to whose type is known only at run time: whatever serialises, and outputs of other resources.
pub trait AnyInput {
    /// Returns the expression.
    fn into_expr(self) -> Expr;
}

impl<T: serde::Serialize> AnyInput for T {
    fn into_expr(self) -> Expr {
        Input::from(self).into_expr()
    }
}

impl<T> AnyInput for Output<T> {
    fn into_expr(self) -> Expr {
        Self::into_expr(self)
    }
}

/// What can be given to [`Configure::replace_triggered_by`]: a resource, an output of one, or a value.
pub trait Trigger {
    /// Returns the value whose change counts.
    fn trigger(self) -> Expr;
}

impl<R: Resource> Trigger for &Handle<R> {
    /// The inputs of the resource, and its id.
    fn trigger(self) -> Expr {
        let schema = R::schema();
        let id = (!schema.id_field.is_empty()).then(|| schema.id_field.clone());
        let fields = schema.inputs().map(|field| field.name.clone()).chain(id);
        Expr::list(fields.map(|field| Expr::Field(self.node().clone(), field)).collect())
    }
}

impl<T> Trigger for Output<T> {
    fn trigger(self) -> Expr {
        self.into_expr()
    }
}

impl<T> Trigger for &Output<T> {
    fn trigger(self) -> Expr {
        self.clone().into_expr()
    }
}

impl Trigger for &str {
    fn trigger(self) -> Expr {
        Expr::Value(self.into())
    }
}

impl Trigger for String {
    fn trigger(self) -> Expr {
        Expr::Value(self.as_str().into())
    }
}

/// Something that takes options: a resource's handle, a scope, a component's handle, or [`Options`] as a value.
///
/// # Contract
/// `configure` applies the change to the options of what it is called on.
///
/// # Guarantees
/// Options are looked at when the program has ended, so that it does not matter when they are set. What is said of a
/// scope counts for what is added to it from then on, and what is said of a component for all of its parts. Of these,
/// `protect`, `retain_on_delete`, `delete_before_create`, `provider`, `depends_on`, `deleted_with`, `timeout` and
/// `transform` go on to the parts, unless a part says otherwise; an alias of a component renames all of them. What names
/// fields (`ignore_changes`, `replace_on_changes`) or values counts for everything that is added to a scope, and is refused of
/// a component.
///
/// # Assumptions
/// None.
///
/// # Errors
/// Mistakes, such as a path that leads nowhere, are reported together when the graph is built, with the line of the
/// declaration.
///
/// ```
/// use sskuba_core::prelude::*;
/// # /// A page.
/// # #[derive(Resource)]
/// # #[resource(kind = "wiki:page:Page", idempotency = "tag")]
/// # struct Page {
/// #     /// Its title.
/// #     title: Input<String>,
/// #     /// The number that the wiki gave it.
/// #     #[resource(computed, id)]
/// #     id: Computed<String>,
/// # }
/// # fn program(stack: &mut Stack) -> Result {
/// let home = stack.add("home", Page::new("Home"))?.protect();
/// let mut archive = stack.scope("archive")?.with(&Options::new().retain_on_delete()).depends_on(&home);
/// archive.add("old", Page::new("Old"))?.replace_triggered_by(home.title());
/// # Ok(())
/// # }
/// ```
pub trait Configure: Sized {
    /// Changes the options.
    fn configure(self, change: impl FnOnce(&mut Options)) -> Self;

    /// Adds options that were put together before; where both say something of one thing, these count.
    fn with(self, options: &Options) -> Self {
        self.configure(|own| own.extend(options))
    }

    /// Refuses deletes and replacements.
    fn protect(self) -> Self {
        self.configure(|o| o.protect = Some(true))
    }

    /// Permits deletes and replacements though the component or the scope is protected.
    fn unprotect(self) -> Self {
        self.configure(|o| o.protect = Some(false))
    }

    /// Leaves the object in place when the resource is removed from the program or replaced.
    fn retain_on_delete(self) -> Self {
        self.configure(|o| o.retain_on_delete = Some(true))
    }

    /// Deletes before creating when the resource is replaced.
    fn delete_before_create(self) -> Self {
        self.configure(|o| o.delete_before_create = Some(true))
    }

    /// Ignores changes of these fields, or of parts of them: `tags`, `tags.team`, `rules[*].port`.
    fn ignore_changes<'a>(self, paths: impl IntoIterator<Item = &'a str>) -> Self {
        self.configure(|o| o.ignore_changes.extend(paths.into_iter().map(str::to_owned)))
    }

    /// Replaces the resource when one of these fields, or parts of them, changes.
    fn replace_on_changes<'a>(self, paths: impl IntoIterator<Item = &'a str>) -> Self {
        self.configure(|o| o.replace_on_changes.extend(paths.into_iter().map(str::to_owned)))
    }

    /// Replaces the resource when another one changes or is replaced, or when a value does that none of its inputs uses.
    /// The first run that says so replaces nothing.
    fn replace_triggered_by(self, trigger: impl Trigger) -> Self {
        self.configure(|o| o.triggers.push(trigger.trigger()))
    }

    /// Gives a former name, or a former whole address.
    fn alias(self, former: &str) -> Self {
        self.configure(|o| match Alias::parse(former) {
            Ok(alias) => o.aliases.push(alias),
            Err(error) => o.mistakes.push(error.to_string()),
        })
    }

    /// Orders this after another resource or component that none of its inputs uses; it starts when that can be used.
    fn depends_on(self, other: &impl AsNode) -> Self {
        self.configure(|o| o.depends_on.push(other.node().clone()))
    }

    /// Uses an instance of a provider that the program declares, for all that is of that provider.
    fn provider<I: Resource + InstanceOf<<I as Resource>::Provider>>(self, instance: &Handle<I>) -> Self {
        self.configure(|o| o.set_provider(instance.node().clone()))
    }

    /// Says that the object goes with another, so that its own delete needs no call when both go.
    fn deleted_with<S: Resource>(self, other: &Handle<S>) -> Self {
        self.configure(|o| o.deleted_with = Some(other.node().clone()))
    }

    /// Bounds the time of each operation.
    fn timeout(self, bound: Duration) -> Self {
        let bound = Some(bound);
        self.timeouts(Timeouts { create: bound, update: bound, delete: bound })
    }

    /// Bounds the time of each operation, one by one.
    fn timeouts(self, bounds: Timeouts) -> Self {
        self.configure(|o| o.timeouts = bounds.or(o.timeouts))
    }

    /// Runs a hook before or after an operation on the object. It is registered under this name with the command line
    /// (`Cli::hook`) or the engine (`EngineBuilder::hook`), and has to be for as long as the resource is recorded; see
    /// [`Hook`](crate::provider::Hook). Of a component it is the component's own: it is there when all of its parts are ready.
    fn hook(self, when: When, name: impl Into<String>) -> Self {
        let name = name.into();
        self.configure(|o| o.hooks.push(HookName { when, name }))
    }

    /// Changes declarations before the graph is built: of this resource, or of all that a scope or component has.
    ///
    /// ```
    /// # use sskuba_core::prelude::*;
    /// # fn program(stack: &mut Stack) -> Result {
    /// stack.transform(|draft| {
    ///     if draft.has("tags") {
    ///         draft.set_entry("tags", "team", "data");
    ///     }
    /// });
    /// # Ok(())
    /// # }
    /// ```
    fn transform(self, change: impl Fn(&mut Draft<'_>) + Send + Sync + 'static) -> Self {
        self.configure(|o| o.transforms.push(Transform(Arc::new(change))))
    }
}

impl Configure for Options {
    fn configure(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self);
        self
    }
}

impl<R: Resource> Configure for Handle<R> {
    fn configure(self, change: impl FnOnce(&mut Options)) -> Self {
        self.node().configure(change);
        self
    }
}

impl Configure for &mut Draft<'_> {
    fn configure(self, change: impl FnOnce(&mut Options)) -> Self {
        change(self.options);
        self
    }
}

impl Draft<'_> {
    /// Returns the address of the resource.
    pub fn address(&self) -> &Address {
        self.address
    }

    /// Returns the schema of its kind.
    pub fn schema(&self) -> &Schema {
        self.schema
    }

    /// Tells whether it is of this kind.
    pub fn is<R: Resource>(&self) -> bool {
        self.schema.kind == R::schema().kind
    }

    /// Tells whether its kind has an input of this name.
    pub fn has(&self, field: &str) -> bool {
        self.schema.field(field).is_some_and(|field| !field.computed)
    }

    /// Returns an input; none if it is not set.
    pub fn get<T>(&self, field: &str) -> Option<Output<T>> {
        self.inputs.get(field).cloned().map(Output::from_expr)
    }

    /// Sets an input. That its kind has it, and of which type, is checked with the others when the plan is made.
    pub fn set(&mut self, field: &str, value: impl AnyInput) {
        self.inputs.insert(Text::Owned(field.to_owned()), value.into_expr());
    }

    /// Sets one entry of an input that is a map of texts, such as tags; the others stay.
    pub fn set_entry(&mut self, field: &str, key: &str, value: impl Into<Input<String>>) {
        let expr = self.inputs.remove(field).unwrap_or(Expr::Value(crate::value::Value::Null));
        let mut map = Input::<std::collections::BTreeMap<String, String>>::from_expr(expr);
        map.insert(key, value.into());
        self.inputs.insert(Text::Owned(field.to_owned()), map.into_expr());
    }
}
