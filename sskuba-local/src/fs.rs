//! Files and directories of this machine.

use std::path::Path;

use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;
use sskuba_core::value::Value;

use crate::folder::plain;

mod directory;
mod disk;
mod file;
mod made;

pub use directory::DirectoryHandler;
pub use file::FileHandler;

/// A text file.
///
/// It is written at once or not at all, and folders on the way are made. What is there already is left alone, whatever it
/// holds: import it. A delete removes the file, whatever it holds by then; a link, a pipe or anything else that has taken
/// its place stays. The content may be a secret; its digest is then recorded in the clear.
///
/// A relative path counts from the program's folder, where its `Cargo.toml` is, wherever the program is run. A program
/// whose folder is another one than that of the file's create is refused the file.
#[derive(Resource, Debug)]
#[resource(
    kind = "local:fs:File",
    idempotency = "token",
    create = "5ms",
    update = "5ms",
    delete = "1ms",
    unique = "path"
)]
pub struct File {
    /// Where; a relative path counts from the program's folder.
    #[resource(force_new, normaliser = "plain_path")]
    path: Input<String>,
    /// What it holds.
    content: Input<String>,
    /// Who may do what with it, as octal digits; only where the system knows such modes.
    #[resource(default = "0644".to_owned(), normaliser = "plain_mode")]
    mode: Input<String>,
    /// The id: the path, from the root on.
    #[resource(computed, id, pattern = "{field:path}")]
    id: Computed<String>,
    /// The content's SHA-256, as hexadecimal digits.
    #[resource(volatile, pattern = "{hex:64}")]
    sha256: Computed<String>,
}

/// A directory.
///
/// Folders on the way are made. One that is there already is left alone, empty or not: import it. A delete removes it when it
/// is empty, or with everything in it if `force` is set. Its path is as that of a [`File`].
#[derive(Resource, Debug)]
#[resource(
    kind = "local:fs:Directory",
    idempotency = "token",
    create = "1ms",
    update = "1ms",
    delete = "1ms",
    unique = "path"
)]
pub struct Directory {
    /// Where; a relative path counts from the program's folder.
    #[resource(force_new, normaliser = "plain_path")]
    path: Input<String>,
    /// Who may do what with it, as octal digits; only where the system knows such modes.
    #[resource(default = "0755".to_owned(), normaliser = "plain_mode")]
    mode: Input<String>,
    /// A delete removes everything in it.
    #[resource(default)]
    force: Input<bool>,
    /// The id: the path, from the root on.
    #[resource(computed, id, pattern = "{field:path}")]
    id: Computed<String>,
}

/// Writes paths alike: `./a//b/` and `a/b` are one.
fn plain_path(value: &Value) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    plain(Path::new(text)).to_str().map_or_else(|| value.clone(), Value::from)
}

/// Writes modes alike: `644`, `0644` and `0o644` are one.
fn plain_mode(value: &Value) -> Value {
    let plain = value.as_str().and_then(mode_bits).map(|bits| Value::String(mode_text(bits)));
    plain.unwrap_or_else(|| value.clone())
}

fn mode_bits(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    u32::from_str_radix(digits, 8).ok().filter(|bits| *bits <= 0o7777 && digits.len() <= 5)
}

fn mode_text(bits: u32) -> String {
    format!("{bits:04o}")
}

fn check(path: &str, mode: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if path.is_empty() || path.contains('\0') {
        errors.push(FieldError { field: "path".into(), message: format!("{path:?} is not a path") });
    }
    if mode_bits(mode).is_none() {
        let message = format!("{mode:?} is not a mode; write octal digits, e.g. \"0644\"");
        errors.push(FieldError { field: "mode".into(), message });
    }
    errors
}

#[cfg(test)]
mod tests;
