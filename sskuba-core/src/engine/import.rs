//! Import: an object that exists already becomes a resource of the stack.

use super::error::{EngineError, ImportError};
use super::read_object::ReadObject;
use super::session::Session;
use crate::address::{Address, Token};
use crate::calling::place_id;
use crate::graph::NodeId;
use crate::plan::{Action, Decision, FieldChange, Plan, Subject, decide, dependencies, flags, imported};
use crate::planning::PlanOptions;
use crate::provider::{Object, Prior, resealed, sealed_like};
use crate::stack::Program;
use crate::state::{Entry, Record, Status};
use crate::value::Map;

/// What an import recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The generation.
    pub token: Token,
    /// What the next `up` does with it: nothing, a wait until it can be used, an update, or a replacement.
    pub action: Action,
    /// Whether just that is done; values that are not known yet may decide.
    pub certain: bool,
    /// The fields in which the object differs from what the program declares.
    pub changes: Vec<FieldChange>,
}

impl Session {
    /// Records an object that exists already as what the program declares at `address`. Changes nothing at the
    /// provider; says what the next `up` would do with it.
    ///
    /// # Errors
    /// If the address is not declared or is recorded already, the provider knows no such object, another resource of the
    /// stack is that object, or the next `up` would replace it and `even_if_replaced` is not set.
    pub async fn import(
        &mut self,
        program: &dyn Program,
        options: &PlanOptions,
        address: &Address,
        id: &str,
        even_if_replaced: bool,
    ) -> Result<Imported, EngineError> {
        let plan = self.plan(program, options).await?;
        let (record, imported) = self.prepare(&plan, address, id, even_if_replaced).await?;
        let adopted = Entry::Adopted(Box::new(record));
        let simulated = self.engine().simulated;
        self.edit_world(format!("imported {id} as {address}"), vec![adopted], Some(simulated)).await?;
        Ok(imported)
    }

    /// Looks at an object that is to become what a plan declares: what would be recorded of it, and what the next `up`
    /// would do with it. Nothing is recorded.
    pub(super) async fn prepare(
        &mut self,
        plan: &Plan,
        address: &Address,
        id: &str,
        even_if_replaced: bool,
    ) -> Result<(Record, Imported), EngineError> {
        let (node, wanted) = self.importable(plan, address, id)?;
        let token = self.engine().ids.token();
        let schema = &plan.graph.node(node).schema;
        let provider = plan.graph.node(node).provider.map(|p| plan.graph.node(p).address.clone());
        let prior = Prior { id: id.to_owned(), ..Prior::default() };
        let (named, instance) = self.read_object(address, (provider.as_ref(), None), token, prior).await?;
        let ReadObject { object, ready } = named.ok_or_else(|| {
            let (kind, id) = (address.kind_str().to_owned(), id.to_owned());
            EngineError::import(address, ImportError::UnknownObject { kind, id })
        })?;
        let fields = schema.inputs().filter_map(|field| {
            let declared = wanted.get(&*field.name);
            let known = declared.filter(|value| !value.has_unknown());
            let value = imported(field, known, object.inputs.get(&*field.name))?;
            let value = declared.into_iter().fold(value, |value, declared| sealed_like(declared, value));
            Some((field.name.to_string(), value))
        });
        let applied: Map = fields.collect();
        let (observed, outputs) = resealed(schema, (&object.inputs, &object.outputs), &applied);
        let time = self.engine().clock.now();
        let (status, failure) = ready.into_status();
        let place = place_id(self.journal(), &instance).map_err(|error| self.wrap(error))?;
        let record = Record {
            address: address.clone(),
            token,
            version: schema.version,
            provider,
            instance: instance.generation,
            place,
            status,
            id: object.id,
            applied,
            observed,
            outputs,
            dependencies: dependencies(&plan.graph, node),
            flags: flags(&plan.graph, node),
            failure,
            created: time,
            updated: time,
            took: 0,
        };
        // What the next `up` would do with it.
        let lifecycle = &plan.graph.node(node).lifecycle;
        let Decision { action, certain, reasons, changes, .. } =
            decide(&record, schema, lifecycle, wanted.clone(), None, plan.made);
        if action == Action::Replace && certain && !even_if_replaced {
            let replaced = ImportError::WouldBeReplaced { id: id.to_owned(), reasons };
            return Err(EngineError::import(address, replaced));
        }
        let action =
            if action == Action::Same && record.status == Status::Made { Action::Wait } else { action };
        Ok((record, Imported { token, action, certain, changes }))
    }

    /// Reads an object that exists already, whether it is declared or not: its fields as the provider reports them, as
    /// secret as their kind says. None if the provider knows no such object. Nothing is recorded.
    ///
    /// # Errors
    /// If no provider has the kind, or it fails.
    pub async fn look_for(&mut self, address: &Address, id: &str) -> Result<Option<Object>, EngineError> {
        let token = self.engine().ids.token();
        let prior = Prior { id: id.to_owned(), ..Prior::default() };
        let (named, _) = self.read_object(address, (None, None), token, prior).await?;
        Ok(named.map(|named| named.object))
    }

    /// Finds what is declared at an address, and refuses what cannot be imported there.
    fn importable<'p>(
        &self,
        plan: &'p Plan,
        address: &Address,
        id: &str,
    ) -> Result<(NodeId, &'p Map), EngineError> {
        let refuse = |why| Err(EngineError::import(address, why));
        let declared = |step: &&crate::plan::Step| step.address == *address;
        let undeclared = || EngineError::Undeclared { address: address.clone() };
        let step = plan.steps.iter().find(declared).ok_or_else(undeclared)?;
        let Subject::Declared(node) = step.subject else { return Err(undeclared()) };
        if plan.graph.node(node).schema.is_lookup() {
            return refuse(ImportError::Lookup);
        }
        if let Some(record) = step.prior.and_then(|token| self.state().record(token)) {
            let (address, id) = (record.address.clone(), record.shown_id().into_owned());
            return refuse(ImportError::Recorded { address, id });
        }
        let same = |r: &&Record| r.id == id && r.address.kind_str() == address.kind_str();
        if let Some(other) = self.state().records().find(same) {
            return refuse(ImportError::RecordedAs { id: id.to_owned(), other: other.address.clone() });
        }
        debug_assert_eq!(step.action, Action::Create);
        Ok((node, &step.inputs))
    }
}
