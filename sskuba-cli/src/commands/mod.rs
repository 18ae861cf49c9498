//! The commands: each a function from arguments and context to an exit code.

mod backups;
mod cancel;
mod check_value;
mod config;
mod down;
mod graph;
mod history;
mod history_show;
mod import;
mod import_all;
mod listing;
mod output;
mod planned;
mod preview;
mod recipients;
mod records;
mod refresh;
mod renaming;
mod saved;
mod schema;
mod stack;
mod state;
mod state_edits;
mod summary;
mod tags;
mod up;
mod watch;

use std::ffi::OsString;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use tracing::Instrument as _;
use tracing::field::Empty;

use crate::args::{Arguments, Command, Global, Stack, State};
use crate::cli::Cli;
use crate::context::{Context, call, locate};
use crate::environment::Environment;
use crate::render::paint::Paint;
use crate::screen::Screen;
use crate::stop::{Code, Stop};

/// Runs a command, in a span of its own: in it are those of the engine.
pub(crate) async fn run(
    cli: Cli,
    arguments: Arguments,
    environment: Environment,
    args: &[OsString],
    screen: &mut Screen<'_>,
) -> Code {
    let (command, stack, exit_code) = (word(&arguments.command), Empty, Empty);
    let span = tracing::info_span!("command", command, stack, exit_code);
    #[cfg(feature = "opentelemetry")]
    {
        crate::telemetry::continue_trace(&span, &environment.variables);
        if let Some(problem) = crate::telemetry::not_taken(&span, &environment.variables) {
            screen.remark(format!("warning: {problem}"));
        }
    }
    let code = carry_out(cli, arguments, environment, args, screen).instrument(span.clone()).await;
    span.record("exit_code", code as u8);
    code
}

/// Returns the word for a command, without its arguments.
fn word(command: &Command) -> &'static str {
    match command {
        Command::Up(_) => "up",
        Command::Preview(_) => "preview",
        Command::Plan(_) => "plan",
        Command::Down(_) => "down",
        Command::Refresh(_) => "refresh",
        Command::Import(_) => "import",
        Command::Output(_) => "output",
        Command::Graph(_) => "graph",
        Command::History(_) => "history",
        Command::Watch => "watch",
        Command::Cancel(_) => "cancel",
        Command::State(_) => "state",
        Command::Stack(_) => "stack",
        Command::Config(_) => "config",
        Command::Schema(_) => "schema",
        Command::Completions(_) => "completions",
    }
}

async fn carry_out(
    mut cli: Cli,
    arguments: Arguments,
    environment: Environment,
    args: &[OsString],
    screen: &mut Screen<'_>,
) -> Code {
    let Arguments { global, command } = arguments;
    prepare(screen, &global, &environment);
    if let Command::Completions(completions) = &command {
        let Some(script) = crate::completing::script(completions.shell, &environment, args) else {
            let why = "failed to write the script: the program does not know its own name";
            return not_begun(screen, &Stop::failed(why));
        };
        screen.exact(&script);
        return Code::Done;
    }
    let changes = matches!(
        command,
        Command::Up(_) | Command::Preview(_) | Command::Down(_) | Command::Refresh(_) | Command::Import(_)
    );
    let place = match locate(&cli, &global, &environment) {
        Ok(place) => place,
        Err(stop) => return not_begun(screen, &stop),
    };
    let own = place.0.own();
    cli.providers.extend(cli.keeping.iter().map(|make| make(&own)));
    let call = call(cli.called.as_deref(), args, &environment);
    let mut context = Context::new(cli, global, environment, place, call, screen);
    tracing::Span::current().record("stack", tracing::field::display(&context.stack));
    if changes {
        context.interrupts.listen();
    }
    let ended = caught(dispatch(&mut context, command)).await;
    // A command that only reads or edits answers with one document; one that fails ends as all do.
    let sums_up = changes || ended.is_err();
    let code = ended.unwrap_or_else(|stop| {
        summary::stopped(context.screen, &stop);
        stop.code
    });
    if sums_up {
        summary::summary(&mut context, code);
    }
    code
}

/// Says why a command could not begin.
fn not_begun(screen: &mut Screen<'_>, stop: &Stop) -> Code {
    summary::stopped(screen, stop);
    summary::nothing(screen, stop.code);
    stop.code
}

/// Ends a command whose program panics as one that fails: what was held is given back, and the last line is written. What
/// the panic said is on the error output already.
async fn caught(work: impl Future<Output = Result<Code, Stop>>) -> Result<Code, Stop> {
    let mut work = Box::pin(work);
    let polled = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
        Ok(poll) => poll.map(Ok),
        Err(_) => Poll::Ready(Err(())),
    });
    match polled.await {
        Ok(ended) => ended,
        Err(()) => {
            Err(Stop::failed("the program panicked; what was begun is recorded, and the next run goes on"))
        }
    }
}

/// Writes a command line that is none as programs read it, where they asked for JSON.
pub(crate) fn usage(screen: &mut Screen<'_>, message: &str) {
    screen.json = true;
    not_begun(screen, &Stop::usage(message));
}

fn prepare(screen: &mut Screen<'_>, global: &Global, environment: &Environment) {
    let dumb = environment.variable("TERM") == Some("dumb");
    let no_color = dumb || environment.variable("NO_COLOR").is_some();
    screen.paint = Paint::new(global.color, environment.terminal.output, no_color);
    screen.error_paint = Paint::new(global.color, environment.terminal.errors, no_color);
    screen.terminal = environment.terminal.output;
    (screen.json, screen.quiet, screen.verbose) = (global.json, global.quiet, global.verbose);
}

async fn dispatch(context: &mut Context<'_, '_>, command: Command) -> Result<Code, Stop> {
    if is_of_the_stack(&command) {
        context.refuse_half_renamed()?;
        // Configuration that is there is read and written wherever the stack itself is recorded.
        if !(matches!(command, Command::Config(_)) && context.project.settings(&context.stack).exists()) {
            context.refuse_unknown_stack().await?;
        }
    }
    match command {
        Command::Up(args) => up::run(context, &args).await,
        Command::Preview(args) => preview::run(context, &args).await,
        Command::Plan(args) => saved::run(context, &args),
        Command::Down(args) => down::run(context, &args).await,
        Command::Refresh(args) => refresh::run(context, &args).await,
        Command::Import(args) => import::run(context, &args).await,
        Command::Output(args) => output::run(context, &args).await,
        Command::Graph(args) => graph::run(context, &args).await,
        Command::History(args) => history::run(context, &args).await,
        Command::Watch => watch::run(context).await,
        Command::Cancel(args) => cancel::run(context, &args).await,
        Command::State(args) => state::run(context, args).await,
        Command::Stack(args) => stack::run(context, args).await,
        Command::Config(args) => config::run(context, args).await,
        Command::Schema(args) => schema::run(context, &args),
        Command::Completions(_) => Ok(Code::Done),
    }
}

/// Tells whether a command works with the stack that `--stack` names: those that need none do not, and those that are
/// about other stacks look for themselves.
fn is_of_the_stack(command: &Command) -> bool {
    match command {
        Command::Schema(_) | Command::Plan(_) | Command::Completions(_) => false,
        // What is imported says which stack it is of.
        Command::State(State::Import { .. }) => false,
        Command::Stack(command) => {
            matches!(command, Stack::Tag { .. } | Stack::Unmanaged { .. } | Stack::Recipients(_))
        }
        _ => true,
    }
}
