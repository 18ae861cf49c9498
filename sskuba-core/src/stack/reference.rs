//! Outputs of other stacks.

use std::panic::Location;

use super::{DeclareError, Scope, Stack, Within};
use crate::address::StackId;
use crate::expr::Expr;
use crate::output::{Computed, Handle, Input, Output};
use sskuba_macros::Resource;

/// What another stack exports; read at every run, and never recorded.
#[derive(Resource)]
#[resource(kind = "sskuba:stack:Outputs", lookup)]
pub struct StackOutputs {
    /// The other stack.
    stack: Input<String>,
    /// Its outputs, by name.
    outputs: Computed<serde_json::Value>,
    /// The revision at which they were read.
    revision: Computed<u64>,
}

/// Another stack, as [`Stack::reference`] returns it.
#[derive(Debug, Clone)]
pub struct StackReference {
    pub(super) stack: StackId,
    pub(super) handle: Handle<StackOutputs>,
}

impl StackReference {
    /// Returns an output of the other stack. One that is secret there is secret here.
    ///
    /// That the stack exports nothing of this name, or something of another type, is an error of the plan.
    pub fn output<T>(&self, name: &str) -> Output<T> {
        let outputs: Expr = self.handle.outputs().into_expr();
        Output::from_expr(outputs.entry(name, format!("stack {} exports", self.stack)))
    }

    /// Returns the revision at which the outputs were read. The history of each run has it, too.
    pub fn revision(&self) -> Output<u64> {
        self.handle.revision()
    }
}

impl Stack {
    /// Reads the outputs of another stack of the same store: `organisation/project/stack`, `project/stack` of the same
    /// organisation, or the name of another stack of this project. Reading the same stack twice is one lookup.
    ///
    /// ```
    /// # use sskuba_core::prelude::*;
    /// # fn program(stack: &mut Stack) -> Result {
    /// let net = stack.reference("net/prod")?;
    /// let vpc: Output<String> = net.output("vpc_id");
    /// # stack.export("vpc", vpc);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the name cannot be one, or is that of this stack.
    #[track_caller]
    pub fn reference(&mut self, name: &str) -> Result<StackReference, DeclareError> {
        let (source, own) = (Location::caller(), self.id());
        let whole = match name.split('/').count() {
            1 => format!("{}/{}/{name}", own.organisation(), own.project()),
            2 => format!("{}/{name}", own.organisation()),
            _ => name.to_owned(),
        };
        let source_line = || crate::graph::line(source);
        let stack = StackId::parse(&whole)
            .map_err(|error| DeclareError::Name { error, source_line: source_line() })?;
        if stack == *own {
            return Err(DeclareError::OwnStack { stack, source_line: source_line() });
        }
        if let Some(known) = self.references.iter().find(|known| known.stack == stack) {
            return Ok(known.clone());
        }
        let lookup = StackOutputs::new(stack.as_str());
        let node = stack.as_str().replace('/', ".");
        let handle = self.declare(Within::default(), &node, lookup, source)?;
        let reference = StackReference { stack, handle };
        self.references.push(reference.clone());
        Ok(reference)
    }
}

impl Scope<'_> {
    /// Reads the outputs of another stack; see [`Stack::reference`].
    ///
    /// # Errors
    /// As [`Stack::reference`].
    #[track_caller]
    pub fn reference(&mut self, name: &str) -> Result<StackReference, DeclareError> {
        self.stack.reference(name)
    }
}
