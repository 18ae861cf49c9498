//! JSON patches (RFC 6902).

use super::PatchErrors;
use crate::problem::Problem;
use crate::yaml::Node;

/// One operation.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operation {
    action: Action,
    path: Pointer,
}

#[derive(Debug, Clone, PartialEq)]
enum Action {
    Add(Node),
    Remove,
    Replace(Node),
    Move(Pointer),
    Copy(Pointer),
    Test(Node),
}

/// A path: keys and indices.
#[derive(Debug, Clone, PartialEq)]
struct Pointer(Vec<String>);

impl Pointer {
    fn parse(text: &str) -> Option<Self> {
        let unescape = |part: &str| part.replace("~1", "/").replace("~0", "~");
        match text.strip_prefix('/') {
            Some(rest) => Some(Self(rest.split('/').map(unescape).collect())),
            None => text.is_empty().then(|| Self(Vec::new())),
        }
    }

    fn shown(&self) -> String {
        self.0.join(".")
    }
}

/// Reads operations.
pub(super) fn parse(operations: &[Node]) -> Result<Vec<Operation>, PatchErrors> {
    let mut problems = Vec::new();
    let mut read = Vec::new();
    for (index, node) in operations.iter().enumerate() {
        match operation(node) {
            Ok(operation) => read.push(operation),
            Err(what) => problems.push(Problem::new(format!("[{index}]"), what)),
        }
    }
    if problems.is_empty() { Ok(read) } else { Err(PatchErrors { problems }) }
}

fn operation(node: &Node) -> Result<Operation, String> {
    let text = |key: &str| node.get(key).and_then(Node::as_str);
    let pointer = |key: &str| {
        let text = text(key).ok_or_else(|| format!("the operation has no `{key}`"))?;
        Pointer::parse(text).ok_or_else(|| format!("`{key}` must begin with `/`"))
    };
    let value = || node.get("value").cloned().ok_or_else(|| "the operation has no `value`".to_owned());
    let action = match text("op") {
        Some("add") => Action::Add(value()?),
        Some("remove") => Action::Remove,
        Some("replace") => Action::Replace(value()?),
        Some("move") => Action::Move(pointer("from")?),
        Some("copy") => Action::Copy(pointer("from")?),
        Some("test") => Action::Test(node.get("value").cloned().unwrap_or_default()),
        _ => return Err("`op` must be add, remove, replace, move, copy or test".to_owned()),
    };
    Ok(Operation { action, path: pointer("path")? })
}

/// Applies operations to the only document.
pub(super) fn apply(documents: &mut [Node], operations: &[Operation]) -> Result<(), PatchErrors> {
    let [document] = documents else {
        let what = "a JSON patch changes configs of one document only, and this one has several; write a strategic patch";
        return Err(PatchErrors::one("", what));
    };
    for operation in operations {
        one(document, operation).map_err(|what| PatchErrors::one(operation.path.shown(), what))?;
    }
    Ok(())
}

fn one(document: &mut Node, operation: &Operation) -> Result<(), &'static str> {
    let path = &operation.path;
    match &operation.action {
        Action::Add(value) => add(document, path, value.clone()),
        Action::Remove => take(document, path).map(drop),
        Action::Replace(value) if path.0.is_empty() => {
            *document = value.clone();
            Ok(())
        }
        Action::Replace(value) => replace(document, path, value),
        Action::Move(from) => {
            let value = take(document, from)?;
            add(document, path, value)
        }
        Action::Copy(from) => {
            let value = find(document, from).cloned().ok_or("there is nothing to copy")?;
            add(document, path, value)
        }
        Action::Test(wanted) => match find(document, path) {
            Some(value) if value == wanted => Ok(()),
            None if *wanted == Node::Null => Ok(()),
            _ => Err("the value is another than the patch tests for"),
        },
    }
}

const ABSENT: &str = "there is nothing at this path";

fn find<'a>(document: &'a Node, path: &Pointer) -> Option<&'a Node> {
    path.0.iter().try_fold(document, |node, key| match node {
        Node::Map(map) => map.get(key),
        Node::Seq(items) => items.get(index(key, items.len())?),
        _ => None,
    })
}

/// Returns what holds the last key of a path, and the key.
fn holder<'a, 'b>(
    document: &'a mut Node,
    path: &'b Pointer,
) -> Result<(&'a mut Node, &'b str), &'static str> {
    let (last, parents) = path.0.split_last().ok_or("the whole document cannot be meant here")?;
    let mut node = document;
    for key in parents {
        node = match node {
            Node::Map(map) => map.get_mut(key).ok_or(ABSENT)?,
            Node::Seq(items) => {
                let index = index(key, items.len()).ok_or(ABSENT)?;
                items.get_mut(index).ok_or(ABSENT)?
            }
            _ => return Err(ABSENT),
        };
    }
    Ok((node, last))
}

/// Reads an index; one below zero counts from the end.
fn index(key: &str, length: usize) -> Option<usize> {
    match key.strip_prefix('-') {
        Some(back) => length.checked_sub(back.parse().ok()?),
        None => key.parse().ok(),
    }
}

fn add(document: &mut Node, path: &Pointer, value: Node) -> Result<(), &'static str> {
    let (holder, key) = holder(document, path)?;
    match holder {
        Node::Map(map) => drop(map.insert(key.to_owned(), value)),
        Node::Seq(items) if key == "-" => items.push(value),
        Node::Seq(items) => {
            let index = index(key, items.len() + 1).filter(|index| *index <= items.len()).ok_or(ABSENT)?;
            items.insert(index, value);
        }
        _ => return Err(ABSENT),
    }
    Ok(())
}

fn replace(document: &mut Node, path: &Pointer, value: &Node) -> Result<(), &'static str> {
    let (holder, key) = holder(document, path)?;
    match holder {
        // Talos's library sets a key that is not there too.
        Node::Map(map) => drop(map.insert(key.to_owned(), value.clone())),
        Node::Seq(items) => {
            let index = index(key, items.len()).ok_or(ABSENT)?;
            *items.get_mut(index).ok_or(ABSENT)? = value.clone();
        }
        _ => return Err(ABSENT),
    }
    Ok(())
}

fn take(document: &mut Node, path: &Pointer) -> Result<Node, &'static str> {
    let (holder, key) = holder(document, path)?;
    match holder {
        Node::Map(map) => map.shift_remove(key).ok_or(ABSENT),
        Node::Seq(items) => {
            let index = index(key, items.len()).filter(|index| *index < items.len()).ok_or(ABSENT)?;
            Ok(items.remove(index))
        }
        _ => Err(ABSENT),
    }
}
