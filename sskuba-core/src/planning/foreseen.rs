//! What providers tell of a step while it is planned: computed fields that are known before the apply, and what differs
//! within a field.

use super::declared::Declared;
use crate::graph::{Node, NodeId};
use crate::plan::{FieldChange, Verdict};
use crate::provider::{Detail, Foresight};
use crate::schema::without_triggers;
use crate::value::{Map, Value};

impl Declared<'_> {
    /// Asks the provider what follows from the inputs of a create or an update, if all of them are known. The apply decides
    /// again with what was really reported, and does no more than was planned.
    pub(super) fn foresee(&mut self, id: NodeId, node: &Node, prior: Option<&Map>) {
        let step = &mut self.steps[id.index()];
        let (schema, registry) = (&node.schema, self.request.registry);
        if step.verdict != Verdict::Certain || step.inputs.values().any(Value::has_unknown) {
            return;
        }
        let Ok(provider) = registry.provider(schema.kind.provider(), schema.kind.as_str()) else { return };
        let prior = prior.map(without_triggers);
        let told = provider.foresee(schema, prior.as_deref(), &without_triggers(&step.inputs));
        let Foresight { outputs, details } = told;
        if !details.is_empty() {
            step.changes = detailed(std::mem::take(&mut step.changes), details);
        }
        if !outputs.is_empty() {
            self.foreseen.insert(id, schema.seal_outputs(outputs));
        }
    }
}

/// Puts what differs within a field in the place of the field's own difference.
fn detailed(changes: Vec<FieldChange>, details: Vec<Detail>) -> Vec<FieldChange> {
    let part = |Detail { path, from, to }| FieldChange { field: path, from, to, replaces: false };
    let parts: Vec<FieldChange> = details.into_iter().map(part).collect();
    let mut shown = Vec::new();
    for change in changes {
        let of_field = parts.iter().filter(|part| part.is_of(&change.field));
        let of_field = of_field.map(|part| FieldChange { replaces: change.replaces, ..part.clone() });
        let before = shown.len();
        shown.extend(of_field);
        if shown.len() == before {
            shown.push(change);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(field: &str, replaces: bool) -> FieldChange {
        FieldChange { field: field.into(), from: Some("a".into()), to: Some("b".into()), replaces }
    }

    #[test]
    fn details_stand_in_the_place_of_their_field_alone() {
        let detail = |path: &str| Detail { path: path.into(), from: None, to: Some("c".into()) };
        let fields = |changes: Vec<FieldChange>| -> Vec<(String, bool)> {
            changes.into_iter().map(|change| (change.field, change.replaces)).collect()
        };
        let changes = vec![change("config", true), change("size", false)];
        let details = vec![detail("config.b"), detail("configured"), detail("config.a"), detail("other.x")];
        let named = |name: &str, replaces| (name.to_owned(), replaces);
        assert_eq!(
            fields(detailed(changes, details)),
            [named("config.b", true), named("config.a", true), named("size", false)]
        );
    }
}
