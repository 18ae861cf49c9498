//! Checks a finished plan for what no plan may ask. Run in tests and before every apply: it is linear.

use crate::graph::NodeId;
use crate::plan::{Action, Order, Plan, Subject, Verdict};

/// Returns everything that is wrong with a plan.
pub fn lint(plan: &Plan) -> Vec<String> {
    let mut faults = Vec::new();
    if plan.dag.len() != plan.steps.len() {
        faults.push(format!("{} steps but {} nodes", plan.steps.len(), plan.dag.len()));
    }
    let mut place = vec![0_usize; plan.dag.len()];
    for (i, id) in plan.dag.order().iter().enumerate() {
        place[id.index()] = i;
    }
    for (i, step) in plan.steps.iter().enumerate() {
        let id = NodeId(u32::try_from(i).unwrap_or(u32::MAX));
        let declared = i < plan.graph.nodes().len();
        if let Subject::Ready(of) = step.subject {
            let known = plan.steps.get(of.index()).is_some_and(|step| step.ready_step == Some(id));
            if !known || place[of.index()] > place[id.index()] {
                faults.push(format!("{}: its wait stands in the wrong place", step.address));
            }
        }
        if declared != matches!(step.subject, Subject::Declared(_)) {
            faults.push(format!("{}: step {i} stands in the wrong half", step.address));
        }
        if matches!(step.action, Action::Update | Action::Delete | Action::Forget) && step.prior.is_none() {
            faults.push(format!("{}: {} without a record", step.address, step.action));
        }
        if step.action == Action::Create && step.prior.is_some() {
            faults.push(format!("{}: created though it is recorded", step.address));
        }
        if step.action == Action::Replace && step.verdict != Verdict::Excluded {
            match step.delete_step {
                // The old generation of a provider instance stays with the objects in its place.
                None if step.address.kind().module() == "provider" => {}
                None => faults.push(format!("{}: replaced, but its old generation stays", step.address)),
                Some(delete) => {
                    let first = place[delete.index()] < place[id.index()];
                    if first != (step.order == Order::DeleteFirst) {
                        faults.push(format!("{}: its delete stands on the wrong side", step.address));
                    }
                }
            }
        }
    }
    faults
}
