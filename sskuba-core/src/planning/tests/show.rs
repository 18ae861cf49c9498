//! A plan as a few lines of text, in an order that its edges permit.

use crate::graph::NodeId;
use crate::plan::{Action, Order, Plan, Step, Subject, Verdict};
use crate::planning::Diagnostic;

/// Names a step: `replace web`, `delete web`.
fn label(step: &Step) -> String {
    format!("{} {}", step.action, step.address.name())
}

fn shown(step: &Step) -> bool {
    let answered = step.action == Action::Read && !step.calls;
    step.action != Action::Same && step.verdict != Verdict::Excluded && !answered
}

/// Writes one line: what, whether for sure, in which order, after what, and why.
fn line(plan: &Plan, id: NodeId) -> String {
    let step = plan.step(id);
    let mut text = format!("{} {}", step.action.sign(), label(step));
    if step.verdict == Verdict::Possible {
        text.push('?');
    }
    if step.action == Action::Replace && step.order == Order::DeleteFirst {
        text.push_str(" (delete first)");
    }
    if !step.calls {
        text.push_str(" (no call)");
    }
    if let Subject::Recorded(_) = step.subject {
        let mut before: Vec<String> =
            plan.dag.dependencies(id).map(|d| plan.step(d)).filter(|s| shown(s)).map(label).collect();
        before.sort();
        if !before.is_empty() {
            text.push_str(&format!(" after {}", before.join(", ")));
        }
    }
    let reasons: Vec<String> = step.reasons.iter().map(ToString::to_string).collect();
    if reasons.is_empty() { text } else { format!("{text}: {}", reasons.join("; ")) }
}

/// Writes a plan.
pub(super) fn show(plan: &Plan) -> String {
    let mut lines: Vec<String> =
        plan.dag.order().iter().filter(|id| shown(plan.step(**id))).map(|id| line(plan, *id)).collect();
    let excluded = plan.steps.iter().filter(|s| s.verdict == Verdict::Excluded).count();
    if excluded > 0 {
        lines.push(format!("{excluded} left out"));
    }
    if plan.exports_change {
        lines.push("exports change".to_owned());
    }
    if plan.records_change {
        lines.push("records change".to_owned());
    }
    if lines.is_empty() {
        lines.push("nothing".to_owned());
    }
    lines.join("\n")
}

/// Writes diagnostics with their advice; where a declaration stands in this file is shown as `(line)`.
pub(super) fn show_problems(problems: &[Diagnostic]) -> String {
    let line = |problem: &Diagnostic| {
        let advice: Vec<String> = problem.advice.iter().map(ToString::to_string).collect();
        let text = match advice.is_empty() {
            true => problem.to_string(),
            false => format!("{problem}; {}", advice.join(", or ")),
        };
        match &problem.source_line {
            Some(source) => text.replace(source.as_str(), "line"),
            None => text,
        }
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}
