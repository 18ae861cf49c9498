//! What a run knows of the world outside: variables, folders, the terminal, who is there. Tests make their own.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sskuba_core::clock::{Clock, SystemClock};
use sskuba_core::secret::Secret;

use crate::interrupts::Interrupts;

/// The size of a terminal, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self { width: 100, height: 24 }
    }
}

/// Which of the standard streams are a terminal, and how large it is.
#[derive(Clone)]
pub struct Terminal {
    /// The standard input is one.
    pub input: bool,
    /// The standard output is one.
    pub output: bool,
    /// The standard error output is one.
    pub errors: bool,
    /// Tells the present size.
    pub size: Arc<dyn Fn() -> Size + Send + Sync>,
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { input, output, errors, size } = self;
        write!(f, "Terminal {{ input: {input}, output: {output}, errors: {errors}, size: {:?} }}", size())
    }
}

impl Default for Terminal {
    fn default() -> Self {
        Self { input: false, output: false, errors: false, size: Arc::new(Size::default) }
    }
}

/// All that a run reads from outside, besides its files.
pub struct Environment {
    /// The variables of the process.
    pub variables: BTreeMap<String, String>,
    /// The current folder.
    pub folder: PathBuf,
    /// The name of the user.
    pub user: String,
    /// The name of the host.
    pub host: String,
    /// The number of the process.
    pub pid: u32,
    /// The terminal.
    pub terminal: Terminal,
    /// The standard input.
    pub input: Option<Box<dyn BufRead + Send>>,
    /// Ctrl-C and its like.
    pub interrupts: Interrupts,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

impl fmt::Debug for Environment {
    // Variables may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Environment {
    /// Makes an environment without variables, terminal and input, for tests.
    pub fn empty(folder: impl Into<PathBuf>) -> Self {
        Self {
            variables: BTreeMap::new(),
            folder: folder.into(),
            user: "someone".to_owned(),
            host: "here".to_owned(),
            pid: 1,
            terminal: Terminal::default(),
            input: None,
            interrupts: Interrupts::none(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Reads the environment of this process.
    pub fn of_process() -> Self {
        let text = |(key, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((key.into_string().ok()?, value.into_string().ok()?))
        };
        let variables: BTreeMap<String, String> = std::env::vars_os().filter_map(text).collect();
        let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| variables.get(*name)).cloned();
        Self {
            folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            user: user.unwrap_or_else(|| "unknown".to_owned()),
            host: gethostname::gethostname().to_string_lossy().into_owned(),
            pid: std::process::id(),
            terminal: Terminal {
                input: std::io::stdin().is_terminal(),
                output: std::io::stdout().is_terminal(),
                errors: std::io::stderr().is_terminal(),
                size: Arc::new(size_of_terminal),
            },
            input: Some(Box::new(BufReader::new(std::io::stdin()))),
            interrupts: Interrupts::of_process(),
            clock: Arc::new(SystemClock),
            variables,
        }
    }

    /// Returns a variable; an empty one counts as none.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Returns the passphrase of `SSKUBA_PASSPHRASE`.
    pub(crate) fn passphrase(&self) -> Option<Secret<String>> {
        self.variable("SSKUBA_PASSPHRASE").map(Secret::from)
    }

    /// Tells whether a person can be asked: both ends are a terminal, and it is not a CI job.
    pub(crate) fn can_ask(&self) -> bool {
        self.terminal.input && self.terminal.output && self.variable("CI").is_none()
    }

    /// Tells whether a picture that is redrawn can be shown.
    pub(crate) fn can_redraw(&self) -> bool {
        self.terminal.output && self.variable("CI").is_none() && self.variable("TERM") != Some("dumb")
    }

    /// Returns a path as seen from the current folder.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.folder.join(path)
    }
}

fn size_of_terminal() -> Size {
    terminal_size::terminal_size().map_or_else(Size::default, |(width, height)| Size {
        width: usize::from(width.0).max(20),
        height: usize::from(height.0).max(5),
    })
}
