//! The tools that are compared, and how each is told to do the same thing.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::shape::Shape;

/// What a tool is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Show what would be made, with nothing there yet.
    Preview,
    /// Make everything.
    Up,
    /// Show what would be done, with everything there; a change is a failure.
    NoOp,
    /// Delete everything.
    Down,
}

impl Operation {
    /// Every operation, in the order in which they are measured.
    pub(crate) const ALL: [Self; 4] = [Self::Preview, Self::Up, Self::NoOp, Self::Down];

    /// What tables call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Up => "up",
            Self::NoOp => "no-op preview",
            Self::Down => "down",
        }
    }

    /// How often it is measured. What changes nothing can be done again, and the shortest of these takes less time than
    /// a busy machine may take it away for.
    pub(crate) fn times(self) -> usize {
        match self {
            Self::Preview | Self::NoOp => 5,
            Self::Up | Self::Down => 1,
        }
    }
}

/// A program that is measured.
#[derive(Debug, Clone)]
pub(crate) enum Tool {
    /// Terraform, or OpenTofu, which takes the same commands: its name and its program.
    Terraform(&'static str, PathBuf),
    /// The example `scale` of this repository.
    Ours(PathBuf),
}

impl Tool {
    /// Finds a peer by name; nothing if it is not installed.
    pub(crate) fn peer(name: &str) -> anyhow::Result<Option<Self>> {
        let Some(name) = ["terraform", "tofu"].into_iter().find(|known| *known == name) else {
            bail!("there is no way to compare with `{name}`; there are terraform and tofu");
        };
        let paths = env::var_os("PATH").unwrap_or_default();
        let program =
            env::split_paths(&paths).map(|folder| folder.join(name)).find(|program| program.is_file());
        Ok(program.map(|program| Self::Terraform(name, program)))
    }

    /// What tables call it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Terraform(name, _) => name,
            Self::Ours(_) => "sskuba",
        }
    }

    /// Whether it takes minutes for a graph of several layers.
    pub(crate) fn is_slow(&self, shape: Shape) -> bool {
        self.name() == "terraform" && shape.layers > 1
    }

    /// Writes the program into an empty folder.
    pub(crate) fn prepare(&self, shape: Shape, folder: &Path) -> anyhow::Result<()> {
        if let Self::Terraform(name, _) = self {
            fs::write(folder.join("main.tf"), shape.terraform())?;
            fs::write(folder.join("settings.tfrc"), "disable_checkpoint = true\n")?;
            let mut init = self.command(folder);
            init.args(["init", "-input=false", "-no-color"]).stdin(Stdio::null());
            let output = init.output().with_context(|| format!("cannot start {name}"))?;
            if !output.status.success() {
                bail!(
                    "{name} init ended with {}: {}",
                    output.status,
                    String::from_utf8_lossy(&output.stderr)
                );
            }
        }
        Ok(())
    }

    /// The command for an operation.
    pub(crate) fn operation(&self, operation: Operation, shape: Shape, folder: &Path) -> Command {
        let mut command = self.command(folder);
        match self {
            Self::Terraform(..) => {
                command.args(match operation {
                    Operation::Preview => &["plan"][..],
                    Operation::Up => &["apply", "-auto-approve"],
                    Operation::NoOp => &["plan", "-detailed-exitcode"],
                    Operation::Down => &["destroy", "-auto-approve"],
                });
                command.args(["-input=false", "-no-color"]);
            }
            Self::Ours(_) => {
                command.args(match operation {
                    Operation::Preview => &["preview"][..],
                    Operation::Up => &["up", "--yes"],
                    Operation::NoOp => &["preview", "--expect-no-changes"],
                    Operation::Down => &["down", "--yes"],
                });
                command.arg("--state").arg(format!("sled:{}", self.state(folder).display()));
                let Shape { resources, layers, edges } = shape;
                for value in
                    [format!("resources={resources}"), format!("layers={layers}"), format!("edges={edges}")]
                {
                    command.args(["-c", &value]);
                }
            }
        }
        command
    }

    /// Where it keeps its state.
    pub(crate) fn state(&self, folder: &Path) -> PathBuf {
        match self {
            Self::Terraform(..) => folder.join("terraform.tfstate"),
            Self::Ours(_) => folder.join("state"),
        }
    }

    /// The program in its folder, with nothing of the user's settings.
    fn command(&self, folder: &Path) -> Command {
        let (Self::Terraform(_, program) | Self::Ours(program)) = self;
        let mut command = Command::new(program);
        command.current_dir(folder).env("NO_COLOR", "1");
        match self {
            Self::Terraform(..) => command
                .env("TF_CLI_CONFIG_FILE", folder.join("settings.tfrc"))
                .env("TF_IN_AUTOMATION", "1")
                .env("CHECKPOINT_DISABLE", "1"),
            Self::Ours(_) => command.env("HOME", folder).env("XDG_CONFIG_HOME", folder.join("config")),
        };
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { resources: 5, layers: 1, edges: 0 };

    fn arguments(tool: &Tool, operation: Operation) -> String {
        let command = tool.operation(operation, SHAPE, Path::new("here"));
        let arguments: Vec<_> = command.get_args().map(|argument| argument.to_str().unwrap()).collect();
        arguments.join(" ")
    }

    #[test]
    fn each_tool_is_told_in_its_own_words() {
        let tofu = Tool::Terraform("tofu", "tofu".into());
        assert_eq!(arguments(&tofu, Operation::Up), "apply -auto-approve -input=false -no-color");
        let ours = Tool::Ours("scale".into());
        let expected =
            "preview --expect-no-changes --state sled:here/state -c resources=5 -c layers=1 -c edges=0";
        assert_eq!(arguments(&ours, Operation::NoOp), expected);
    }

    #[test]
    fn only_terraform_in_layers_is_slow() {
        let deep = Shape { layers: 20, ..SHAPE };
        let (terraform, tofu) =
            (Tool::Terraform("terraform", "t".into()), Tool::Terraform("tofu", "t".into()));
        assert!(terraform.is_slow(deep) && !terraform.is_slow(SHAPE) && !tofu.is_slow(deep));
    }

    #[test]
    fn an_unknown_tool_is_an_error() {
        assert!(Tool::peer("make").is_err());
    }
}
