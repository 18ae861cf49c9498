//! Import: an object that exists already becomes a resource of the stack.

use super::error::EngineError;
use super::session::Session;
use crate::address::{Address, Token};
use crate::applying::place_id;
use crate::graph::NodeId;
use crate::plan::{Action, Plan, Subject, dependencies, flags};
use crate::planning::PlanOptions;
use crate::provider::Prior;
use crate::stack::Program;
use crate::state::{Entry, Record, Status};
use crate::value::{Map, Value};

/// What an import recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The generation.
    pub token: Token,
    /// The fields in which the object differs from what the program declares; the next `up` changes them.
    pub differs: Vec<String>,
}

impl Session {
    /// Records an object that exists already as what the program declares at `address`. Changes nothing at the
    /// provider; where object and program differ, the next plan says so.
    ///
    /// # Errors
    /// If the address is not declared or is recorded already, the provider knows no such object, or another
    /// resource of the stack is that object.
    pub async fn import(
        &mut self,
        program: &dyn Program,
        options: &PlanOptions,
        address: &Address,
        id: &str,
    ) -> Result<Imported, EngineError> {
        let plan = self.plan(program, options).await?;
        let (node, wanted) = self.importable(&plan, address, id)?;
        let token = self.engine().ids.token();
        let schema = &plan.graph.node(node).schema;
        let provider = plan.graph.node(node).provider.map(|p| plan.graph.node(p).address.clone());
        let prior = Prior { id: id.to_owned(), ..Prior::default() };
        let (object, instance) = self.look_at(address, (provider.as_ref(), None), token, prior).await?;
        let object = object.ok_or_else(|| {
            let kind = address.kind_str();
            EngineError::Refused(format!("{address} cannot be imported: the provider knows no {kind} `{id}`"))
        })?;
        let known =
            |(name, value): (&String, &Value)| (!value.has_unknown()).then(|| (name.clone(), value.clone()));
        let wanted: Map = wanted.iter().filter_map(known).collect();
        // What the service does not report (a secret, most often) is taken to be as declared.
        let mut applied = wanted.clone();
        applied.extend(object.inputs.clone());
        let same = |name: &str| match (schema.field(name), applied.get(name), wanted.get(name)) {
            (Some(field), Some(there), Some(wanted)) => field.normaliser.same(there, wanted),
            (_, _, wanted) => wanted.is_none(),
        };
        let differs = schema.inputs().map(|field| field.name).filter(|name| !same(name));
        let differs = differs.map(str::to_owned).collect();
        let time = self.engine().clock.now();
        let place = place_id(self.journal(), &instance).map_err(|error| self.wrap(error))?;
        let adopted = Entry::Adopted(Box::new(Record {
            address: address.clone(),
            token,
            version: schema.version,
            provider,
            instance: instance.generation,
            place,
            status: Status::Live,
            id: object.id,
            applied,
            observed: object.inputs,
            outputs: object.outputs,
            dependencies: dependencies(&plan.graph, node),
            flags: flags(&plan.graph, node),
            created: time,
            updated: time,
            took: 0,
        }));
        let simulated = self.engine().simulated;
        self.edit_world(format!("imported {id} as {address}"), vec![adopted], Some(simulated)).await?;
        Ok(Imported { token, differs })
    }

    /// Finds what is declared at an address, and refuses what cannot be imported there.
    fn importable<'p>(
        &self,
        plan: &'p Plan,
        address: &Address,
        id: &str,
    ) -> Result<(NodeId, &'p Map), EngineError> {
        let refuse = |why: String| Err(EngineError::Refused(format!("{address} cannot be imported: {why}")));
        let declared = |step: &&crate::plan::Step| step.address == *address;
        let Some(step) = plan.steps.iter().find(declared) else {
            return refuse("the program does not declare it; declare it first, then import".to_owned());
        };
        let Subject::Declared(node) = step.subject else {
            return refuse("the program does not declare it; declare it first, then import".to_owned());
        };
        if plan.graph.node(node).schema.lookup {
            return refuse("it is a lookup, of which nothing is recorded".to_owned());
        }
        if let Some(record) = step.prior.and_then(|token| self.state().record(token)) {
            return refuse(format!(
                "object {} is recorded there already; `state rm {}` forgets it first",
                record.shown_id(),
                record.address
            ));
        }
        let same = |r: &&Record| r.id == id && r.address.kind_str() == address.kind_str();
        if let Some(other) = self.state().records().find(same) {
            return refuse(format!("object {id} is {} of this stack already", other.address));
        }
        debug_assert_eq!(step.action, Action::Create);
        Ok((node, &step.inputs))
    }
}
