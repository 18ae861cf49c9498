//! Commands of this machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sskuba_core::address::{StackId, Token};
use sskuba_core::advice::Advice;
use sskuba_core::prelude::*;
use sskuba_core::provider::{
    Class, Cx, Effect, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update,
};
use sskuba_core::schema::FieldError;

mod environment;
mod marks;
mod run;

use crate::folder::ProgramFolder;
use marks::{Found, Marks};
use run::{Ended, Order};

/// Returns the command line that runs `text` in the system's shell.
pub fn shell(text: impl Into<String>) -> Vec<String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("/bin/sh", "-c") };
    vec![shell.to_owned(), flag.to_owned(), text.into()]
}

/// Commands that are run when the resource is created, changed and deleted.
///
/// A command line is a program and its arguments; [`shell`] makes one of shell text. A command also finds
/// `SSKUBA_ADDRESS`, `SSKUBA_TOKEN` (the same when a step is repeated) and, from the second on, `SSKUBA_STDOUT`
/// (what the one before wrote) in its environment; of this program's own settings, `SSKUBA_…`, it inherits none. One that
/// ends with another status than 0 counts as not run, and is run again by the next `up`. When its time is over it is
/// killed with everything that it started. What it writes to standard output is recorded in the clear, unless a secret is
/// in it.
///
/// A command whose program is killed goes on, and its end is kept: the next run waits for it, and records it as if it had
/// waited all the time. Only where the command itself was killed, or the machine stopped, does a person have to look.
///
/// ```
/// use sskuba_local::exec::{Command, shell};
///
/// let seed = Command::new(shell("./seed.sh && date +%s")).delete(["./unseed.sh", "--all"]).variable("LEVEL", "3");
/// # let _ = seed;
/// ```
#[derive(Resource, Debug)]
#[resource(kind = "local:exec:Command", idempotency = "token", create = "1s", update = "1s", delete = "1s")]
pub struct Command {
    /// What is run at the create, and at an update without a command of its own.
    create: Input<Vec<String>>,
    /// What is run at an update.
    update: Option<Input<Vec<String>>>,
    /// What is run at the delete; nothing by default.
    delete: Option<Input<Vec<String>>>,
    /// Variables of the environment, beside those of this program.
    #[resource(default, entry = "variable")]
    env: Input<BTreeMap<String, Secret<String>>>,
    /// The folder that it runs in: the program's, where its `Cargo.toml` is, by default. A relative path counts from there.
    cwd: Option<Input<String>>,
    /// Values whose change deletes and creates again.
    #[resource(default, force_new, entry = "trigger")]
    triggers: Input<BTreeMap<String, String>>,
    /// For how many seconds it may run; as long as the engine lets it by default.
    timeout: Option<Input<u32>>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
    /// What it wrote to standard output, without white space around it; at most 64 KiB.
    #[resource(volatile)]
    stdout: Computed<String>,
    /// Its exit status: 0, as any other is a failure.
    #[resource(volatile, pattern = "0")]
    status: Computed<i32>,
}

/// Handles [`Command`].
#[derive(Debug, Clone)]
pub struct CommandHandler {
    folder: ProgramFolder,
    marks: Arc<Marks>,
}

impl Default for CommandHandler {
    /// Keeps what is known of running commands in a folder of its own, which is gone with this program: after that, a
    /// person has to look what came of a command that was interrupted.
    fn default() -> Self {
        Self { folder: ProgramFolder::default(), marks: Arc::new(Marks::new(None)) }
    }
}

impl CommandHandler {
    /// Keeps what is known of running commands in this folder, for the next run of the program.
    pub fn keeping(folder: impl Into<PathBuf>) -> Self {
        Self { folder: ProgramFolder::default(), marks: Arc::new(Marks::new(Some(folder.into()))) }
    }

    pub(crate) fn within(self, folder: ProgramFolder) -> Self {
        Self { folder, ..self }
    }

    /// Returns the folder that a command runs in; none for that of the process.
    fn cwd(&self, args: &CommandArgs) -> Result<Option<PathBuf>, Failure> {
        let given = || self.folder.given().map(Path::to_owned);
        args.cwd.as_deref().map_or_else(|| Ok(given()), |cwd| self.folder.resolve(cwd).map(Some))
    }

    /// Runs a command, or takes the end of one that an earlier call of this step began.
    async fn run(
        &self,
        cx: &Cx,
        step: &str,
        (field, line): (&str, &[String]),
        args: &CommandArgs,
        before: &str,
    ) -> Result<Ended, Failure> {
        let own = args.timeout.map(|seconds| Duration::from_secs(seconds.into()));
        let unreadable = |error: std::io::Error| {
            let message = format!("what earlier runs left of commands cannot be read: {error}");
            Failure::unknown(Class::Terminal, message)
        };
        let mark = self.marks.of(cx, step).map_err(unreadable)?;
        let found = mark.look().map_err(unreadable)?;
        let cwd = self.cwd(args)?;
        let order = Order {
            mark: &mark,
            field,
            line,
            env: &args.env,
            cwd: cwd.as_deref(),
            // The engine gives up at its own timeout; a little before it there is still time to say why.
            timeout: own.unwrap_or(Duration::MAX).min(cx.timeout.mul_f64(0.95)),
            before,
        };
        match found {
            // A create has a token of its own, so what is found is its.
            Found::NoFolder if step == "create" && cx.recovering => {
                let how = "was interrupted, and nothing on this machine says what came of it";
                Err(by_hand(cx, order.failed(how, Class::Terminal)))
            }
            Found::Running { .. } | Found::Ended(_) | Found::Lost if step == "create" => {
                let lost = |failure: Failure| match failure.hint {
                    None if failure.effect == Effect::Unknown => by_hand(cx, failure),
                    _ => failure,
                };
                order.adopt().await.map_err(lost)
            }
            // Of an update or a delete it may be an earlier one, which has its end; never two at once.
            Found::Running { .. } => {
                if let Err(failure) = order.adopt().await
                    && failure.class == Class::Timeout
                {
                    return Err(failure);
                }
                order.run(cx).await
            }
            _ => {
                if !cx.recovering {
                    self.marks.clear(&cx.stack, &mark);
                }
                order.run(cx).await
            }
        }
    }

    fn object(id: String, ended: Ended) -> TypedObject<Command> {
        TypedObject::new(id.clone(), CommandState { id, stdout: ended.stdout, status: ended.status })
    }
}

/// Tells whether a change asks for a run: what is run at a delete, or how long it may take, does not count.
fn asks_for_a_run(before: &CommandArgs, after: &CommandArgs) -> bool {
    let what =
        |args: &CommandArgs| (args.create.clone(), args.update.clone(), args.env.clone(), args.cwd.clone());
    what(before) != what(after)
}

/// Says how a person closes the create of a command whose end nobody knows.
fn by_hand(cx: &Cx, failure: Failure) -> Failure {
    let (address, token) = (&cx.address, &cx.token);
    let advice = Advice::ResolveAs { address: address.clone(), id: token.to_string() };
    failure.hint("look what it did").advice(advice)
}

#[async_trait]
impl Handler<Command> for CommandHandler {
    async fn create(&self, cx: &Cx, args: CommandArgs) -> Result<TypedObject<Command>, Failure> {
        let ended = self.run(cx, "create", ("create", &args.create), &args, "").await?;
        Ok(Self::object(cx.token.to_string(), ended))
    }

    async fn read(
        &self,
        cx: &Cx,
        prior: TypedPrior<Command>,
    ) -> Result<Option<TypedObject<Command>>, Failure> {
        // A person says that it ran: what it wrote is as far as it is known.
        let said = || (prior.id == cx.token.to_string()).then(|| self.marks.of(cx, "create").ok()).flatten();
        let said = || {
            let stdout = said()?.out().trim().to_owned();
            Some(CommandState { id: prior.id.clone(), stdout, status: 0 })
        };
        Ok(prior.state.clone().or_else(said).map(|state| TypedObject::new(prior.id.clone(), state)))
    }

    async fn delete(&self, cx: &Cx, prior: TypedPrior<Command>) -> Result<(), Failure> {
        let Some(args) = prior.args else {
            return Err(Failure::new(
                Class::Terminal,
                "the recorded inputs do not fit this version of the program",
            )
            .hint("undo by hand what the command did")
            .advice(Advice::ForgetUnknown(cx.address.clone())));
        };
        let before = prior.state.map(|state| state.stdout).unwrap_or_default();
        match &args.delete {
            Some(line) => self.run(cx, "delete", ("delete", line), &args, &before).await.map(drop),
            None => Ok(()),
        }
    }

    fn settled(&self, stack: &StackId, is_settled: &dyn Fn(Token) -> bool) {
        self.marks.settle(stack, is_settled);
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Command>>, Failure> {
        Err(Failure::unlisted("what a command made, it alone knows"))
    }

    fn check(&self, args: &CommandArgs) -> Vec<FieldError> {
        let lines = [
            ("create", Some(&args.create)),
            ("update", args.update.as_ref()),
            ("delete", args.delete.as_ref()),
        ];
        let mut errors: Vec<FieldError> = lines
            .into_iter()
            .filter(|(_, line)| line.is_some_and(|line| line.first().is_none_or(String::is_empty)))
            .map(|(field, _)| FieldError {
                field: field.to_owned(),
                message: "names no program; write [\"program\", \"argument\"] or shell(\"text\")".to_owned(),
            })
            .collect();
        if args.timeout == Some(0) {
            errors.push(FieldError { field: "timeout".into(), message: "0 seconds are not enough".into() });
        }
        for name in args.env.keys().filter(|name| name.is_empty() || name.contains(['=', '\0'])) {
            errors.push(FieldError {
                field: "env".into(),
                message: format!("{name:?} is not the name of a variable"),
            });
        }
        errors
    }
}

#[async_trait]
impl Update<Command> for CommandHandler {
    async fn update(&self, cx: &Cx, change: TypedChange<Command>) -> Result<TypedObject<Command>, Failure> {
        let TypedChange { prior, args } = change;
        if let (Some(before), Some(state)) = (&prior.args, &prior.state)
            && !asks_for_a_run(before, &args)
        {
            return Ok(TypedObject::new(prior.id, state.clone()));
        }
        let before = prior.state.map(|state| state.stdout).unwrap_or_default();
        let (field, line) = args.update.as_ref().map_or(("create", &args.create), |line| ("update", line));
        let ended = self.run(cx, "update", (field, line), &args, &before).await?;
        Ok(Self::object(prior.id, ended))
    }
}

#[cfg(test)]
mod tests;
