//! Patches that look like configs.

use std::collections::HashSet;

use super::PatchErrors;
use super::delete::{self, Selector};
use super::merge;
use crate::problem::Problem;
use crate::schema::{Identity, check, conflicts, document_path};
use crate::yaml::Node;

/// What a patch does to one document.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    identity: Identity,
    change: Change,
}

#[derive(Debug, Clone, PartialEq)]
enum Change {
    Merge(Node),
    Delete(Selector),
}

/// Reads the documents of a patch: what they delete first, then what is left of them.
pub(super) fn parse(documents: Vec<Node>) -> Result<Vec<Step>, PatchErrors> {
    let (mut main, mut others) = (Vec::new(), Vec::new());
    let (mut seen, mut problems) = (HashSet::new(), Vec::new());
    for mut document in documents {
        let identity = match Identity::of(&document) {
            Ok(identity) => identity,
            Err(_) if document.get("$patch").is_none() && delete::only(&document) => Identity::main(),
            Err(what) => {
                problems.push(Problem::new("", what));
                continue;
            }
        };
        let path = document_path(&identity);
        let (selectors, left) = match delete::extract(&mut document) {
            Ok(found) => found,
            Err(what) => {
                problems.push(Problem::new(path, what));
                continue;
            }
        };
        let steps = if identity.is_main() { &mut main } else { &mut others };
        steps.extend(
            selectors
                .into_iter()
                .map(|selector| Step { identity: identity.clone(), change: Change::Delete(selector) }),
        );
        if !left {
            continue;
        }
        check(&document, &mut problems);
        if !seen.insert(identity.clone()) {
            problems.push(Problem::new(path, "the patch has this document twice"));
        }
        steps.push(Step { identity, change: Change::Merge(document) });
    }
    main.append(&mut others);
    if main.is_empty() && problems.is_empty() {
        problems.push(Problem::new("", "the patch is empty"));
    }
    if problems.is_empty() { Ok(main) } else { Err(PatchErrors { problems }) }
}

/// Applies a patch to documents.
pub(super) fn apply(documents: &mut Vec<Node>, steps: &[Step]) -> Result<(), PatchErrors> {
    for document in &*documents {
        let mut problems = Vec::new();
        // Merging goes by the keys of the documents, so they have to be known.
        check(document, &mut problems);
        if !problems.is_empty() {
            return Err(PatchErrors { problems });
        }
    }
    let mut problems = Vec::new();
    for step in steps {
        let found =
            documents.iter().position(|document| Identity::of(document).as_ref() == Ok(&step.identity));
        let path = document_path(&step.identity);
        let result = match (found, &step.change) {
            (Some(index), Change::Merge(patch)) => {
                merge::document(&mut documents[index], patch, &step.identity, &path)
            }
            (None, Change::Merge(patch)) => {
                add(documents, patch, &step.identity);
                Ok(())
            }
            (Some(index), Change::Delete(selector)) if selector.is_whole() => whole(documents, index, step),
            (Some(index), Change::Delete(selector)) => {
                delete::apply(&mut documents[index], &step.identity, selector, &path)
            }
            (None, Change::Delete(_)) => Err(Problem::new(path, "there is no such document to delete from")),
        };
        problems.extend(result.err());
    }
    problems.extend(conflicts(documents));
    if problems.is_empty() { Ok(()) } else { Err(PatchErrors { problems }) }
}

/// The document of machine and cluster is always the first.
fn add(documents: &mut Vec<Node>, patch: &Node, identity: &Identity) {
    if identity.is_main() { documents.insert(0, patch.clone()) } else { documents.push(patch.clone()) }
}

fn whole(documents: &mut Vec<Node>, index: usize, step: &Step) -> Result<(), Problem> {
    if step.identity.is_main() {
        return Err(Problem::new("", "the document of machine and cluster cannot be deleted"));
    }
    documents.remove(index);
    Ok(())
}
