//! The arguments of `state …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Opening;

/// `state …`
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum State {
    /// Lists what is recorded
    #[command(alias = "ls")]
    List,
    /// Shows one record
    Show {
        /// The resource; a short name such as `web-0` or `Instance::web-0` will do where it means one
        address: String,
        /// Shows secrets
        #[arg(long)]
        show_secrets: bool,
    },
    /// Forgets a record; the object stays where it is
    #[command(alias = "remove", alias = "delete")]
    Rm {
        /// The resources
        #[arg(required = true)]
        addresses: Vec<String>,
        /// Does not ask
        #[arg(short, long)]
        yes: bool,
        #[command(flatten)]
        opening: Opening,
    },
    /// Takes the protection off records, so that what the program no longer declares can be removed
    Unprotect {
        /// The resources
        #[arg(required = true)]
        addresses: Vec<String>,
        /// Does not ask
        #[arg(short, long)]
        yes: bool,
        #[command(flatten)]
        opening: Opening,
    },
    /// Gives a record another address; the program is to say the same
    #[command(alias = "mv", alias = "rename")]
    Move {
        /// What it is called
        from: String,
        /// What it is to be called: a whole address, or a new name alone
        to: String,
        #[command(flatten)]
        opening: Opening,
    },
    /// Takes back an edit of the state: an `rm`, `move`, `import`, `resolve` or `undo`
    Undo(Undo),
    /// Finds what is damaged, and keeps what can be read
    Repair(Repair),
    /// Lists the copies that the last runs left of what was recorded before them, or goes back to one
    Backups(Backups),
    /// Seals all secrets with a new key
    RotateKey {
        #[command(flatten)]
        opening: Opening,
    },
    /// Writes all that is recorded as JSON; secrets stay sealed
    Export {
        /// The file; the standard output if none is given
        file: Option<PathBuf>,
    },
    /// Takes what `state export` wrote in place of what is recorded
    Import {
        /// The file; `-` for the standard input
        file: PathBuf,
        /// Does not ask
        #[arg(short, long)]
        yes: bool,
        #[command(flatten)]
        opening: Opening,
    },
    /// Breaks the lease of a program that is dead
    Unlock {
        /// Does not ask
        #[arg(short, long)]
        yes: bool,
    },
    /// Says what came of a create that was interrupted and that nobody can look up
    #[command(group = clap::ArgGroup::new("answer").required(true))]
    Resolve {
        /// The resource
        address: String,
        /// It was created: the provider's id
        #[arg(long, group = "answer", value_name = "ID")]
        created: Option<String>,
        /// It was not created; where the provider can look for it, it is asked whether that is so
        #[arg(long, group = "answer")]
        not_created: bool,
        /// With --not-created: says so whatever the provider would find
        #[arg(long, requires = "not_created")]
        force: bool,
        #[command(flatten)]
        opening: Opening,
    },
}

/// `state undo`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Undo {
    /// The edit's revision, as `history` shows it; the newest edit if none is given
    pub(crate) revision: Option<u64>,
    /// Takes it back although that loses what happened since
    #[arg(long)]
    pub(crate) force: bool,
    /// Does not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) opening: Opening,
}

/// `state repair`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Repair {
    /// Leaves out the secrets, for when nobody has an identity that opens them
    #[arg(long)]
    pub(crate) forget_secrets: bool,
    /// Does not ask
    #[arg(short, long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) opening: Opening,
}

/// `state backups`
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Backups {
    /// Makes what is recorded that of this copy; `state undo` takes it back
    #[arg(long, value_name = "NAME")]
    pub(crate) restore: Option<String>,
    /// Does not ask
    #[arg(short, long, requires = "restore")]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) opening: Opening,
}
