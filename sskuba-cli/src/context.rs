//! What every command works with.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use sskuba_core::address::StackId;
use sskuba_core::applying::Events;
use sskuba_core::config::ConfigValues;
use sskuba_core::engine::{Engine, EngineError};
use sskuba_core::planning::PlanOptions;
use sskuba_core::state::{Counts, StateStore};

use crate::advice;
use crate::args::{Global, Selection};
use crate::cli::{Cli, SimulationOptions};
use crate::display::Display;
use crate::environment::Environment;
use crate::identity::Identities;
use crate::interrupts::Interrupts;
use crate::keyring::UserKeyring;
use crate::project::Project;
use crate::screen::Screen;
use crate::settings::{FileLock, Overrides, StackFile, merge};
use crate::stop::{Code, Stop};

/// What a command works with.
pub(crate) struct Context<'a, 'w> {
    pub(crate) cli: Cli,
    pub(crate) global: Global,
    pub(crate) environment: Environment,
    pub(crate) interrupts: Interrupts,
    pub(crate) project: Project,
    pub(crate) stack: StackId,
    pub(crate) screen: &'a mut Screen<'w>,
    /// How the program is called, for hints.
    pub(crate) call: String,
    pub(crate) start: Instant,
    /// What the summary says.
    pub(crate) revision: u64,
    pub(crate) changes: Counts,
}

/// Whether a command writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    /// It writes nothing of the stack, but something that is sealed to the stack's recipients.
    Seal,
    Write,
}

impl<'a, 'w> Context<'a, 'w> {
    pub(crate) fn new(
        cli: Cli,
        global: Global,
        mut environment: Environment,
        (project, stack): (Project, StackId),
        call: String,
        screen: &'a mut Screen<'w>,
    ) -> Self {
        let interrupts = std::mem::replace(&mut environment.interrupts, Interrupts::none());
        let (revision, changes, start) = (0, Counts::default(), Instant::now());
        Self { cli, global, environment, interrupts, project, stack, screen, call, start, revision, changes }
    }

    /// Returns where stacks are recorded.
    pub(crate) fn state_url(&self) -> String {
        self.project.state_url(self.global.state.as_deref(), &self.environment)
    }

    /// Returns the store where stacks are recorded.
    pub(crate) fn store(&self) -> Result<Arc<dyn StateStore>, Stop> {
        Ok(self.cli.stores.make(&self.state_url(), self.settings()?.backups())?)
    }

    /// Says where stacks are recorded, for people: a folder from the current one on, where it is below that.
    pub(crate) fn place(&self) -> String {
        let url = self.state_url();
        let Some(path) = url.strip_prefix("sled:") else { return url };
        let near = Path::new(path).strip_prefix(&self.environment.folder).ok();
        near.map_or_else(|| path.to_owned(), |near| near.display().to_string())
    }

    /// Reads the stack's file.
    pub(crate) fn settings(&self) -> Result<StackFile, Stop> {
        StackFile::load(&self.project.settings(&self.stack))
    }

    /// Reads the stack's file to change it: nobody else does so until the lock is dropped.
    pub(crate) fn settings_to_change(&self) -> Result<(StackFile, FileLock), Stop> {
        let lock = FileLock::take(&self.project, &self.stack)?;
        Ok((self.settings()?, lock))
    }

    /// Returns the identities; one that is made for a writer is announced.
    pub(crate) fn identities(&mut self, access: Access) -> Result<Identities, Stop> {
        let identities = Identities::load(&self.environment, access == Access::Read)?;
        if let (true, Some(path)) = (identities.is_new, &identities.path) {
            let (path, public) = (path.display(), identities.recipients().join(", "));
            self.screen.remark(format!(
                "note: made a new identity for secrets in {path} (public key {public}); keep a copy of it"
            ));
        }
        Ok(identities)
    }

    /// Returns the configuration of this run.
    pub(crate) fn config(&mut self) -> Result<ConfigValues, Stop> {
        let file = self.settings()?;
        let variables: BTreeMap<String, String> = self.environment.variables.clone();
        let (flags, known) = (self.global.config.clone(), self.cli.fields.clone());
        let overrides = Overrides { variables: &variables, flags: &flags, known: &known };
        let stack = self.stack.clone();
        merge(&stack, &file, overrides, || self.identities(Access::Read))
    }

    /// Returns the options of a plan.
    pub(crate) fn plan_options(&mut self, selection: &Selection) -> Result<PlanOptions, Stop> {
        let Selection { target, target_dependents, exclude, replace } = selection.clone();
        let config = self.config()?;
        Ok(PlanOptions { config, targets: target, target_dependents, excludes: exclude, replace, made: None })
    }

    /// Puts the engine together.
    pub(crate) fn engine(&mut self, access: Access) -> Result<Engine, Stop> {
        // What is refused is refused before anything is made.
        self.refuse_unknown_place(access)?;
        let providers = self.providers()?;
        let (url, store) = (self.state_url(), self.store()?);
        let is_ours =
            url.strip_prefix("sled:").is_some_and(|path| Path::new(path).starts_with(self.project.own()));
        if access == Access::Write && is_ours {
            self.project.make_own()?;
        }
        let keyring = UserKeyring::new(&self.identities(access)?, &self.settings()?.recipients())?;
        let Environment { user, host, pid, clock, .. } = &self.environment;
        let builder = Engine::builder()
            .store(store)
            .keyring(Arc::new(keyring))
            .clock(Arc::clone(clock))
            .owner(user.clone(), host.clone(), *pid)
            .simulated(self.simulated());
        let mut builder = builder;
        for provider in providers {
            builder = builder.provider(provider);
        }
        for (name, hook) in &self.cli.hooks {
            // A simulated object is nothing that a hook could do something about.
            builder = match self.simulated() {
                true => builder.hook(name, |_| async { Ok::<(), Infallible>(()) }),
                false => builder.shared_hook(name, Arc::clone(hook)),
            };
        }
        Ok(builder.build())
    }

    /// Lets nothing be written to a place that only the current folder names, where no state is yet: it would be a second
    /// copy of stacks that are recorded elsewhere.
    pub(crate) fn refuse_unknown_place(&mut self, access: Access) -> Result<(), Stop> {
        let Some(place) = self.project.unknown_place(self.global.state.as_deref(), &self.environment) else {
            return Ok(());
        };
        let (call, stack) = (&self.call, self.stack.stack());
        let message = format!(
            "there is no state in {}, where the current folder says that it is; if the stacks of this program are \
             recorded elsewhere, run it in that folder or say where with `--state sled:FOLDER`; if there are none yet, \
             `{call} stack init {stack}` begins here, as `cargo run` would",
            place.display()
        );
        match access {
            Access::Write => Err(Stop::usage(message)),
            _ => {
                self.screen.remark(format!("note: {message}"));
                Ok(())
            }
        }
    }

    /// Tells whether the simulated world stands in for every provider.
    pub(crate) fn simulated(&self) -> bool {
        self.global.simulate.unwrap_or(self.cli.simulated)
    }

    /// Returns the providers, or simulated ones in their place.
    fn providers(&self) -> Result<Vec<Arc<dyn sskuba_core::provider::Provider>>, Stop> {
        if !self.simulated() {
            return Ok(self.cli.providers.clone());
        }
        let Some(factory) = &self.cli.simulate else {
            return Err(Stop::usage(
                "this program was built without the simulated world, so `--simulate` cannot be",
            ));
        };
        let world = self.environment.variable("SSKUBA_SIM_WORLD");
        let world = world.map(|path| self.environment.resolve(Path::new(path)));
        if world.is_none() {
            self.project.make_own()?;
        }
        let options = SimulationOptions {
            world: world.unwrap_or_else(|| self.project.own().join("world")),
            speed: self.global.sim_speed,
            faults: self.environment.variable("SSKUBA_SIM_FAULTS").map(str::to_owned),
            crash: self.environment.variable("SSKUBA_SIM_CRASH").map(str::to_owned),
            region: self.environment.variable("SSKUBA_SIM_REGION").map(str::to_owned),
            account: self.environment.variable("SSKUBA_SIM_ACCOUNT").map(str::to_owned),
        };
        let simulated = self.cli.providers.iter().map(|provider| {
            let made = factory(provider.name(), provider.schemas(), &options);
            made.map_err(|why| {
                let faults = options.faults.as_ref().map(|_| "; the faults are from SSKUBA_SIM_FAULTS");
                let crash = options.crash.as_ref().map(|_| "; the crash is from SSKUBA_SIM_CRASH");
                let [faults, crash] = [faults, crash].map(Option::unwrap_or_default);
                Stop::usage(format!("provider {} cannot be simulated: {why}{faults}{crash}", provider.name()))
            })
        });
        simulated.collect()
    }

    /// Makes a display without a plan: for what comes before one.
    pub(crate) fn display(&self, plan: Option<&sskuba_core::plan::Plan>) -> Display {
        Display::new(self.screen, &self.environment, self.stack.to_string(), plan)
    }

    /// Follows work that only reads what is really there.
    pub(crate) async fn reading<T>(
        &mut self,
        work: impl AsyncFnOnce(&Events) -> Result<T, EngineError>,
    ) -> Result<T, Stop> {
        let mut display = self.display(None);
        let events: Events = display.events();
        let work = work(&events);
        let ended = display.follow(self.screen, &mut self.interrupts, work, |_| ControlFlow::Break(())).await;
        match ended {
            Some(found) => Ok(found?),
            None => Err(Stop::cancelled("cancelled while reading; nothing was changed")),
        }
    }
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        let code = match &error {
            EngineError::Busy { .. } => Code::Busy,
            EngineError::Name(_) => Code::Usage,
            _ => Code::Failed,
        };
        match error {
            EngineError::Store(error) => error.into(),
            error => Self { code, message: advice::message(&error) },
        }
    }
}

/// Finds the program's folder and the stack that is meant.
pub(crate) fn locate(
    cli: &Cli,
    global: &Global,
    environment: &Environment,
) -> Result<(Project, StackId), Stop> {
    let project = Project::find(&cli.project, environment)?;
    let stack = project.stack(global.stack.as_deref(), environment)?;
    Ok((project, stack))
}

/// Says how the program is called: through cargo, for which it may have `given` words, or by its own name.
pub(crate) fn call(given: Option<&str>, args: &[OsString], environment: &Environment) -> String {
    let path = args.first().map(Path::new);
    let name = path.and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    if environment.variable("CARGO_MANIFEST_DIR").is_some() {
        if let Some(given) = given {
            return given.to_owned();
        }
        let folder = path.and_then(Path::parent).and_then(Path::file_name);
        return match folder.is_some_and(|folder| folder == "examples") {
            true => format!("cargo run --example {name} --"),
            false => "cargo run --".to_owned(),
        };
    }
    if name.is_empty() { "sskuba".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_repeats_the_call() {
        let args = [OsString::from("target/debug/examples/shop")];
        let mut environment = Environment::empty(".");
        assert_eq!(call(None, &args, &environment), "shop");
        assert_eq!(call(Some("cargo run --features aws --"), &args, &environment), "shop");
        environment.variables.insert("CARGO_MANIFEST_DIR".into(), ".".into());
        assert_eq!(call(None, &args, &environment), "cargo run --example shop --");
        let given = "cargo run --features aws --example shop --";
        assert_eq!(call(Some(given), &args, &environment), given);
    }
}
