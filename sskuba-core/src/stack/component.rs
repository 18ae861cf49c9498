//! Components: reusable parts of a stack, each a node of the graph.

use std::fmt;
use std::ops::Deref;

use super::{Result, Scope};
use crate::expr::{NodeRef, Options};
use crate::output::{AsNode, Computed, Configure};
use sskuba_macros::Resource;

/// A component of a stack: it is there when all of its parts are.
#[derive(Resource)]
#[resource(
    kind = "sskuba:stack:Component",
    idempotency = "token",
    create = "1ms",
    update = "1ms",
    delete = "1ms"
)]
pub struct ComponentNode {
    /// What tells it from others.
    #[resource(computed, id)]
    id: Computed<String>,
}

/// A reusable part of a stack: a type that declares resources under one name.
///
/// # Contract
/// `build` declares the parts in the scope that it is given, and returns what the program needs of them.
///
/// # Guarantees
/// The component is a node of the graph, of kind `sskuba:stack:Component`: who depends on it starts when all of its parts
/// can be used. What is said of its handle counts for all parts; an alias renames them all.
///
/// # Assumptions
/// None.
///
/// # Errors
/// What the declarations answer.
///
/// ```
/// use sskuba_core::prelude::*;
/// use sskuba_core::stack::{Component, Scope};
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
///
/// /// A page with a page about it.
/// struct Discussed(&'static str);
///
/// impl Component for Discussed {
///     type Outputs = Handle<Page>;
///     fn build(&self, scope: &mut Scope<'_>) -> Result<Handle<Page>> {
///         let page = scope.add("page", Page::new(self.0))?;
///         scope.add("talk", Page::new(format!("Talk: {}", self.0)))?.depends_on(&page);
///         Ok(page)
///     }
/// }
///
/// fn program(stack: &mut Stack) -> Result {
///     let home = stack.component("home", Discussed("Home"))?.protect();
///     stack.add("index", Page::new(home.title()))?.depends_on(&home);
///     Ok(())
/// }
/// # let _ = program;
/// ```
pub trait Component {
    /// What the program gets back: handles, outputs.
    type Outputs;

    /// Declares the parts.
    ///
    /// # Errors
    /// What the declarations answer.
    fn build(&self, scope: &mut Scope<'_>) -> Result<Self::Outputs>;
}

/// A declared component. What it returned is read through it; its options count for all of its parts.
#[derive(Clone)]
pub struct ComponentHandle<O> {
    pub(super) node: NodeRef,
    pub(super) outputs: O,
}

impl<O> ComponentHandle<O> {
    /// Returns the untyped reference.
    pub fn node(&self) -> &NodeRef {
        &self.node
    }

    /// Returns what the component returned.
    pub fn into_outputs(self) -> O {
        self.outputs
    }
}

impl<O> Deref for ComponentHandle<O> {
    type Target = O;
    fn deref(&self) -> &O {
        &self.outputs
    }
}

impl<O> fmt::Debug for ComponentHandle<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ComponentHandle").field(&self.node).finish()
    }
}

impl<O> AsNode for ComponentHandle<O> {
    fn node(&self) -> &NodeRef {
        &self.node
    }
}

impl<O> Configure for ComponentHandle<O> {
    fn configure(self, change: impl FnOnce(&mut Options)) -> Self {
        self.node.configure(change);
        self
    }
}
