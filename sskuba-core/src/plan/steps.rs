//! Steps and the plan.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::action::{Action, FieldChange, Order, Reason};
use super::decide::Force;
use crate::address::{Address, StackId, Token};
use crate::advice::Advice;
use crate::clock::Timestamp;
use crate::digest::{Digest, Digester};
use crate::graph::{Dag, DesiredGraph, NodeId};
use crate::lifecycle::HookName;
use crate::state::Counts;
use crate::value::{Map, canonical_map};

/// What a step is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A declared resource; the step brings it to what is declared.
    Declared(NodeId),
    /// A recorded generation; the step removes it.
    Recorded(Token),
    /// A declared resource whose object exists; the step waits until it can be used.
    Ready(NodeId),
}

/// Whether a step is done for sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Just this is done.
    Certain,
    /// This or less is done: values that only the apply knows decide.
    Possible,
    /// Left out by a target or an exclude.
    Excluded,
}

/// What forbids a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Obstacle {
    /// What is in the way, for people; read after the address of what would be replaced.
    pub message: String,
    /// What can be done.
    pub advice: Vec<Advice>,
}

impl Obstacle {
    /// Makes an obstacle.
    pub fn new(message: impl Into<String>, advice: Vec<Advice>) -> Self {
        Self { message: message.into(), advice }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// One step of a plan.
#[derive(Clone)]
pub struct Step {
    /// What it is about.
    pub subject: Subject,
    /// The resource.
    pub address: Address,
    /// What is done.
    pub action: Action,
    /// Whether it is done for sure.
    pub verdict: Verdict,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The fields that differ, or may.
    pub changes: Vec<FieldChange>,
    /// The generation that is recorded now.
    pub prior: Option<Token>,
    /// The order, if it is or may be a replacement.
    pub order: Order,
    /// If it is or may be a replacement: the step that deletes the old generation, woken when the replacement
    /// is decided (delete first) or done (create first).
    pub delete_step: Option<NodeId>,
    /// The step that waits until the object can be used, of a kind whose objects exist before.
    pub ready_step: Option<NodeId>,
    /// If it deletes first: the declared resources that cannot live without the old generation; their old
    /// generations are deleted before it.
    pub cascade: Vec<NodeId>,
    /// If it is or may be a replacement: the declared resources that are, or may be, replaced because it is.
    pub followers: Vec<NodeId>,
    /// If it only may be a replacement: what forbids that. It stops the apply before the replacement, and before
    /// that of whatever this one follows.
    pub obstacles: Vec<Obstacle>,
    /// What the provider said, when it was asked, that an update does beyond what its fields say.
    pub notes: Vec<String>,
    /// The hooks that it runs.
    pub hooks: Vec<HookName>,
    /// For a removal: the step whose replacement it is a part of.
    pub part_of: Option<NodeId>,
    /// Why it is replaced though its inputs would not ask for it.
    pub force: Option<Force>,
    /// The former address of its record.
    pub moved_from: Option<Address>,
    /// The inputs as far as they are known.
    pub inputs: Map,
    /// False if no provider is called: a removal that only forgets.
    pub calls: bool,
    /// The expected time, in milliseconds.
    pub expected: u64,
}

impl Step {
    /// Makes a step that does nothing yet.
    pub fn new(subject: Subject, address: Address) -> Self {
        Self {
            subject,
            address,
            action: Action::Same,
            verdict: Verdict::Certain,
            reasons: Vec::new(),
            changes: Vec::new(),
            prior: None,
            order: Order::CreateFirst,
            delete_step: None,
            ready_step: None,
            cascade: Vec::new(),
            followers: Vec::new(),
            obstacles: Vec::new(),
            notes: Vec::new(),
            hooks: Vec::new(),
            part_of: None,
            force: None,
            moved_from: None,
            inputs: Map::new(),
            calls: true,
            expected: 0,
        }
    }
}

/// A plan: what will be done, in which order at least, and from which revision on.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The stack.
    pub stack: StackId,
    /// The revision that it starts from.
    pub base: u64,
    /// The moment of which it is: what is due by then is renewed, also where it is applied later.
    pub made: Timestamp,
    /// The declared resources.
    pub graph: Arc<DesiredGraph>,
    /// The steps: those of the declared resources first, in the order of their nodes, then removals.
    pub steps: Vec<Step>,
    /// Their edges.
    pub dag: Arc<Dag>,
    /// Lookups that were answered while planning.
    pub lookups: HashMap<NodeId, Map>,
    /// The exported outputs as far as they are known.
    pub exports: Map,
    /// Whether the exported outputs differ from the recorded ones, or may.
    pub exports_change: bool,
    /// The recorded ones.
    pub recorded_exports: Map,
    /// Whether the plan takes the whole stack down.
    pub down: bool,
    /// How many operations an earlier run left open. Only a preview has any: they are resolved before an apply,
    /// and may change what there is to do.
    pub interrupted: usize,
    /// Whether edges, options or names are recorded anew somewhere.
    pub records_change: bool,
}

impl Plan {
    /// Returns a step.
    pub fn step(&self, id: NodeId) -> &Step {
        &self.steps[id.index()]
    }

    /// Returns what forbids the replacement of a step, in it and in all that follow it. `free` has the steps of which
    /// it is known that nothing does; they are not looked at again, and those that were found to be so are added.
    pub fn obstacles(&self, id: NodeId, free: &mut HashSet<NodeId>) -> Vec<Obstacle> {
        let mut seen = HashSet::new();
        let found = obstacles_from(&self.steps, id, free, &mut seen);
        if found.is_empty() {
            free.extend(seen);
        }
        found
    }

    /// Returns the exported outputs that differ from the recorded ones, or may, in the order of their names.
    pub fn export_changes(&self) -> Vec<FieldChange> {
        FieldChange::between(&self.recorded_exports, &self.exports)
    }

    /// Counts what is planned.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in self.steps.iter().filter(|step| step.part_of.is_none()) {
            match step.action {
                _ if step.verdict == Verdict::Excluded => counts.unchanged += u32::from(step.prior.is_some()),
                Action::Wait => {}
                Action::Same if step.moved_from.is_some() => counts.moved += 1,
                Action::Same => counts.unchanged += 1,
                Action::Update => counts.update += 1,
                Action::Replace => counts.replace += 1,
                Action::Create => counts.create += 1,
                Action::Read => counts.read += 1,
                Action::Delete | Action::Forget => counts.delete += 1,
            }
        }
        counts
    }

    /// Tells whether applying the plan would do or record nothing.
    pub fn is_empty(&self) -> bool {
        self.counts().changes() == 0
            && !self.exports_change
            && !self.records_change
            && !self.steps.iter().any(|s| match s.action {
                Action::Read => s.verdict == Verdict::Certain && s.calls,
                Action::Wait => s.verdict == Verdict::Certain,
                _ => false,
            })
    }

    /// Computes the digest of all that the plan announces, keyed so that it gives no secret away.
    pub fn digest(&self, mut digester: Digester) -> Digest {
        digester.bytes(self.stack.as_str().as_bytes());
        for step in &self.steps {
            digester
                .bytes(step.address.as_str().as_bytes())
                .bytes(step.action.word().as_bytes())
                .bytes(format!("{:?}", step.verdict).as_bytes())
                .bytes(step.moved_from.as_ref().map_or("", |from| from.as_str()).as_bytes());
            let mut inputs = Vec::new();
            canonical_map(&step.inputs, &mut |part| inputs.extend_from_slice(part));
            digester.bytes(&inputs);
        }
        for (name, value) in &self.exports {
            digester.bytes(name.as_bytes()).value(value);
        }
        digester.finish()
    }

    /// Returns the path through the plan that takes longest, with the expected time of the whole, in
    /// milliseconds.
    pub fn critical_path(&self) -> (Vec<&Step>, u64) {
        let weight = |id: NodeId| self.step(id).expected;
        let remaining = self.dag.remaining(weight);
        let heaviest = |ids: &mut dyn Iterator<Item = NodeId>| ids.max_by_key(|id| remaining[id.index()]);
        let mut at = heaviest(&mut self.dag.order().iter().copied());
        let total = at.map_or(0, |id| remaining[id.index()]);
        let mut path = Vec::new();
        while let Some(id) = at {
            if self.step(id).expected > 0 {
                path.push(self.step(id));
            }
            at = heaviest(&mut self.dag.dependants(id)).filter(|id| remaining[id.index()] > 0);
        }
        (path, total)
    }
}

/// Walks from a step through its followers, but for those that are `free`, and collects the obstacles of those that
/// were not `seen`; see [`Plan::obstacles`].
pub(crate) fn obstacles_from(
    steps: &[Step],
    id: NodeId,
    free: &HashSet<NodeId>,
    seen: &mut HashSet<NodeId>,
) -> Vec<Obstacle> {
    let (mut found, mut todo) = (Vec::new(), vec![id]);
    while let Some(id) = todo.pop() {
        if !free.contains(&id) && seen.insert(id) {
            let step = &steps[id.index()];
            let named = |Obstacle { message, advice }: &Obstacle| {
                Obstacle::new(format!("{} {message}", step.address), advice.clone())
            };
            found.extend(step.obstacles.iter().map(named));
            todo.extend(&step.followers);
        }
    }
    found
}
