//! Files and directories of this machine.

use std::io::{ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use sskuba_core::address::Token;
use sskuba_core::prelude::*;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Value;

/// A text file.
///
/// It is written at once or not at all, and folders on the way are made. A file that is there already with other content
/// is left alone: import it. A delete removes the file, whatever it holds by then. The content may be a secret; its digest is
/// then recorded in the clear.
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
    /// Where; a relative path counts from where the program runs.
    #[resource(force_new, normaliser = "plain_path")]
    path: Input<String>,
    /// What it holds.
    content: Input<String>,
    /// Who may do what with it, as octal digits; only where the system knows such modes.
    #[resource(default = "0644".to_owned(), normaliser = "plain_mode")]
    mode: Input<String>,
    /// The id: the path.
    #[resource(computed, id, pattern = "{field:path}")]
    id: Computed<String>,
    /// The content's SHA-256, as hexadecimal digits.
    #[resource(volatile, pattern = "{hex:64}")]
    sha256: Computed<String>,
}

/// A directory.
///
/// Folders on the way are made. One that is there already is taken over if it is empty, and else left alone: import it. A
/// delete removes it when it is empty, or with everything in it if `force` is set.
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
    /// Where; a relative path counts from where the program runs.
    #[resource(force_new, normaliser = "plain_path")]
    path: Input<String>,
    /// Who may do what with it, as octal digits; only where the system knows such modes.
    #[resource(default = "0755".to_owned(), normaliser = "plain_mode")]
    mode: Input<String>,
    /// A delete removes everything in it.
    #[resource(default)]
    force: Input<bool>,
    /// The id: the path.
    #[resource(computed, id, pattern = "{field:path}")]
    id: Computed<String>,
}

/// Writes paths alike: `./a//b/` and `a/b` are one.
fn plain_path(value: &Value) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    let plain: PathBuf = Path::new(text).components().filter(|part| *part != Component::CurDir).collect();
    plain.to_str().map_or_else(|| value.clone(), Value::from)
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

/// Says why the file system refused; nothing was changed.
fn refused(doing: &str, path: &Path, error: &std::io::Error) -> Failure {
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

/// Runs what waits for a disk where it holds up nothing else.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(Failure::unknown(Class::Terminal, format!("the work on the file did not end: {error}")))
    })
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let permissions = std::fs::Permissions::from_mode(mode_bits(mode).unwrap_or(0o600));
    std::fs::set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: &str) -> std::io::Result<()> {
    Ok(())
}

/// Returns the mode of a file; where there are none, the one that was asked for.
#[cfg(unix)]
fn mode_of(metadata: &std::fs::Metadata, _: Option<&str>) -> String {
    use std::os::unix::fs::PermissionsExt;
    mode_text(metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode_of(_: &std::fs::Metadata, asked: Option<&str>) -> String {
    asked.unwrap_or("0644").to_owned()
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Returns where a file is written before it takes its place: beside it, under a name that a repetition has too, so that
/// what a killed program left is written over and not left for good.
fn beside(path: &Path, token: &Token) -> PathBuf {
    folder_of(path).join(format!(".sskuba-{token}"))
}

/// Writes a file at once: beside it first, then in its place.
fn write(args: &FileArgs, token: &Token) -> Result<(), Failure> {
    let path = Path::new(&args.path);
    if path.is_dir() {
        return Err(Failure::new(
            Class::Invalid("path".into()),
            format!("{} is a directory", path.display()),
        ));
    }
    let folder = folder_of(path);
    std::fs::create_dir_all(&folder).map_err(|error| refused("make the folder", &folder, &error))?;
    let fresh = beside(path, token);
    let written = write_private(&fresh, args.content.as_bytes())
        .and_then(|file| set_mode(&fresh, &args.mode).and_then(|()| file.sync_all()))
        .and_then(|()| std::fs::rename(&fresh, path));
    written.map_err(|error| {
        // What was written of it is of no use.
        let _ = std::fs::remove_file(&fresh);
        refused("write", path, &error)
    })
}

/// Writes a file that until its mode is set no one else may read, in place of one that was left there.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<std::fs::File> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    Ok(file)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Handles [`File`].
#[derive(Debug, Clone, Copy, Default)]
pub struct FileHandler;

impl FileHandler {
    async fn put(&self, token: Token, args: FileArgs) -> Result<TypedObject<File>, Failure> {
        blocking(move || {
            write(&args, &token)?;
            let state = FileState { id: args.path.clone(), sha256: sha256(args.content.as_bytes()) };
            Ok(TypedObject::new(args.path.clone(), state).args(args))
        })
        .await
    }
}

#[async_trait]
impl Handler<File> for FileHandler {
    async fn create(&self, cx: &Cx, args: FileArgs) -> Result<TypedObject<File>, Failure> {
        // What an interrupted create wrote is this resource's; nothing else is, unless it makes no difference.
        if !cx.recovering {
            let (path, content) = (PathBuf::from(&args.path), args.content.clone());
            blocking(move || match std::fs::read(&path) {
                Ok(there) if there == content.as_bytes() => Ok(()),
                Ok(_) => Err(Failure::exists(
                    format!("there is a file {} already, with other content", path.display()),
                    path.to_string_lossy(),
                )),
                Err(_) => Ok(()),
            })
            .await?;
        }
        self.put(cx.token, args).await
    }

    async fn read(&self, _: &Cx, prior: TypedPrior<File>) -> Result<Option<TypedObject<File>>, Failure> {
        blocking(move || {
            let path = PathBuf::from(&prior.id);
            let metadata = match std::fs::metadata(&path) {
                Ok(metadata) if metadata.is_file() => metadata,
                Ok(_) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(refused("read", &path, &error)),
            };
            let bytes = std::fs::read(&path).map_err(|error| refused("read", &path, &error))?;
            let asked = prior.args.as_ref().map(|args| args.mode.as_str());
            let args = FileArgs {
                path: prior.id.clone(),
                mode: mode_of(&metadata, asked),
                content: String::from_utf8_lossy(&bytes).into_owned(),
            };
            let state = FileState { id: prior.id.clone(), sha256: sha256(&bytes) };
            Ok(Some(TypedObject::new(prior.id, state).args(args)))
        })
        .await
    }

    async fn delete(&self, cx: &Cx, prior: TypedPrior<File>) -> Result<(), Failure> {
        let token = cx.token;
        blocking(move || {
            let path = Path::new(&prior.id);
            // An update that was killed may have left a part of it.
            let _ = std::fs::remove_file(beside(path, &token));
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(refused("remove", path, &error)),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<File>>, Failure> {
        Err(Failure::unlisted("a file system does not say what is a stack's"))
    }

    fn check(&self, args: &FileArgs) -> Vec<FieldError> {
        check(&args.path, &args.mode)
    }
}

#[async_trait]
impl Update<File> for FileHandler {
    async fn update(&self, cx: &Cx, change: TypedChange<File>) -> Result<TypedObject<File>, Failure> {
        self.put(cx.token, change.args).await
    }
}

/// Handles [`Directory`].
#[derive(Debug, Clone, Copy, Default)]
pub struct DirectoryHandler;

impl DirectoryHandler {
    async fn put(&self, args: DirectoryArgs) -> Result<TypedObject<Directory>, Failure> {
        blocking(move || {
            let path = Path::new(&args.path);
            std::fs::create_dir_all(path).map_err(|error| refused("make", path, &error))?;
            set_mode(path, &args.mode).map_err(|error| refused("set the mode of", path, &error))?;
            let state = DirectoryState { id: args.path.clone() };
            Ok(TypedObject::new(args.path.clone(), state).args(args))
        })
        .await
    }
}

#[async_trait]
impl Handler<Directory> for DirectoryHandler {
    async fn create(&self, cx: &Cx, args: DirectoryArgs) -> Result<TypedObject<Directory>, Failure> {
        if !cx.recovering {
            let path = PathBuf::from(&args.path);
            blocking(move || match std::fs::read_dir(&path).map(|mut entries| entries.next().is_some()) {
                Ok(true) => Err(Failure::exists(
                    format!("there is a directory {} already, with something in it", path.display()),
                    path.to_string_lossy(),
                )),
                _ => Ok(()),
            })
            .await?;
        }
        self.put(args).await
    }

    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Directory>,
    ) -> Result<Option<TypedObject<Directory>>, Failure> {
        blocking(move || {
            let path = Path::new(&prior.id);
            let metadata = match std::fs::metadata(path) {
                Ok(metadata) if metadata.is_dir() => metadata,
                Ok(_) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(refused("read", path, &error)),
            };
            let asked = prior.args.as_ref().map(|args| args.mode.as_str());
            let mode = mode_of(&metadata, asked);
            let force = prior.args.as_ref().is_some_and(|args| args.force);
            let args = DirectoryArgs { path: prior.id.clone(), mode, force };
            let state = DirectoryState { id: prior.id.clone() };
            Ok(Some(TypedObject::new(prior.id, state).args(args)))
        })
        .await
    }

    async fn delete(&self, _: &Cx, prior: TypedPrior<Directory>) -> Result<(), Failure> {
        blocking(move || {
            let path = Path::new(&prior.id);
            let force = prior.args.as_ref().is_some_and(|args| args.force);
            let removed = if force { std::fs::remove_dir_all(path) } else { std::fs::remove_dir(path) };
            match removed {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                    Err(refused("remove", path, &error)
                        .hint("empty it, or set `force` and apply that before"))
                }
                removed => removed.map_err(|error| refused("remove", path, &error)),
            }
        })
        .await
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Directory>>, Failure> {
        Err(Failure::unlisted("a file system does not say what is a stack's"))
    }

    fn check(&self, args: &DirectoryArgs) -> Vec<FieldError> {
        check(&args.path, &args.mode)
    }
}

#[async_trait]
impl Update<Directory> for DirectoryHandler {
    async fn update(
        &self,
        _: &Cx,
        change: TypedChange<Directory>,
    ) -> Result<TypedObject<Directory>, Failure> {
        self.put(change.args).await
    }
}

#[cfg(test)]
mod tests;
