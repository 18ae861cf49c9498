//! A world: what exists in the simulated clouds, in a file that outlives a killed program.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use serde_json::Value as Json;
use sskuba_core::address::{Kind, Token};
use sskuba_core::clock::{IdSource, SystemIds};
use sskuba_core::digest::Digester;
use sskuba_core::value::Value;

mod log;
mod tables;

use log::Log;
pub(crate) use tables::{Effect, Key, Link, Tables};
pub use tables::{Fields, WorldObject};

/// Where a program's world is unless it says otherwise.
pub const DEFAULT_PATH: &str = ".sskuba/world";

/// Says why a world could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorldError {
    /// The file system refused.
    #[error("cannot {doing} the simulated world {}: {source}", .path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The file system's answer.
        source: std::io::Error,
    },
    /// A line is not what this library writes.
    #[error(
        "the simulated world {} is damaged in line {line}: {why}; remove the line, or the file if nothing in it is \
         needed", .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// A later version of this library wrote the file.
    #[error(
        "the simulated world {} has format {version}, written by sskuba-sim {writer}, which this version ({}) cannot \
         read; use that version, or remove the file", .path.display(), env!("CARGO_PKG_VERSION")
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format.
        version: u32,
        /// The version of the library that wrote it.
        writer: String,
    },
}

impl WorldError {
    fn odd(path: &Path, error: &serde_json::Error) -> Self {
        Self::Io { doing: "write", path: path.to_owned(), source: std::io::Error::other(error.to_string()) }
    }
}

#[derive(Debug)]
struct State {
    tables: Tables,
    log: Option<Log>,
    salt: String,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// The kinds that are simulated here: references to others are not checked.
    kinds: RwLock<std::collections::HashSet<Kind>>,
}

/// What exists in the simulated clouds. Clones are the same world.
///
/// The file is the independent witness of what was done: an effect is in it before the call that made it
/// returns, and stays there when the program is killed at any instant. Programs may use one world one after the
/// other and at the same time.
#[derive(Debug, Clone)]
pub struct World(Arc<Shared>);

fn salt() -> String {
    SystemIds.token().to_string()
}

impl World {
    fn new(log: Option<Log>) -> Self {
        let state = State { tables: Tables::default(), log, salt: salt() };
        Self(Arc::new(Shared { state: Mutex::new(state), kinds: RwLock::default() }))
    }

    /// Makes a world that ends with the program.
    pub fn memory() -> Self {
        Self::new(None)
    }

    /// Opens the world in this file; the file is made with the first effect. Shortens the file if most of it
    /// tells of what is long gone.
    ///
    /// # Errors
    /// If the file cannot be read, is not a world, is damaged, or is of a later version.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, WorldError> {
        let this = Self::peek(path)?;
        let mut guard = this.state();
        let State { tables, log, .. } = &mut *guard;
        if let Some(log) = log.as_mut().filter(|log| log.is_garbage(tables)) {
            log.locked(
                tables,
                |log, tables| if log.is_garbage(tables) { log.compact(tables) } else { Ok(()) },
            )?;
        }
        drop(guard);
        Ok(this)
    }

    /// Opens a world to look at it: nothing is written.
    ///
    /// # Errors
    /// As [`World::open`].
    pub fn peek(path: impl Into<PathBuf>) -> Result<Self, WorldError> {
        let this = Self::new(Some(Log::new(path.into())));
        this.look(|_| ())?;
        Ok(this)
    }

    /// Waits for the disk after each effect, so that a world outlives a power cut too.
    #[must_use]
    pub fn sync(self, sync: bool) -> Self {
        if let Some(log) = &mut self.state().log {
            log.set_sync(sync);
        }
        self
    }

    /// Returns the file; none for a world in memory.
    pub fn path(&self) -> Option<PathBuf> {
        self.state().log.as_ref().map(|log| log.path().to_owned())
    }

    /// Returns everything that exists, in the order of creation.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn objects(&self) -> Result<Vec<Arc<WorldObject>>, WorldError> {
        self.look(Tables::all)
    }

    /// Returns an object.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn get(&self, kind: &Kind, id: &str) -> Result<Option<Arc<WorldObject>>, WorldError> {
        let key = Key { kind: kind.clone(), id: id.to_owned() };
        self.look(|tables| tables.get(&key).cloned())
    }

    /// Returns the objects of a kind that were created with this token, the first first.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn with_token(&self, kind: &Kind, token: Token) -> Result<Vec<Arc<WorldObject>>, WorldError> {
        self.look(|tables| tables.with_token(token, kind).cloned().collect())
    }

    /// Removes everything.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn clear(&self) -> Result<(), WorldError> {
        self.change(|_, _| Ok(((), vec![Effect::Clear])))
    }

    /// Removes an object behind the engine's back, whatever depends on it; tells whether it was there.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn remove(&self, kind: &Kind, id: &str) -> Result<bool, WorldError> {
        let key = Key { kind: kind.clone(), id: id.to_owned() };
        self.change(|tables, _| {
            let there = tables.get(&key).is_some();
            Ok((there, if there { vec![Effect::Gone(key)] } else { Vec::new() }))
        })
    }

    /// Sets a field of an object behind the engine's back, as a person at a cloud's console would; tells whether
    /// the object was there. JSON's null removes the field.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn set(&self, kind: &Kind, id: &str, field: &str, value: Json) -> Result<bool, WorldError> {
        let key = Key { kind: kind.clone(), id: id.to_owned() };
        self.change(|tables, _| {
            let Some(object) = tables.get(&key) else { return Ok((false, Vec::new())) };
            let mut object = WorldObject::clone(object);
            object.hidden.retain(|hidden| hidden != field);
            let fields =
                if object.outputs.contains_key(field) { &mut object.outputs } else { &mut object.inputs };
            match value {
                Json::Null => fields.remove(field),
                value => fields.insert(field.to_owned(), value),
            };
            Ok((true, vec![Effect::Put(Arc::new(object))]))
        })
    }

    /// Returns what stands in an object's field for a secret value: the world keeps no secrets.
    pub fn mark(&self, field: &str, value: &Value) -> String {
        self.marks().of(field, value)
    }

    /// Says that objects of these kinds exist only here.
    pub(crate) fn simulate(&self, kinds: impl IntoIterator<Item = Kind>) {
        self.0.kinds.write().unwrap_or_else(PoisonError::into_inner).extend(kinds);
    }

    /// Tells whether objects of this kind exist only here.
    pub(crate) fn simulates(&self, kind: &Kind) -> bool {
        self.0.kinds.read().unwrap_or_else(PoisonError::into_inner).contains(kind)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what exists now.
    pub(crate) fn look<T>(&self, f: impl FnOnce(&Tables) -> T) -> Result<T, WorldError> {
        let mut guard = self.state();
        let State { tables, log, .. } = &mut *guard;
        if let Some(log) = log {
            log.refresh(tables)?;
        }
        Ok(f(tables))
    }

    /// Decides on effects by what exists, and makes them, with no one else changing anything in between. The
    /// effects are in the file when this returns.
    pub(crate) fn change<T, E: From<WorldError>>(
        &self,
        f: impl FnOnce(&Tables, &Marks) -> Result<(T, Vec<Effect>), E>,
    ) -> Result<T, E> {
        let mut guard = self.state();
        let State { tables, log, salt } = &mut *guard;
        let Some(log) = log else {
            let (value, effects) = f(tables, &Marks(salt.clone()))?;
            effects.into_iter().for_each(|effect| tables.apply(effect));
            return Ok(value);
        };
        log.locked(tables, |log, tables| {
            let marks = Marks(log.salt().unwrap_or_default().to_owned());
            let (value, effects) = f(tables, &marks)?;
            for effect in effects {
                log.append(tables, effect)?;
            }
            Ok(value)
        })
    }

    /// Returns what makes the marks of secrets.
    pub(crate) fn marks(&self) -> Marks {
        let state = self.state();
        let salt = state.log.as_ref().and_then(Log::salt).unwrap_or(&state.salt);
        Marks(salt.to_owned())
    }
}

/// Makes the marks that stand for secrets in a world: equal for equal secrets of one world.
#[derive(Debug, Clone)]
pub(crate) struct Marks(String);

impl Marks {
    /// Returns the mark of a value.
    pub(crate) fn of(&self, field: &str, value: &Value) -> String {
        let mut digest = Digester::new(self.0.as_bytes());
        digest.bytes(field.as_bytes()).value(value);
        format!("(secret {})", &digest.finish().to_string()[..16])
    }
}

#[cfg(test)]
mod tests;
