//! Expressions made of others: shared, and walked by loops, so that neither length nor depth matters.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::{Expr, NodeRef};
use crate::value::{Segment, Value};

/// A function of the values of an expression's parts.
pub(super) type Function = dyn Fn(Vec<Value>) -> Result<Value, String> + Send + Sync;

/// How the values of an expression's parts become its own.
#[derive(Clone)]
pub(super) enum How {
    /// As a list.
    List,
    /// As a map with these keys, which are in order.
    Map(Vec<String>),
    /// By a function of the program.
    Call(Arc<Function>),
    /// As the only part's, marked secret.
    Secret,
    /// As what a path leads to in the only part's.
    Part(Vec<Segment>),
    /// As the entries of the first of two maps and of the second, which wins.
    Entries,
    /// As the entry of this name in the only part's, which has to be there; what has it, for people.
    Entry(String, String),
}

/// Parts, and what is made of them.
#[derive(Clone)]
pub(super) struct Join {
    pub(super) parts: Vec<Expr>,
    pub(super) how: How,
}

/// An expression made of others. Cheap to clone: clones share the parts, and what they evaluate to is computed once.
#[derive(Clone)]
pub struct Joined(Option<Arc<Join>>);

impl Joined {
    pub(super) fn new(parts: Vec<Expr>, how: How) -> Self {
        Self(Some(Arc::new(Join { parts, how })))
    }

    /// Returns the parts; none while it is dropped.
    pub(super) fn get(&self) -> Option<&Arc<Join>> {
        self.0.as_ref()
    }

    /// Returns the resource whose field is the first item of a list that is one.
    pub(super) fn first_item(&self) -> Option<NodeRef> {
        let list = self.get().filter(|join| matches!(join.how, How::List))?;
        list.parts.iter().find_map(|part| match part {
            Expr::Field(node, _) => Some(node.clone()),
            _ => None,
        })
    }

    fn own(&mut self) -> Option<&mut Join> {
        self.0.as_mut().map(Arc::make_mut)
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        let mut todo = Vec::from_iter(self.0.take());
        while let Some(join) = todo.pop() {
            for mut part in Arc::into_inner(join).map(|join| join.parts).unwrap_or_default() {
                if let Expr::Joined(joined) = &mut part {
                    todo.extend(joined.0.take());
                }
            }
        }
    }
}

impl fmt::Debug for Joined {
    /// Names the fields that it uses, and not how: that may be of any length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        let name = match self.get().map(|join| &join.how) {
            Some(How::List) => "List",
            Some(How::Map(_)) => "Map",
            Some(How::Call(_)) => "Call",
            Some(How::Secret) => "Secret",
            Some(How::Part(_)) => "Part",
            Some(How::Entries) => "Entries",
            Some(How::Entry(..)) => "Entry",
            None => "Dropped",
        };
        let mut tuple = f.debug_tuple(name);
        let mut used = Vec::new();
        walk(self, &mut |expr| match expr {
            Expr::Field(node, field) => used.push(format!("{node:?}.{field}")),
            Expr::Invalid(why) => used.push(why.clone()),
            _ => {}
        });
        used.sort();
        used.dedup();
        used.iter().take(SHOWN).for_each(|used| {
            tuple.field(&format_args!("{used}"));
        });
        if used.len() > SHOWN {
            tuple.field(&format_args!("{} more", used.len() - SHOWN));
        }
        tuple.finish()
    }
}

/// Visits the innermost parts in their order; of parts that are used several times, once.
fn walk(joined: &Joined, visit: &mut dyn FnMut(&Expr)) {
    let mut seen = HashSet::new();
    let mut todo: Vec<&Expr> = Vec::new();
    let mut next = joined.get();
    loop {
        if let Some(join) = next.take()
            && seen.insert(Arc::as_ptr(join))
        {
            todo.extend(join.parts.iter().rev());
        }
        match todo.pop() {
            Some(Expr::Joined(joined)) => next = joined.get(),
            Some(other) => visit(other),
            None => return,
        }
    }
}

impl Expr {
    /// Makes a call of `function` on the values of `args`, which are all known and opened when it runs.
    pub fn call(
        args: Vec<Expr>,
        function: impl Fn(Vec<Value>) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        Self::Joined(Joined::new(args, How::Call(Arc::new(function))))
    }

    /// Makes a list.
    pub fn list(items: Vec<Expr>) -> Self {
        Self::Joined(Joined::new(items, How::List))
    }

    /// Makes a map.
    pub fn map(entries: BTreeMap<String, Expr>) -> Self {
        let (keys, parts) = entries.into_iter().unzip();
        Self::Joined(Joined::new(parts, How::Map(keys)))
    }

    /// Marks the value as secret.
    #[must_use]
    pub fn secret(self) -> Self {
        Self::Joined(Joined::new(vec![self], How::Secret))
    }

    /// Appends an item, if the expression is a list; otherwise gives it back.
    pub(crate) fn push(&mut self, item: Expr) -> Result<(), Expr> {
        if let Self::Joined(joined) = self
            && matches!(joined.get().map(|join| &join.how), Some(How::List))
            && let Some(join) = joined.own()
        {
            join.parts.push(item);
            return Ok(());
        }
        Err(item)
    }

    /// Puts an entry, if the expression is a map; otherwise gives it back.
    pub(crate) fn insert(&mut self, key: &str, value: Expr) -> Result<(), Expr> {
        if let Self::Joined(joined) = self
            && matches!(joined.get().map(|join| &join.how), Some(How::Map(_)))
            && let Some(Join { parts, how: How::Map(keys) }) = joined.own()
        {
            match keys.binary_search_by(|other| other.as_str().cmp(key)) {
                Ok(at) => parts[at] = value,
                Err(at) => {
                    keys.insert(at, key.to_owned());
                    parts.insert(at, value);
                }
            }
            return Ok(());
        }
        Err(value)
    }

    /// Takes an entry out, if the expression is a map; `Null` where there is none. None if it is no map.
    pub(crate) fn take_entry(&mut self, key: &str) -> Option<Expr> {
        const NONE: Expr = Expr::Value(Value::Null);
        match self {
            Self::Value(Value::Null) => Some(NONE),
            Self::Value(Value::Map(map)) => Some(map.remove(key).map_or(NONE, Expr::Value)),
            Self::Joined(joined) if matches!(joined.get().map(|join| &join.how), Some(How::Map(_))) => {
                let Some(Join { parts, how: How::Map(keys) }) = joined.own() else { return None };
                Some(match keys.binary_search_by(|other| other.as_str().cmp(key)) {
                    Ok(at) => {
                        keys.remove(at);
                        parts.remove(at)
                    }
                    Err(_) => NONE,
                })
            }
            _ => None,
        }
    }

    /// Returns what a path leads to in the value; nothing where there is no such part. What is secret stays secret.
    #[must_use]
    pub fn part(self, path: &[Segment]) -> Self {
        if path.is_empty() { self } else { Self::Joined(Joined::new(vec![self], How::Part(path.to_vec()))) }
    }

    /// Returns a map with the entries of this one and of another, which wins.
    pub(crate) fn with_entries(self, other: Expr) -> Self {
        Self::Joined(Joined::new(vec![self, other], How::Entries))
    }

    /// Returns the entry of this name of a map. That there is none is an error, which begins with `of`: what has it.
    pub(crate) fn entry(self, name: &str, of: String) -> Self {
        Self::Joined(Joined::new(vec![self], How::Entry(name.to_owned(), of)))
    }

    /// Calls `visit` with each resource whose field is used.
    pub fn references(&self, visit: &mut dyn FnMut(&NodeRef)) {
        self.fields(&mut |node, _| visit(node));
    }

    /// Calls `visit` with each field of a resource that is used.
    pub fn fields(&self, visit: &mut dyn FnMut(&NodeRef, &str)) {
        match self {
            Self::Field(node, name) => visit(node, name),
            Self::Joined(joined) => walk(joined, &mut |expr| {
                if let Self::Field(node, name) = expr {
                    visit(node, name);
                }
            }),
            Self::Value(_) | Self::Invalid(_) => {}
        }
    }
}
