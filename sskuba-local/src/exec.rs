//! Commands of this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use sskuba_core::prelude::*;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior};
use sskuba_core::schema::FieldError;

mod environment;
mod run;

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
/// (what the one before wrote) in its environment. One that ends with another status than 0 counts as not run, and
/// is run again by the next `up`. When its time is over it is killed with everything that it started. What it writes to standard output is recorded in the clear.
///
/// ```
/// use sskuba_local::exec::{Command, shell};
///
/// let seed = Command::new(shell("./seed.sh && date +%s")).delete(["./unseed.sh", "--all"]).variable("LEVEL", "3");
/// # let _ = seed;
/// ```
#[derive(Resource, Debug)]
#[resource(kind = "local:exec:Command", idempotency = "none", create = "1s", update = "1s", delete = "1s")]
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
    /// The folder that it runs in; this program's by default.
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
#[derive(Debug, Clone, Copy, Default)]
pub struct CommandHandler;

impl CommandHandler {
    async fn run(
        cx: &Cx,
        field: &str,
        line: &[String],
        args: &CommandArgs,
        before: &str,
    ) -> Result<Ended, Failure> {
        let own = args.timeout.map(|seconds| Duration::from_secs(seconds.into()));
        let order = Order {
            field,
            line,
            env: &args.env,
            cwd: args.cwd.as_deref(),
            // The engine gives up at its own timeout; a little before it there is still time to say why.
            timeout: own.unwrap_or(Duration::MAX).min(cx.timeout.mul_f64(0.95)),
            before,
        };
        order.run(cx).await
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

#[async_trait]
impl Handler<Command> for CommandHandler {
    async fn create(&self, cx: &Cx, args: CommandArgs) -> Result<TypedObject<Command>, Failure> {
        let ended = Self::run(cx, "create", &args.create, &args, "").await?;
        Ok(Self::object(cx.token.to_string(), ended))
    }

    async fn read(
        &self,
        _: &Cx,
        prior: TypedPrior<Command>,
    ) -> Result<Option<TypedObject<Command>>, Failure> {
        Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
    }

    async fn update(&self, cx: &Cx, change: TypedChange<Command>) -> Result<TypedObject<Command>, Failure> {
        let TypedChange { prior, args } = change;
        if let (Some(before), Some(state)) = (&prior.args, &prior.state)
            && !asks_for_a_run(before, &args)
        {
            return Ok(TypedObject::new(prior.id, state.clone()));
        }
        let before = prior.state.map(|state| state.stdout).unwrap_or_default();
        let (field, line) = args.update.as_ref().map_or(("create", &args.create), |line| ("update", line));
        let ended = Self::run(cx, field, line, &args, &before).await?;
        Ok(Self::object(prior.id, ended))
    }

    async fn delete(&self, cx: &Cx, prior: TypedPrior<Command>) -> Result<(), Failure> {
        let Some(args) = prior.args else {
            return Err(Failure::new(
                Class::Terminal,
                "the recorded inputs do not fit this version of the program",
            )
            .hint("`state rm` the record, and undo by hand what the command did"));
        };
        let before = prior.state.map(|state| state.stdout).unwrap_or_default();
        match &args.delete {
            Some(line) => Self::run(cx, "delete", line, &args, &before).await.map(drop),
            None => Ok(()),
        }
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

#[cfg(test)]
mod tests;
