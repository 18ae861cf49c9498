//! Targets and excludes: which resources a plan is about.

use std::collections::{HashMap, HashSet};

use super::diagnostic::Diagnostic;
use super::make::{PlanOptions, Request};
use crate::address::{Address, Token};
use crate::graph::{DesiredGraph, NodeId};
use crate::suggest::{LookupError, find};

/// What is selected.
pub(super) struct Selection {
    /// For each declared resource, whether the plan is about it.
    pub(super) declared: Vec<bool>,
    /// The recorded generations that may be removed; none means all.
    removable: Option<HashSet<Token>>,
    /// The recorded generations that are left out by name.
    pub(super) excluded: HashSet<Token>,
    /// What is to be replaced whatever its inputs say.
    pub(super) replace: Matcher,
}

impl Selection {
    pub(super) fn may_remove(&self, token: Token) -> bool {
        self.removable.as_ref().is_none_or(|set| set.contains(&token))
    }
}

/// Tells whether an address fits a pattern, in which `*` stands for anything.
pub(super) fn fits(pattern: &str, address: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| address.strip_prefix(first)) else { return false };
    let mut last = None;
    for part in parts {
        if let Some(previous) = last.replace(part) {
            match rest.find(previous) {
                Some(at) => rest = &rest[at + previous.len()..],
                None => return false,
            }
        }
    }
    match last {
        None => rest.is_empty(),
        Some(part) => rest.ends_with(part),
    }
}

/// The patterns of one option. One without `*` may be a short name, and is the whole address then.
pub(super) struct Matcher {
    patterns: Vec<String>,
}

impl Matcher {
    /// Reads patterns; one that means no resource, or a short name of several, is a problem.
    fn new(patterns: &[String], option: &str, request: &Request<'_>, problems: &mut Vec<Diagnostic>) -> Self {
        let all = || {
            let declared = request.graph.nodes().iter().map(|node| &node.address);
            declared.chain(request.state.records().map(|record| &record.address))
        };
        let whole = |pattern: &String| {
            if all().any(|address| fits(pattern, address.as_str())) {
                return Some(pattern.clone());
            }
            let message = match find(pattern, all()) {
                Ok(address) => return Some(address.to_string()),
                Err(LookupError::Unknown { near, .. }) => {
                    let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                    format!("{option} `{pattern}` fits no resource of this stack{hint}")
                }
                Err(error) => format!("{option} {error}"),
            };
            problems.push(Diagnostic::general(message));
            None
        };
        Self { patterns: patterns.iter().filter_map(whole).collect() }
    }

    pub(super) fn matches(&self, address: &Address) -> bool {
        self.patterns.iter().any(|pattern| fits(pattern, address.as_str()))
    }
}

/// Selects.
pub(super) fn select(request: &Request<'_>, problems: &mut Vec<Diagnostic>) -> Selection {
    let PlanOptions { targets, excludes, target_dependents, replace, .. } = request.options;
    let target = Matcher::new(targets, "target", request, problems);
    let exclude = Matcher::new(excludes, "exclude", request, problems);
    let replace = Matcher::new(replace, "replace", request, problems);
    let both = target.patterns.iter().filter(|pattern| exclude.patterns.contains(pattern));
    problems.extend(both.map(|pattern| {
        Diagnostic::general(format!("`{pattern}` is a target and excluded, and cannot be both"))
    }));
    let graph = &request.graph;
    let count = graph.nodes().len();
    let ids = || (0..count).map(|i| NodeId(u32::try_from(i).unwrap_or(u32::MAX)));
    let mut declared = vec![true; count];
    let (mut removable, mut left_out) = (None, HashSet::new());
    if !targets.is_empty() {
        // What goes down takes along what needs it.
        let removed = removable_of(request, &target, *target_dependents || request.down);
        let recorded = |id: NodeId| request.state.current(&graph.node(id).address).map(|record| record.token);
        let named = |id: &NodeId| {
            let dependent = || recorded(*id).is_some_and(|token| removed.contains(&token));
            target.matches(&graph.node(*id).address) || (*target_dependents && dependent())
        };
        declared = graph.dag().closure(ids().filter(named), false);
        if *target_dependents {
            let up = graph.dag().closure(ids().filter(named), true);
            declared = graph.dag().closure(ids().filter(|id| up[id.index()]), false);
        }
        removable = Some(removed);
    }
    if !excludes.is_empty() {
        leave_out(request, graph, &exclude, &mut declared);
        let stays = excluded(request, &exclude);
        let named = request.state.records().filter(|record| stays.contains(&record.address));
        left_out.extend(named.map(|record| record.token));
        let all = request.state.records().map(|record| (record.token, &record.address));
        let kept = all.filter(|(token, address)| {
            !stays.contains(address) && removable.as_ref().is_none_or(|set| set.contains(token))
        });
        removable = Some(kept.map(|(token, _)| token).collect());
    }
    Selection { declared, removable, excluded: left_out, replace }
}

/// Leaves out what is excluded, and what needs something that is excluded and not there.
fn leave_out(request: &Request<'_>, graph: &DesiredGraph, exclude: &Matcher, declared: &mut [bool]) {
    let there = |id: NodeId| {
        let node = graph.node(id);
        let former = node.lifecycle.aliases.iter().map(|alias| alias.resolve(&node.address));
        let mut names = former.filter(|name| graph.find(name).is_none());
        let recorded = |name: &Address| request.state.current(name).is_some();
        recorded(&node.address) || names.any(|name| recorded(&name))
    };
    for &id in graph.dag().order() {
        let missing = graph.dag().dependencies(id).any(|d| !declared[d.index()] && !there(d));
        if missing || exclude.matches(&graph.node(id).address) {
            declared[id.index()] = false;
        }
    }
}

/// Returns the recorded addresses that are excluded; when the stack goes down, with all that they need.
fn excluded<'a>(request: &Request<'a>, exclude: &Matcher) -> HashSet<&'a Address> {
    let named = request.state.records().filter(|record| exclude.matches(&record.address));
    if !request.down {
        return named.map(|record| &record.address).collect();
    }
    let mut needs: HashMap<&Address, Vec<&Address>> = HashMap::new();
    for record in request.state.records() {
        let also = record.provider.iter().chain(&record.flags.deleted_with);
        needs.entry(&record.address).or_default().extend(record.dependencies.iter().chain(also));
    }
    let (mut found, mut todo) = (HashSet::new(), named.map(|record| &record.address).collect::<Vec<_>>());
    while let Some(address) = todo.pop() {
        if found.insert(address) {
            todo.extend(needs.get(address).into_iter().flatten());
        }
    }
    found
}

/// Returns the recorded generations that the targets mean, with `dependents` also those that need them.
fn removable_of(request: &Request<'_>, target: &Matcher, dependents: bool) -> HashSet<Token> {
    let records: Vec<_> = request.state.records().collect();
    let mut needed_by: HashMap<&Address, Vec<&Address>> = HashMap::new();
    for record in records.iter().filter(|_| dependents) {
        for dependency in &record.dependencies {
            needed_by.entry(dependency).or_default().push(&record.address);
        }
    }
    let mut chosen: HashSet<&Address> = HashSet::new();
    let mut todo: Vec<_> = records.iter().map(|r| &r.address).filter(|a| target.matches(a)).collect();
    while let Some(address) = todo.pop() {
        if chosen.insert(address) {
            todo.extend(needed_by.get(address).into_iter().flatten());
        }
    }
    records.iter().filter(|record| chosen.contains(&record.address)).map(|record| record.token).collect()
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_anything() {
        assert!(fits("aws:ec2:Vpc::main", "aws:ec2:Vpc::main"));
        assert!(fits("*::main", "a/aws:ec2:Vpc::main"));
        assert!(fits("a/*Vpc*", "a/aws:ec2:Vpc::main"));
        assert!(fits("*a*b*", "xaxbx"));
        assert!(!fits("*::mai", "aws:ec2:Vpc::main"));
        assert!(!fits("a*b*b", "ab"));
        assert!(!fits("main", "aws:ec2:Vpc::main"));
    }
}
