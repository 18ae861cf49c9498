//! What a program may say of a resource beside its inputs, and of all resources of a scope or a component.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Expr, NodeRef};
use crate::address::Address;
use crate::lifecycle::{Alias, HookName, Timeouts};
use crate::schema::{Schema, Text};

/// The options of a resource, of a scope or of a component, as one value; set with the methods of
/// [`Configure`](crate::output::Configure).
///
/// ```
/// use sskuba_core::prelude::*;
///
/// // What a team says of everything that it must not lose.
/// let precious = Options::new().protect().retain_on_delete();
/// # let _ = precious;
/// ```
#[derive(Clone, Default)]
pub struct Options {
    /// Deletes and replacements are refused. Where nothing is said, what is said of the component counts.
    pub(crate) protect: Option<bool>,
    /// A delete forgets the record and leaves the object.
    pub(crate) retain_on_delete: Option<bool>,
    /// A replacement deletes before it creates.
    pub(crate) delete_before_create: Option<bool>,
    /// Paths whose changes are ignored.
    pub(crate) ignore_changes: Vec<String>,
    /// Paths whose changes replace.
    pub(crate) replace_on_changes: Vec<String>,
    /// Values whose changes replace.
    pub(crate) triggers: Vec<Expr>,
    /// Former names.
    pub(crate) aliases: Vec<Alias>,
    /// Bounds on operations.
    pub(crate) timeouts: Timeouts,
    /// What comes first though no input uses it.
    pub(crate) depends_on: Vec<NodeRef>,
    /// Provider instances, at most one of each provider.
    pub(crate) providers: Vec<NodeRef>,
    /// The resource whose delete takes this one with it.
    pub(crate) deleted_with: Option<NodeRef>,
    /// Hooks, in the order in which they run.
    pub(crate) hooks: Vec<HookName>,
    /// What changes declarations before the graph is built.
    pub(crate) transforms: Vec<Transform>,
    /// Mistakes in the options, reported when the graph is built.
    pub(crate) mistakes: Vec<String>,
}

impl Options {
    /// Starts with none.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds other options; where both say something of one thing, the others count.
    pub(crate) fn extend(&mut self, other: &Self) {
        let set = |own: &mut Option<bool>, other: Option<bool>| *own = other.or(*own);
        set(&mut self.protect, other.protect);
        set(&mut self.retain_on_delete, other.retain_on_delete);
        set(&mut self.delete_before_create, other.delete_before_create);
        self.ignore_changes.extend_from_slice(&other.ignore_changes);
        self.replace_on_changes.extend_from_slice(&other.replace_on_changes);
        self.triggers.extend_from_slice(&other.triggers);
        self.aliases.extend_from_slice(&other.aliases);
        self.timeouts = other.timeouts.or(self.timeouts);
        self.depends_on.extend_from_slice(&other.depends_on);
        other.providers.iter().for_each(|instance| self.set_provider(instance.clone()));
        self.deleted_with = other.deleted_with.clone().or(self.deleted_with.take());
        self.hooks.extend_from_slice(&other.hooks);
        self.transforms.extend_from_slice(&other.transforms);
        self.mistakes.extend_from_slice(&other.mistakes);
    }

    /// Tells whether nothing is said that goes on to others.
    pub(crate) fn is_silent(&self) -> bool {
        self.protect.is_none()
            && self.retain_on_delete.is_none()
            && self.delete_before_create.is_none()
            && self.timeouts == Timeouts::default()
            && self.nodes().next().is_none()
            && self.transforms.is_empty()
    }

    /// Uses an instance of its provider, in place of another one of that.
    pub(crate) fn set_provider(&mut self, instance: NodeRef) {
        self.providers.retain(|other| other.address().provider() != instance.address().provider());
        self.providers.push(instance);
    }

    /// Returns the instance of a provider.
    pub(crate) fn provider(&self, name: &str) -> Option<&NodeRef> {
        self.providers.iter().find(|instance| instance.address().provider() == name)
    }

    /// Takes the nodes that it refers to, so that they can be dropped by a loop.
    pub(super) fn take_nodes(&mut self) -> Vec<NodeRef> {
        let mut nodes = std::mem::take(&mut self.depends_on);
        nodes.append(&mut self.providers);
        nodes.extend(self.deleted_with.take());
        nodes
    }

    /// Returns the nodes that it refers to.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &NodeRef> {
        self.depends_on.iter().chain(&self.providers).chain(&self.deleted_with)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("protect", &self.protect)
            .field("depends_on", &self.depends_on)
            .finish_non_exhaustive()
    }
}

/// A declaration, before the graph is built; what a transform changes.
#[derive(Debug)]
pub struct Draft<'a> {
    pub(crate) address: &'a Address,
    pub(crate) schema: &'a Schema,
    pub(crate) inputs: &'a mut BTreeMap<Text, Expr>,
    pub(crate) options: &'a mut Options,
}

/// A function that changes declarations; see [`Configure::transform`](crate::output::Configure::transform).
#[derive(Clone)]
pub struct Transform(pub(crate) Arc<dyn Fn(&mut Draft<'_>) + Send + Sync>);

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transform")
    }
}
