//! Which other stacks a plan has read.

use super::steps::Plan;
use crate::address::StackId;
use crate::expr::Expr;
use crate::state::StackRead;

/// The kind of lookups that read another stack.
pub(crate) const OUTPUTS: &str = "sskuba:stack:Outputs";

impl Plan {
    /// Returns which other stacks it has read, each with its revision, in the order of their names.
    pub fn stacks_read(&self) -> Vec<StackRead> {
        let mut found = Vec::new();
        for (id, answer) in &self.lookups {
            let node = self.graph.node(*id);
            if node.schema.kind.as_str() == OUTPUTS
                && let Some(Expr::Value(stack)) = node.inputs.get("stack")
                && let Some(Ok(stack)) = stack.as_str().map(StackId::parse)
                && let Some(Ok(revision)) = answer.get("revision").map(|value| value.get())
            {
                found.push(StackRead { stack, revision });
            }
        }
        found.sort_by(|a, b| a.stack.cmp(&b.stack));
        found
    }
}
