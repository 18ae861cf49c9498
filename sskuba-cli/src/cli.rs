//! Puts a program's command line together and runs it.

use std::ffi::OsString;
use std::fmt;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches};
use sskuba_core::config::{Config, ConfigField, Configured};
use sskuba_core::provider::{Hook, Provider};
use sskuba_core::schema::Schema;
use sskuba_core::stack::{IntoProgram, Program};
use sskuba_core::state::{StateStore, StoreError};
use sskuba_core::stores::{StoreUrl, Stores};

use crate::args::Arguments;
use crate::commands;
use crate::completing;
use crate::environment::Environment;
use crate::pairs::together;
use crate::screen::Screen;
use crate::stop::Code;

/// The variable that shows what panics say.
const SHOW_PANICS: &str = "SSKUBA_SHOW_PANICS";

/// How the simulated world is to behave, as the user says it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SimulationOptions {
    /// The file of the world.
    pub world: PathBuf,
    /// How many times faster than the real services it answers; none if the user says nothing.
    pub speed: Option<f64>,
    /// What goes wrong, as `SSKUBA_SIM_FAULTS` says it.
    pub faults: Option<String>,
    /// At which call the program crashes, as `SSKUBA_SIM_CRASH` says it.
    pub crash: Option<String>,
    /// The region of the default instances, as `SSKUBA_SIM_REGION` says it.
    pub region: Option<String>,
    /// The account of the default instances, as `SSKUBA_SIM_ACCOUNT` says it.
    pub account: Option<String>,
}

/// Makes the simulated provider of a name and its schemas; fails if the options cannot be.
pub type Simulate =
    dyn Fn(&str, Vec<Arc<Schema>>, &SimulationOptions) -> Result<Arc<dyn Provider>, String> + Send + Sync;

/// Makes a provider with the folder of what a program keeps for itself.
type MakeProvider = dyn Fn(&Path) -> Arc<dyn Provider> + Send + Sync;

/// Tells whether a key of the configuration can have a value.
type Check = fn(&str, &Configured) -> Option<Result<(), String>>;

/// A program's command line.
///
/// ```no_run
/// use sskuba_cli::Cli;
/// use sskuba_core::stack::{Result, Stack};
///
/// fn program(_stack: &mut Stack) -> Result<()> {
///     Ok(())
/// }
///
/// # async fn start() -> std::process::ExitCode {
/// Cli::new("demo").program(program).run().await
/// # }
/// ```
pub struct Cli {
    pub(crate) project: String,
    pub(crate) program: Arc<dyn Program>,
    pub(crate) providers: Vec<Arc<dyn Provider>>,
    pub(crate) hooks: Vec<(String, Arc<dyn Hook>)>,
    pub(crate) keeping: Vec<Arc<MakeProvider>>,
    pub(crate) stores: Stores,
    pub(crate) simulate: Option<Arc<Simulate>>,
    pub(crate) simulated: bool,
    pub(crate) fields: Vec<ConfigField>,
    pub(crate) checks: Vec<Check>,
    pub(crate) called: Option<String>,
}

impl fmt::Debug for Cli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cli").field("project", &self.project).finish_non_exhaustive()
    }
}

impl Cli {
    /// Starts with a program that declares nothing. `project` names the program's stacks.
    pub fn new(project: impl Into<String>) -> Self {
        let nothing = |_: &mut sskuba_core::stack::Stack| Ok(());
        Self {
            project: project.into(),
            program: Arc::new(nothing),
            providers: Vec::new(),
            hooks: Vec::new(),
            keeping: Vec::new(),
            stores: Stores::default(),
            simulate: None,
            simulated: false,
            fields: Vec::new(),
            checks: Vec::new(),
            called: None,
        }
    }

    /// Sets the program.
    #[must_use]
    pub fn program<How>(mut self, program: impl IntoProgram<How, Program: 'static>) -> Self {
        self.program = Arc::new(program.into_program());
        self
    }

    /// Adds a provider.
    #[must_use]
    pub fn provider(mut self, provider: Arc<dyn Provider>) -> Self {
        self.providers.push(provider);
        self
    }

    /// Registers a hook, which resources name with `.hook(When::…, name)`; see [`Hook`]. Under `--simulate` hooks do nothing.
    #[must_use]
    pub fn hook(mut self, name: impl Into<String>, hook: impl Hook + 'static) -> Self {
        self.hooks.push((name.into(), Arc::new(hook)));
        self
    }

    /// Adds a provider that keeps something on this machine: it is made with the folder of what the program keeps for
    /// itself, `.sskuba` in the program's own folder, which need not be there yet.
    #[must_use]
    pub fn provider_keeping(
        mut self,
        make: impl Fn(&Path) -> Arc<dyn Provider> + Send + Sync + 'static,
    ) -> Self {
        self.keeping.push(Arc::new(make));
        self
    }

    /// Adds a store that a state's URL can name by its scheme, beside `sled:` and `memory:`: under `store("team", …)` the
    /// state may be `team:blue`. The factory opens nothing yet; what cannot be used is found at the first use.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use sskuba_cli::Cli;
    /// use sskuba_core::stores::Memory;
    ///
    /// let shared = Memory::default();
    /// let cli = Cli::new("demo").store("team", move |_url| Ok(Arc::new(shared.clone())));
    /// ```
    #[must_use]
    pub fn store(
        mut self,
        scheme: impl Into<String>,
        make: impl Fn(&StoreUrl<'_>) -> Result<Arc<dyn StateStore>, StoreError> + Send + Sync + 'static,
    ) -> Self {
        self.stores.register(scheme, make);
        self
    }

    /// Says how a provider is simulated under `--simulate`.
    #[must_use]
    pub fn simulate_with(
        mut self,
        factory: impl Fn(&str, Vec<Arc<Schema>>, &SimulationOptions) -> Result<Arc<dyn Provider>, String>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.simulate = Some(Arc::new(factory));
        self
    }

    /// Simulates unless the user says `--simulate=false`; for examples that run without an account.
    #[must_use]
    pub fn simulated_by_default(mut self) -> Self {
        self.simulated = true;
        self
    }

    /// Says how cargo is told to run the program, for hints: cargo does not say which features were asked for.
    #[must_use]
    pub fn called(mut self, call: impl Into<String>) -> Self {
        self.called = Some(call.into());
        self
    }

    /// Says which configuration the program reads, for `config list` and for variables' names.
    #[must_use]
    pub fn config<C: Config>(mut self) -> Self {
        self.fields.extend(C::fields());
        self.checks.push(C::check);
        self
    }

    /// Runs what the arguments of this process say, and returns its exit code. The process leaves no core dumps from
    /// here on. With the feature `opentelemetry` it sends its spans to a collector, where the variables `OTEL_…` name one.
    pub async fn run(self) -> ExitCode {
        crate::dumps::turn_off();
        quiet_about_the_store();
        quiet_about_values();
        let (mut out, mut errors) = (std::io::stdout(), std::io::stderr());
        let environment = Environment::of_process();
        #[cfg(feature = "opentelemetry")]
        let exporting = crate::telemetry::Exporting::start(&self.project, &environment.variables);
        let code = self.run_with(std::env::args_os(), environment, &mut out, &mut errors).await;
        #[cfg(feature = "opentelemetry")]
        {
            let problem = match exporting {
                Ok(None) => None,
                Ok(Some(exporting)) => exporting.end().await,
                Err(problem) => Some(problem),
            };
            if let Some(problem) = problem {
                // Nobody is left to be told if this fails.
                let _ = writeln!(errors, "warning: {problem}");
            }
        }
        ExitCode::from(code)
    }

    /// Runs what `args` say, the first of which is the program's own name, and returns the exit code.
    pub async fn run_with(
        self,
        args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
        environment: Environment,
        out: &mut (dyn Write + Send),
        errors: &mut (dyn Write + Send),
    ) -> u8 {
        let args: Vec<OsString> = args.into_iter().map(Into::into).collect();
        let mut screen = Screen::new(out, errors, Arc::clone(&environment.clock));
        if completing::answered(&self, &environment, &args, &mut screen) {
            return Code::Done as u8;
        }
        let code = match parse(&self.project, &args) {
            Ok(arguments) => commands::run(self, arguments, environment, &args, &mut screen).await,
            Err(error) if error.use_stderr() => {
                let text = error.render().to_string();
                if args.iter().any(|word| word == "--json") {
                    commands::usage(&mut screen, text.trim().trim_start_matches("error: "));
                } else {
                    screen.remark(text.trim_end());
                }
                Code::Usage
            }
            Err(help) => {
                screen.raw(&help.render().to_string());
                Code::Done
            }
        };
        match screen.lost() {
            Some(error) if code == Code::Done => {
                let message = format!("failed to write the output: {error}; what was shown is not complete");
                screen.error(&message);
                Code::Failed as u8
            }
            _ => code as u8,
        }
    }
}

/// Keeps panics inside sled off the terminal. It panics where its files are damaged; the store catches that and
/// says which file it is, and more than one account of it only hides what to do.
fn quiet_about_the_store() {
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let file = panic.location().map(|location| Path::new(location.file()));
        let is_of_sled = |part: Component<'_>| {
            let part = part.as_os_str().to_string_lossy();
            part == "sled" || part.starts_with("sled-")
        };
        // The store's own module is called `sled` too, and its panics are not expected.
        let own = |file: &Path| file.components().any(|part| part.as_os_str() == "stores");
        if !file.is_some_and(|file| file.components().any(is_of_sled) && !own(file)) {
            others(panic);
        }
    }));
}

/// Keeps what panics say in the midst of a run off the terminal: in a provider's call it often is a value, such as the
/// `Err` of an `unwrap`, and nobody can tell whether it holds a secret. A program that panics while it declares says
/// why as usual.
fn quiet_about_values() {
    if std::env::var_os(SHOW_PANICS).is_some() {
        return;
    }
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if tokio::task::try_id().is_none() {
            return others(panic);
        }
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let text = format!("a panic at {place}; what it said may hold a secret: set {SHOW_PANICS} to see it");
        // Nobody is left to be told if this fails.
        let _ = writeln!(std::io::stderr(), "{text}");
    }));
}

/// Returns clap's definition for a program of this name.
pub(crate) fn definition(project: &str) -> clap::Command {
    Arguments::command()
        .name(project.to_owned())
        .version(concat!("(sskuba ", env!("CARGO_PKG_VERSION"), ")"))
        .about(format!("Manages the stacks of {project}"))
}

fn parse(project: &str, args: &[OsString]) -> Result<Arguments, clap::Error> {
    let matches = definition(project).try_get_matches_from(together(args))?;
    Arguments::from_arg_matches(&matches)
}
