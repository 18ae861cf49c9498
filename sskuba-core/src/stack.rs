//! What a program talks to: it adds resources, reads configuration, exports outputs.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;

use crate::address::{Address, Name, NameError, StackId};
use crate::config::{Config, ConfigError, ConfigValues};
use crate::expr::{Expr, NodeOptions, NodeRef, StackMark};
use crate::graph::{Declaration, DesiredGraph, GraphError, Note, NoteLevel, build};
use crate::output::{Handle, OUTPUT_TEXT, Output};
use crate::resource::{InstanceOf, Lookup, Managed, Resource};
use crate::schema::Text;
use crate::value::Value;

/// Why a declaration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeclareError {
    /// The name cannot be one.
    #[error("{source_line}: {error}")]
    Name {
        /// What is wrong with it.
        #[source]
        error: NameError,
        /// Where it was given.
        source_line: String,
    },
    /// The address is taken.
    #[error(
        "{address} is declared twice: first at {first}, again at {second}; give one of them another name"
    )]
    Duplicate {
        /// The address.
        address: Address,
        /// `file:line:column` of the first.
        first: String,
        /// `file:line:column` of the second.
        second: String,
    },
    /// A text has `{:?}` of an output in it, where its value was meant.
    #[error(
        "{address} ({source_line}): `{field}` has the text of an output in it, and not its value, which is not known \
         yet; write it with `format_output!(\"…{{}}…\", output)` or `output.map(…)`"
    )]
    OutputText {
        /// The resource that was being declared.
        address: Address,
        /// The field.
        field: Text,
        /// `file:line:column`.
        source_line: String,
    },
    /// A handle or output of another stack was used.
    #[error(
        "{address} ({source_line}) uses {foreign}, which belongs to another stack; \
         export the value there and hand it over as configuration"
    )]
    Foreign {
        /// The resource that was being declared, or the name of the export.
        address: String,
        /// What it used.
        foreign: Address,
        /// `file:line:column`.
        source_line: String,
    },
}

/// Tells whether a constant has the text of an output in it.
fn has_output_text(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(OUTPUT_TEXT),
        Value::List(items) => items.iter().any(has_output_text),
        Value::Map(map) => map.values().any(has_output_text),
        _ => false,
    }
}

/// An error of a program, made by `?` from any error.
#[derive(Debug)]
pub struct ProgramError(Box<dyn std::error::Error + Send + Sync>);

impl ProgramError {
    /// Makes an error of a text.
    pub fn msg(text: impl Into<String>) -> Self {
        Self(text.into().into())
    }

    /// Returns the error itself.
    pub fn into_inner(self) -> Box<dyn std::error::Error + Send + Sync> {
        self.0
    }
}

impl fmt::Display for ProgramError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for ProgramError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

/// The result of a program or of a part of one.
pub type Result<T = (), E = ProgramError> = std::result::Result<T, E>;

/// What a program returns when it waits for something while it declares.
pub type Declaring<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// A program: it declares what should be there.
///
/// Every function `Fn(&mut Stack) -> Result<()>` is one; an async program is made with [`asynchronous`].
pub trait Program: Send + Sync {
    /// Declares the resources.
    fn declare<'a>(&'a self, stack: &'a mut Stack) -> Declaring<'a>;
}

impl<F: Fn(&mut Stack) -> Result<()> + Send + Sync> Program for F {
    fn declare<'a>(&'a self, stack: &'a mut Stack) -> Declaring<'a> {
        let result = self(stack);
        Box::pin(std::future::ready(result))
    }
}

struct Asynchronous<F>(F);

impl<F: for<'a> Fn(&'a mut Stack) -> Declaring<'a> + Send + Sync> Program for Asynchronous<F> {
    fn declare<'a>(&'a self, stack: &'a mut Stack) -> Declaring<'a> {
        (self.0)(stack)
    }
}

/// Makes a program of an async function: `asynchronous(|stack| Box::pin(async move { … }))`.
pub fn asynchronous<F>(f: F) -> impl Program
where
    F: for<'a> Fn(&'a mut Stack) -> Declaring<'a> + Send + Sync,
{
    Asynchronous(f)
}

#[derive(Debug, Default)]
struct Declarations {
    nodes: Vec<Declaration>,
    places: HashMap<Address, usize>,
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
    /// The path of the innermost scope that was opened; each scope keeps how much of it is its own. While a scope
    /// inside another is used the outer one cannot be, so that one text serves them all.
    path: String,
}

impl Stack {
    /// Starts an empty stack.
    pub fn new(id: StackId, config: ConfigValues) -> Self {
        let (mark, declared, exports, notes, path) = Default::default();
        Self { id, mark, config, declared, exports, notes, path }
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
        self.declare(0, name.as_ref(), resource, NodeOptions::default(), Location::caller())
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
        self.declare(0, name.as_ref(), lookup, NodeOptions::default(), Location::caller())
    }

    /// Opens a scope: what is added in it has addresses under `name`.
    ///
    /// # Errors
    /// If the name is invalid.
    #[track_caller]
    pub fn scope(&mut self, name: impl AsRef<str>) -> std::result::Result<Scope<'_>, DeclareError> {
        let path = self.enter(0, name.as_ref(), Location::caller())?;
        Ok(Scope { stack: self, path, options: NodeOptions::default(), instances: Vec::new() })
    }

    /// Builds a component under `name`.
    ///
    /// # Errors
    /// What the component answers.
    #[track_caller]
    pub fn component<C: Component>(&mut self, name: impl AsRef<str>, component: C) -> Result<C::Outputs> {
        component.build(&mut self.scope(name)?)
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
        path: usize,
        name: &str,
        resource: R,
        options: NodeOptions,
        source: &'static Location<'static>,
    ) -> std::result::Result<Handle<R>, DeclareError> {
        let schema = R::schema();
        let name = Name::parse(name)
            .map_err(|error| DeclareError::Name { error, source_line: crate::graph::line(source) })?;
        let address = Address::new(&self.path[..path], &schema.kind, &name);
        let inputs = resource.into_inputs();
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
        let text =
            |(_, expr): &(&Text, &Expr)| matches!(expr, Expr::Value(value) if has_output_text(value));
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
        let node = NodeRef::new(self.mark.clone(), index, address, options);
        self.declared.nodes.push(Declaration { node: node.clone(), schema, inputs, source });
        Ok(Handle::new(node))
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

    /// Ends the declarations and builds the graph.
    ///
    /// # Errors
    /// All mistakes together: cycles, options that cannot be, handles of other stacks in options and exports.
    pub fn into_graph(self) -> std::result::Result<DesiredGraph, Vec<GraphError>> {
        let mut errors = Vec::new();
        let foreign = |what: &Address, line: String, node: &NodeRef| GraphError::Option {
            address: what.clone(),
            source_line: line,
            message: format!("uses {}, which belongs to another stack", node.address()),
        };
        for declaration in &self.declared.nodes {
            let options = declaration.node.options();
            let used = options.depends_on.iter().chain(&options.provider).chain(&options.deleted_with);
            for node in used.filter(|node| !node.belongs_to(&self.mark)) {
                let line = crate::graph::line(declaration.source);
                errors.push(foreign(declaration.node.address(), line, node));
            }
        }
        for (name, expr) in &self.exports {
            expr.references(&mut |node| {
                if !node.belongs_to(&self.mark) {
                    errors.push(foreign(node.address(), format!("export `{name}`"), node));
                }
            });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(build(self.declared.nodes, self.exports)?.with_notes(self.notes))
    }
}

/// A part of a stack: what is added in it has addresses under its name and takes its options.
#[derive(Debug)]
pub struct Scope<'a> {
    stack: &'a mut Stack,
    /// How many bytes of the stack's path are this scope's.
    path: usize,
    options: NodeOptions,
    /// The provider instances that are used here, at most one of each provider.
    instances: Vec<NodeRef>,
}

impl Scope<'_> {
    /// Returns the component path.
    pub fn path(&self) -> &str {
        &self.stack.path[..self.path]
    }

    /// Reads the stack's configuration.
    ///
    /// # Errors
    /// As [`Stack::config`].
    pub fn config<T: Config>(&self) -> std::result::Result<T, ConfigError> {
        self.stack.config()
    }

    /// Says something to whoever runs the program; see [`Stack::note`].
    #[track_caller]
    pub fn note(&mut self, text: impl Into<String>) {
        self.stack.note(text);
    }

    /// Warns whoever runs the program; see [`Stack::warn`].
    #[track_caller]
    pub fn warn(&mut self, text: impl Into<String>) {
        self.stack.warn(text);
    }

    /// Adds a resource; see [`Stack::add`].
    ///
    /// # Errors
    /// As [`Stack::add`].
    #[track_caller]
    pub fn add<R: Managed>(
        &mut self,
        name: impl AsRef<str>,
        resource: R,
    ) -> std::result::Result<Handle<R>, DeclareError> {
        let (path, options) = (self.path, self.options_of::<R>());
        self.stack.declare(path, name.as_ref(), resource, options, Location::caller())
    }

    /// Looks something up; see [`Stack::read`].
    ///
    /// # Errors
    /// As [`Stack::add`].
    #[track_caller]
    pub fn read<R: Lookup>(
        &mut self,
        name: impl AsRef<str>,
        lookup: R,
    ) -> std::result::Result<Handle<R>, DeclareError> {
        let (path, options) = (self.path, self.options_of::<R>());
        self.stack.declare(path, name.as_ref(), lookup, options, Location::caller())
    }

    /// Opens a scope below this one; it takes this one's options.
    ///
    /// # Errors
    /// If the name is invalid.
    #[track_caller]
    pub fn scope(&mut self, name: impl AsRef<str>) -> std::result::Result<Scope<'_>, DeclareError> {
        let path = self.stack.enter(self.path, name.as_ref(), Location::caller())?;
        let (options, instances) = (self.options.clone(), self.instances.clone());
        Ok(Scope { stack: self.stack, path, options, instances })
    }

    /// Builds a component below this scope.
    ///
    /// # Errors
    /// What the component answers.
    #[track_caller]
    pub fn component<C: Component>(&mut self, name: impl AsRef<str>, component: C) -> Result<C::Outputs> {
        component.build(&mut self.scope(name)?)
    }

    /// Protects all that is added from here on.
    #[must_use]
    pub fn protect(mut self) -> Self {
        self.options.lifecycle.protect = true;
        self
    }

    /// Uses a provider instance for all of its provider that is added from here on. A scope has at most one instance of
    /// each provider: a second one takes the place of the first.
    #[must_use]
    pub fn provider<I: Resource + InstanceOf<<I as Resource>::Provider>>(
        mut self,
        provider: &Handle<I>,
    ) -> Self {
        let instance = provider.node();
        self.instances.retain(|other| other.address().provider() != instance.address().provider());
        self.instances.push(instance.clone());
        self
    }

    /// Returns the options that a resource of a kind takes from this scope.
    fn options_of<R: Resource>(&self) -> NodeOptions {
        let schema = R::schema();
        let of_its_provider = |node: &&NodeRef| node.address().provider() == schema.kind.provider();
        // An instance is configured by its own settings alone.
        let instance = self.instances.iter().find(of_its_provider).filter(|_| !schema.is_instance());
        NodeOptions { provider: instance.cloned(), ..self.options.clone() }
    }

    /// Orders all that is added from here on after another resource.
    #[must_use]
    pub fn depends_on<R: Resource>(mut self, other: &Handle<R>) -> Self {
        self.options.depends_on.push(other.node().clone());
        self
    }
}

/// A reusable part of a stack: a type that declares resources under one name.
///
/// ```
/// # use sskuba_core::prelude::*;
/// # use sskuba_core::stack::{Component, Scope};
/// struct Empty;
/// impl Component for Empty {
///     type Outputs = ();
///     fn build(&self, _scope: &mut Scope<'_>) -> sskuba_core::stack::Result<()> {
///         Ok(())
///     }
/// }
/// ```
pub trait Component {
    /// What the program gets back: handles, outputs.
    type Outputs;

    /// Declares the children.
    ///
    /// # Errors
    /// What the declarations answer.
    fn build(&self, scope: &mut Scope<'_>) -> Result<Self::Outputs>;
}
