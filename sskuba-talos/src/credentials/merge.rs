//! Merging one kubeconfig into another.

use std::collections::HashMap;

use super::conflict::{OnConflict, Renamed, free};
use super::kubeconfig::{Kubeconfig, SECTIONS, name};
use crate::yaml::{Map, Node};

impl Kubeconfig {
    /// Takes over clusters, users and contexts of another file by their names, and with them what its current context
    /// is.
    ///
    /// A context that comes with a renamed cluster or user names it by its new name. What else the other file has at
    /// its top is taken over where this one has nothing.
    pub fn merge(&mut self, other: &Self, conflict: OnConflict) -> Vec<Renamed> {
        let mut renamed = Vec::new();
        let mut names: HashMap<(&str, String), String> = HashMap::new();
        for (list, inner) in SECTIONS {
            let mut own = self.list(list).to_vec();
            for entry in other.list(list) {
                let Some(from) = name(entry).map(str::to_owned) else { continue };
                let mut entry = entry.clone();
                if inner == "context" {
                    follow(&mut entry, &names);
                }
                let taken = own.iter().position(|one| name(one) == Some(&from));
                match taken {
                    Some(at) if own[at] == entry => {}
                    Some(at) if conflict == OnConflict::Replace => own[at] = entry,
                    Some(_) => {
                        let theirs = other.list(list);
                        let to = free(&from, |wanted| {
                            // One that came under this name before is not a conflict either.
                            let differs =
                                |one: &Node| name(one) == Some(wanted) && *one != called(&entry, wanted);
                            theirs.iter().any(|one| name(one) == Some(wanted)) || own.iter().any(differs)
                        });
                        if !own.iter().any(|one| name(one) == Some(&to)) {
                            own.push(called(&entry, &to));
                        }
                        renamed.push(Renamed { from: from.clone(), to: to.clone() });
                        names.insert((inner, from), to);
                    }
                    None => own.push(entry),
                }
            }
            if !own.is_empty() {
                self.root.insert(list.to_owned(), Node::Seq(own));
            }
        }
        self.take_rest(other, &names);
        renamed
    }

    /// Takes over the current context, and what this file has nothing of.
    fn take_rest(&mut self, other: &Self, names: &HashMap<(&str, String), String>) {
        if let Some(current) = other.current() {
            let to = names.get(&("context", current.to_owned())).map_or(current, String::as_str);
            if self.names().any(|name| name == to) {
                self.root.insert("current-context".to_owned(), to.into());
            }
        }
        for (key, node) in &other.root {
            let own = SECTIONS.iter().any(|(list, _)| key == list) || key == "current-context";
            if !own {
                self.root.entry(key.clone()).or_insert_with(|| node.clone());
            }
        }
    }
}

/// Returns an entry under another name.
fn called(entry: &Node, to: &str) -> Node {
    let mut entry = entry.clone();
    if let Some(entry) = entry.as_map_mut() {
        entry.insert("name".to_owned(), to.into());
    }
    entry
}

/// Lets a context name the cluster and the user that came with it by their new names.
fn follow(entry: &mut Node, names: &HashMap<(&str, String), String>) {
    let Some(context) =
        entry.as_map_mut().and_then(|entry| entry.get_mut("context")).and_then(Node::as_map_mut)
    else {
        return;
    };
    for inner in ["cluster", "user"] {
        point(context, inner, names);
    }
}

/// Changes one reference.
fn point(context: &mut Map, inner: &'static str, names: &HashMap<(&str, String), String>) {
    let Some(Node::String(reference)) = context.get_mut(inner) else { return };
    if let Some(to) = names.get(&(inner, reference.clone())) {
        reference.clone_from(to);
    }
}
