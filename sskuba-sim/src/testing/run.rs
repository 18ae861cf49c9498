//! What came of a run, and what a test asks of it.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value as Json;
use sskuba_core::applying::Report;
use sskuba_core::plan::{Plan, Step, Subject};
use sskuba_core::schema::Schema;
use sskuba_core::stack::IntoProgram;
use sskuba_core::state::{Counts, Record};
use sskuba_core::suggest::{find, nearest};
use sskuba_core::value::Map;

use super::error::TestError;
use super::setup::{Setup, TestCall};

/// What came of a run. Values are told as JSON, with secrets as `(secret)` and what only an apply knows as
/// `(known after apply)`; the values themselves are in [`plan`](Self::plan) and in the records.
#[derive(Debug)]
pub struct TestRun {
    /// The plan.
    pub plan: Plan,
    /// What came of it; none of a preview.
    pub report: Option<Report>,
    pub(super) records: Vec<Record>,
    pub(super) kinds: HashMap<String, Arc<Schema>>,
    pub(super) setup: Setup,
}

impl TestRun {
    /// Returns the step of a resource, by its address or the end of one: `net/aws:ec2:Vpc::main`, `Vpc::main`, `main`.
    ///
    /// # Errors
    /// If there is none, or several fit; the error says what may be meant.
    pub fn step(&self, name: &str) -> Result<TestStep<'_>, TestError> {
        let main = |step: &&Step| step.part_of.is_none() && !matches!(step.subject, Subject::Ready(_));
        let steps: Vec<&Step> = self.plan.steps.iter().filter(main).collect();
        let address = find(name, steps.iter().map(|step| &step.address))?;
        let step = steps.iter().find(|step| step.address == *address);
        let schema = self.kinds.get(address.kind_str());
        step.map(|step| TestStep { step, schema: schema.map(Arc::as_ref) }).ok_or_else(|| {
            TestError::Lookup(sskuba_core::suggest::LookupError::Unknown {
                text: name.to_owned(),
                near: None,
            })
        })
    }

    /// Returns the steps that people see: what does something, in the order of the declarations, then what goes.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.plan.steps.iter().filter(|step| step.is_shown())
    }

    /// Returns the plan as a text, for a snapshot.
    pub fn plan_text(&self) -> String {
        self.plan.to_string()
    }

    /// Counts what was planned.
    pub fn counts(&self) -> Counts {
        self.plan.counts()
    }

    /// Tells whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.plan.is_empty()
    }

    /// Returns an output of the stack.
    ///
    /// # Errors
    /// If the program exports none of this name.
    pub fn output(&self, name: &str) -> Result<Json, TestError> {
        let exports = self.report.as_ref().map_or(&self.plan.exports, |report| &report.exports);
        of(exports, name, "output", || "the stack".to_owned())
    }

    /// Returns what is recorded of a resource after an `up`, by its address or the end of one.
    ///
    /// # Errors
    /// If there is none, or several fit.
    pub fn resource(&self, name: &str) -> Result<TestResource<'_>, TestError> {
        let address = find(name, self.records.iter().map(|record| &record.address))?;
        let record = self.records.iter().find(|record| record.address == *address);
        record.map(TestResource).ok_or_else(|| {
            TestError::Lookup(sskuba_core::suggest::LookupError::Unknown {
                text: name.to_owned(),
                near: None,
            })
        })
    }

    /// Returns what the program notes and warns of.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.plan.graph.notes().iter().map(|note| note.text.as_str())
    }

    /// Says what a program would do to the stack as this run left it, with the same configuration and mocks.
    pub fn preview<'a, How>(&self, program: impl IntoProgram<How, Program: 'a>) -> TestCall<'a> {
        TestCall::again(Some((false, Box::new(program.into_program()))), self.setup.clone())
    }

    /// Brings the stack, as this run left it, to what another program declares, or the same one with another
    /// configuration.
    pub fn up<'a, How>(&self, program: impl IntoProgram<How, Program: 'a>) -> TestCall<'a> {
        TestCall::again(Some((true, Box::new(program.into_program()))), self.setup.clone())
    }

    /// Takes the stack down.
    pub fn down(&self) -> TestCall<'static> {
        TestCall::again(None, self.setup.clone())
    }
}

/// Returns a field that may be shown, or says which there are.
fn of(
    fields: &Map,
    name: &str,
    sort: &'static str,
    what: impl FnOnce() -> String,
) -> Result<Json, TestError> {
    fields.get(name).map(|value| value.masked()).ok_or_else(|| TestError::Field {
        what: what(),
        sort,
        name: name.to_owned(),
        near: nearest(name, fields.keys().map(String::as_str)).map(str::to_owned),
    })
}

/// A step of a plan. What a [`Step`] has, it has too: `action`, `reasons`, `changes`, `verdict`.
#[derive(Debug, Clone, Copy)]
pub struct TestStep<'a> {
    step: &'a Step,
    schema: Option<&'a Schema>,
}

impl Deref for TestStep<'_> {
    type Target = Step;

    fn deref(&self) -> &Step {
        self.step
    }
}

impl TestStep<'_> {
    /// Returns an input as the plan knows it; `null` if the program does not set it.
    ///
    /// # Errors
    /// If the kind has no such input.
    pub fn input(&self, name: &str) -> Result<Json, TestError> {
        if let Some(value) = self.step.inputs.get(name) {
            return Ok(value.masked());
        }
        let inputs = || self.schema.into_iter().flat_map(Schema::inputs).map(|field| &*field.name);
        match inputs().any(|input| input == name) {
            true => Ok(Json::Null),
            false => Err(TestError::Field {
                what: self.step.address.to_string(),
                sort: "input",
                name: name.to_owned(),
                near: nearest(name, inputs()).map(str::to_owned),
            }),
        }
    }

    /// Tells whether a field differs, or may.
    pub fn changes(&self, field: &str) -> bool {
        self.step.changes.iter().any(|change| change.field == field)
    }
}

/// A resource as it is recorded. What a [`Record`] has, it has too.
#[derive(Debug, Clone, Copy)]
pub struct TestResource<'a>(&'a Record);

impl Deref for TestResource<'_> {
    type Target = Record;

    fn deref(&self) -> &Record {
        self.0
    }
}

impl TestResource<'_> {
    /// Returns an input that was sent.
    ///
    /// # Errors
    /// If it was not.
    pub fn input(&self, name: &str) -> Result<Json, TestError> {
        of(&self.0.applied, name, "input", || self.0.address.to_string())
    }

    /// Returns a computed field.
    ///
    /// # Errors
    /// If none was reported.
    pub fn output(&self, name: &str) -> Result<Json, TestError> {
        of(&self.0.outputs, name, "output", || self.0.address.to_string())
    }
}
