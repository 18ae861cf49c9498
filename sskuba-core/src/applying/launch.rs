//! How a call is launched: its intent is staged, and it starts when that is durable.

use std::sync::Arc;

use super::begin::lookup_time;
use super::dispatcher::{Ready, Run, Running};
use super::gate::Ticket;
use crate::address::{Address, Token};
use crate::calling::{Call, Configured, bound, hidden, named_hidden, place_id, place_of, prior_of};
use crate::clock::Timestamp;
use crate::event::Event;
use crate::graph::NodeId;
use crate::journal::JournalError;
use crate::lifecycle::HookName;
use crate::plan::{Action, Step, dependencies, flags};
use crate::provider::{Cx, FoundHook};
use crate::schema::{Schema, strip_triggers};
use crate::state::{Entry, Intent, Verb};
use crate::value::Map;

impl Run<'_> {
    /// Stages the intent of a create or an update of a declared resource.
    pub(super) fn call(
        &mut self,
        id: NodeId,
        step: &Step,
        action: Action,
        verb: Verb,
        token: Token,
        inputs: Map,
    ) -> Result<(), JournalError> {
        let plan = self.plan;
        let node = plan.graph.node(id);
        let declared = self.instance_of_node(id);
        let Some((instance, ticket)) = self.admitted(id, step, action, (token, &inputs)) else {
            return Ok(());
        };
        let user = match verb {
            Verb::Create => node.lifecycle.timeouts.create,
            _ => node.lifecycle.timeouts.update,
        };
        let cx = self.cx(&step.address, token, bound(user, &node.schema.expected, verb));
        let place = place_id(self.journal, &instance)?;
        if let Some(failure) = self.key_taken(node, token, &inputs, place) {
            self.gates.leave(&ticket, false);
            self.fail(id, action, failure);
            return Ok(());
        }
        let Some(hooks) = self.hooks(id, action, &ticket, &node.lifecycle.hooks) else { return Ok(()) };
        let now = self.tools.clock.now();
        let (kind, version) = (Some(Arc::clone(&node.schema)), node.schema.version);
        let dependencies = dependencies(&plan.graph, id);
        let sent = strip_triggers(inputs.clone());
        let generation = instance.generation.filter(|_| !node.schema.is_instance());
        let call = self.prepared((verb, cx, sent), instance, kind, hooks, (now, &dependencies));
        self.journal.stage(Entry::Intent(Box::new(Intent {
            verb,
            address: step.address.clone(),
            token,
            inputs,
            version,
            provider: declared,
            instance: generation,
            place,
            dependencies,
            flags: flags(&plan.graph, id),
            time: now,
        })))?;
        self.launch(id, step, action, ticket, token, call);
        Ok(())
    }

    /// Finds the provider of a create or an update, which for a provider instance is made with the new settings, and a slot.
    fn admitted(
        &mut self,
        id: NodeId,
        step: &Step,
        action: Action,
        (token, inputs): (Token, &Map),
    ) -> Option<(Configured, Ticket)> {
        let declared = self.instance_of_node(id);
        let (instance, ticket) = self.enter(id, step, (declared.as_ref(), None))?;
        let tools = self.tools;
        if !tools.registry.is_instance(&step.address) {
            return Some((instance, ticket));
        }
        match tools.instances.configure(&tools.registry, &step.address, Some(token), inputs) {
            Ok(configured) => Some((configured, ticket)),
            Err(failure) => {
                self.gates.leave(&ticket, false);
                self.fail(id, action, failure);
                None
            }
        }
    }

    /// Removes a recorded generation.
    pub(super) fn remove(&mut self, id: NodeId, step: &Step, token: Token) -> Result<(), JournalError> {
        let Some(record) = self.journal.state().record(token).cloned() else {
            self.frontier.complete(id);
            return Ok(());
        };
        let instance_kind = self.tools.registry.is_instance(&step.address);
        if !step.calls || instance_kind {
            let why = step.reasons.last().map(ToString::to_string).unwrap_or_default();
            self.journal.stage(Entry::Forgotten { token, why })?;
            let (address, action) = (step.address.clone(), step.action);
            self.news.push(Event::Finished { address, action, id: String::new(), took_ms: 0 });
            self.counts.delete += u32::from(step.part_of.is_none());
            self.frontier.complete(id);
            return Ok(());
        }
        let used = (record.provider.as_ref(), record.instance);
        let Some((instance, ticket)) = self.enter(id, step, used) else { return Ok(()) };
        let Some(hooks) = self.hooks(id, Action::Delete, &ticket, &record.flags.hooks) else {
            return Ok(());
        };
        let schema = self.tools.registry.schema(step.address.kind_str()).ok();
        let user = record.flags.delete_timeout.map(std::time::Duration::from_millis);
        let fallback = lookup_time();
        let expected = schema.as_ref().map_or(&fallback, |schema: &Arc<Schema>| &schema.expected);
        let cx = self.cx(&step.address, token, bound(user, expected, Verb::Delete));
        let now = self.tools.clock.now();
        let call = self.prepared((Verb::Delete, cx, Map::new()), instance, schema, hooks, (now, &[]));
        self.journal.stage(Entry::Intent(Box::new(Intent::to_delete(&record, now))))?;
        self.launch(id, step, Action::Delete, ticket, token, call);
        Ok(())
    }

    /// Makes a call on a generation as it is recorded now; `named` are the resources that its inputs may name.
    fn prepared(
        &self,
        (verb, cx, inputs): (Verb, Cx, Map),
        instance: Configured,
        schema: Option<Arc<Schema>>,
        hooks: Vec<FoundHook>,
        (now, named): (Timestamp, &[Address]),
    ) -> Call {
        let state = self.journal.state();
        let record = state.record(cx.token);
        Call {
            verb,
            lease: Arc::clone(self.journal.lease_guard()),
            instance,
            hidden: hidden(schema.as_deref(), record, now),
            named_hidden: named_hidden(&self.tools.registry, state, named, now),
            inputs,
            prior: record.map(|record| prior_of(record, schema.as_deref())),
            status: record.map(|record| record.status),
            place: place_of(state, record),
            schema,
            hooks,
            cx,
        }
    }

    /// Finds the hooks of a step; without one of them it fails before its call.
    fn hooks(
        &mut self,
        id: NodeId,
        action: Action,
        ticket: &Ticket,
        names: &[HookName],
    ) -> Option<Vec<FoundHook>> {
        match self.tools.registry.hooks(names) {
            Ok(hooks) => Some(hooks),
            Err(failure) => {
                self.gates.leave(ticket, false);
                self.fail(id, action, failure);
                None
            }
        }
    }

    fn launch(&mut self, id: NodeId, step: &Step, action: Action, ticket: Ticket, token: Token, call: Call) {
        self.running.insert(id, Running { action, ticket: Some(ticket), token: Some(token) });
        let started = Event::Started { address: step.address.clone(), action, expected_ms: step.expected };
        self.ready.push(Ready { step: id, call, started });
    }

    pub(super) fn cx(&self, address: &Address, token: Token, timeout: std::time::Duration) -> Cx {
        Cx::new(self.plan.stack.clone(), address.clone(), token, timeout)
    }
}
