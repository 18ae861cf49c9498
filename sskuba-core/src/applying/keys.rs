//! Keys that only the apply knows: nothing is made with the key of an object that the stack has already.

use std::collections::HashMap;

use super::dispatcher::Run;
use crate::address::Token;
use crate::graph::Node;
use crate::plan::{Key, Keys, Within, describe};
use crate::provider::{Class, Failure};
use crate::state::{PlaceId, Verb};
use crate::value::Map;

/// Which generation has a key; made when it is first asked for.
#[derive(Default)]
pub(super) struct KeyIndex(Option<HashMap<Key, Token>>);

impl Run<'_> {
    /// Says which other object of the stack has a key that a call would give to its own.
    pub(super) fn key_taken(
        &mut self,
        node: &Node,
        token: Token,
        inputs: &Map,
        place: Option<PlaceId>,
    ) -> Option<Failure> {
        if node.schema.unique.is_empty() {
            return None;
        }
        let provider = node.provider.map(|provider| &self.plan.graph.node(provider).address);
        let within = Within::new(place, provider);
        let keys = Keys::of(&node.schema, inputs, &within).known;
        let mut index = self.keys.0.take().unwrap_or_else(|| self.index_keys());
        let taken = keys.iter().find_map(|key| {
            let holder = *index.get(key).filter(|holder| **holder != token)?;
            self.has_key(holder, key).then_some(holder)
        });
        if taken.is_none() {
            index.extend(keys.into_iter().map(|key| (key, token)));
        }
        self.keys.0 = Some(index);
        let holder = taken?;
        let state = self.journal.state();
        let (address, id) = match (state.record(holder), state.pending_of(holder)) {
            (Some(record), _) => (&record.address, record.id.as_str()),
            (None, Some(open)) => (&open.address, "being made"),
            (None, None) => return None,
        };
        let message = format!(
            "it would be a second object with {}, which {address} ({id}) has",
            describe(&node.schema, inputs)
        );
        let hint = match *address == node.address {
            true => "nothing was touched; mark it `.delete_before_create()`, so that the old one goes first",
            false => "nothing was touched; declare the object once, or let the other one go first",
        };
        Some(Failure::new(Class::Conflict, message).hint(hint))
    }

    fn index_keys(&self) -> HashMap<Key, Token> {
        let mut index = HashMap::new();
        for record in self.journal.state().records() {
            if let Ok(schema) = self.tools.registry.schema(record.address.kind_str()) {
                let keys = Keys::recorded(&schema, record).known;
                index.extend(keys.into_iter().map(|key| (key, record.token)));
            }
        }
        index
    }

    /// Tells whether a generation still has a key, or is about to.
    fn has_key(&self, holder: Token, key: &Key) -> bool {
        let state = self.journal.state();
        let open = state.pending_of(holder).filter(|open| open.verb != Verb::Delete);
        let schema = |kind: &str| self.tools.registry.schema(kind).ok();
        let wanted = open.and_then(|open| {
            let within = Within::new(open.place, open.provider.as_ref());
            Some(Keys::of(&*schema(open.address.kind_str())?, &open.inputs, &within))
        });
        let recorded = state
            .record(holder)
            .and_then(|record| Some(Keys::recorded(&*schema(record.address.kind_str())?, record)));
        wanted.into_iter().chain(recorded).any(|keys| keys.known.contains(key))
    }
}
