//! Marks on the disk of which commands were begun, which still run, and how the others ended: what a run that was killed
//! leaves for the next one.
//!
//! A mark is a few files beside each other, named after the generation and the step. `out` and `err` take the output; `out`
//! is made before the command is started, and locked. The command inherits the lock with its standard output, so that
//! the system gives it back when the last process is gone that writes there. `end` has the exit status, once there is one.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use sskuba_core::address::{StackId, Token};
use sskuba_core::provider::Cx;
use tempfile::TempDir;

/// How much of standard output is kept, from its beginning.
pub(super) const KEPT_OUT: u64 = 64 * 1024;
/// How much of standard error is kept, from its end.
pub(super) const KEPT_ERR: u64 = 2 * 1024;
/// What an output may have on the disk before all that is not kept is cut off.
const MOST: u64 = 16 << 20;

/// What the file of the end holds if there is no such program.
pub(super) const MISSING: &str = "missing";

/// Where marks are.
#[derive(Debug)]
pub(super) struct Marks {
    folder: Folder,
    since: SystemTime,
    /// The stacks whose old marks were removed.
    cleared: Mutex<Vec<StackId>>,
}

#[derive(Debug)]
enum Folder {
    Given(PathBuf),
    /// Made when it is needed; gone with this value.
    Own(OnceLock<TempDir>),
}

impl Marks {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        let folder = folder.map_or_else(|| Folder::Own(OnceLock::new()), Folder::Given);
        Self { folder, since: SystemTime::now(), cleared: Mutex::default() }
    }

    fn folder(&self) -> io::Result<&Path> {
        match &self.folder {
            Folder::Given(folder) => Ok(folder),
            Folder::Own(own) => match own.get() {
                Some(folder) => Ok(folder.path()),
                None => {
                    let made = tempfile::tempdir()?;
                    Ok(own.get_or_init(|| made).path())
                }
            },
        }
    }

    /// Returns the mark of a step, which may not be there.
    pub(super) fn of(&self, cx: &Cx, step: &str) -> io::Result<Mark> {
        let folder = std::path::absolute(self.folder()?.join(cx.stack.as_str()))?;
        Ok(Mark { base: folder.join(format!("{}-{step}", cx.token)), folder })
    }

    /// Removes the marks of a stack that earlier runs left, once for each stack: when something is begun that is no
    /// recovery, all that was open is resolved.
    pub(super) fn clear(&self, stack: &StackId, mark: &Mark) {
        let mut cleared = self.cleared.lock().unwrap_or_else(PoisonError::into_inner);
        if cleared.contains(stack) {
            return;
        }
        cleared.push(stack.clone());
        for old in marks(&mark.folder) {
            let began = fs::metadata(old.file("out")).and_then(|metadata| metadata.modified());
            if began.is_ok_and(|began| began < self.since) {
                old.discard();
            }
        }
    }

    /// Removes the marks of calls whose outcome is recorded.
    pub(super) fn settle(&self, stack: &StackId, is_settled: &dyn Fn(Token) -> bool) {
        let folder = match &self.folder {
            Folder::Given(folder) => Some(folder.as_path()),
            Folder::Own(own) => own.get().map(TempDir::path),
        };
        let marks = folder.into_iter().flat_map(|folder| marks(&folder.join(stack.as_str())));
        marks.filter(|mark| mark.token().is_some_and(is_settled)).for_each(|mark| mark.discard());
    }
}

/// Returns the marks in a folder, which need not be there.
fn marks(folder: &Path) -> Vec<Mark> {
    let paths = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let outs = paths.filter(|path| path.extension().is_some_and(|end| end == "out"));
    outs.map(|path| Mark { base: path.with_extension(""), folder: folder.to_owned() }).collect()
}

/// The mark of one step.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    folder: PathBuf,
    base: PathBuf,
}

/// What a mark says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// No command of the stack was ever begun here.
    NoFolder,
    /// Others were, and this one was not.
    Nothing,
    /// It runs.
    Running { process: String },
    /// It ended; with which status, as the file has it.
    Ended(String),
    /// It was begun, runs no more, and nothing says how it ended.
    Lost,
}

impl Mark {
    pub(super) fn end(&self) -> PathBuf {
        self.base.with_extension("end")
    }

    fn file(&self, what: &str) -> PathBuf {
        self.base.with_extension(what)
    }

    pub(super) fn look(&self) -> io::Result<Found> {
        if !self.folder.is_dir() {
            return Ok(Found::NoFolder);
        }
        let out = match File::open(self.file("out")) {
            Ok(out) => out,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
            Err(error) => return Err(error),
        };
        let runs = match out.try_lock_shared() {
            Err(TryLockError::WouldBlock) => true,
            Ok(()) => false,
            Err(TryLockError::Error(error)) => return Err(error),
        };
        // The end is written before the lock is given back; what was left running in the background may hold it longer.
        match fs::read_to_string(self.end()) {
            Ok(status) => Ok(Found::Ended(status.trim().to_owned())),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Err(_) if runs => {
                let process = fs::read_to_string(self.file("pid")).unwrap_or_default();
                Ok(Found::Running { process: process.trim().to_owned() })
            }
            Err(_) => Ok(Found::Lost),
        }
    }

    /// Begins a command: makes the files for its output, the first of them locked, and sees to it that they outlive a
    /// loss of power.
    pub(super) fn begin(&self) -> io::Result<(File, File)> {
        make_private(&self.folder)?;
        self.remove();
        let out = fresh(&self.file("out"))?;
        out.try_lock().map_err(io::Error::from)?;
        let err = fresh(&self.file("err"))?;
        out.sync_all()?;
        #[cfg(unix)]
        File::open(&self.folder)?.sync_all()?;
        Ok((out, err))
    }

    /// Notes the process that runs it.
    pub(super) fn note(&self, process: u32) {
        // It is for people alone.
        let _ = fresh(&self.file("pid"))
            .and_then(|mut file| io::Write::write_all(&mut file, process.to_string().as_bytes()));
    }

    /// Returns the generation whose step it is of.
    fn token(&self) -> Option<Token> {
        let (token, _) = self.base.file_name()?.to_str()?.split_once('-')?;
        Token::parse(token).ok()
    }

    /// Removes it, unless its command still runs. What cannot be removed does no harm.
    fn discard(&self) {
        if !matches!(self.look(), Ok(Found::Running { .. })) {
            self.remove();
        }
    }

    /// Removes it.
    pub(super) fn remove(&self) {
        // The one that says that there is a mark goes last.
        for what in ["end", "err", "pid", "out"] {
            let _ = fs::remove_file(self.file(what));
        }
    }

    /// Cuts off what is not kept of outputs that have become large.
    pub(super) fn bound(&self) {
        for (what, left) in [("out", KEPT_OUT), ("err", 0)] {
            let path = self.file(what);
            if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > MOST) {
                // What is written after that is appended.
                let _ = OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(left));
            }
        }
    }

    /// Reads what is kept of standard output.
    pub(super) fn out(&self) -> String {
        self.read("out", KEPT_OUT, false)
    }

    /// Reads what is kept of standard error; of more than that, whole lines.
    pub(super) fn err(&self) -> String {
        self.read("err", KEPT_ERR, true)
    }

    fn read(&self, what: &str, most: u64, from_end: bool) -> String {
        let read = || -> io::Result<(Vec<u8>, bool)> {
            let mut file = File::open(self.file(what))?;
            let length = file.metadata()?.len();
            let cut = from_end && length > most;
            if cut {
                file.seek(SeekFrom::Start(length - most))?;
            }
            let mut bytes = Vec::new();
            file.take(most).read_to_end(&mut bytes)?;
            Ok((bytes, cut))
        };
        let (bytes, cut) = read().unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        // The rest of a line may be the rest of a secret, which nothing would know any more.
        match text.split_once('\n').filter(|_| cut) {
            Some((_, rest)) => rest.to_owned(),
            None => text.into_owned(),
        }
    }
}

fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes a file that only its owner reads, to which is appended.
fn fresh(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
