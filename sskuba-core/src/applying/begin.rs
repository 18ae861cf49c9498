//! How a step begins: its inputs are evaluated, the plan's decision is asked again with them, and the intent
//! is staged.

use super::dispatcher::{Back, Run, Running};
use super::rollout::gate_of;
use crate::address::{Address, Token};
use crate::advice::Advice;
use crate::calling::{Configured, named_hidden, while_hidden};
use crate::event::Event;
use crate::graph::{Node, NodeId};
use crate::journal::JournalError;
use crate::plan::{Action, Order, Reason, Step, Subject, Verdict, decide, dependencies, flags};
use crate::provider::{Class, Failure, resealed};
use crate::schema::{Schema, without_triggers};
use crate::state::{Entry, Record, RunResult, Verb};
use crate::value::{Map, Value};

impl Run<'_> {
    /// Begins a step that the frontier handed out.
    pub(super) fn begin(&mut self, id: NodeId) -> Result<(), JournalError> {
        let plan = self.plan;
        let step = plan.step(id);
        match step.subject {
            _ if step.verdict == Verdict::Excluded => {
                self.counts.unchanged += u32::from(step.prior.is_some());
                self.frontier.complete(id);
            }
            Subject::Recorded(token) => return self.remove(id, step, token),
            Subject::Ready(node) => self.wait_for(id, step, node),
            Subject::Declared(node) => {
                let declared = plan.graph.node(node);
                match self.inputs(declared) {
                    Err(failure) => self.fail(id, step.action, failure),
                    Ok(inputs) if declared.schema.is_lookup() => self.look_up(id, step, inputs),
                    Ok(inputs) => return self.bring(id, step, declared, inputs),
                }
            }
        }
        Ok(())
    }

    /// Ends a step that does nothing.
    fn pass(&mut self, id: NodeId) {
        match self.plan.step(id).moved_from {
            Some(_) => self.counts.moved += 1,
            None => self.counts.unchanged += 1,
        }
        self.frontier.complete(id);
    }

    /// Evaluates and checks the inputs with what is known now.
    fn inputs(&self, node: &Node) -> Result<Map, Failure> {
        let mut inputs = Map::new();
        for (name, expr) in &node.inputs {
            let value = expr.evaluate(&|node, field| self.field(NodeId(node.index()), field));
            let invalid = |why: String| Failure::new(Class::Invalid(name.to_string()), why);
            let value = value.map_err(invalid)?;
            if value.has_unknown() {
                return Err(invalid("the resource that it comes from is not there".to_owned()));
            }
            inputs.insert(name.to_string(), value);
        }
        let inputs = node.schema.complete(inputs);
        // Planning asked the same, as far as it knew the values.
        let kind = &node.schema.kind;
        let provider = self.tools.registry.provider(kind.provider(), kind.as_str());
        let errors = node.schema.check_with(&inputs, || {
            provider
                .map(|provider| provider.check(&node.schema, &without_triggers(&inputs)))
                .unwrap_or_default()
        });
        match errors.into_iter().next() {
            Some(error) => Err(Failure::new(Class::Invalid(error.field), error.message)),
            None => Ok(inputs),
        }
    }

    /// Returns a field of a declared resource as it is now.
    pub(super) fn field(&self, id: NodeId, name: &str) -> Value {
        let node = self.plan.graph.node(id);
        let computed = node.schema.field(name).is_some_and(|field| field.computed);
        if node.schema.is_lookup() {
            return match self.lookups.get(&id) {
                Some(answer) if computed => answer.get(name).cloned().unwrap_or_default(),
                _ if computed => Value::Unknown,
                _ => self.plan.step(id).inputs.get(name).cloned().unwrap_or_default(),
            };
        }
        match self.journal.state().current(&node.address) {
            None => Value::Unknown,
            Some(record) if computed => record.outputs.get(name).cloned().unwrap_or_default(),
            Some(record) => record.applied.get(name).cloned().unwrap_or_default(),
        }
    }

    fn look_up(&mut self, id: NodeId, step: &Step, inputs: Map) {
        if !step.calls {
            self.counts.read += 1;
            self.frontier.complete(id);
            return;
        }
        let declared = self.instance_of_node(id);
        let Some((instance, ticket)) = self.enter(id, step, (declared.as_ref(), None)) else {
            return;
        };
        let cx = self.cx(
            &step.address,
            Token::new([0; 16]),
            crate::calling::bound(None, &lookup_time(), Verb::Create),
        );
        self.running.insert(id, Running { action: Action::Read, ticket: Some(ticket), token: None });
        let expected_ms = step.expected;
        self.options.events.emit(Event::Started {
            address: step.address.clone(),
            action: Action::Read,
            expected_ms,
        });
        let needs = dependencies(&self.plan.graph, id);
        let now = self.tools.clock.now();
        let window = named_hidden(&self.tools.registry, self.journal.state(), &needs, now);
        let handle = self.tasks.spawn(async move {
            let ask = || async { instance.get().await?.lookup(&cx, &inputs).await };
            let answer = crate::calling::within(cx.timeout, while_hidden(window, ask));
            Back::Looked(answer.await)
        });
        self.task_steps.insert(handle.id(), id);
    }

    pub(super) fn instance_of_node(&self, id: NodeId) -> Option<Address> {
        let graph = &self.plan.graph;
        graph.node(id).provider.map(|provider| graph.node(provider).address.clone())
    }

    /// Finds the provider and a slot for a step; without one the step waits at the gate or has failed.
    pub(super) fn enter(
        &mut self,
        id: NodeId,
        step: &Step,
        declared: (Option<&Address>, Option<Token>),
    ) -> Option<(Configured, super::gate::Ticket)> {
        let kind = step.address.kind_str();
        let registry = &self.tools.registry;
        let instance = match self.tools.instances.of(registry, self.journal.state(), kind, declared) {
            Ok(instance) => instance,
            Err(failure) => {
                self.fail(id, step.action, failure);
                return None;
            }
        };
        let schema = registry.schema(kind).ok();
        if let Some(failure) = self.stopped_rollout(schema.as_deref(), step) {
            self.fail(id, step.action, failure);
            return None;
        }
        let (gate, limit) = gate_of(schema.as_deref(), step);
        let limits = instance.base().limits();
        let ticket = self.gates.enter(id, &instance.name, limits, &gate, limit)?;
        Some((instance, ticket))
    }

    /// Brings a declared resource to what is declared.
    fn bring(&mut self, id: NodeId, step: &Step, node: &Node, inputs: Map) -> Result<(), JournalError> {
        let Some(record) = self.journal.state().current(&node.address) else {
            if !matches!(step.action, Action::Create | Action::Replace) {
                let action = step.action;
                self.fail(id, action, stale("its record is gone"));
                return Ok(());
            }
            let token = self.tools.ids.token();
            return self.call(id, step, step.action, Verb::Create, token, inputs);
        };
        let force = step.force.as_ref().filter(|force| self.holds(&force.reason, step, node, record));
        let decision = decide(record, &node.schema, &node.lifecycle, inputs, force, self.plan.made);
        let (token, reseals, inputs) = (record.token, decision.reseals(), decision.inputs);
        if decision.action > step.action {
            let what =
                format!("the plan announced at most {}, and now it needs {}", step.action, decision.action);
            self.fail(id, step.action, stale(&what));
            return Ok(());
        }
        match decision.action {
            Action::Replace if node.lifecycle.keep_generation => {
                let message = "it is protected, and values that are known now ask for its replacement";
                let failure = Failure::new(Class::Conflict, message);
                self.fail(
                    id,
                    step.action,
                    failure.hint(
                        "take the change back, or permit it: without `.protect()`, or with `.unprotect()`",
                    ),
                );
                Ok(())
            }
            Action::Replace => {
                match self.obstacle(id) {
                    Some(failure) => self.fail(id, step.action, failure),
                    None => return self.replace(id, step, node, inputs),
                }
                Ok(())
            }
            Action::Update => self.call(id, step, Action::Update, Verb::Update, token, inputs),
            _ => {
                if reseals {
                    self.reseal(token, &node.schema, inputs)?;
                }
                self.record(id, token)?;
                self.pass(id);
                Ok(())
            }
        }
    }

    /// Says what forbids a replacement that the plan called possible, in it or in what has to follow it: before
    /// anything of that is touched.
    fn obstacle(&mut self, id: NodeId) -> Option<Failure> {
        let found = self.plan.obstacles(id, &mut self.free);
        let first = found.first()?;
        let why: Vec<String> = found.iter().map(ToString::to_string).collect();
        let message = format!("values that are known now ask for its replacement, and {}", why.join("; "));
        let failure = Failure::new(Class::Conflict, message)
            .hint("take the change back, or remove what forbids it first");
        Some(Failure { advice: first.advice.clone(), ..failure })
    }

    /// Tells whether what the plan saw as a reason for a replacement has come about, and was not followed yet.
    fn holds(&self, reason: &Reason, step: &Step, node: &Node, record: &Record) -> bool {
        if step.prior != Some(record.token) {
            return false;
        }
        let replaced = |cause: NodeId| {
            let cause = self.plan.step(cause);
            let now = self.journal.state().current(&cause.address).map(|record| record.token);
            cause.prior.is_some() && now != cause.prior
        };
        match reason {
            Reason::Requested => true,
            Reason::DeletedWith { .. } => node.deleted_with.is_some_and(replaced),
            Reason::Place { .. } => self.moves(node, record),
            _ => false,
        }
    }

    /// Tells whether a resource is to be in another place than its object is.
    fn moves(&self, node: &Node, record: &Record) -> bool {
        let state = self.journal.state();
        let declared = node.provider.map(|provider| &self.plan.graph.node(provider).address);
        let kind = record.address.kind_str();
        let (tools, current) = (self.tools, declared.and_then(|address| state.current(address)));
        if declared == record.provider.as_ref() && current.map(|record| record.token) == record.instance {
            return false;
        }
        let Ok(wanted) = tools.instances.of(&tools.registry, state, kind, (declared, None)) else {
            return true;
        };
        match (record.place.and_then(|place| state.place(place)), wanted.known_place()) {
            (Some(there), Some(wanted)) => there != wanted,
            _ => true,
        }
    }

    /// Records edges and options that differ, without a call.
    fn record(&mut self, id: NodeId, token: Token) -> Result<(), JournalError> {
        let (dependencies, flags) = (dependencies(&self.plan.graph, id), flags(&self.plan.graph, id));
        let provider = self.instance_of_node(id);
        let state = self.journal.state();
        let instance =
            provider.as_ref().and_then(|address| state.current(address)).map(|record| record.token);
        let Some(record) = state.record(token) else { return Ok(()) };
        let same = (&record.provider, record.instance) == (&provider, instance);
        if record.dependencies != dependencies || record.flags != flags || !same {
            self.journal.stage(Entry::Recorded { token, dependencies, provider, instance, flags })?;
        }
        Ok(())
    }

    /// Records what is secret now in what is recorded already.
    fn reseal(&mut self, token: Token, schema: &Schema, inputs: Map) -> Result<(), JournalError> {
        let Some(record) = self.journal.state().record(token) else { return Ok(()) };
        let (observed, outputs) = resealed(schema, (&record.observed, &record.outputs), &inputs);
        self.journal.stage(Entry::Resealed { token, applied: inputs, observed, outputs })
    }

    fn replace(&mut self, id: NodeId, step: &Step, node: &Node, inputs: Map) -> Result<(), JournalError> {
        let first = step.order == Order::DeleteFirst
            || node.schema.delete_first
            || node.lifecycle.delete_before_create;
        // The old generation of a provider instance stays for as long as something is in its place.
        if !first || (step.delete_step.is_none() && node.schema.is_instance()) {
            let token = self.tools.ids.token();
            return self.call(id, step, Action::Replace, Verb::Create, token, inputs);
        }
        let Some(delete) = step.delete_step else {
            self.fail(id, step.action, stale("the plan has no delete for its old generation"));
            return Ok(());
        };
        self.delete_first(id, delete);
        Ok(())
    }

    /// Ends a step badly before or after its call; what depends on it is skipped.
    pub(super) fn fail(&mut self, id: NodeId, action: Action, mut failure: Failure) {
        let step = self.plan.step(id);
        if let Some(there) = &failure.exists {
            failure.hint = Some("it is not this stack's, and was left alone".to_owned());
            failure.advice = vec![Advice::Import { address: step.address.clone(), id: there.clone() }];
        }
        let past = self.goes_past(id, &failure.class);
        let source_line = match step.subject {
            Subject::Declared(node) => Some(crate::graph::line(self.plan.graph.node(node).source)),
            Subject::Ready(node) => Some(crate::graph::line(self.plan.graph.node(node).source)),
            Subject::Recorded(_) => None,
        };
        self.news.push(Event::Failed {
            address: step.address.clone(),
            action,
            class: failure.class.clone(),
            message: failure.message.clone(),
            request_id: failure.request_id.clone(),
            hint: failure.hint.clone(),
            advice: failure.advice.clone(),
            source_line: source_line.clone(),
        });
        self.counts.failed += 1;
        self.failures.push(super::report::FailedStep {
            address: step.address.clone(),
            action,
            failure,
            source_line,
        });
        let because = step.address.clone();
        let lost = match &past {
            Some(left) => self.frontier.fail_past(id, |other| left.contains(&other)),
            None => self.frontier.fail(id),
        };
        self.lose(lost, &format!("{because} failed"));
        if past.is_none() && !self.options.continue_on_error {
            self.stop(RunResult::Failed, &format!("{because} failed"));
        }
    }
}

fn stale(what: &str) -> Failure {
    Failure::new(Class::Conflict, what).hint("nothing was touched").advice(Advice::PlanAnew)
}

pub(super) fn lookup_time() -> crate::schema::Durations {
    let second = std::time::Duration::from_secs(1);
    crate::schema::Durations {
        create: second,
        made: std::time::Duration::ZERO,
        update: second,
        delete: second,
    }
}
