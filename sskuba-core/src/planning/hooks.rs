//! Which hooks the steps of a plan run, and whether they are all registered.

use super::diagnostic::Diagnostic;
use super::make::Request;
use crate::lifecycle::{HookName, When};
use crate::plan::{Action, Step, Subject};

/// Writes into each step which hooks it runs, and refuses those that nobody registered.
pub(super) fn collect(request: &Request<'_>, steps: &mut [Step], problems: &mut Vec<Diagnostic>) {
    for step in steps.iter_mut().filter(|step| step.calls) {
        let (hooks, source) = match step.subject {
            Subject::Declared(id) => {
                let node = request.graph.node(id);
                (&node.lifecycle.hooks, Some(node.source))
            }
            Subject::Recorded(token) => match request.state.record(token) {
                Some(record) => (&record.flags.hooks, None),
                None => continue,
            },
            _ => continue,
        };
        let whens: &[When] = match step.action {
            Action::Create | Action::Replace => &[When::BeforeCreate, When::AfterCreate],
            Action::Update => &[When::BeforeUpdate, When::AfterUpdate],
            Action::Delete => &[When::BeforeDelete, When::AfterDelete],
            _ => continue,
        };
        if let Some(why) = request.registry.unknown_hook(hooks) {
            let problem = Diagnostic::of(&step.address, why);
            problems.push(match source {
                Some(source) => problem.source(source),
                None => problem,
            });
            continue;
        }
        let runs = |hook: &&HookName| whens.contains(&hook.when);
        step.hooks = hooks.iter().filter(runs).cloned().collect();
    }
}
