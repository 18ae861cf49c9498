//! Handles directories.

use std::io::ErrorKind;
use std::path::Path;

use async_trait::async_trait;
use sskuba_core::provider::{Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;

use super::disk::{There, blocking, id_of, in_the_way, look, make_way, mode_of, refused, set_mode};
use super::made::Made;
use super::{Directory, DirectoryArgs, DirectoryState, check};
use crate::folder::ProgramFolder;

/// Handles [`Directory`].
#[derive(Debug, Clone, Default)]
pub struct DirectoryHandler {
    folder: ProgramFolder,
    made: Made,
}

impl DirectoryHandler {
    pub(crate) fn within(folder: ProgramFolder) -> Self {
        Self { folder, made: Made::default() }
    }
}

/// Makes a directory where there is none. Until its mode is set, no one else may look into it.
fn make(path: &Path, args: &DirectoryArgs) -> Result<(), Failure> {
    make_way(path)?;
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(exists(path, args)),
        made => made.map_err(|error| refused("make", path, &error)),
    }
}

fn give_mode(path: &Path, args: &DirectoryArgs) -> Result<(), Failure> {
    set_mode(path, &args.mode).map_err(|error| refused("set the mode of", path, &error))
}

fn is_empty(path: &Path) -> Result<bool, Failure> {
    let entries = std::fs::read_dir(path).map_err(|error| refused("read", path, &error))?;
    Ok(entries.count() == 0)
}

fn exists(path: &Path, args: &DirectoryArgs) -> Failure {
    Failure::exists(format!("there is a directory {} already", path.display()), args.path.as_str())
}

fn object(id: String, args: DirectoryArgs) -> TypedObject<Directory> {
    TypedObject::new(id.clone(), DirectoryState { id }).args(args)
}

#[async_trait]
impl Handler<Directory> for DirectoryHandler {
    async fn create(&self, cx: &Cx, args: DirectoryArgs) -> Result<TypedObject<Directory>, Failure> {
        let (this, token, repeated) = (self.clone(), cx.token, self.made.is_repeated(cx));
        blocking(move || {
            let path = this.folder.resolve(&args.path)?;
            let id = id_of(&path)?;
            match look(&path)? {
                There::Nothing => {
                    make(&path, &args)?;
                    this.made.note(token);
                }
                // Nothing was put into what the first call made: what is in it is somebody else's.
                There::Directory(_) if repeated && is_empty(&path)? => {}
                There::Directory(_) => return Err(exists(&path, &args)),
                There::File(_) => return Err(in_the_way(&path, "a file")),
                There::Other(what) => return Err(in_the_way(&path, what)),
            }
            give_mode(&path, &args)?;
            Ok(object(id, args))
        })
        .await
    }

    async fn read(
        &self,
        cx: &Cx,
        prior: TypedPrior<Directory>,
    ) -> Result<Option<TypedObject<Directory>>, Failure> {
        let (this, cx) = (self.clone(), cx.clone());
        blocking(move || {
            let asked = prior.args.as_ref();
            let path = this.folder.recorded(&cx, &prior.id, asked.map(|args| args.path.as_str()))?;
            let There::Directory(metadata) = look(&path)? else { return Ok(None) };
            let args = DirectoryArgs {
                path: asked.map_or_else(|| prior.id.clone(), |args| args.path.clone()),
                mode: mode_of(&metadata, asked.map(|args| args.mode.as_str())),
                force: asked.is_some_and(|args| args.force),
            };
            // A recorded id stays as it is, also one of an earlier release.
            let id = if prior.state.is_some() { prior.id } else { id_of(&path)? };
            Ok(Some(object(id, args)))
        })
        .await
    }

    async fn delete(&self, cx: &Cx, prior: TypedPrior<Directory>) -> Result<(), Failure> {
        let (this, cx) = (self.clone(), cx.clone());
        blocking(move || {
            let asked = prior.args.as_ref();
            let path = this.folder.recorded(&cx, &prior.id, asked.map(|args| args.path.as_str()))?;
            let There::Directory(_) = look(&path)? else { return Ok(()) };
            let force = asked.is_some_and(|args| args.force);
            let removed = if force { std::fs::remove_dir_all(&path) } else { std::fs::remove_dir(&path) };
            match removed {
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {
                    Err(refused("remove", &path, &error)
                        .hint("empty it, or set `force` and apply that before"))
                }
                removed => removed.map_err(|error| refused("remove", &path, &error)),
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
        cx: &Cx,
        change: TypedChange<Directory>,
    ) -> Result<TypedObject<Directory>, Failure> {
        let (this, cx) = (self.clone(), cx.clone());
        blocking(move || {
            let TypedChange { prior, args } = change;
            let path = this.folder.recorded(&cx, &prior.id, Some(&args.path))?;
            match look(&path)? {
                There::Nothing => make(&path, &args)?,
                There::Directory(_) => {}
                There::File(_) => return Err(in_the_way(&path, "a file")),
                There::Other(what) => return Err(in_the_way(&path, what)),
            }
            give_mode(&path, &args)?;
            Ok(object(prior.id, args))
        })
        .await
    }
}
