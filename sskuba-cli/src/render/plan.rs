//! A plan as text: what is done to which resource, why, and which fields differ.

use std::fmt::Write as _;

use sskuba_core::address::Address;
use sskuba_core::plan::{Action, Order, Plan, Reason, Step, Verdict};
use sskuba_core::state::Counts;
use sskuba_core::value::Value;

use super::paint::{Paint, clean};
use super::{difference, duration, value};
use crate::advice;

/// How many fields of a new resource are shown before the rest is folded.
const FIELDS: usize = 8;

/// How many neighbours of one kind and action are shown before the rest is folded.
const ALIKE: usize = 10;

/// How many steps of the critical path are named.
const PATH: usize = 6;

/// Writes a plan. With `verbose` nothing is folded and unchanged resources are listed.
pub(crate) fn show(plan: &Plan, paint: Paint, verbose: bool) -> String {
    let mut text = String::new();
    let shown = shown(plan, verbose);
    let mut alike = 0;
    for (i, step) in shown.iter().enumerate() {
        let same_as =
            |other: &Step| other.action == step.action && other.address.kind_str() == step.address.kind_str();
        alike = if i > 0 && same_as(shown[i - 1]) { alike + 1 } else { 0 };
        if verbose || alike < ALIKE {
            text.push_str(&entry(step, paint, verbose));
        } else if shown.get(i + 1).is_none_or(|next| !same_as(next)) {
            let (more, kind) = (alike + 1 - ALIKE, step.address.kind_str());
            let line = format!("… and {more} more {kind} to {} (--verbose shows all)", step.action);
            let _ = writeln!(text, "  {} {}", paint.action(step.action, step.action.sign()), paint.dim(line));
        }
    }
    if !shown.is_empty() {
        text.push('\n');
    }
    text.push_str(&exports(plan, paint, verbose));
    text.push_str(&critical_path(plan, paint));
    if plan.interrupted > 0 {
        let _ = writeln!(
            text,
            "An earlier run was interrupted in {} operations; `up` finds out first what became of them, and then \
             plans anew",
            plan.interrupted
        );
    }
    let _ = writeln!(text, "{}", paint.strong(summary(plan)));
    text
}

/// Returns the steps that are listed: not the unchanged ones, nor the deletes that belong to a replacement.
pub(crate) fn shown(plan: &Plan, verbose: bool) -> Vec<&Step> {
    let listed = |step: &&Step| {
        verbose
            || !(step.action == Action::Same && step.moved_from.is_none() && !reseals(step)
                || step.verdict == Verdict::Excluded
                || matches!(step.action, Action::Read | Action::Wait)
                || step.part_of.is_some())
    };
    plan.steps.iter().filter(listed).collect()
}

/// Tells whether only the record changes.
fn reseals(step: &Step) -> bool {
    step.reasons.iter().any(Reason::is_of_record)
}

fn entry(step: &Step, paint: Paint, verbose: bool) -> String {
    let mut text = String::new();
    let address = match step.action {
        Action::Same => paint.dim(&step.address),
        _ => paint.strong(&step.address),
    };
    let sign = match step.action {
        Action::Same if step.moved_from.is_some() => "»",
        Action::Same if reseals(step) => "~",
        action => action.sign(),
    };
    let _ = writeln!(text, "  {} {address}  {}", paint.action(step.action, sign), label(step, paint));
    for reason in step.reasons.iter().filter(|reason| !is_plain(reason)) {
        let said = clean(&reason.to_string());
        let line = match reason {
            Reason::Deleting { .. } => paint.bad(said),
            _ => paint.dim(format!("because {said}")),
        };
        let _ = writeln!(text, "      {line}");
    }
    for note in &step.notes {
        let _ = writeln!(text, "      {}", paint.warn(clean(note)));
    }
    for hook in &step.hooks {
        let line = format!("hook {} {}", clean(&hook.name), hook.when);
        let _ = writeln!(text, "      {}", paint.dim(line));
    }
    for obstacle in &step.obstacles {
        let line = format!("a replacement stops the run: {}", advice::of_obstacle(obstacle));
        let _ = writeln!(text, "      {}", paint.warn(clean(&line)));
    }
    if step.action == Action::Create {
        let limit = if verbose { usize::MAX } else { FIELDS };
        let fields: Vec<_> = step.inputs.iter().filter(|(_, value)| verbose || !is_empty(value)).collect();
        for (name, value) in fields.iter().take(limit) {
            let _ = writeln!(text, "      {name}: {}", value::show(value, verbose));
        }
        if fields.len() > limit {
            let _ = writeln!(text, "      {}", paint.dim(format!("… {} more fields", fields.len() - limit)));
        }
    }
    let changes = if step.action == Action::Create { &[][..] } else { &step.changes };
    for line in difference::lines(changes, paint, verbose) {
        let _ = writeln!(text, "      {line}");
    }
    text
}

/// Tells whether a value says nothing: the default of a field that nobody set.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// Tells whether a reason says nothing that the action and the fields do not say already.
fn is_plain(reason: &Reason) -> bool {
    matches!(reason, Reason::NotRecorded | Reason::Changed { .. } | Reason::Unknown { .. } | Reason::Down)
}

/// Says what is done, and how sure that is.
fn label(step: &Step, paint: Paint) -> String {
    let order = match (step.action, step.order) {
        (Action::Replace, Order::CreateFirst) => " (new one first)",
        (Action::Replace, Order::DeleteFirst) => " (old one first)",
        _ => "",
    };
    let word = match (step.verdict, step.action) {
        (Verdict::Excluded, _) => "left out".to_owned(),
        _ if step.part_of.is_some() => "delete, as a part of the replacement".to_owned(),
        (Verdict::Possible, Action::Replace) if step.reasons.iter().any(is_certain_update) => {
            format!("update, may replace{order}")
        }
        (Verdict::Possible, action) => format!("may {action}{order}"),
        (Verdict::Certain, Action::Same) if step.moved_from.is_some() => "move".to_owned(),
        (Verdict::Certain, Action::Same) if reseals(step) => {
            match step.reasons.iter().any(|reason| matches!(reason, Reason::Secrecy { .. })) {
                true => "record what is secret".to_owned(),
                false => "record what replaces it".to_owned(),
            }
        }
        (Verdict::Certain, action) => format!("{action}{order}"),
    };
    let moved = step.moved_from.as_ref().map(|from| format!(", was {from}")).unwrap_or_default();
    paint.action(step.action, word + &moved)
}

fn is_certain_update(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::Changed { replaces: false, .. }
            | Reason::Drifted { replaces: false, .. }
            | Reason::Incomplete
            | Reason::Due { .. }
            | Reason::NewVersion { .. }
    )
}

fn exports(plan: &Plan, paint: Paint, verbose: bool) -> String {
    if !plan.exports_change {
        return String::new();
    }
    let mut text = format!("{}\n", paint.strong("Outputs"));
    for line in plan.export_changes().iter().flat_map(|change| difference::output(change, paint, verbose)) {
        let _ = writeln!(text, "  {line}");
    }
    text + "\n"
}

fn critical_path(plan: &Plan, paint: Paint) -> String {
    let (path, total) = plan.critical_path();
    if total < 1000 || path.is_empty() {
        return String::new();
    }
    let name = |step: &&Step| match step.action {
        Action::Wait => format!("{} usable", short(&step.address)),
        Action::Delete if !plan.down => format!("delete {}", short(&step.address)),
        _ => short(&step.address),
    };
    let mut names: Vec<String> = path.iter().map(name).collect();
    if names.len() > PATH {
        let folded = names.len() + 1 - PATH;
        names.splice(PATH / 2..PATH / 2 + folded, [format!("… {folded} more …")]);
    }
    let line = format!("Expected time about {}, along {}", duration::expected(total), names.join(" → "));
    format!("{}\n", paint.dim(line))
}

/// Writes an address short: the type and the name.
fn short(address: &Address) -> String {
    format!("{} {}", address.kind().type_name(), address.name())
}

/// Writes the last line: how many of what.
pub(crate) fn summary(plan: &Plan) -> String {
    let counts = plan.counts();
    let excluded =
        plan.steps.iter().filter(|s| s.verdict == Verdict::Excluded && s.action != Action::Same).count();
    let left_out = if excluded > 0 { format!(", {excluded} left out") } else { String::new() };
    let unchanged =
        if counts.unchanged > 0 { format!(", {} unchanged", counts.unchanged) } else { String::new() };
    let changes = planned(&counts);
    if changes.is_empty() {
        let what = if plan.exports_change { "only outputs change" } else { "nothing to change" };
        return format!("Plan: {what}{unchanged}{left_out}");
    }
    let open = plan.steps.iter().filter(|s| s.verdict == Verdict::Possible && s.part_of.is_none()).count();
    let open = if open > 0 { format!(" ({open} may turn out to be less)") } else { String::new() };
    format!("Plan: {changes}{open}{unchanged}{left_out}")
}

/// Writes how many of what a saved plan does.
pub(crate) fn total(counts: &Counts) -> String {
    let changes = planned(counts);
    format!("Plan: {}", if changes.is_empty() { "nothing to change" } else { &changes })
}

fn planned(counts: &Counts) -> String {
    phrase(counts, "to ", ["create", "update", "replace", "delete", "move", "read", "import"])
}

/// Lists the counts of what was done, each with its word.
pub(crate) fn done(counts: &Counts) -> String {
    phrase(counts, "", ["created", "updated", "replaced", "deleted", "moved", "read", "imported"])
}

fn phrase(counts: &Counts, before: &str, words: [&str; 7]) -> String {
    let Counts { create, update, replace, delete, moved, read, import, .. } = *counts;
    let pairs = [create, update, replace, delete, moved, read, import].into_iter().zip(words);
    let some: Vec<String> = pairs
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {before}{word}"))
        .collect();
    some.join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use sskuba_core::graph::{Dag, NodeId};
    use sskuba_core::plan::{FieldChange, Subject};
    use sskuba_core::value::Map;

    use super::*;
    use crate::args::Color;
    use crate::render::paint::plain;

    fn map(json: serde_json::Value) -> Map {
        sskuba_core::value::map_of(&json).unwrap()
    }

    fn step(number: u32, address: &str, action: Action) -> Step {
        Step {
            subject: Subject::Declared(NodeId(number)),
            address: address.parse().unwrap(),
            action,
            verdict: Verdict::Certain,
            reasons: vec![],
            changes: vec![],
            prior: None,
            order: Order::CreateFirst,
            delete_step: None,
            ready_step: None,
            cascade: vec![],
            followers: vec![],
            obstacles: vec![],
            notes: vec![],
            hooks: vec![],
            part_of: None,
            force: None,
            moved_from: None,
            inputs: Map::new(),
            calls: true,
            expected: 40_000,
        }
    }

    fn plan(steps: Vec<Step>) -> Plan {
        let edges = (1..u32::try_from(steps.len()).unwrap()).map(|i| (NodeId(i), NodeId(i - 1)));
        Plan {
            stack: "local/demo/dev".parse().unwrap(),
            base: 7,
            made: sskuba_core::clock::Timestamp(0),
            graph: Arc::default(),
            dag: Arc::new(Dag::new(steps.len(), edges).unwrap()),
            steps,
            lookups: Default::default(),
            exports: [("vpc_id".to_owned(), Value::Unknown)].into(),
            exports_change: true,
            recorded_exports: map(json!({"old": "gone", "vpc_id": "vpc-1"})),
            down: false,
            interrupted: 0,
            records_change: false,
        }
    }

    fn example() -> Plan {
        let mut create = step(0, "aws:ec2:Vpc::main", Action::Create);
        create.reasons = vec![Reason::NotRecorded];
        create.inputs = map(json!({"cidr": "10.0.0.0/16", "tags": {"Name": "main"}}));
        create.inputs.insert("password".into(), Value::from("canary").into_secret());
        let mut replace = step(1, "network/aws:ec2:Subnet::a", Action::Replace);
        replace.delete_step = Some(NodeId(3));
        replace.reasons = vec![Reason::Changed { field: "cidr".into(), replaces: true }];
        replace.changes = vec![FieldChange {
            field: "cidr".into(),
            from: Some("10.0.1.0/24".into()),
            to: Some("10.0.2.0/24".into()),
            replaces: true,
        }];
        let mut update = step(2, "aws:ec2:Instance::web", Action::Replace);
        update.verdict = Verdict::Possible;
        update.order = Order::DeleteFirst;
        update.reasons = vec![
            Reason::Changed { field: "size".into(), replaces: false },
            Reason::Unknown { field: "subnet_id".into(), replaces: true },
        ];
        update.changes = vec![
            FieldChange {
                field: "size".into(),
                from: Some("s".into()),
                to: Some("m".into()),
                replaces: false,
            },
            FieldChange {
                field: "subnet_id".into(),
                from: Some("subnet-1".into()),
                to: Some(Value::Unknown),
                replaces: true,
            },
        ];
        let mut old = step(3, "network/aws:ec2:Subnet::a", Action::Delete);
        old.part_of = Some(NodeId(1));
        let mut gone = step(4, "aws:ec2:Vpc::old", Action::Delete);
        gone.reasons = vec![Reason::NotDeclared];
        let same = step(5, "aws:ec2:Vpc::same", Action::Same);
        plan(vec![create, replace, update, old, gone, same])
    }

    #[test]
    fn a_plan_reads_well_without_colour() {
        insta::assert_snapshot!(show(&example(), Paint::PLAIN, false), @r#"
          + aws:ec2:Vpc::main  create
              cidr: "10.0.0.0/16"
              password: (secret)
              tags: {Name: "main"}
          ± network/aws:ec2:Subnet::a  replace (new one first)
              cidr: "10.0.1.0/24" → "10.0.2.0/24"  (forces replacement)
          ± aws:ec2:Instance::web  update, may replace (old one first)
              size: "s" → "m"
              subnet_id: "subnet-1" → (known after apply)  (forces replacement)
          - aws:ec2:Vpc::old  delete
              because the program no longer declares it

        Outputs
          - old (was "gone")
          ~ vpc_id: "vpc-1" → (known after apply)

        Expected time about 4m, along Vpc main → Subnet a → Instance web → delete Subnet a → delete Vpc old → Vpc same
        Plan: 1 to create, 2 to replace, 1 to delete (1 may turn out to be less), 1 unchanged
        "#);
    }

    #[test]
    fn colour_changes_no_text() {
        let paint = Paint::new(Color::Always, false, false);
        let painted = show(&example(), paint, false);
        assert_ne!(painted, plain(&painted));
        assert_eq!(plain(&painted), show(&example(), Paint::PLAIN, false));
        assert!(!show(&example(), paint, true).contains("canary"));
    }

    #[test]
    fn many_alike_are_folded() {
        let steps = (0..25).map(|i| step(i, &format!("sim:x:Y::n{i}"), Action::Create)).collect();
        let text = show(&plan(steps), Paint::PLAIN, false);
        assert!(text.contains("+ … and 15 more sim:x:Y to create"), "{text}");
        assert!(text.contains("Y n0 → Y n1 → Y n2 → … 20 more … → Y n23 → Y n24"), "{text}");
        assert!(text.ends_with("Plan: 25 to create\n"), "{text}");
    }
}
