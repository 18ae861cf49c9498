//! Handles files.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use sskuba_core::address::Token;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;

use super::disk::{There, blocking, id_of, in_the_way, look, make_way, mode_of, refused, set_mode};
use super::made::Made;
use super::{File, FileArgs, FileState, check};
use crate::folder::ProgramFolder;

/// Handles [`File`].
#[derive(Debug, Clone, Default)]
pub struct FileHandler {
    folder: ProgramFolder,
    made: Made,
}

impl FileHandler {
    pub(crate) fn within(folder: ProgramFolder) -> Self {
        Self { folder, made: Made::default() }
    }
}

/// Returns where a file is written before it takes its place: beside it, under a name that a repetition has too, so that
/// what a killed program left is written over and not left for good.
pub(super) fn beside(path: &Path, token: &Token) -> PathBuf {
    path.with_file_name(format!(".sskuba-{token}"))
}

/// Writes a file at once: beside it first, then in its place, which `take` takes for it.
pub(super) fn write(
    path: &Path,
    args: &FileArgs,
    token: &Token,
    take: fn(&Path, &Path) -> std::io::Result<()>,
) -> Result<(), Failure> {
    make_way(path)?;
    let fresh = beside(path, token);
    let written = write_private(&fresh, args.content.as_bytes())
        .and_then(|file| set_mode(&fresh, &args.mode).and_then(|()| file.sync_all()))
        .and_then(|()| take(&fresh, path));
    written.map_err(|error| {
        // What was written of it is of no use.
        let _ = std::fs::remove_file(&fresh);
        match error.kind() {
            // It came after the place was found free.
            ErrorKind::AlreadyExists => exists(path, args),
            _ => refused("write", path, &error),
        }
    })
}

/// Takes a free place; fails where it is not free.
pub(super) fn take_free(fresh: &Path, path: &Path) -> std::io::Result<()> {
    match std::fs::hard_link(fresh, path) {
        Ok(()) => {
            // The file is in its place; a second name of it is removed with it.
            let _ = std::fs::remove_file(fresh);
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(error),
        // Not every file system has links. There it rests on the look before.
        Err(_) => replace(fresh, path),
    }
}

/// Takes the place of the file that is there, if one is.
pub(super) fn replace(fresh: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::rename(fresh, path)
}

/// Writes a file that until its mode is set no one else may read, in place of one that was left there.
pub(super) fn write_private(path: &Path, content: &[u8]) -> std::io::Result<std::fs::File> {
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

fn exists(path: &Path, args: &FileArgs) -> Failure {
    Failure::exists(format!("there is a file {} already", path.display()), args.path.as_str())
}

fn is_directory(path: &Path) -> Failure {
    Failure::new(Class::Invalid("path".into()), format!("{} is a directory", path.display()))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn object(id: String, args: FileArgs) -> TypedObject<File> {
    let state = FileState { id: id.clone(), sha256: sha256(args.content.as_bytes()) };
    TypedObject::new(id, state).args(args)
}

#[async_trait]
impl Handler<File> for FileHandler {
    async fn create(&self, cx: &Cx, args: FileArgs) -> Result<TypedObject<File>, Failure> {
        let (this, token, repeated) = (self.clone(), cx.token, self.made.is_repeated(cx));
        blocking(move || {
            let path = this.folder.resolve(&args.path)?;
            let id = id_of(&path)?;
            match look(&path)? {
                There::Nothing => write(&path, &args, &token, take_free)?,
                // What the first call wrote is this resource's; what somebody else put there meanwhile is not.
                There::File(_) if repeated && holds(&path, &args.content)? => {
                    write(&path, &args, &token, replace)?;
                }
                There::File(_) => return Err(exists(&path, &args)),
                There::Directory(_) => return Err(is_directory(&path)),
                There::Other(what) => return Err(in_the_way(&path, what)),
            }
            this.made.note(token);
            Ok(object(id, args))
        })
        .await
    }

    async fn read(&self, cx: &Cx, prior: TypedPrior<File>) -> Result<Option<TypedObject<File>>, Failure> {
        let (this, cx) = (self.clone(), cx.clone());
        blocking(move || {
            let asked = prior.args.as_ref();
            let path = this.folder.recorded(&cx, &prior.id, asked.map(|args| args.path.as_str()))?;
            let There::File(metadata) = look(&path)? else { return Ok(None) };
            let bytes = std::fs::read(&path).map_err(|error| refused("read", &path, &error))?;
            let args = FileArgs {
                path: asked.map_or_else(|| prior.id.clone(), |args| args.path.clone()),
                mode: mode_of(&metadata, asked.map(|args| args.mode.as_str())),
                content: String::from_utf8_lossy(&bytes).into_owned(),
            };
            // A recorded id stays as it is, also one of an earlier release.
            let id = if prior.state.is_some() { prior.id } else { id_of(&path)? };
            let state = FileState { id: id.clone(), sha256: sha256(&bytes) };
            Ok(Some(TypedObject::new(id, state).args(args)))
        })
        .await
    }

    async fn delete(&self, cx: &Cx, prior: TypedPrior<File>) -> Result<(), Failure> {
        let (this, cx) = (self.clone(), cx.clone());
        blocking(move || {
            let asked = prior.args.as_ref().map(|args| args.path.as_str());
            let path = this.folder.recorded(&cx, &prior.id, asked)?;
            // An update that was killed may have left a part of it.
            let _ = std::fs::remove_file(beside(&path, &cx.token));
            let There::File(_) = look(&path)? else { return Ok(()) };
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(refused("remove", &path, &error)),
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

/// Tells whether a file has just this content.
fn holds(path: &Path, content: &str) -> Result<bool, Failure> {
    let there = std::fs::read(path).map_err(|error| refused("read", path, &error))?;
    Ok(there == content.as_bytes())
}

#[async_trait]
impl Update<File> for FileHandler {
    async fn update(&self, cx: &Cx, change: TypedChange<File>) -> Result<TypedObject<File>, Failure> {
        let (this, cx) = (self.clone(), cx.clone());
        blocking(move || {
            let TypedChange { prior, args } = change;
            let path = this.folder.recorded(&cx, &prior.id, Some(&args.path))?;
            match look(&path)? {
                There::Nothing | There::File(_) => write(&path, &args, &cx.token, replace)?,
                There::Directory(_) => return Err(is_directory(&path)),
                There::Other(what) => return Err(in_the_way(&path, what)),
            }
            Ok(object(prior.id, args))
        })
        .await
    }
}
