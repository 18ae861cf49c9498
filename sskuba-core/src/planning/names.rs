//! Former names: which record a resource that is called otherwise now continues.

use std::collections::BTreeMap;

use super::declared::{Declared, Recorded};
use super::diagnostic::Diagnostic;
use crate::address::Address;
use crate::graph::{Node, line};

impl<'a> Declared<'a> {
    /// Refuses former names that several resources claim, and those of another kind.
    pub(super) fn refuse_names(&self, problems: &mut Vec<Diagnostic>) {
        let mut claims: BTreeMap<Address, Vec<&Node>> = BTreeMap::new();
        for node in self.request.graph.nodes() {
            for alias in &node.lifecycle.aliases {
                let former = alias.resolve(&node.address);
                if !same_kind(&former, node) {
                    let message = format!(
                        "its former name {former} is of kind {}, and it is of kind {}; what is recorded there is \
                         another thing: remove the alias",
                        former.kind_str(),
                        node.address.kind_str()
                    );
                    problems.push(Diagnostic::of(&node.address, message).source(node.source));
                }
            }
            if let Some((_, Some(former))) = self.recorded(node) {
                claims.entry(former).or_default().push(node);
            }
        }
        for (former, nodes) in claims.into_iter().filter(|(_, nodes)| nodes.len() > 1) {
            let named = |node: &&Node| format!("{} ({})", node.address, line(node.source));
            let names: Vec<String> = nodes.iter().map(named).collect();
            let message = format!(
                "{} each say that they were called {former}, and only one can be; remove the alias from the others",
                names.join(" and ")
            );
            problems.push(Diagnostic::general(message));
        }
    }

    /// Finds the record of a resource, by its address or by a former one that nothing else is called now.
    pub(super) fn recorded(&self, node: &Node) -> Option<Recorded<'a>> {
        let state = self.request.state;
        if let Some(record) = state.current(&node.address) {
            return Some((record, None));
        }
        node.lifecycle.aliases.iter().find_map(|alias| {
            let former = alias.resolve(&node.address);
            let taken = self.request.graph.find(&former).is_some() || self.moved.contains_key(&former);
            if taken || !same_kind(&former, node) {
                return None;
            }
            state.current(&former).map(|record| (record, Some(former)))
        })
    }
}

fn same_kind(former: &Address, node: &Node) -> bool {
    former.kind_str() == node.address.kind_str()
}
