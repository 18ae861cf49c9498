//! A Python with moto and boto3: the current one if it has them, otherwise our own under `target/python`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use super::probe::Env;

/// What is installed.
const PACKAGES: &[&str] = &["moto[server]", "boto3"];

/// Prints the interpreter if it has what is needed.
const PROBE: &str = "import moto.server, moto.core.parse, boto3, sys
print(sys.executable)";

/// Finds or makes a Python with moto, and returns the variable that tells tests where it is.
pub(crate) fn moto(root: &Path) -> Result<Env, String> {
    if let Some(env) = has_moto("python3") {
        return Ok(env);
    }
    let folder = crate::target_dir(root).join("python");
    let python = folder.join("bin/python").display().to_string();
    let ready = folder.join(".ready");
    if !ready.is_file() {
        make(&folder, &python)?;
    }
    let env = has_moto(&python)
        .ok_or_else(|| format!("{python} has no moto; delete its environment and try again"))?;
    fs::write(&ready, "").map_err(|error| format!("cannot write {}: {error}", ready.display()))?;
    Ok(env)
}

/// Makes the virtual environment anew.
fn make(folder: &Path, python: &str) -> Result<(), String> {
    println!("making a Python environment in {} (once; about two minutes)", folder.display());
    let folder = folder.display().to_string();
    step(Command::new("python3").args(["-m", "venv", "--clear", &folder]), "python3 -m venv")?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    step(Command::new(python).args(pip).args(PACKAGES), "pip install")
}

fn step(command: &mut Command, name: &str) -> Result<(), String> {
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} did not work: {status}")),
        Err(error) => Err(format!("{name} cannot be started: {error}")),
    }
}

/// The variable for an interpreter that has moto and its server.
fn has_moto(python: &str) -> Option<Env> {
    let output = Command::new(python).args(["-c", PROBE]).stdin(Stdio::null()).output().ok()?;
    let interpreter = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Some(vec![("SSKUBA_TEST_PYTHON", interpreter.trim().to_owned())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_that_is_not_there_has_no_moto() {
        assert!(has_moto("no-such-python").is_none());
    }

    #[test]
    fn a_step_that_does_not_work_says_which() {
        let error = step(&mut Command::new("no-such-program"), "making").unwrap_err();
        assert!(error.starts_with("making cannot be started: "));
        assert!(step(&mut Command::new("false"), "making").unwrap_err().starts_with("making did not work: "));
    }
}
