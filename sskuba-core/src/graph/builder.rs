//! Builds the graph out of declarations, or reports everything that is wrong with them.

use std::collections::{BTreeMap, HashMap};
use std::panic::Location;
use std::sync::Arc;

use super::dag::{Dag, NodeId};
use super::note::Note;
use crate::address::Address;
use crate::expr::{Expr, NodeRef};
use crate::lifecycle::Lifecycle;
use crate::schema::{Schema, Text};

/// A resource as the program declared it.
#[derive(Debug)]
pub struct Declaration {
    /// The reference that handles hold.
    pub node: NodeRef,
    /// The schema of its kind.
    pub schema: Arc<Schema>,
    /// Its inputs.
    pub inputs: BTreeMap<Text, Expr>,
    /// Where in the program it stands.
    pub source: &'static Location<'static>,
}

/// A resource in the graph.
#[derive(Debug, Clone)]
pub struct Node {
    /// The address.
    pub address: Address,
    /// The schema of its kind.
    pub schema: Arc<Schema>,
    /// Its inputs.
    pub inputs: BTreeMap<Text, Expr>,
    /// Its options.
    pub lifecycle: Lifecycle,
    /// The provider instance, if not the default one.
    pub provider: Option<NodeId>,
    /// The resource whose delete takes this one with it.
    pub deleted_with: Option<NodeId>,
    /// What comes first though no input uses it.
    pub after: Vec<NodeId>,
    /// Where in the program it stands.
    pub source: &'static Location<'static>,
}

/// What a program wants: resources and their edges, immutable.
#[derive(Debug, Clone, Default)]
pub struct DesiredGraph {
    nodes: Vec<Node>,
    dag: Arc<Dag>,
    index: HashMap<Address, NodeId>,
    exports: BTreeMap<String, Expr>,
    notes: Vec<Note>,
}

impl DesiredGraph {
    /// Adds what the program said while it declared.
    #[must_use]
    pub(crate) fn with_notes(mut self, notes: Vec<Note>) -> Self {
        self.notes = notes;
        self
    }

    /// Returns what the program said while it declared, in that order.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// Returns the resources, in the order of their declaration.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns one resource.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Returns the edges.
    pub fn dag(&self) -> &Arc<Dag> {
        &self.dag
    }

    /// Finds a resource by its address.
    pub fn find(&self, address: &Address) -> Option<NodeId> {
        self.index.get(address).copied()
    }

    /// Returns the exported outputs.
    pub fn exports(&self) -> &BTreeMap<String, Expr> {
        &self.exports
    }
}

/// What is wrong with a program's declarations.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// Resources that need each other.
    #[error("these resources depend on each other, so none of them can be first:{}", path(.0))]
    Cycle(Vec<(Address, String)>),
    /// An option that cannot be.
    #[error("{address} ({source_line}): {message}")]
    Option {
        /// The resource.
        address: Address,
        /// `file:line` of its declaration.
        source_line: String,
        /// What is wrong.
        message: String,
    },
}

fn path(nodes: &[(Address, String)]) -> String {
    let line = |(address, line): &(Address, String)| format!("\n    {address} ({line}) needs");
    let mut text: String = nodes.iter().map(line).collect();
    if let Some((first, _)) = nodes.first() {
        text.push_str(&format!("\n    {first}; remove one of these edges"));
    }
    text
}

/// Writes `file:line:column` of a declaration.
pub fn line(source: &Location<'_>) -> String {
    format!("{}:{}:{}", source.file(), source.line(), source.column())
}

/// Builds the graph. Handles of other stacks and duplicates were refused when the resources were added.
///
/// # Errors
/// All mistakes together.
pub fn build(
    declarations: Vec<Declaration>,
    exports: BTreeMap<String, Expr>,
) -> Result<DesiredGraph, Vec<GraphError>> {
    let mut errors = Vec::new();
    let mut edges: Vec<(NodeId, NodeId)> = Vec::new();
    let mut nodes = Vec::with_capacity(declarations.len());
    let mut index = HashMap::with_capacity(declarations.len());
    for (number, declaration) in declarations.into_iter().enumerate() {
        let id = NodeId(u32::try_from(number).unwrap_or(u32::MAX));
        let Declaration { node, schema, inputs, source } = declaration;
        let options = node.options();
        let address = node.address().clone();
        errors.extend(options.mistakes.iter().map(|message| GraphError::Option {
            address: address.clone(),
            source_line: line(source),
            message: message.clone(),
        }));
        let mut edge = |to: &NodeRef| edges.push((id, NodeId(to.index())));
        inputs.values().for_each(|expr| expr.references(&mut edge));
        options.depends_on.iter().chain(&options.provider).chain(&options.deleted_with).for_each(&mut edge);
        let after = options.depends_on.iter().map(|node| NodeId(node.index())).collect();
        index.insert(address.clone(), id);
        nodes.push(Node {
            address,
            schema,
            inputs,
            lifecycle: options.lifecycle,
            provider: options.provider.map(|node| NodeId(node.index())),
            deleted_with: options.deleted_with.map(|node| NodeId(node.index())),
            after,
            source,
        });
    }
    match Dag::new(nodes.len(), edges) {
        Ok(dag) if errors.is_empty() => {
            Ok(DesiredGraph { nodes, dag: Arc::new(dag), index, exports, notes: Vec::new() })
        }
        Ok(_) => Err(errors),
        Err(cycle) => {
            let named = |id: &NodeId| {
                let node: &Node = &nodes[id.index()];
                (node.address.clone(), line(node.source))
            };
            errors.push(GraphError::Cycle(cycle.0.iter().map(named).collect()));
            Err(errors)
        }
    }
}
