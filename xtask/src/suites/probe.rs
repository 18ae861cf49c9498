//! Whether a suite can run here, and if not, why.

use std::path::Path;
use std::process::{Command, Stdio};

use super::list::Need;
use super::python;

/// Variables for the steps of a suite.
pub(crate) type Env = Vec<(&'static str, String)>;

/// Why a suite cannot run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WhyNot {
    /// The machine lacks something; where the suite is required, that is a failure in CI.
    Machine(String),
    /// What it needs is in the repository and is broken.
    Broken(String),
}

/// Looks for everything in `needs`, and makes what it can.
pub(crate) fn probe(root: &Path, needs: &[Need]) -> Result<Env, WhyNot> {
    let mut env = Env::new();
    for need in needs {
        env.extend(one(root, *need)?);
    }
    Ok(env)
}

fn one(root: &Path, need: Need) -> Result<Env, WhyNot> {
    match need {
        Need::CargoTool(tool) if has_tool(tool) => Ok(Env::new()),
        Need::CargoTool(tool) => Err(WhyNot::Machine(format!("cargo {tool} is not installed"))),
        Need::Peers => crate::interop::peers(root),
        Need::Moto => python::moto(root).map_err(WhyNot::Machine),
        Need::Advisories if succeeds(&["deny", "fetch", "db"], Some(root)) => Ok(Env::new()),
        Need::Advisories => Err(WhyNot::Machine("the database of advisories cannot be fetched".into())),
    }
}

/// Whether cargo has this subcommand.
pub(crate) fn has_tool(tool: &str) -> bool {
    succeeds(&[tool, "--version"], None)
}

/// Whether a cargo command ends well; what it prints is nobody's business.
fn succeeds(arguments: &[&str], folder: Option<&Path>) -> bool {
    let mut command = cargo();
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Some(folder) = folder {
        command.current_dir(folder);
    }
    command.status().is_ok_and(|status| status.success())
}

/// The cargo that runs us. What it told us of our own package is taken away: build scripts that look at it would
/// run again, and what they are part of would be compiled again, whenever cargo is called here and by hand in turn.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in std::env::vars_os() {
        let ours =
            name.to_str().is_some_and(|n| n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST_"));
        if ours {
            command.env_remove(name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_are_not_told_who_we_are() {
        let command = cargo();
        let removed: Vec<_> = command.get_envs().filter(|(_, value)| value.is_none()).collect();
        assert!(removed.iter().any(|(name, _)| *name == "CARGO_MANIFEST_DIR"), "{removed:?}");
        assert!(removed.iter().all(|(name, _)| *name != "CARGO_HOME" && *name != "CARGO_TARGET_DIR"));
    }

    #[test]
    fn what_is_absent_is_named() {
        let root = crate::workspace_root().unwrap();
        let why = probe(&root, &[Need::CargoTool("no-such-tool")]).unwrap_err();
        assert_eq!(why, WhyNot::Machine("cargo no-such-tool is not installed".into()));
    }
}
