//! What a program talks to: it adds resources, reads configuration, exports outputs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::Location;
use std::sync::Arc;

use crate::address::{Address, Kind, Name, StackId};
use crate::config::{Config, ConfigError, ConfigValues};
use crate::expr::{Expr, NodeRef, Options, StackMark};
use crate::graph::{
    ComponentDeclaration, Declaration, Declared, DesiredGraph, GraphError, Note, NoteLevel, build,
};
use crate::output::{Configure, Handle, OUTPUT_TEXT, Output};
use crate::resource::{Lookup, Managed, Resource};
use crate::schema::{Schema, Text};
use crate::value::Value;

mod component;
mod dynamic;
mod error;
mod program;
mod reference;
mod scope;

pub use component::{Component, ComponentHandle, ComponentNode};
pub use dynamic::{Dynamic, DynamicHandle};
pub use error::DeclareError;
pub use program::{
    Async, AsyncFunction, Awaited, Declaring, IntoProgram, Plain, Program, ProgramError, Result, program,
};
pub use reference::{StackOutputs, StackReference};
pub use scope::Scope;

/// Tells whether a constant has the text of an output in it.
fn has_output_text(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(OUTPUT_TEXT),
        Value::List(items) => items.iter().any(has_output_text),
        Value::Map(map) => map.values().any(has_output_text),
        _ => false,
    }
}

#[derive(Debug, Default)]
struct Declarations {
    nodes: Vec<Declaration>,
    components: Vec<ComponentDeclaration>,
    places: HashMap<Address, usize>,
}

/// Where a resource is declared.
#[derive(Debug, Default)]
struct Within {
    /// How many bytes of the stack's path are the scope's.
    path: usize,
    component: Option<usize>,
    options: Options,
}

/// What is declared.
struct New {
    schema: Arc<Schema>,
    inputs: BTreeMap<Text, Expr>,
    dynamic: bool,
}

/// The stack that a program declares.
#[derive(Debug)]
pub struct Stack {
    id: StackId,
    mark: StackMark,
    config: ConfigValues,
    declared: Declarations,
    exports: BTreeMap<String, Expr>,
    notes: Vec<Note>,
    /// What is said of all resources.
    options: Options,
    /// The other stacks that are read.
    references: Vec<StackReference>,
    /// The path of the innermost scope that was opened; each scope keeps how much of it is its own. While a scope
    /// inside another is used the outer one cannot be, so that one text serves them all.
    path: String,
}

impl Stack {
    /// Starts an empty stack.
    pub fn new(id: StackId, config: ConfigValues) -> Self {
        let (mark, declared, exports, notes, options, references, path) = Default::default();
        Self { id, mark, config, declared, exports, notes, options, references, path }
    }

    /// Returns the stack's name.
    pub fn id(&self) -> &StackId {
        &self.id
    }

    /// Reads the stack's configuration.
    ///
    /// # Errors
    /// Every missing, mistyped or unknown key, together.
    pub fn config<T: Config>(&self) -> std::result::Result<T, ConfigError> {
        T::read(&self.config)
    }

    /// Adds a resource at the top of the stack.
    ///
    /// # Errors
    /// If the name is invalid or taken, or an input belongs to another stack.
    #[track_caller]
    pub fn add<R: Managed>(
        &mut self,
        name: impl AsRef<str>,
        resource: R,
    ) -> std::result::Result<Handle<R>, DeclareError> {
        self.declare(Within::default(), name.as_ref(), resource, Location::caller())
    }

    /// Looks something up that exists outside of the stack. The lookup is a node: it may use outputs of the
    /// stack's resources, and is then unknown in a preview that still has to create them.
    ///
    /// # Errors
    /// As [`Stack::add`].
    #[track_caller]
    pub fn read<R: Lookup>(
        &mut self,
        name: impl AsRef<str>,
        lookup: R,
    ) -> std::result::Result<Handle<R>, DeclareError> {
        self.declare(Within::default(), name.as_ref(), lookup, Location::caller())
    }

    /// Opens a scope: what is added in it has addresses under `name`.
    ///
    /// # Errors
    /// If the name is invalid.
    #[track_caller]
    pub fn scope(&mut self, name: impl AsRef<str>) -> std::result::Result<Scope<'_>, DeclareError> {
        let path = self.enter(0, name.as_ref(), Location::caller())?;
        Ok(Scope { stack: self, path, component: None, options: Options::new() })
    }

    /// Adds a resource of a kind that its provider learns at run time.
    ///
    /// # Errors
    /// As [`Stack::add`], or if the kind's name cannot be one.
    #[track_caller]
    pub fn add_dynamic(
        &mut self,
        name: impl AsRef<str>,
        resource: Dynamic,
    ) -> std::result::Result<DynamicHandle, DeclareError> {
        self.declare_dynamic(Within::default(), name.as_ref(), resource, Location::caller())
    }

    /// Builds a component under `name`. Its handle can be depended on, and what is said of it counts for all parts.
    ///
    /// # Errors
    /// What the component answers.
    #[track_caller]
    pub fn component<C: Component>(
        &mut self,
        name: impl AsRef<str>,
        component: C,
    ) -> Result<ComponentHandle<C::Outputs>> {
        self.build(Within::default(), name.as_ref(), &component, Location::caller())
    }

    /// Exports an output under a name; `output` shows it.
    ///
    /// A value of another stack is refused when the graph is built.
    pub fn export<T>(&mut self, name: impl Into<String>, output: Output<T>) {
        self.exports.insert(name.into(), output.into_expr());
    }

    /// Exports a constant.
    pub fn export_value(&mut self, name: impl Into<String>, value: impl serde::Serialize) {
        let expr = Value::of(&value).map_or_else(|e| Expr::Invalid(e.to_string()), Expr::Value);
        self.exports.insert(name.into(), expr);
    }

    /// Says something to whoever runs the program; it is shown with every plan.
    #[track_caller]
    pub fn note(&mut self, text: impl Into<String>) {
        self.say(NoteLevel::Note, text.into(), Location::caller());
    }

    /// Warns whoever runs the program: something may be a mistake, and is done all the same.
    #[track_caller]
    pub fn warn(&mut self, text: impl Into<String>) {
        self.say(NoteLevel::Warning, text.into(), Location::caller());
    }

    fn say(&mut self, level: NoteLevel, text: String, source: &'static Location<'static>) {
        self.notes.push(Note { level, text, source_line: crate::graph::line(source) });
    }

    fn declare<R: Resource>(
        &mut self,
        within: Within,
        name: &str,
        resource: R,
        source: &'static Location<'static>,
    ) -> std::result::Result<Handle<R>, DeclareError> {
        let new = New { schema: R::schema(), inputs: resource.into_inputs(), dynamic: false };
        self.add_node(within, name, new, source).map(Handle::new)
    }

    fn declare_dynamic(
        &mut self,
        within: Within,
        name: &str,
        resource: Dynamic,
        source: &'static Location<'static>,
    ) -> std::result::Result<DynamicHandle, DeclareError> {
        let kind = resource
            .parsed_kind()
            .map_err(|error| DeclareError::Name { error, source_line: crate::graph::line(source) })?;
        let new = New { schema: Arc::new(Schema::of(kind)), inputs: resource.inputs, dynamic: true };
        let node = self.add_node(within, name, new, source)?;
        node.configure(|options| options.mistakes.extend(resource.mistakes));
        Ok(DynamicHandle(node))
    }

    /// Builds a component, and adds its node when its parts are there.
    fn build<C: Component>(
        &mut self,
        within: Within,
        name: &str,
        component: &C,
        source: &'static Location<'static>,
    ) -> Result<ComponentHandle<C::Outputs>> {
        let outer = within.component;
        let path = self.enter(within.path, name, source)?;
        let number = self.declared.components.len();
        self.declared.components.push(ComponentDeclaration {
            path: self.path[..path].to_owned(),
            outer,
            node: None,
        });
        let options = within.options.clone();
        let mut scope = Scope { stack: self, path, component: Some(number), options };
        let outputs = component.build(&mut scope)?;
        // The scopes inside may have left another path behind.
        self.path.truncate(within.path);
        let within = Within { component: Some(number), ..within };
        let node = self.declare(within, name, ComponentNode::new(), source)?.node().clone();
        self.declared.components[number].node = Some(node.clone());
        Ok(ComponentHandle { node, outputs })
    }

    fn add_node(
        &mut self,
        within: Within,
        name: &str,
        new: New,
        source: &'static Location<'static>,
    ) -> std::result::Result<NodeRef, DeclareError> {
        let New { schema, inputs, dynamic } = new;
        let name = Name::parse(name)
            .map_err(|error| DeclareError::Name { error, source_line: crate::graph::line(source) })?;
        let address = Address::new(&self.path[..within.path], &schema.kind, &name);
        let mut foreign = None;
        inputs.values().for_each(|expr| {
            expr.references(&mut |node| {
                if !node.belongs_to(&self.mark) {
                    foreign = Some(node.address().clone());
                }
            });
        });
        if let Some(foreign) = foreign {
            let (address, source_line) = (address.to_string(), crate::graph::line(source));
            return Err(DeclareError::Foreign { address, foreign, source_line });
        }
        let text = |(_, expr): &(&Text, &Expr)| matches!(expr, Expr::Value(value) if has_output_text(value));
        if let Some((field, _)) = inputs.iter().find(text) {
            let field = field.clone();
            return Err(DeclareError::OutputText { address, field, source_line: crate::graph::line(source) });
        }
        let index = self.declared.nodes.len();
        if let Some(first) = self.declared.places.insert(address.clone(), index) {
            self.declared.places.insert(address.clone(), first);
            let (first, second) =
                (crate::graph::line(self.declared.nodes[first].source), crate::graph::line(source));
            return Err(DeclareError::Duplicate { address, first, second });
        }
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        let node = NodeRef::new(self.mark.clone(), index, address, within.options.of_kind(&schema));
        let component = within.component;
        self.declared.nodes.push(Declaration {
            node: node.clone(),
            schema,
            inputs,
            component,
            dynamic,
            source,
        });
        Ok(node)
    }

    /// Opens a scope inside that whose path has `outer` bytes; returns the length of its own.
    fn enter(
        &mut self,
        outer: usize,
        name: &str,
        source: &'static Location<'static>,
    ) -> std::result::Result<usize, DeclareError> {
        let name = Name::parse(name)
            .map_err(|error| DeclareError::Name { error, source_line: crate::graph::line(source) })?;
        self.path.truncate(outer);
        if outer > 0 {
            self.path.push('/');
        }
        self.path.push_str(name.as_str());
        Ok(self.path.len())
    }

    /// Returns the kinds of dynamic resources, each once; their provider has to know them before there is a graph.
    pub fn dynamic_kinds(&self) -> Vec<Kind> {
        let dynamic = self.declared.nodes.iter().filter(|declaration| declaration.dynamic);
        let kinds: BTreeSet<Kind> = dynamic.map(|declaration| declaration.schema.kind.clone()).collect();
        kinds.into_iter().collect()
    }

    /// Ends the declarations and builds the graph.
    ///
    /// # Errors
    /// All mistakes together: cycles, options that cannot be, handles of other stacks in options and exports.
    pub fn into_graph(self) -> std::result::Result<DesiredGraph, Vec<GraphError>> {
        self.into_graph_with(&|_| None)
    }

    /// Ends the declarations and builds the graph, with the schemas of the kinds of dynamic resources.
    ///
    /// # Errors
    /// As [`Stack::into_graph`]; or if there is no schema for a dynamic resource.
    pub fn into_graph_with(
        self,
        schemas: &dyn Fn(&Kind) -> Option<Arc<Schema>>,
    ) -> std::result::Result<DesiredGraph, Vec<GraphError>> {
        let Declarations { nodes, components, .. } = self.declared;
        let declared =
            Declared { nodes, components, options: self.options, exports: self.exports, mark: self.mark };
        Ok(build(declared, schemas)?.with_notes(self.notes))
    }
}

/// Options that count for all resources of the stack, also for those that were added before.
impl Configure for &mut Stack {
    fn configure(self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }
}
