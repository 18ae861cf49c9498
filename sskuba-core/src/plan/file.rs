//! Saved plans. A file holds what the plan announces, with secrets masked, for people; and the revision and a
//! keyed digest, by which `up --plan` makes sure that it does just that.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::action::{Action, FieldChange, Reason};
use super::steps::{Plan, Step, Verdict};
use crate::address::{Address, StackId};
use crate::advice::Advice;
use crate::clock::Timestamp;
use crate::digest::{Digest, Digester};
use crate::secret::MASK;
use crate::state::Counts;
use crate::value::Value;

/// The version of the file's form.
const FORMAT: u32 = 1;

/// A plan as it is saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanFile {
    /// The version of the file's form.
    pub format: u32,
    /// The release that wrote it.
    pub writer: String,
    /// The stack.
    pub stack: StackId,
    /// The revision that the plan starts from.
    pub base: u64,
    /// The moment of which it is: what is due by then is renewed.
    pub made: Timestamp,
    /// Options that the plan was made with, as the program's command line gave them.
    pub options: serde_json::Value,
    /// How many of what.
    pub changes: Counts,
    /// The digest of all that is announced.
    pub digest: Digest,
    /// The key of the digest, sealed to the stack's recipients, where the stack had no key yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is announced, for people: no secrets, no unchanged resources.
    pub steps: Vec<SavedStep>,
}

/// A step as it is saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedStep {
    /// The resource.
    pub address: Address,
    /// What is done.
    pub action: Action,
    /// Whether only values that the apply finds out decide.
    pub possible: bool,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The fields of what is created, masked, without those that say nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, Json>,
    /// The fields that differ from what is recorded, masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<SavedChange>,
    /// What the provider said, when the plan was made, that it does beyond what its fields say. It may say otherwise when the
    /// plan is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A field that differs, as it is saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SavedChange {
    /// The field.
    pub field: String,
    /// What is recorded.
    pub from: Option<Json>,
    /// What is declared.
    pub to: Option<Json>,
    /// Whether that replaces the resource.
    pub replaces: bool,
}

impl SavedChange {
    /// Makes a difference as it is saved, and as it is shown to programs, with all secrets masked.
    pub fn of(change: &FieldChange) -> Self {
        // What is a secret on one side must not be readable on the other.
        let masked = |value: &Option<Value>, other: &Option<Value>| {
            let other = other.as_ref().is_some_and(Value::has_secret);
            value
                .as_ref()
                .map(|value| if other && *value != Value::Null { MASK.into() } else { value.masked() })
        };
        Self {
            field: change.field.clone(),
            from: masked(&change.from, &change.to),
            to: masked(&change.to, &change.from),
            replaces: change.replaces,
        }
    }
}

impl SavedStep {
    /// Makes a step as it is saved, with all secrets masked.
    pub fn of(step: &Step) -> Self {
        let said = step.inputs.iter().filter(|_| step.action == Action::Create);
        let said = said.filter(|(_, value)| **value != Value::Null);
        let changed = step.changes.iter().filter(|_| step.action != Action::Create);
        Self {
            address: step.address.clone(),
            action: step.action,
            possible: step.verdict != Verdict::Certain,
            reasons: step.reasons.clone(),
            inputs: said.map(|(name, value)| (name.clone(), value.masked())).collect(),
            changes: changed.map(SavedChange::of).collect(),
            notes: step.notes.clone(),
        }
    }

    /// Returns what is announced for sure.
    fn announced(&self) -> Self {
        Self { notes: Vec::new(), ..self.clone() }
    }
}

/// Why a saved plan is not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanFileError {
    /// The file is not a plan.
    #[error("the file is not a saved plan: {0}")]
    Damaged(String),
    /// A newer release wrote it.
    #[error(
        "the plan was saved by sskuba {writer} in form {found}, this release reads form {FORMAT}; make it anew"
    )]
    Newer {
        /// The form.
        found: u32,
        /// The release.
        writer: String,
    },
    /// It belongs to another stack.
    #[error("the plan is of stack {found}, not of {wanted}")]
    OtherStack {
        /// The plan's stack.
        found: StackId,
        /// The stack that was chosen.
        wanted: StackId,
    },
    /// The stack changed since.
    #[error("the plan was made at revision {planned} and the stack is at {current}")]
    OldRevision {
        /// The plan's revision.
        planned: u64,
        /// The stack's.
        current: u64,
    },
    /// The program or its configuration changed since.
    #[error("the program or its configuration no longer gives this plan: {0}")]
    Changed(String),
    /// Somebody edited the file: what it shows to people is not what it does.
    #[error("the saved plan was edited after it was made: its {0} are not those of the plan")]
    Edited(&'static str),
}

impl PlanFileError {
    /// Says what can be done; none where the error's own text is all that there is to say.
    pub fn hint(&self) -> Vec<Advice> {
        match self {
            Self::OtherStack { .. } => vec![Advice::OtherStack],
            Self::Newer { .. } => Vec::new(),
            _ => vec![Advice::SavePlan],
        }
    }
}

impl PlanFile {
    /// Makes the file of a plan; `digester` is keyed with the stack's key, or with `key`, which is sealed.
    pub fn new(plan: &Plan, (digester, key): (Digester, Option<String>), options: serde_json::Value) -> Self {
        Self {
            format: FORMAT,
            writer: env!("CARGO_PKG_VERSION").to_owned(),
            stack: plan.stack.clone(),
            base: plan.base,
            made: plan.made,
            options,
            changes: plan.counts(),
            digest: plan.digest(digester),
            key,
            steps: announced(plan),
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it is not a plan, or a newer release wrote it.
    pub fn parse(text: &str) -> Result<Self, PlanFileError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
            #[serde(default)]
            writer: String,
        }
        let damaged = |error: serde_json::Error| PlanFileError::Damaged(error.to_string());
        let head: Head = serde_json::from_str(text).map_err(damaged)?;
        if head.format > FORMAT {
            return Err(PlanFileError::Newer { found: head.format, writer: head.writer });
        }
        serde_json::from_str(text).map_err(damaged)
    }

    /// Checks that `plan`, made just now, is the plan that was saved.
    ///
    /// # Errors
    /// If it is of another stack, or the stack or the program changed since.
    pub fn verify(&self, plan: &Plan, digester: Digester) -> Result<(), PlanFileError> {
        if self.stack != plan.stack {
            return Err(PlanFileError::OtherStack { found: self.stack.clone(), wanted: plan.stack.clone() });
        }
        if self.base != plan.base {
            return Err(PlanFileError::OldRevision { planned: self.base, current: plan.base });
        }
        let now: Vec<SavedStep> = announced(plan).iter().map(SavedStep::announced).collect();
        let saved: Vec<SavedStep> = self.steps.iter().map(SavedStep::announced).collect();
        if self.digest == plan.digest(digester) {
            return match () {
                () if saved != now => Err(PlanFileError::Edited("steps")),
                () if self.changes != plan.counts() => Err(PlanFileError::Edited("changes")),
                () => Ok(()),
            };
        }
        let other = now.iter().find(|step| !saved.contains(step));
        let gone = || saved.iter().find(|step| !now.contains(step));
        Err(PlanFileError::Changed(match other.or_else(gone) {
            Some(step) => format!("{} {} differs", step.action, step.address),
            None => "an input's value differs".to_owned(),
        }))
    }
}

fn announced(plan: &Plan) -> Vec<SavedStep> {
    let shown = plan.steps.iter().filter(|s| s.action != Action::Same && s.verdict != Verdict::Excluded);
    shown.map(SavedStep::of).collect()
}
