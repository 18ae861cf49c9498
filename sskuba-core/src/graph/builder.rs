//! Builds the graph out of declarations, or reports everything that is wrong with them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::panic::Location;
use std::sync::Arc;

use super::dag::{Dag, NodeId};
use super::note::Note;
use super::resolve::Inheritance;
use crate::address::{Address, Kind};
use crate::expr::{Expr, NodeRef, Options, StackMark};
use crate::lifecycle::Lifecycle;
use crate::schema::{Schema, TRIGGERS, Text};
use crate::suggest::suggestion;
use crate::value::Value;

/// A resource as the program declared it.
#[derive(Debug)]
pub struct Declaration {
    /// The reference that handles hold.
    pub node: NodeRef,
    /// The schema of its kind.
    pub schema: Arc<Schema>,
    /// Its inputs.
    pub inputs: BTreeMap<Text, Expr>,
    /// The component that it is a part of, or whose own node it is, by its number.
    pub component: Option<usize>,
    /// Whether its kind is learned at run time, so that the schema has only its name.
    pub dynamic: bool,
    /// Where in the program it stands.
    pub source: &'static Location<'static>,
}

/// A component as the program declared it.
#[derive(Debug)]
pub struct ComponentDeclaration {
    /// The path of its parts.
    pub path: String,
    /// The component that it is a part of, by its number.
    pub outer: Option<usize>,
    /// Its own node; none if its declaration failed.
    pub node: Option<NodeRef>,
}

/// All that a program declared.
#[derive(Debug, Default)]
pub struct Declared {
    /// The resources.
    pub nodes: Vec<Declaration>,
    /// The components, each after those around it.
    pub components: Vec<ComponentDeclaration>,
    /// What is said of all resources.
    pub options: Options,
    /// The exported outputs.
    pub exports: BTreeMap<String, Expr>,
    /// What tells the stack from others.
    pub mark: StackMark,
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

/// Says that a node is another stack's; nothing if it is this one's.
fn foreign(mark: &StackMark, node: &NodeRef) -> Option<String> {
    (!node.belongs_to(mark)).then(|| format!("uses {}, which belongs to another stack", node.address()))
}

/// Gives the schemas of kinds that are learned at run time.
pub type Schemas<'a> = &'a dyn Fn(&Kind) -> Option<Arc<Schema>>;

/// Builds the graph. Duplicates were refused when the resources were added.
///
/// # Errors
/// All mistakes together.
pub fn build(declared: Declared, schemas: Schemas<'_>) -> Result<DesiredGraph, Vec<GraphError>> {
    let Declared { nodes: declarations, components, options, exports, mark } = declared;
    let mut builder = Builder {
        errors: Vec::new(),
        edges: Vec::new(),
        nodes: Vec::with_capacity(declarations.len()),
        index: HashMap::with_capacity(declarations.len()),
        mark,
        dynamic: false,
    };
    let own: HashMap<u32, usize> = components
        .iter()
        .enumerate()
        .filter_map(|(number, component)| Some((component.node.as_ref()?.index(), number)))
        .collect();
    let inheritance = Inheritance::of(options, &components);
    let mut part_of = Vec::with_capacity(declarations.len());
    for declaration in declarations {
        let component = own.get(&declaration.node.index()).copied();
        let outer = component.map_or(declaration.component, |number| components[number].outer);
        builder.add(declaration, component, &inheritance, schemas);
        part_of.push(outer);
    }
    let nodes = components.iter().map(|component| Some(NodeId(component.node.as_ref()?.index()))).collect();
    builder.finish_components(nodes, &part_of);
    builder.check_fields(&exports);
    builder.finish(exports)
}

/// Gives a resource the entries that its provider instance gives to all that is made with it.
fn entries_of_instance(
    (instance, nodes): (&NodeRef, &[Node]),
    schema: &Schema,
    inputs: &mut BTreeMap<Text, Expr>,
) {
    let Some(node) = nodes.get(instance.index() as usize) else { return };
    let given = node.schema.inputs().filter(|field| node.inputs.contains_key(&field.name));
    for (field, name) in given.filter_map(|field| Some((field, field.entries_of.as_ref()?))) {
        if schema.field(name).is_some_and(|input| !input.computed) {
            let own = inputs.remove(name).unwrap_or(Expr::Value(Value::Null));
            let all = Expr::Field(instance.clone(), field.name.clone());
            inputs.insert(name.clone(), all.with_entries(own));
        }
    }
}

struct Builder {
    errors: Vec<GraphError>,
    edges: Vec<(NodeId, NodeId)>,
    nodes: Vec<Node>,
    index: HashMap<Address, NodeId>,
    mark: StackMark,
    /// Whether any kind was learned at run time.
    dynamic: bool,
}

impl Builder {
    fn add(
        &mut self,
        mut declaration: Declaration,
        component: Option<usize>,
        inheritance: &Inheritance,
        schemas: Schemas<'_>,
    ) {
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        let (address, source) = (declaration.node.address().clone(), declaration.source);
        self.dynamic |= declaration.dynamic;
        let learned = if declaration.dynamic { schemas(&declaration.schema.kind) } else { None };
        let unknown = declaration.dynamic && learned.is_none();
        let schema = learned.unwrap_or_else(|| Arc::clone(&declaration.schema));
        let mut inputs = std::mem::take(&mut declaration.inputs);
        let options = inheritance.resolve(&declaration, &schema, &mut inputs, component);
        if !options.triggers.is_empty() {
            inputs.insert(Text::Borrowed(TRIGGERS), Expr::list(options.triggers.clone()));
        }
        let mut mistakes = options.mistakes.clone();
        let lifecycle = options.lifecycle(&schema, &mut mistakes);
        let number = |node: &NodeRef| NodeId(node.index());
        let before = self.edges.len();
        let mut use_node = |node: &NodeRef| match foreign(&self.mark, node) {
            Some(mistake) => mistakes.push(mistake),
            None => self.edges.push((id, number(node))),
        };
        let instance = options.provider(schema.kind.provider());
        if let Some(instance) = instance.filter(|node| node.belongs_to(&self.mark)) {
            entries_of_instance((instance, &self.nodes), &schema, &mut inputs);
        }
        inputs.values().for_each(|expr| expr.references(&mut use_node));
        options.depends_on.iter().chain(instance).chain(&options.deleted_with).for_each(&mut use_node);
        if unknown {
            // What else may be wrong with it cannot be told.
            mistakes = vec![format!("provider `{}` knows no kind {}", schema.kind.provider(), schema.kind)];
        }
        if !mistakes.is_empty() {
            self.edges.truncate(before);
            let error =
                |message| GraphError::Option { address: address.clone(), source_line: line(source), message };
            self.errors.extend(mistakes.into_iter().map(error));
        }
        let mut after: Vec<NodeId> = options.depends_on.iter().map(number).collect();
        after.sort_unstable();
        after.dedup();
        let (provider, deleted_with) = (instance.map(number), options.deleted_with.as_ref().map(number));
        self.index.insert(address.clone(), id);
        self.nodes.push(Node { address, schema, inputs, lifecycle, provider, deleted_with, after, source });
    }

    /// Orders the nodes of components after their parts: those that no other part needs, and those that others need before
    /// they can be used.
    fn finish_components(&mut self, components: Vec<Option<NodeId>>, part_of: &[Option<usize>]) {
        let of = |id: NodeId| part_of.get(id.index()).copied().flatten();
        let inside = self.edges.iter().filter(|(from, to)| of(*from).is_some() && of(*from) == of(*to));
        let needed: HashSet<NodeId> = inside.map(|(_, to)| *to).collect();
        for (number, component) in part_of.iter().enumerate() {
            let part = NodeId(u32::try_from(number).unwrap_or(u32::MAX));
            let Some(component) = component.and_then(|component| components[component]) else { continue };
            let schema = &self.nodes[number].schema;
            if !schema.is_lookup() && (!needed.contains(&part) || schema.has_early()) {
                self.edges.push((component, part));
                self.nodes[component.index()].after.push(part);
            }
        }
    }

    /// Refuses uses of fields that a kind, learned at run time, does not have, and exports of what is another stack's. A
    /// derived kind has what its accessors name.
    fn check_fields(&mut self, exports: &BTreeMap<String, Expr>) {
        let mut errors = Vec::new();
        let mut check = |used: &NodeRef, field: &str, address: &Address, source_line: &dyn Fn() -> String| {
            if let Some(message) = foreign(&self.mark, used).or_else(|| self.lacks(used, field)) {
                errors.push(GraphError::Option {
                    address: address.clone(),
                    source_line: source_line(),
                    message,
                });
            }
        };
        for node in self.nodes.iter().filter(|_| self.dynamic) {
            let source_line = || line(node.source);
            let mut within = |used: &NodeRef, field: &str| {
                // What is foreign was refused with the node.
                if used.belongs_to(&self.mark) {
                    check(used, field, &node.address, &source_line);
                }
            };
            node.inputs.values().for_each(|expr| expr.fields(&mut within));
        }
        for (name, expr) in exports {
            let source_line = || format!("export `{name}`");
            expr.fields(&mut |used, field| check(used, field, used.address(), &source_line));
        }
        self.errors.extend(errors);
    }

    /// Says that the kind of a node has no such field; nothing if it has.
    fn lacks(&self, node: &NodeRef, field: &str) -> Option<String> {
        let schema = &self.nodes[node.index() as usize].schema;
        let lacks = self.dynamic && schema.field(field).is_none();
        lacks.then(|| {
            let near = suggestion(field, schema.fields.iter().map(|field| &*field.name));
            format!("{} has no field `{field}`{near}", schema.kind)
        })
    }

    fn finish(self, exports: BTreeMap<String, Expr>) -> Result<DesiredGraph, Vec<GraphError>> {
        let Self { mut errors, edges, nodes, index, .. } = self;
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
}
