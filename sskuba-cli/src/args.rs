//! The arguments of every command, as clap reads them.

mod state;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

pub(crate) use self::state::{Backups, Repair, State, Undo};

/// The whole command line.
#[derive(Debug, Clone, Parser)]
#[command(disable_help_subcommand = true, arg_required_else_help = true, subcommand_required = true)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const AFTER_HELP: &str = "\
Variables: SSKUBA_STACK, SSKUBA_STATE, SSKUBA_IDENTITY, SSKUBA_PASSPHRASE, SSKUBA_CONFIG_<KEY>, \
SSKUBA_SIM_WORLD, SSKUBA_SIM_FAULTS, SSKUBA_SIM_CRASH, NO_COLOR, CI
Exit codes: 0 done, 1 failed, 2 usage, 3 changes pending (--expect-no-changes), 4 stack busy, 130 cancelled";

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What every command takes.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// The stack: `name`, `project/name` or `organisation/project/name`
    #[arg(short, long, global = true, value_name = "NAME")]
    pub(crate) stack: Option<String>,
    /// Where stacks are recorded: `sled:PATH`, `memory:`, or what else the program has
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) state: Option<String>,
    /// Sets one value of the stack's configuration, for this run: `zones=["a","b"]`, `tags={team="x"}`, `tags.team=x`
    #[arg(short = 'c', long = "config", global = true, value_name = "KEY=VALUE", value_parser = pair)]
    pub(crate) config: Vec<(String, String)>,
    /// Writes JSON alone to the standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Says only what went wrong, and the last lines
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Folds nothing and shows unchanged resources too
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: Color,
    /// Puts every provider on the simulated world; `--simulate=false` takes them off it
    #[arg(long, global = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(crate) simulate: Option<bool>,
    /// How many times faster than the real services the simulated ones answer
    #[arg(long, global = true, value_name = "N", value_parser = speed)]
    pub(crate) sim_speed: Option<f64>,
}

/// Which resources a plan is about.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[command(next_help_heading = "Selection")]
pub(crate) struct Selection {
    /// Plans this resource and what it needs alone; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) target: Vec<String>,
    /// Adds what needs a target
    #[arg(long, requires = "target")]
    pub(crate) target_dependents: bool,
    /// Leaves this resource out
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) exclude: Vec<String>,
    /// Replaces this resource
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) replace: Vec<String>,
}

/// What a plan is saved with, so that `up --plan` makes the same.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct PlannedWith {
    #[serde(flatten)]
    pub(crate) selection: Selection,
    /// The values of `-c` that are no secrets.
    #[serde(default)]
    pub(crate) config: Vec<(String, String)>,
}

/// How a stack is opened for writing.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Opening {
    /// Waits this long for a stack that is in use, e.g. `5m`
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) wait: Option<Duration>,
}

/// How changes are carried out.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Applying {
    /// Does not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// The most operations at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) parallel: Option<u16>,
    /// After a failure, goes on with what does not depend on it
    #[arg(long)]
    pub(crate) continue_on_error: bool,
    /// Why; recorded in the history
    #[arg(short, long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    #[command(flatten)]
    pub(crate) opening: Opening,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Command {
    /// Shows what would change, asks, and changes it
    #[command(alias = "apply", alias = "deploy")]
    Up(Up),
    /// Shows what `up` would change
    Preview(Preview),
    /// Deletes everything, in reverse order
    #[command(alias = "destroy")]
    Down(Down),
    /// Looks at a plan that `preview --plan` saved
    #[command(subcommand)]
    Plan(Plan),
    /// Reads what is really there and records it
    Refresh(Refresh),
    /// Records an object that exists already as what the program declares; changes nothing at the provider
    ///
    /// Writes the Rust code that declares the object as it is, where the program declares it otherwise or not yet. What
    /// only the kind's crate has a type for (structs, choices) is written as `Literal::json(…)`.
    Import(Import),
    /// Shows what the stack exports
    #[command(alias = "outputs")]
    Output(Output),
    /// Draws the resources and what they depend on
    Graph(Graph),
    /// Shows who did what, when and why
    History(History),
    /// Follows what other programs do to the stack, this run and the next ones; changes nothing
    ///
    /// It reads what they record, several times a second, until Ctrl-C: which calls are under way, and what came of
    /// them. To run a program again when its sources change, use `cargo watch -x 'run -- preview'`.
    Watch,
    /// Asks the program that changes the stack now, at another terminal, to stop as Ctrl-C would
    ///
    /// Calls that are under way end and are recorded, nothing new starts, and the stack is let go of. The lease of a
    /// program that is dead is no hindrance; where it is, `state unlock` breaks it.
    Cancel(Cancel),
    /// Looks at what is recorded, and mends it
    #[command(subcommand)]
    State(State),
    /// Lists, makes, selects and removes stacks
    #[command(subcommand)]
    Stack(Stack),
    /// Reads and writes the stack's configuration
    #[command(subcommand)]
    Config(Config),
    /// Describes the kinds of resources that this program knows
    Schema(Schema),
    /// Writes the script by which a shell completes commands, stacks, addresses, kinds and keys
    ///
    /// For bash: `source <(PROGRAM completions bash)` in ~/.bashrc; for zsh: the same in ~/.zshrc; for fish:
    /// `PROGRAM completions fish | source` in ~/.config/fish/config.fish. The script runs the program at each Tab, which
    /// reads the stack and waits for nobody. A program that `cargo run` starts is completed under its own name.
    Completions(Completions),
}

/// `up`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) applying: Applying,
    /// Reads what is really there first
    #[arg(long)]
    pub(crate) refresh: bool,
    /// With --refresh: agrees to forget what is not found, where that is doubtful
    #[arg(long, requires = "refresh")]
    pub(crate) accept_gone: bool,
    /// Applies a plan that `preview --plan` saved, if it still is the plan; does not ask
    #[arg(long, value_name = "FILE", conflicts_with_all = ["target", "target_dependents", "exclude", "replace", "refresh"])]
    pub(crate) plan: Option<PathBuf>,
    /// Changes nothing; ends with code 3 if something would change
    #[arg(long, conflicts_with = "plan")]
    pub(crate) expect_no_changes: bool,
}

/// `preview`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Preview {
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) opening: Opening,
    /// Reads what is really there first, and plans with that; records nothing
    #[arg(long)]
    pub(crate) refresh: bool,
    /// Saves the plan, for `up --plan`
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// Ends with code 3 if something would change
    #[arg(long)]
    pub(crate) expect_no_changes: bool,
    /// Shows what `down` would delete
    #[arg(long, conflicts_with_all = ["plan", "replace"])]
    pub(crate) down: bool,
}

/// `plan …`
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Plan {
    /// Shows it to people
    Show {
        /// The file
        file: PathBuf,
    },
    /// Writes it as JSON: each step with its planned values, secrets masked
    Json {
        /// The file
        file: PathBuf,
    },
}

/// `down`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Down {
    /// Deletes this resource and what needs it alone; may be given several times
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) target: Vec<String>,
    /// Leaves this resource, and what it needs
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) exclude: Vec<String>,
    #[command(flatten)]
    pub(crate) applying: Applying,
}

/// `refresh`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Refresh {
    #[command(flatten)]
    pub(crate) opening: Opening,
    /// Ends with code 3 if something was changed outside of the stack
    #[arg(long)]
    pub(crate) expect_no_changes: bool,
    /// Agrees to forget what is not found, where that is doubtful: all that was made with one provider instance, or
    /// what is protected or to be retained
    #[arg(long)]
    pub(crate) accept_gone: bool,
}

/// `import`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Import {
    /// The declared resource, e.g. `aws:ec2:Vpc::main`; without an id a kind will do
    #[arg(required_unless_present = "from")]
    pub(crate) address: Option<String>,
    /// The provider's id of the object, e.g. `vpc-0a1b2c3d`; what is there is listed if none is given
    pub(crate) id: Option<String>,
    /// Imports many: a list in JSON, or tables `[[import]]` in TOML, each with `kind`, `name`, `id`, and if need be
    /// `component` (its path) and `provider` (the address of the instance)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["address", "id"])]
    pub(crate) from: Option<PathBuf>,
    /// With --from: imports those that can be, although others cannot
    #[arg(long, requires = "from")]
    pub(crate) continue_on_error: bool,
    /// Imports it although the next `up` would replace it
    #[arg(long)]
    pub(crate) even_if_replaced: bool,
    #[command(flatten)]
    pub(crate) opening: Opening,
}

/// `output`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Output {
    /// The output; all if none is given
    pub(crate) name: Option<String>,
    /// Shows secrets
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

/// The languages of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Picture {
    /// Graphviz
    Dot,
    /// Mermaid
    Mermaid,
    /// A picture for browsers
    Svg,
    /// JSON
    Json,
}

/// `graph`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Graph {
    /// The language; `dot` if none is given
    #[arg(long, value_enum)]
    pub(crate) format: Option<Picture>,
    /// Draws what `up` would do instead of what is recorded
    #[arg(long)]
    pub(crate) planned: bool,
}

/// `history`
#[derive(Debug, Clone, Default, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct History {
    /// How many runs, the newest first
    #[arg(short = 'n', long, default_value_t = 20)]
    pub(crate) limit: usize,
    #[command(subcommand)]
    pub(crate) command: Option<HistoryCommand>,
}

/// `history …`
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum HistoryCommand {
    /// Shows what one run or edit did: each object that it made, changed, replaced, deleted or moved, with its fields
    ///
    /// It is told from the copies that runs leave: those of the last five, or as many as `backups` says in the table
    /// `[sskuba]` of the stack's file. Of older runs the counts are known.
    Show {
        /// The revision of the run, as `history` lists it
        revision: u64,
    },
}

/// `cancel`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Cancel {
    /// Waits this long until it has stopped, e.g. `5m`
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) wait: Option<Duration>,
}

/// `stack recipients …`
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Recipients {
    /// Lists who can open the stack's secrets
    List,
    /// Lets somebody open them too
    Add {
        /// The public key: `age1…`
        recipient: String,
    },
    /// Seals them with a new key, without somebody
    Rm {
        /// The public key: `age1…`
        recipient: String,
    },
}

/// `stack …`
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Stack {
    /// Lists the stacks of this project
    #[command(alias = "ls")]
    List {
        /// Lists those of other projects too
        #[arg(long)]
        all: bool,
        /// Lists those alone that have this tag; may be given several times
        #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
        tag: Vec<(String, String)>,
    },
    /// Sets tags of the stack (KEY=VALUE) and removes others (KEY-); shows them if nothing is said
    ///
    /// For people and their scripts, e.g. `stack tag owner=ann expires=2027-01-31`; stored with the state. Nothing else
    /// reads them.
    Tag {
        /// Which: KEY=VALUE sets one, KEY- removes one
        #[arg(value_name = "KEY=VALUE | KEY-")]
        changes: Vec<String>,
        #[command(flatten)]
        opening: Opening,
    },
    /// Makes a stack and selects it
    Init {
        /// Its name
        name: String,
        /// Gives it the configuration of this stack; secrets are sealed anew for it
        #[arg(long, value_name = "NAME")]
        copy_config_from: Option<String>,
    },
    /// Selects the stack that commands without `--stack` use
    Select {
        /// Its name
        name: String,
    },
    /// Gives the stack another name, with its state, its history and its configuration
    ///
    /// What its provider wrote on objects stays, such as the former name in the tag `sskuba:stack` of AWS: objects are
    /// found by their token, which does not change. An object that is updated later gets the new name there.
    #[command(alias = "mv")]
    Rename {
        /// The new name, e.g. `prod`
        new: String,
    },
    /// Lists the objects of a kind that no stack records
    Unmanaged {
        /// The kind, e.g. `aws:ec2:Vpc`, or the end of it
        kind: String,
    },
    /// Says who can open the stack's secrets
    #[command(subcommand)]
    Recipients(Recipients),
    /// Removes a stack that has no resources left, and its history
    #[command(alias = "remove", alias = "delete")]
    Rm {
        /// Its name
        name: String,
        /// Removes it although resources are recorded; the objects stay where they are
        #[arg(long)]
        force: bool,
        /// Does not ask
        #[arg(short, long)]
        yes: bool,
    },
}

/// `config …`
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum Config {
    /// Shows one value
    Get {
        /// The key
        key: String,
        /// Shows it although it is secret
        #[arg(long)]
        show_secrets: bool,
    },
    /// Sets one value
    Set {
        /// The key
        key: String,
        /// The value; read from the standard input if it is left out
        value: Option<String>,
        /// Seals it, so that the file can be committed
        #[arg(long)]
        secret: bool,
    },
    /// Removes one value
    Rm {
        /// The key
        key: String,
    },
    /// Lists all values and where they come from
    List,
}

/// `schema`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Schema {
    /// The kind; all are listed if none is given
    pub(crate) kind: Option<String>,
}

/// `completions`
#[derive(Debug, Clone, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("the form is KEY=VALUE".to_owned()),
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed > 0.0 => Ok(speed),
        _ => Err("a number above 0, e.g. 100".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Arguments, clap::Error> {
        Arguments::try_parse_from(std::iter::once("demo").chain(line.split_whitespace()))
    }

    #[test]
    fn the_definition_holds_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn global_flags_stand_before_and_after_the_command() {
        for line in ["--json --stack prod up --yes", "up --yes --stack prod --json"] {
            let arguments = parse(line).unwrap();
            assert!(arguments.global.json, "{line}");
            assert_eq!(arguments.global.stack.as_deref(), Some("prod"));
        }
    }

    #[test]
    fn simulate_can_be_turned_off() {
        assert_eq!(parse("up --simulate").unwrap().global.simulate, Some(true));
        assert_eq!(parse("up --simulate=false").unwrap().global.simulate, Some(false));
        assert_eq!(parse("up").unwrap().global.simulate, None);
    }

    #[test]
    fn a_value_may_hold_an_equals_sign() {
        assert_eq!(parse("up -c a=b=c").unwrap().global.config, [("a".into(), "b=c".into())]);
        assert!(parse("up -c a").is_err());
    }

    #[test]
    fn contradictions_are_usage_errors() {
        for line in [
            "up --plan f --target a",
            "state resolve a",
            "state resolve a --created x --not-created",
            "up --parallel 0",
            "up --wait soon",
            "--quiet --verbose up",
            "preview --target-dependents",
            "nothing",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
