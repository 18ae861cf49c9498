//! What files and directories have in common on the disk.

use std::io::ErrorKind;
use std::path::Path;

use sskuba_core::provider::{Class, Failure};

#[cfg(unix)]
use super::mode_bits;
use super::mode_text;

/// What is at a path. A link is not what it leads to.
#[derive(Debug, Clone)]
pub(super) enum There {
    Nothing,
    File(std::fs::Metadata),
    Directory(std::fs::Metadata),
    /// What no kind of this crate makes.
    Other(&'static str),
}

/// Looks what is at a path. It opens nothing: a pipe would wait for its other end.
///
/// # Errors
/// If that cannot be told; then it must not be taken for nothing.
pub(super) fn look(path: &Path) -> Result<There, Failure> {
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(There::Nothing),
        Err(error) => return Err(refused("look at", path, &error)),
    };
    let kind = metadata.file_type();
    Ok(match kind {
        _ if kind.is_file() => There::File(metadata),
        _ if kind.is_dir() => There::Directory(metadata),
        _ if kind.is_symlink() => There::Other("a symbolic link"),
        _ => There::Other("neither a file nor a directory"),
    })
}

/// Says why the file system refused; nothing was changed.
pub(super) fn refused(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
    let class = match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => Class::Denied,
        ErrorKind::NotFound => Class::NotFound,
        ErrorKind::AlreadyExists | ErrorKind::DirectoryNotEmpty => Class::Conflict,
        ErrorKind::IsADirectory | ErrorKind::NotADirectory => Class::Invalid("path".into()),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Class::Quota,
        _ => Class::Terminal,
    };
    Failure::new(class, format!("cannot {doing} {}: {error}", path.display()))
}

/// Refuses to put an object in the place of what cannot be imported as one of its kind.
pub(super) fn in_the_way(path: &Path, what: &str) -> Failure {
    Failure::new(Class::Conflict, format!("what is at {} already is {what}", path.display()))
        .hint("it is not this stack's, so it stays; choose another path, or take it away")
}

/// Returns the id of what is at a path.
///
/// # Errors
/// If the path cannot be recorded.
pub(super) fn id_of(path: &Path) -> Result<String, Failure> {
    let odd = || {
        let message = format!("{} is not UTF-8 throughout, and cannot be recorded", path.display());
        Failure::new(Class::Invalid("path".into()), message)
    };
    path.to_str().map(str::to_owned).ok_or_else(odd)
}

/// Makes the folders on the way to a path.
pub(super) fn make_way(path: &Path) -> Result<(), Failure> {
    let Some(folder) = path.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|error| refused("make the folder", folder, &error))
}

/// Runs what waits for a disk where it holds up nothing else.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Failure::unknown(Class::Terminal, format!("the work on the file did not end: {error}")))
    })
}

#[cfg(unix)]
pub(super) fn set_mode(path: &Path, mode: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(mode_bits(mode).unwrap_or(0o600));
    std::fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
pub(super) fn set_mode(_: &Path, _: &str) -> std::io::Result<()> {
    Ok(())
}

/// Returns the mode of a file; where there are none, the one that was asked for.
#[cfg(unix)]
pub(super) fn mode_of(metadata: &std::fs::Metadata, _: Option<&str>) -> String {
    use std::os::unix::fs::PermissionsExt;
    mode_text(metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
pub(super) fn mode_of(_: &std::fs::Metadata, asked: Option<&str>) -> String {
    asked.and_then(super::mode_bits).map_or_else(|| "0644".to_owned(), mode_text)
}
