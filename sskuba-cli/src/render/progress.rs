//! A run under way as a tree of components: what runs, for how long, what is left. Pure: time is an argument.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sskuba_core::address::Address;
use sskuba_core::applying::Event;
use sskuba_core::plan::{Action, Plan, Verdict};

use super::duration::{expected, passed};
use super::lines;
use super::paint::{Paint, one_line};
use crate::environment::Size;

mod frame;

pub(crate) use frame::frame;

/// Where a step stands.
#[derive(Debug, Clone, PartialEq)]
enum Standing {
    Waiting,
    Running { since: Duration },
    Done,
    Failed(String),
    Skipped,
}

#[derive(Debug)]
struct Item {
    address: Address,
    action: Action,
    expected: u64,
    standing: Standing,
}

/// The steps of one component, not those of components inside it.
#[derive(Debug, Default)]
struct Branch {
    total: usize,
    done: usize,
    waiting: usize,
    skipped: usize,
    running: BTreeSet<usize>,
    failed: BTreeSet<usize>,
}

impl Branch {
    fn is_over(&self) -> bool {
        self.waiting == 0 && self.running.is_empty()
    }
}

/// What is known of a run.
#[derive(Debug)]
pub(crate) struct Progress {
    title: String,
    items: Vec<Item>,
    index: BTreeMap<(Address, Action), usize>,
    branches: BTreeMap<String, Branch>,
    expected: u64,
    /// The last thing that a person should know.
    note: Option<String>,
    cancelling: bool,
}

impl Progress {
    /// Starts with the steps that a plan announces.
    pub(crate) fn new(title: String, plan: Option<&Plan>) -> Self {
        let mut progress = Self {
            title,
            items: Vec::new(),
            index: BTreeMap::new(),
            branches: BTreeMap::new(),
            expected: plan.map_or(0, |plan| plan.critical_path().1),
            note: None,
            cancelling: false,
        };
        for step in plan.map(|plan| plan.steps.as_slice()).unwrap_or_default() {
            let runs =
                step.action != Action::Same && matches!(step.verdict, Verdict::Certain | Verdict::Possible);
            // What belongs to a replacement is added when it begins.
            if runs && step.calls && step.part_of.is_none() {
                progress.item(&step.address, step.action, step.expected);
            }
        }
        progress
    }

    /// Returns the place of a step; one that was not announced is added.
    fn item(&mut self, address: &Address, action: Action, expected: u64) -> usize {
        let key = (address.clone(), action);
        if let Some(place) = self.index.get(&key) {
            return *place;
        }
        let place = self.items.len();
        self.items.push(Item { address: address.clone(), action, expected, standing: Standing::Waiting });
        self.index.insert(key, place);
        let branch = self.branches.entry(address.path().to_owned()).or_default();
        branch.total += 1;
        branch.waiting += 1;
        place
    }

    /// Takes an event; `at` is the time since the run began.
    pub(crate) fn event(&mut self, event: &Event, at: Duration) {
        match event {
            Event::RunStarted { expected_ms, .. } => self.expected = *expected_ms,
            Event::Started { address, action, expected_ms } => {
                self.step(address, *action, *expected_ms, Standing::Running { since: at });
            }
            Event::Finished { address, action, .. } => self.step(address, *action, 0, Standing::Done),
            Event::Failed { address, action, class, message, .. } => {
                let text = one_line(&format!("{class}: {message}"));
                self.step(address, *action, 0, Standing::Failed(text));
            }
            Event::Skipped { address, action, .. } => self.step(address, *action, 0, Standing::Skipped),
            Event::Cancelling { .. } => self.cancelling = true,
            Event::Throttled { provider, parallel } => {
                self.note =
                    Some(format!("provider {provider} asks to slow down; it gets {parallel} calls at once"));
            }
            Event::Note { message } => self.note = Some(one_line(message)),
            _ => {}
        }
    }

    fn step(&mut self, address: &Address, action: Action, expected: u64, standing: Standing) {
        // What was announced as a possible change may turn out to be another.
        let place = match self.announced(address, action) {
            Some(place) => place,
            None => self.item(address, action, expected),
        };
        let Some(branch) = self.branches.get_mut(address.path()) else { return };
        let item = &mut self.items[place];
        if expected > 0 {
            item.expected = expected;
        }
        match item.standing {
            Standing::Waiting => branch.waiting -= 1,
            Standing::Running { .. } => drop(branch.running.remove(&place)),
            Standing::Done => branch.done -= 1,
            Standing::Failed(_) => drop(branch.failed.remove(&place)),
            Standing::Skipped => branch.skipped -= 1,
        }
        match standing {
            Standing::Waiting => branch.waiting += 1,
            Standing::Running { .. } => drop(branch.running.insert(place)),
            Standing::Done => branch.done += 1,
            Standing::Failed(_) => drop(branch.failed.insert(place)),
            Standing::Skipped => branch.skipped += 1,
        }
        item.standing = standing;
    }

    /// Finds the step that an event is about.
    fn announced(&mut self, address: &Address, action: Action) -> Option<usize> {
        if let Some(place) = self.index.get(&(address.clone(), action)) {
            return Some(*place);
        }
        let wider = [Action::Replace, Action::Update];
        let place = wider.iter().find_map(|other| self.index.get(&(address.clone(), *other)).copied())?;
        if action == Action::Delete || self.items[place].standing != Standing::Waiting {
            return None;
        }
        self.items[place].action = action;
        self.index.insert((address.clone(), action), place);
        Some(place)
    }

    /// Returns the steps that run, with the time for which each has been running, the longest first.
    pub(crate) fn running(&self, now: Duration) -> Vec<(&Address, Action, Duration)> {
        let places = self.branches.values().flat_map(|branch| &branch.running);
        let mut running: Vec<_> = places
            .filter_map(|place| self.items.get(*place))
            .filter_map(|item| match item.standing {
                Standing::Running { since } => Some((&item.address, item.action, now.saturating_sub(since))),
                _ => None,
            })
            .collect();
        running.sort_by_key(|(_, _, time)| std::cmp::Reverse(*time));
        running
    }

    fn sum(&self, count: impl Fn(&Branch) -> usize) -> usize {
        self.branches.values().map(count).sum()
    }

    /// Writes how far the whole is.
    fn overview(&self, now: Duration) -> String {
        let done = self.sum(|b| b.done);
        let mut parts = vec![format!("{done} of {} done", self.items.len())];
        let counts = [
            (self.sum(|b| b.running.len()), "running"),
            (self.sum(|b| b.waiting), "waiting"),
            (self.sum(|b| b.failed.len()), "failed"),
            (self.sum(|b| b.skipped), "skipped"),
        ];
        parts.extend(
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")),
        );
        let elapsed = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let over = self.branches.values().all(Branch::is_over);
        let rest = match self.expected.checked_sub(elapsed) {
            _ if over || self.expected < 1000 => String::new(),
            Some(rest) => format!(", about {} left", expected(rest)),
            None => ", longer than expected".to_owned(),
        };
        format!("{}  {}{rest}", parts.join(", "), passed(now))
    }

    /// Writes what stands between the head and the tree: that the run stops, or a note.
    fn remark(&self) -> Option<String> {
        let running = self.sum(|b| b.running.len());
        let cancelling = (self.cancelling && running > 0).then(|| lines::cancelling(running));
        cancelling.or_else(|| self.note.clone())
    }
}

/// Draws the last picture: what stays on the screen when the run is over.
pub(crate) fn last(progress: &Progress, size: Size, now: Duration, paint: Paint) -> Vec<String> {
    frame(progress, Size { height: size.height.max(3) * 2, ..size }, now, paint)
}
