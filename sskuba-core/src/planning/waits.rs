//! Waits: steps of their own for objects that exist before they can be used, so that nobody waits who need not.

use super::declared::{Durations, expected};
use super::make::Request;
use crate::graph::NodeId;
use crate::plan::{Action, Reason, Step, Subject, Verdict};

/// Appends a step for every declared resource whose object will have to be, or may have to be, waited for.
pub(super) fn append(request: &Request<'_>, steps: &mut Vec<Step>, durations: &Durations<'_>) {
    for (i, node) in request.graph.nodes().iter().enumerate() {
        if !node.schema.has_early() || node.schema.is_lookup() || steps[i].verdict == Verdict::Excluded {
            continue;
        }
        let verdict = match steps[i].action {
            Action::Create => Verdict::Certain,
            Action::Replace => steps[i].verdict,
            Action::Same if request.is_made(&steps[i]) => Verdict::Certain,
            // An update does not wait either; and one that turns out not to be needed leaves what has to be waited for.
            Action::Update if request.may_not_be_ready(&steps[i]) => Verdict::Certain,
            _ => continue,
        };
        let id = NodeId(u32::try_from(i).unwrap_or(u32::MAX));
        let number = NodeId(u32::try_from(steps.len()).unwrap_or(u32::MAX));
        let mut wait = Step::new(Subject::Ready(id), node.address.clone());
        wait.action = Action::Wait;
        wait.verdict = verdict;
        wait.reasons = vec![Reason::NotReady];
        let made = u64::try_from(node.schema.expected.made.as_millis()).unwrap_or(u64::MAX);
        wait.expected = expected(&node.schema, Action::Create, durations).saturating_sub(made);
        steps[i].ready_step = Some(number);
        if matches!(steps[i].action, Action::Create | Action::Replace) {
            steps[i].expected = made;
        }
        steps.push(wait);
    }
}

/// Returns the edges between steps of declared resources: who uses only what is known early starts after the object is
/// made, all others after it can be used, and so does an input that is marked `live`.
pub(super) fn edges(request: &Request<'_>, steps: &[Step]) -> Vec<(NodeId, NodeId)> {
    let graph = &request.graph;
    let mut edges = Vec::new();
    for (i, node) in graph.nodes().iter().enumerate() {
        let id = NodeId(u32::try_from(i).unwrap_or(u32::MAX));
        if let Some(wait) = steps[i].ready_step {
            edges.push((wait, id));
        }
        let dependencies: Vec<NodeId> = graph.dag().dependencies(id).collect();
        edges.extend(dependencies.iter().map(|dependency| (id, *dependency)));
        let waited = |dependency: &&NodeId| steps[dependency.index()].ready_step.is_some();
        if !dependencies.iter().any(|dependency| waited(&dependency)) {
            continue;
        }
        let mut whole: Vec<NodeId> = node.after.clone();
        whole.extend(node.provider.iter().chain(&node.deleted_with));
        for (name, expr) in &node.inputs {
            let live = node.schema.field(name).is_some_and(|field| field.live);
            expr.fields(&mut |other, field| {
                let other = NodeId(other.index());
                if live || !graph.node(other).schema.is_early(field) {
                    whole.push(other);
                }
            });
        }
        edges.extend(whole.iter().filter_map(|other| Some((id, steps[other.index()].ready_step?))));
    }
    edges
}
