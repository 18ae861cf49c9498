//! Import of many objects at once: all are looked at before anything is recorded, and what is recorded is one change.

use super::error::{EngineError, ImportError};
use super::import::Imported;
use super::session::Session;
use crate::address::Address;
use crate::plan::{Plan, Subject};
use crate::planning::PlanOptions;
use crate::stack::Program;
use crate::state::Entry;

/// An object that is to be imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToImport {
    /// As what: a declared resource.
    pub address: Address,
    /// The provider's id.
    pub id: String,
    /// The provider instance that the program has to declare it with; any if none.
    pub provider: Option<Address>,
}

/// What came of one of them.
#[derive(Debug)]
pub enum Import {
    /// It was imported, or would be if it were not for the others.
    Fits(Imported),
    /// It is recorded so already.
    Already,
    /// It cannot be imported.
    Failed(EngineError),
}

/// What came of all of them.
#[derive(Debug)]
pub struct Imports {
    /// Each, in the order in which they were given.
    pub each: Vec<(ToImport, Import)>,
    /// Whether those that fit are recorded.
    pub recorded: bool,
}

impl Session {
    /// Imports objects as [`Session::import`] does, all in one durable change. Where some cannot be, nothing is recorded,
    /// unless `partly` is set: then those that can be are.
    ///
    /// # Errors
    /// If there is no plan, or the state cannot be written. What is wrong with an object is in the answer.
    pub async fn import_all(
        &mut self,
        program: &dyn Program,
        options: &PlanOptions,
        objects: Vec<ToImport>,
        (partly, even_if_replaced): (bool, bool),
    ) -> Result<Imports, EngineError> {
        let plan = self.plan(program, options).await?;
        let (mut each, mut entries) = (Vec::new(), Vec::new());
        for object in objects {
            let import = if self.is_recorded(&object) {
                Import::Already
            } else if let Err(error) = fitting(&plan, &object) {
                Import::Failed(error)
            } else {
                match self.prepare(&plan, &object.address, &object.id, even_if_replaced).await {
                    Ok((record, imported)) => {
                        entries.push(Entry::Adopted(Box::new(record)));
                        Import::Fits(imported)
                    }
                    Err(error) => Import::Failed(error),
                }
            };
            each.push((object, import));
        }
        let failed = each.iter().any(|(_, import)| matches!(import, Import::Failed(_)));
        let recorded = !entries.is_empty() && (partly || !failed);
        if recorded {
            let simulated = self.engine().simulated;
            self.edit_world(format!("imported {} objects", entries.len()), entries, Some(simulated)).await?;
        }
        Ok(Imports { each, recorded })
    }

    fn is_recorded(&self, object: &ToImport) -> bool {
        self.state().current(&object.address).is_some_and(|record| record.id == object.id)
    }
}

/// Refuses an object whose declaration has another provider instance than it is said to have.
fn fitting(plan: &Plan, object: &ToImport) -> Result<(), EngineError> {
    let Some(wanted) = &object.provider else { return Ok(()) };
    let step = plan.steps.iter().find(|step| step.address == object.address);
    let Some(Subject::Declared(node)) = step.map(|step| step.subject) else { return Ok(()) };
    let declared = plan.graph.node(node).provider.map(|provider| &plan.graph.node(provider).address);
    if declared == Some(wanted) {
        return Ok(());
    }
    let other = ImportError::OtherInstance { wanted: wanted.clone(), declared: declared.cloned() };
    Err(EngineError::import(&object.address, other))
}
