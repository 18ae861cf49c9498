//! The file of a world: a first line that says what it is, then one line for each effect, only ever appended.
//!
//! An effect is in the page cache before the call that made it returns, so it outlives a killed program. A last
//! line without its end is what a kill in the middle of a write leaves: it counts as not written.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::WorldError;
use super::tables::{Effect, Tables};

const FORMAT: &str = "sskuba-world";
const VERSION: u32 = 1;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Header {
    format: String,
    version: u32,
    writer: String,
    /// What the marks of secrets are made with.
    pub(super) salt: String,
}

impl Header {
    pub(super) fn new(salt: String) -> Self {
        Self { format: FORMAT.into(), version: VERSION, writer: env!("CARGO_PKG_VERSION").into(), salt }
    }
}

/// Which file a path named when it was opened; another one means that the file was replaced.
#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = Option<std::time::SystemTime>;

#[cfg(unix)]
fn identity(metadata: &std::fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(metadata: &std::fs::Metadata) -> Identity {
    metadata.created().ok()
}

#[derive(Debug)]
struct Open {
    file: File,
    identity: Identity,
}

/// The file, and how far it has been read.
#[derive(Debug)]
pub(super) struct Log {
    path: PathBuf,
    open: Option<Open>,
    header: Option<Header>,
    offset: u64,
    lines: u64,
    sync: bool,
}

impl Log {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, open: None, header: None, offset: 0, lines: 0, sync: false }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn set_sync(&mut self, sync: bool) {
        self.sync = sync;
    }

    pub(super) fn salt(&self) -> Option<&str> {
        self.header.as_ref().map(|header| header.salt.as_str())
    }

    /// Tells whether most lines say nothing that is still true.
    pub(super) fn is_garbage(&self, tables: &Tables) -> bool {
        self.lines > 256 + 4 * tables.weight()
    }

    fn io(&self, doing: &'static str) -> impl Fn(std::io::Error) -> WorldError + use<> {
        let path = self.path.clone();
        move |source| WorldError::Io { doing, path: path.clone(), source }
    }

    fn forget(&mut self, tables: &mut Tables) {
        *tables = Tables::default();
        (self.open, self.header, self.offset, self.lines) = (None, None, 0, 0);
    }

    /// Reads what others have written since the last time. Needs no lock.
    pub(super) fn refresh(&mut self, tables: &mut Tables) -> Result<(), WorldError> {
        let metadata = match std::fs::metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.forget(tables);
                return Ok(());
            }
            Err(error) => return Err(self.io("read")(error)),
        };
        let same = self.open.as_ref().is_some_and(|open| open.identity == identity(&metadata));
        if same && metadata.len() == self.offset {
            return Ok(());
        }
        if !same || metadata.len() < self.offset {
            self.forget(tables);
            self.open(false)?;
        }
        self.read_tail(tables)
    }

    /// Opens the file; one that may only be read will do to look at it.
    fn open(&mut self, create: bool) -> Result<(), WorldError> {
        let file = match OpenOptions::new().read(true).append(true).create(create).open(&self.path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied && !create => File::open(&self.path),
            other => other,
        };
        let file = file.map_err(self.io("open"))?;
        let identity = identity(&file.metadata().map_err(self.io("read"))?);
        self.open = Some(Open { file, identity });
        Ok(())
    }

    fn read_tail(&mut self, tables: &mut Tables) -> Result<(), WorldError> {
        let failed = self.io("read");
        let Some(open) = &mut self.open else { return Ok(()) };
        let mut tail = Vec::new();
        open.file.seek(SeekFrom::Start(self.offset)).map_err(&failed)?;
        open.file.read_to_end(&mut tail).map_err(&failed)?;
        let mut rest = tail.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            let (line, after) = rest.split_at(end + 1);
            self.read_line(&line[..end], tables)?;
            self.lines += 1;
            self.offset += line.len() as u64;
            rest = after;
        }
        Ok(())
    }

    fn read_line(&mut self, line: &[u8], tables: &mut Tables) -> Result<(), WorldError> {
        let damaged =
            |why: String| WorldError::Damaged { path: self.path.clone(), line: self.lines + 1, why };
        if self.header.is_some() {
            tables.apply(serde_json::from_slice(line).map_err(|error| damaged(error.to_string()))?);
            return Ok(());
        }
        let header: Header = serde_json::from_slice(line)
            .map_err(|error| damaged(format!("it is not the first line of a simulated world ({error})")))?;
        if header.format != FORMAT {
            return Err(damaged(format!("its format is `{}`, not `{FORMAT}`", header.format)));
        }
        if header.version > VERSION {
            let (version, writer) = (header.version, header.writer);
            return Err(WorldError::Newer { path: self.path.clone(), version, writer });
        }
        self.header = Some(header);
        Ok(())
    }

    /// Runs `f` while no one else writes, with everything read that others wrote; makes the file if need be.
    pub(super) fn locked<T, E: From<WorldError>>(
        &mut self,
        tables: &mut Tables,
        f: impl FnOnce(&mut Self, &mut Tables) -> Result<T, E>,
    ) -> Result<T, E> {
        self.lock(tables)?;
        let result = self.cut_and_greet(tables).map_err(E::from).and_then(|()| f(self, tables));
        if let Some(open) = &self.open {
            // Nothing can be done about a failure here, and the end of the program unlocks as well.
            let _ = open.file.unlock();
        }
        result
    }

    fn lock(&mut self, tables: &mut Tables) -> Result<(), WorldError> {
        loop {
            let Some(open) = &self.open else {
                if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                    std::fs::create_dir_all(folder).map_err(self.io("create the folder of"))?;
                }
                self.open(true)?;
                continue;
            };
            match open.file.lock() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                locked => locked.map_err(self.io("lock"))?,
            }
            let before = open.identity;
            self.refresh(tables)?;
            // Whoever held the lock before may have replaced the file; then this lock was one on nothing.
            if self.open.as_ref().is_some_and(|open| open.identity == before) {
                return Ok(());
            }
        }
    }

    /// Cuts off a torn last line, and writes the first line of a new file.
    fn cut_and_greet(&mut self, tables: &mut Tables) -> Result<(), WorldError> {
        let Some(open) = &self.open else { return Ok(()) };
        if open.file.metadata().map_err(self.io("read"))?.len() > self.offset {
            open.file.set_len(self.offset).map_err(self.io("repair"))?;
        }
        if self.header.is_none() {
            let header = Header::new(super::salt());
            let line = serde_json::to_string(&header).map_err(|error| WorldError::odd(&self.path, &error))?;
            self.write(line + "\n")?;
            self.read_tail(tables)?;
        }
        Ok(())
    }

    /// Appends an effect and applies it; the caller holds the lock.
    pub(super) fn append(&mut self, tables: &mut Tables, effect: Effect) -> Result<(), WorldError> {
        let line = serde_json::to_string(&effect).map_err(|error| WorldError::odd(&self.path, &error))?;
        let length = line.len() as u64 + 1;
        self.write(line + "\n")?;
        self.offset += length;
        self.lines += 1;
        tables.apply(effect);
        Ok(())
    }

    fn write(&self, line: String) -> Result<(), WorldError> {
        let Some(Open { file, .. }) = &self.open else { return Ok(()) };
        let mut file = file;
        let written = file.write_all(line.as_bytes());
        let written = written.and_then(|()| if self.sync { file.sync_data() } else { Ok(()) });
        written.map_err(|error| {
            // What came of the line must not be read as whole later.
            let _ = file.set_len(self.offset);
            self.io("write")(error)
        })
    }

    /// Writes a file that says no more than needed and puts it in this one's place; the caller holds the lock.
    pub(super) fn compact(&mut self, tables: &mut Tables) -> Result<(), WorldError> {
        let Some(header) = self.header.clone() else { return Ok(()) };
        let odd = |error| WorldError::odd(&self.path, &error);
        let mut text = serde_json::to_string(&header).map_err(odd)? + "\n";
        let effects = tables.all().into_iter().map(Effect::Put).chain(tables.all_faults());
        for effect in effects {
            text.push_str(&serde_json::to_string(&effect).map_err(odd)?);
            text.push('\n');
        }
        let mut name = self.path.file_name().unwrap_or_default().to_os_string();
        name.push(format!(".new-{}", std::process::id()));
        let new = self.path.with_file_name(name);
        let failed = self.io("compact");
        let written = File::create(&new).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.and_then(|()| std::fs::rename(&new, &self.path)).map_err(|error| {
            let _ = std::fs::remove_file(&new);
            failed(error)
        })?;
        self.refresh(tables)
    }
}
