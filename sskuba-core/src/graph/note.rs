//! What a program says to whoever runs it.

use serde::Serialize;

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoteLevel {
    /// It is good to know.
    Note,
    /// It may be a mistake.
    Warning,
}

/// What a program says while it declares; shown with every plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How much it matters.
    pub level: NoteLevel,
    /// The text.
    pub text: String,
    /// `file:line:column` of where it was said.
    pub source_line: String,
}
