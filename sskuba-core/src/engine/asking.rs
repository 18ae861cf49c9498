//! Asks providers what updates would do beyond what their fields say, such as that a machine restarts.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::build::Engine;
use super::error::EngineError;
use super::placing::declared;
use crate::calling::{Configured, Instances, panicked, prior_of, within};
use crate::plan::{Action, Plan, Step, Subject, Verdict};
use crate::planning::Diagnostic;
use crate::provider::{Change, Class, Cx, Failure};
use crate::schema::without_triggers;
use crate::state::State;
use crate::value::Value;

/// How long one answer is waited for: a plan without it is better than none.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many are asked at once.
const AT_ONCE: usize = 16;

/// A question: the step that it is about, whom to ask, and what.
struct Question {
    step: usize,
    instance: Configured,
    cx: Cx,
    change: Change,
}

impl Engine {
    /// Asks of each update that is certain and whose kind wants to be asked, and notes the answers in the plan. Comes after
    /// [`Self::preview_places`]: who is asked in the wrong place would answer for another object.
    ///
    /// # Errors
    /// If a provider says that what is wanted cannot be done.
    pub(super) async fn ask_what_updates_do(
        &self,
        plan: &mut Plan,
        state: &State,
        instances: &Instances,
    ) -> Result<(), EngineError> {
        let steps = plan.steps.iter().enumerate();
        let questions: Vec<Question> =
            steps.filter_map(|(at, step)| self.question(plan, (at, step), state, instances)).collect();
        if questions.is_empty() {
            return Ok(());
        }
        let (mut tasks, gate) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
        for Question { step, instance, cx, change } in questions {
            let gate = Arc::clone(&gate);
            tasks.spawn(async move {
                let _permit = gate.acquire().await;
                let ask = async { instance.get().await?.preview(&cx, &change).await };
                (step, within(cx.timeout, ask).await)
            });
        }
        let mut refused = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            let Ok((at, answer)) = ended else {
                tracing::warn!(failure = %panicked(), "asked what an update does");
                continue;
            };
            match answer {
                Ok(notes) => plan.steps[at].notes = notes,
                Err(failure) => self.unanswered(plan, at, failure, &mut refused),
            }
        }
        refused.sort_by_key(|(at, _)| *at);
        let refused: Vec<Diagnostic> = refused.into_iter().map(|(_, refused)| refused).collect();
        if refused.is_empty() { Ok(()) } else { Err(EngineError::Plan(refused)) }
    }

    /// Refuses what the provider says cannot be done; that nobody answered is noted.
    fn unanswered(
        &self,
        plan: &mut Plan,
        at: usize,
        failure: Failure,
        refused: &mut Vec<(usize, Diagnostic)>,
    ) {
        let step = &mut plan.steps[at];
        let Failure { class, message, hint, .. } = failure;
        let Class::Invalid(field) = class else {
            step.notes = vec![format!("what else it does could not be found out: {message}")];
            return;
        };
        let message = hint.map_or_else(|| message.clone(), |hint| format!("{message}; {hint}"));
        let mut diagnostic = Diagnostic::of(&step.address, message).field(field);
        if let Subject::Declared(node) = step.subject {
            diagnostic = diagnostic.source(plan.graph.node(node).source);
        }
        refused.push((at, diagnostic));
    }

    fn question(
        &self,
        plan: &Plan,
        (at, step): (usize, &Step),
        state: &State,
        instances: &Instances,
    ) -> Option<Question> {
        let Subject::Declared(node) = step.subject else { return None };
        let is_sure = step.action == Action::Update && step.verdict == Verdict::Certain;
        let node = plan.graph.node(node);
        if !is_sure || !node.schema.asks || step.inputs.values().any(Value::has_unknown) {
            return None;
        }
        let record = state.record(step.prior?)?;
        let instance = match node.provider {
            Some(settings) => declared((&self.registry, instances), plan.step(settings))?.1,
            None => instances.of(&self.registry, state, step.address.provider(), (None, None)),
        };
        let instance = instance.ok()?;
        let cx = Cx::new(plan.stack.clone(), step.address.clone(), record.token, PATIENCE);
        let inputs = without_triggers(&step.inputs).into_owned();
        let change = Change { prior: prior_of(record, Some(&node.schema)), inputs };
        Some(Question { step: at, instance, cx, change })
    }
}
