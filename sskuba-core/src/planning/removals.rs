//! Finds what goes: generations that are no longer declared or that another one replaces, and the order of
//! their deletes, from the recorded edges.
//!
//! # The order
//!
//! `b` uses `a`, as the record of `b` says; `a'` and `b'` are their next generations. An arrow leads from a step to the one that
//! has to end before it begins.
//!
//! ```text
//! both go                  delete a ───────────────▶ delete b
//!
//! b has a as its owner     forget b ───────────────▶ delete a
//! (deleted_with)
//!
//! a is replaced,           delete a ──▶ update b ──▶ make a'
//! created first            b is switched over before what it used goes
//!
//! both are replaced,       delete a ──▶ delete b ──▶ make b' ──▶ make a'
//! created first
//!
//! a is replaced,           make b' ──▶ make a' ──▶ delete a ──▶ delete b
//! deleted first            the delete of b sleeps, and so does that of a: the replacement of a wakes both
//!
//! c takes the key of a     make c ─────────────────▶ delete a
//! ```
//!
//! `Removals::collect` appends a step for each generation that goes, `Removals::edges` says these arrows, and where they contradict
//! those of the program, `orders::join` says which are given up. A delete that is half of a replacement is dormant until the
//! other half wakes it (ADR 4).

use std::collections::{HashMap, HashSet};

use super::declared::{Durations, expected};
use super::diagnostic::Diagnostic;
use super::keys::{Holders, InstancePlaces, gives_key};
use super::make::Request;
use super::select::Selection;
use crate::address::{Address, Token};
use crate::advice::Advice;
use crate::graph::{Node, NodeId};
use crate::plan::{Action, Keys, Obstacle, Order, Reason, Step, Subject, Verdict, describe};
use crate::state::{Record, Status};

/// The removals of a plan.
pub(super) struct Removals<'a> {
    request: &'a Request<'a>,
    selection: &'a Selection,
    durations: &'a Durations<'a>,
    places: &'a InstancePlaces,
    /// The step that removes each generation.
    steps: HashMap<Token, NodeId>,
    /// The step of the declared resource that each generation belongs to, under whatever name.
    declared: HashMap<Token, NodeId>,
    /// Who depends on an address, as recorded.
    dependants: HashMap<&'a Address, Vec<&'a Record>>,
    /// Steps that come after another which gives their key away.
    key_edges: Vec<(NodeId, NodeId)>,
}

impl<'a> Removals<'a> {
    pub(super) fn new(
        request: &'a Request<'a>,
        selection: &'a Selection,
        durations: &'a Durations<'a>,
        places: &'a InstancePlaces,
    ) -> Self {
        let (steps, declared, dependants) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { request, selection, durations, places, steps, declared, dependants, key_edges: Vec::new() }
    }

    /// Appends the removals to the steps.
    pub(super) fn collect(&mut self, steps: &mut Vec<Step>, problems: &mut Vec<Diagnostic>) {
        let replaced: HashMap<Token, NodeId> =
            with_prior(steps).filter(|(_, id)| steps[id.index()].action == Action::Replace).collect();
        self.declared = with_prior(steps).collect();
        // Provider instances last: each stays for as long as something is where it works.
        let (instances, objects): (Vec<_>, Vec<_>) = self
            .request
            .state
            .records()
            .partition(|record| self.request.registry.is_instance(&record.address));
        let used = instances_in_use(&objects);
        for record in objects.into_iter().chain(instances) {
            let id = NodeId(u32::try_from(steps.len()).unwrap_or(u32::MAX));
            let users = used.get(&record.token).map_or(&[][..], Vec::as_slice);
            if users.iter().any(|user| self.stays(user, steps)) {
                continue;
            }
            let Some(mut step) = self.removal(record, replaced.get(&record.token).copied(), steps) else {
                continue;
            };
            if record.flags.protect && step.part_of.is_none() && record.status != Status::Superseded {
                problems.push(self.protected(&record.address));
            }
            if let Some(of) = step.part_of {
                steps[of.index()].delete_step = Some(id);
                step.verdict = steps[of.index()].verdict;
            }
            self.steps.insert(record.token, id);
            steps.push(step);
        }
        self.keep_apart(steps, problems);
        if self.steps.is_empty() {
            return;
        }
        self.go_with_owner(steps);
        self.refuse_unknown(steps, problems);
        self.index();
        self.refuse_dangling(steps, problems);
    }

    /// Refuses to delete what is protected.
    fn protected(&self, address: &Address) -> Diagnostic {
        let (why, advice) = match self.request.down {
            true => ("the stack goes down", [Advice::UnprotectFirst, Advice::LeaveOut]),
            false => (
                "the program no longer declares it",
                [Advice::DeclareAgain, Advice::Unprotect(address.clone())],
            ),
        };
        Diagnostic::of(address, format!("is protected and would be deleted because {why}")).advice(advice)
    }

    /// Lets no object be deleted that is another resource's, too, and nothing be made beside an object with the same key.
    fn keep_apart(&mut self, steps: &mut [Step], problems: &mut Vec<Diagnostic>) {
        let (request, graph) = (self.request, &self.request.graph);
        if self.steps.is_empty() && !graph.nodes().iter().zip(&*steps).any(|(n, step)| gives_key(n, step)) {
            return;
        }
        let holders = Holders::new(request);
        for record in request.state.records() {
            let Some(&id) = self.steps.get(&record.token) else { continue };
            let stays = |twin: &&Record| {
                let step = self.declared.get(&twin.token).map(|step| &steps[step.index()]);
                step.is_some_and(|step| step.action != Action::Replace)
                    && !self.steps.contains_key(&twin.token)
            };
            let twins = holders.twins(request, record);
            if let Some(twin) = twins.into_iter().find(stays) {
                let address = &steps[self.declared[&twin.token].index()].address;
                let reason = Reason::BelongsTo { address: address.clone() };
                let step = &mut steps[id.index()];
                (step.action, step.calls, step.expected) = (Action::Forget, false, 0);
                step.reasons.push(reason);
            }
        }
        for (i, node) in graph.nodes().iter().enumerate() {
            let id = NodeId(u32::try_from(i).unwrap_or(u32::MAX));
            if steps[i].verdict == Verdict::Excluded {
                continue;
            }
            for holder in holders.of_step(request, self.places, node, &steps[i]) {
                let gives_way = match (self.steps.get(&holder.token), self.declared.get(&holder.token)) {
                    (Some(removal), _) if steps[removal.index()].calls => Some(*removal),
                    // What is left of another resource's object goes with that.
                    (Some(removal), _) if steps[removal.index()].reasons.iter().any(belongs) => continue,
                    (None, Some(other))
                        if changes_key((request, self.places), holder, &steps[other.index()]) =>
                    {
                        Some(*other)
                    }
                    _ => None,
                };
                match gives_way {
                    Some(first) => self.key_edges.push((id, first)),
                    None => problems.push(
                        Diagnostic::of(&node.address, held(node, &steps[i], holder)).source(node.source),
                    ),
                }
            }
        }
    }

    /// Tells whether an object stays with the provider instance that it was made with.
    fn stays(&self, user: &Record, steps: &[Step]) -> bool {
        let left_out = |id: &NodeId| steps[id.index()].verdict == Verdict::Excluded;
        !self.steps.contains_key(&user.token) && self.declared.get(&user.token).is_none_or(left_out)
    }

    /// Returns the step that removes a generation, if it goes.
    fn removal(&self, record: &Record, part_of: Option<NodeId>, steps: &[Step]) -> Option<Step> {
        let reason = if let Some(of) = part_of {
            let of = &steps[of.index()];
            match &of.force {
                Some(force) => force.reason.clone(),
                None => of.reasons.iter().find(|r| !matches!(r, Reason::Moved { .. }))?.clone(),
            }
        } else if record.status == Status::Superseded {
            self.selection.may_remove(record.token).then_some(Reason::Superseded)?
        } else {
            let gone = !self.declared.contains_key(&record.token);
            (gone && self.selection.may_remove(record.token)).then_some(())?;
            if self.request.down { Reason::Down } else { Reason::NotDeclared }
        };
        let mut step = Step::new(Subject::Recorded(record.token), record.address.clone());
        step.action = Action::Delete;
        step.prior = Some(record.token);
        step.part_of = part_of;
        step.reasons.push(reason);
        if record.flags.retain {
            step.action = Action::Forget;
            step.calls = false;
            step.reasons.push(Reason::Retained);
        }
        if let Ok(schema) = self.request.registry.schema(record.address.kind_str()) {
            step.expected = expected(&schema, step.action, self.durations);
            let what = schema.deleting(&record.applied).filter(|_| step.calls);
            step.reasons.extend(what.map(|what| Reason::Deleting { what }));
        }
        Some(step)
    }

    /// Takes the call away from removals whose object goes with another one.
    fn go_with_owner(&self, steps: &mut [Step]) {
        for record in self.request.state.records() {
            let (Some(id), Some(owner)) = (self.steps.get(&record.token), &record.flags.deleted_with) else {
                continue;
            };
            let gone = self.request.state.current(owner).and_then(|owner| self.steps.get(&owner.token));
            let Some(gone) = gone.copied() else { continue };
            // Only where both go for sure: the one must not be forgotten while the other stays.
            let firm = |step: &Step| step.action == Action::Delete && step.verdict == Verdict::Certain;
            let owner_goes = firm(&steps[gone.index()]);
            let step = &mut steps[id.index()];
            if owner_goes && firm(step) {
                step.calls = false;
                step.expected = 0;
                let reason = Reason::DeletedWith { owner: owner.clone() };
                if !step.reasons.contains(&reason) {
                    step.reasons.push(reason);
                }
            }
        }
    }

    /// Refuses deletes that no provider of the program can carry out.
    fn refuse_unknown(&self, steps: &[Step], problems: &mut Vec<Diagnostic>) {
        for record in self.request.state.records() {
            let Some(id) = self.steps.get(&record.token) else { continue };
            let kind = record.address.kind();
            // A provider instance has no object: it is forgotten.
            if !steps[id.index()].calls || kind.module() == "provider" {
                continue;
            }
            if let Err(error) = self.request.registry.schema(kind.as_str()) {
                let problem = Diagnostic::of(&record.address, format!("would be deleted, and {error}"));
                problems.push(problem.advice([Advice::DeleteByHand(record.address.clone())]));
            }
        }
    }

    fn index(&mut self) {
        for record in self.request.state.records() {
            for dependency in &record.dependencies {
                self.dependants.entry(dependency).or_default().push(record);
            }
        }
    }

    fn dependants(&self, record: &Record) -> &[&'a Record] {
        self.dependants.get(&record.address).map_or(&[], Vec::as_slice)
    }

    /// Refuses a delete that would leave something behind that needs it.
    fn refuse_dangling(&self, steps: &mut [Step], problems: &mut Vec<Diagnostic>) {
        let mut uses = HashMap::new();
        for record in self.request.state.records() {
            let Some(id) = self.steps.get(&record.token) else { continue };
            let step = &steps[id.index()];
            let replaced = step.part_of.is_some();
            // What leaves its object in place takes nothing away.
            if record.status == Status::Superseded || replaced && !step.calls {
                continue;
            }
            let possible = step.part_of.filter(|_| step.verdict != Verdict::Certain);
            let mut obstacles = Vec::new();
            for dependant in self.dependants(record) {
                let goes = self.steps.contains_key(&dependant.token);
                let declared = self.declared.get(&dependant.token);
                let switched = declared.is_some_and(|id| steps[id.index()].verdict != Verdict::Excluded);
                // An edge that is only an order leads to the new generation as well.
                let mut uses = |of: NodeId| declared.is_none_or(|id| self.uses(*id, &mut uses).contains(&of));
                if goes || switched || !step.part_of.is_none_or(&mut uses) {
                    continue;
                }
                let (what, why) = match replaced {
                    true => ("replaced", "still uses the old one"),
                    false => ("deleted", "still needs it"),
                };
                let message = format!("would be {what} while {} {why}", dependant.address);
                match possible {
                    Some(_) => obstacles.push(Obstacle::new(message, self.way_on())),
                    None => problems.push(Diagnostic::of(&record.address, message).advice(self.way_on())),
                }
            }
            if let Some(of) = possible {
                steps[of.index()].obstacles.extend(obstacles);
            }
        }
    }

    /// Says what helps where one resource goes and another one that needs it stays.
    fn way_on(&self) -> Vec<Advice> {
        let options = self.request.options;
        match (options.targets.is_empty(), options.excludes.is_empty()) {
            (_, false) => vec![Advice::LeaveOutBoth],
            (false, true) if self.request.down => vec![Advice::TargetToo],
            (false, true) => vec![Advice::TargetDependents, Advice::TargetToo],
            (true, true) => vec![Advice::DeclareAgain, Advice::RemoveToo],
        }
    }

    /// Returns the resources from which inputs of a declared one take their values.
    fn uses<'b>(&self, id: NodeId, known: &'b mut HashMap<NodeId, HashSet<NodeId>>) -> &'b HashSet<NodeId> {
        known.entry(id).or_insert_with(|| {
            let mut uses = HashSet::new();
            for expr in self.request.graph.node(id).inputs.values() {
                expr.references(&mut |node| {
                    uses.insert(NodeId(node.index()));
                });
            }
            uses
        })
    }

    /// Returns the edges that say what must come before each removal.
    pub(super) fn edges(&self, steps: &[Step]) -> Vec<(NodeId, NodeId)> {
        let mut edges = self.key_edges.clone();
        if self.steps.is_empty() {
            return edges;
        }
        let graph = self.request.graph.dag();
        let comes_first = |id: &NodeId| steps[id.index()].order == Order::DeleteFirst;
        let after = |id: NodeId| graph.dependencies(id).filter(comes_first).map(move |first| (id, first));
        let on_new_ones: HashSet<(NodeId, NodeId)> = graph.order().iter().flat_map(|id| after(*id)).collect();
        for record in self.request.state.records() {
            let Some(&id) = self.steps.get(&record.token) else { continue };
            let step = &steps[id.index()];
            let deleted_first = step.part_of.filter(|of| steps[of.index()].order == Order::DeleteFirst);
            for dependant in self.dependants(record) {
                let theirs = self.steps.get(&dependant.token);
                if let Some(&theirs) = theirs {
                    let goes_with = !steps[theirs.index()].calls
                        && dependant.flags.deleted_with.as_ref() == Some(&record.address);
                    edges.push(if goes_with { (theirs, id) } else { (id, theirs) });
                }
                // What stays is switched over before the object that it used is deleted, unless it is switched
                // over to what takes that object's place, which is made after.
                let uses = |id: NodeId| deleted_first.is_some_and(|of| on_new_ones.contains(&(id, of)));
                if let Some(&declared) = self.declared.get(&dependant.token).filter(|d| !uses(**d)) {
                    edges.push((id, declared));
                }
            }
        }
        edges
    }

    /// Returns the edges from each removal to those of what uses its object through others that stay: a gateway goes after
    /// the machine whose address needed the gateway, also where the address stays.
    pub(super) fn through_others(&self) -> Vec<(NodeId, NodeId)> {
        let mut edges = Vec::new();
        for record in self.request.state.records() {
            let Some(&id) = self.steps.get(&record.token) else { continue };
            let stays = |user: &&&Record| !self.steps.contains_key(&user.token);
            let mut staying: Vec<&Record> = self.dependants(record).iter().filter(stays).copied().collect();
            let mut seen = HashSet::new();
            while let Some(user) = staying.pop() {
                if !seen.insert(user.token) {
                    continue;
                }
                for other in self.dependants(user) {
                    match self.steps.get(&other.token) {
                        Some(&theirs) => edges.push((id, theirs)),
                        None => staying.push(other),
                    }
                }
            }
        }
        edges
    }
}

fn belongs(reason: &Reason) -> bool {
    matches!(reason, Reason::BelongsTo { .. })
}

/// Tells whether a step gives the recorded keys of its object away.
fn changes_key((request, places): (&Request<'_>, &InstancePlaces), record: &Record, step: &Step) -> bool {
    let Subject::Declared(id) = step.subject else { return false };
    let node = request.graph.node(id);
    let new = Keys::of(&node.schema, &step.inputs, &places.within(request, node));
    step.verdict == Verdict::Certain
        && matches!(step.action, Action::Update | Action::Replace)
        && !new.unknown
        && !new.meet(&Keys::recorded(&node.schema, record))
}

fn held(node: &Node, step: &Step, holder: &Record) -> String {
    format!(
        "would be a second object with {}, which {} ({}) has; let that go first, or give it an alias if it is the same \
         resource under another name",
        describe(&node.schema, &step.inputs),
        holder.address,
        holder.id
    )
}

/// Returns the objects that were made with each generation of a provider instance.
fn instances_in_use<'a>(objects: &[&'a Record]) -> HashMap<Token, Vec<&'a Record>> {
    let mut used: HashMap<Token, Vec<&Record>> = HashMap::new();
    for record in objects {
        if let Some(instance) = record.instance {
            used.entry(instance).or_default().push(record);
        }
    }
    used
}

/// Returns the generations that steps are about, and the steps.
fn with_prior(steps: &[Step]) -> impl Iterator<Item = (Token, NodeId)> + '_ {
    let number = |i: usize| NodeId(u32::try_from(i).unwrap_or(u32::MAX));
    steps.iter().enumerate().filter_map(move |(i, step)| Some((step.prior?, number(i))))
}
