//! What both files have in common: how they are read, and what is wrong with them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::problem::join;
use crate::secrets::Problem;
use crate::yaml::{Map, Node, read};

/// A file of credentials that is not what it should be, with everything that is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileError {
    /// What kind of file.
    pub(super) file: &'static str,
    /// What is wrong; never empty.
    pub problems: Vec<Problem>,
}

impl FileError {
    /// Says one thing.
    pub(super) fn one(file: &'static str, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file, problems: vec![Problem::new(path, message)] }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in the {}", self.file)?;
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{}{problem}", if index == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl std::error::Error for FileError {}

/// Reads the entries of a file; an empty file has none.
pub(super) fn entries(file: &'static str, text: &str) -> Result<Map, FileError> {
    let documents = read(text).map_err(|error| FileError::one(file, "", error.to_string()))?;
    let count = documents.len();
    match documents.into_iter().next() {
        None => Ok(Map::new()),
        Some(_) if count > 1 => {
            Err(FileError::one(file, "", format!("there are {count} documents and has to be one")))
        }
        Some(Node::Map(map)) => Ok(map),
        Some(other) => {
            Err(FileError::one(file, "", format!("there is {} instead of a mapping", other.kind())))
        }
    }
}

/// Collects what is wrong while a file is looked through.
pub(super) struct Judge {
    pub(super) file: &'static str,
    pub(super) problems: Vec<Problem>,
}

impl Judge {
    /// Begins with nothing wrong.
    pub(super) const fn new(file: &'static str) -> Self {
        Self { file, problems: Vec::new() }
    }

    /// Notes a problem.
    pub(super) fn note(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem::new(path, message));
    }

    /// Returns a mapping's entry that is a text; nothing if it is not there. Anything else is noted.
    pub(super) fn text<'a>(&mut self, node: &'a Node, path: &str, key: &str) -> Option<&'a str> {
        match node.get(key) {
            None | Some(Node::Null) => None,
            Some(Node::String(text)) if text.is_empty() => None,
            Some(Node::String(text)) => Some(text),
            Some(other) => {
                self.note(join(path, key), format!("is {} and has to be a text", other.kind()));
                None
            }
        }
    }

    /// Returns a mapping's entry that is a list of texts; an empty list if it is not there.
    pub(super) fn texts(&mut self, node: &Node, path: &str, key: &str) -> Vec<String> {
        let wrong = "has to be a list of texts";
        match node.get(key) {
            None | Some(Node::Null) => Vec::new(),
            Some(Node::Seq(items)) => {
                let texts: Vec<String> = items.iter().filter_map(Node::as_str).map(str::to_owned).collect();
                if texts.len() != items.len() {
                    self.note(join(path, key), wrong);
                }
                texts
            }
            Some(_) => {
                self.note(join(path, key), wrong);
                Vec::new()
            }
        }
    }

    /// Returns the PEM in a mapping's entry in base64.
    pub(super) fn pem(&mut self, node: &Node, path: &str, key: &str) -> Option<String> {
        let mut text = self.text(node, path, key)?.to_owned();
        text.retain(|character| character != '\n' && character != '\r');
        let pem = STANDARD.decode(&text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if pem.is_none() {
            self.note(join(path, key), "is not the base64 of PEM");
        }
        pem
    }

    /// Returns what was found, or all that is wrong.
    pub(super) fn end<T>(self, found: T) -> Result<T, FileError> {
        if self.problems.is_empty() {
            Ok(found)
        } else {
            Err(FileError { file: self.file, problems: self.problems })
        }
    }
}
