//! Completions that know stacks, addresses, kinds and keys: a shell's script runs the program, with [`VARIABLE`] set, and
//! the program says what could stand where the cursor is.
//!
//! What it does not find out at once it does not say: nobody waits for a lock at a prompt, and an error there is of no
//! use to anybody.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;
use std::{path, thread};

use clap::{Arg, Command};
use clap_complete::env::Shells;
use clap_complete::{ArgValueCompleter, CompletionCandidate, Shell};
use sskuba_core::address::StackId;
use sskuba_core::engine::{Engine, Snapshot};
use sskuba_core::stores::Stores;

use crate::args::Global;
use crate::cli::{Cli, definition};
use crate::context::locate;
use crate::environment::Environment;
use crate::project::Project;
use crate::screen::Screen;

/// The variable that names the shell which asks.
pub(crate) const VARIABLE: &str = "SSKUBA_COMPLETE";

/// How long may be looked for stacks and addresses.
const PATIENCE: Duration = Duration::from_millis(400);

/// How many runs are offered.
const REVISIONS: usize = 20;

/// What could be named on a command line.
struct Names {
    kinds: Vec<String>,
    keys: Vec<String>,
    stores: Stores,
    /// None if even the folder cannot be told.
    place: Option<(Project, StackId, String)>,
}

/// Answers a shell, if one asks; tells whether it did.
pub(crate) fn answered(
    cli: &Cli,
    environment: &Environment,
    args: &[OsString],
    screen: &mut Screen<'_>,
) -> bool {
    let Some(shell) = environment.variable(VARIABLE) else { return false };
    let Some(at) = args.iter().position(|arg| arg == "--") else { return false };
    let words = args[at + 1..].to_vec();
    if let Some(shell) = Shells::builtins().completer(shell) {
        let names = Arc::new(Names::new(cli, environment, &words));
        let mut command = named(definition(&cli.project), &names);
        command.build();
        let mut text = Vec::new();
        if shell.write_complete(&mut command, words, Some(&environment.folder), &mut text).is_ok() {
            screen.exact(&String::from_utf8_lossy(&text));
        }
    }
    true
}

/// Writes the script that makes a shell ask.
pub(crate) fn script(shell: Shell, environment: &Environment, args: &[OsString]) -> Option<String> {
    let program = args.first().map(path::Path::new)?;
    let name = program.file_name()?.to_string_lossy().into_owned();
    // A program that is found by its name stays so; another one is asked where it is now.
    let completer = match program.components().count() {
        1 => name.clone(),
        _ => environment.resolve(program).display().to_string(),
    };
    let shells = Shells::builtins();
    let mut text = Vec::new();
    let shell = shells.completer(&shell.to_string())?;
    shell.write_registration(VARIABLE, &name, &name, &completer, &mut text).ok()?;
    String::from_utf8(text).ok()
}

impl Names {
    fn new(cli: &Cli, environment: &Environment, words: &[OsString]) -> Self {
        let schemas = cli.providers.iter().flat_map(|provider| provider.schemas());
        let given = |long: &str, short: Option<&str>| given(words, long, short);
        let global = Global { stack: given("--stack", Some("-s")), ..Global::default() };
        let state = given("--state", None);
        let place = locate(cli, &global, environment).ok().map(|(project, stack)| {
            let url = project.state_url(state.as_deref(), environment);
            (project, stack, url)
        });
        let mut kinds: Vec<String> = schemas.map(|schema| schema.kind.to_string()).collect();
        kinds.sort();
        kinds.dedup();
        let keys = cli.fields.iter().map(|field| field.name.to_owned()).collect();
        Self { kinds, keys, stores: cli.stores.clone(), place }
    }

    fn kinds(&self) -> Vec<String> {
        self.kinds.clone()
    }

    fn keys(&self) -> Vec<String> {
        self.keys.clone()
    }

    fn stacks(&self) -> Vec<String> {
        let Some((project, _, url)) = &self.place else { return Vec::new() };
        let Ok(store) = self.stores.make(url, None) else { return Vec::new() };
        let stacks = soon(async move { store.stacks().await.ok() }).unwrap_or_default();
        let own = stacks.iter().filter(|stack| stack.project() == project.name);
        own.map(|stack| project.short(stack).to_owned()).collect()
    }

    /// Reads what is recorded. Secrets stay closed: nothing of them is needed, and no identity is asked for.
    fn snapshot(&self) -> Option<Snapshot> {
        let (_, stack, url) = self.place.clone()?;
        let engine = Engine::builder().store(self.stores.make(&url, None).ok()?).build();
        soon(async move { engine.read(&stack).await.ok() })
    }

    /// Returns names of what is recorded: those that are short and clear, since most shells take a colon for the end of a
    /// word; and addresses.
    fn addresses(&self) -> Vec<String> {
        let Some(Snapshot { state, .. }) = self.snapshot() else { return Vec::new() };
        let all: Vec<_> = state.records().map(|record| record.address.clone()).collect();
        let is_clear = |name: &str| all.iter().filter(|other| other.name() == name).count() == 1;
        let names = all.iter().map(|address| address.name().to_string()).filter(|name| is_clear(name));
        let mut found: Vec<String> = names.chain(all.iter().map(ToString::to_string)).collect();
        found.sort();
        found.dedup();
        found
    }

    /// Returns the keys as what begins a value of them.
    fn pairs(&self) -> Vec<String> {
        self.keys.iter().map(|key| format!("{key}=")).collect()
    }

    /// Returns the revisions of the last runs.
    fn revisions(&self) -> Vec<String> {
        let Some((_, stack, url)) = self.place.clone() else { return Vec::new() };
        let Ok(store) = self.stores.make(&url, None) else { return Vec::new() };
        let engine = Engine::builder().store(store).build();
        let runs = soon(async move { engine.history(&stack, REVISIONS).await.ok() }).unwrap_or_default();
        runs.iter().map(|run| run.revision.to_string()).collect()
    }

    fn outputs(&self) -> Vec<String> {
        self.snapshot().map(|snapshot| snapshot.state.exports().keys().cloned().collect()).unwrap_or_default()
    }
}

/// Returns the value of a flag among words that are not complete.
fn given(words: &[OsString], long: &str, short: Option<&str>) -> Option<String> {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let is = |word: &str| word == long || short == Some(word);
    let apart = words.windows(2).rev().find(|pair| is(&pair[0])).map(|pair| pair[1].to_string());
    let joined = || words.iter().rev().find_map(|word| word.strip_prefix(long)?.strip_prefix('='));
    apart.or_else(|| joined().map(str::to_owned)).filter(|value| !value.is_empty())
}

/// Runs work on a thread of its own, and does not wait long for it.
fn soon<T: Send + 'static>(work: impl Future<Output = Option<T>> + Send + 'static) -> Option<T> {
    let (answer, answered) = channel();
    let run = move || {
        if let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() {
            // Nobody may be waiting any more.
            let _ = answer.send(runtime.block_on(work));
            runtime.shutdown_background();
        }
    };
    thread::Builder::new().name("sskuba-complete".to_owned()).spawn(run).ok()?;
    answered.recv_timeout(PATIENCE).ok().flatten()
}

/// Says of a command's arguments, and of those of its commands, what can stand there.
fn named(command: Command, names: &Arc<Names>) -> Command {
    let ids: Vec<String> = command.get_arguments().map(|arg| arg.get_id().to_string()).collect();
    let inner: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    let this = command.get_name().to_owned();
    // Each is put back behind the others, so all are: the order of those without a flag is their place on the line.
    let command = ids.into_iter().fold(command, |command, id| {
        let source = source(&this, &id);
        command.mut_arg(id, |arg| match source {
            Some(source) => with(arg, Arc::clone(names), source),
            None => arg,
        })
    });
    inner.into_iter().fold(command, |command, name| command.mut_subcommand(name, |inner| named(inner, names)))
}

type Source = fn(&Names) -> Vec<String>;

/// Says what an argument of a command is named from.
fn source(command: &str, id: &str) -> Option<Source> {
    Some(match (command, id) {
        ("import", "address") | (_, "kind") => Names::kinds,
        (_, "target" | "exclude" | "replace" | "address" | "addresses") | ("move", "from") => {
            Names::addresses
        }
        (_, "stack" | "copy_config_from") | ("select" | "rm", "name") => Names::stacks,
        (_, "key") => Names::keys,
        ("output", "name") => Names::outputs,
        ("show", "revision") => Names::revisions,
        (_, "config") => Names::pairs,
        _ => return None,
    })
}

fn with(arg: Arg, names: Arc<Names>, source: Source) -> Arg {
    arg.add(ArgValueCompleter::new(move |current: &OsStr| {
        let current = current.to_string_lossy();
        let fits = |name: &String| name.starts_with(&*current) && !name.chars().any(char::is_control);
        let fitting = source(&names).into_iter().filter(fits);
        fitting.map(CompletionCandidate::new).collect::<Vec<_>>()
    }))
}
