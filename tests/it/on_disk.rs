//! Files, directories and commands of this machine, by the command line: whose they are, and what is left of them.

use std::fs;
use std::path::{Path, PathBuf};

use sskuba::cli::Environment;
use sskuba::local::exec::{Command, shell};
use sskuba::local::fs::{Directory, File};
use sskuba::prelude::*;

/// What a run said.
struct Ran {
    code: u8,
    text: String,
}

impl Ran {
    #[track_caller]
    fn expect(self, code: u8) -> String {
        assert_eq!(self.code, code, "{}", self.text);
        self.text
    }
}

/// A program's folder with another one below it, where things of the same names are somebody else's.
struct Folders(tempfile::TempDir);

impl Folders {
    async fn new() -> Self {
        let this = Self(tempfile::tempdir().unwrap());
        fs::write(this.home().join("Cargo.toml"), "").unwrap();
        fs::create_dir_all(this.sub().join("build/deep")).unwrap();
        fs::write(this.sub().join("build/deep/file"), "precious").unwrap();
        fs::write(this.sub().join("rr"), "precious").unwrap();
        this.run(&this.home(), "stack init dev").await.expect(0);
        this
    }

    fn home(&self) -> PathBuf {
        self.0.path().canonicalize().unwrap()
    }

    fn sub(&self) -> PathBuf {
        self.home().join("sub")
    }

    #[track_caller]
    fn the_others_are_there(&self) {
        assert_eq!(fs::read_to_string(self.sub().join("rr")).unwrap(), "precious");
        assert_eq!(fs::read_to_string(self.sub().join("build/deep/file")).unwrap(), "precious");
    }

    async fn run(&self, folder: &Path, args: &str) -> Ran {
        let environment = Environment::empty(folder);
        self.run_as(environment, args, declared).await
    }

    async fn run_as(
        &self,
        mut environment: Environment,
        args: &str,
        program: fn(&mut Stack) -> sskuba::Result,
    ) -> Ran {
        environment.variables.insert("HOME".into(), self.home().join("ann").display().to_string());
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let args = std::iter::once("files").chain(args.split(' '));
        let cli = sskuba::cli::new("files").program(program);
        let code = cli.run_with(args, environment, &mut out, &mut errors).await;
        let text = [out, errors].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        Ran { code, text }
    }
}

fn declared(stack: &mut Stack) -> sskuba::Result {
    stack.add("rr", File::new("rr", "ours"))?;
    stack.add("build", Directory::new("build").force(true))?;
    stack.add("note", Command::new(shell("pwd > note")).delete(shell("rm note")))?;
    Ok(())
}

#[tokio::test]
async fn relative_paths_mean_the_same_wherever_the_program_is_run() {
    let folders = Folders::new().await;
    let (home, sub) = (folders.home(), folders.sub());
    folders.run(&home, "up --yes").await.expect(0);
    assert_eq!(fs::read_to_string(home.join("rr")).unwrap(), "ours");
    fs::write(home.join("build/ours"), "").unwrap();
    assert_eq!(fs::read_to_string(home.join("note")).unwrap(), format!("{}\n", home.display()));
    let text = folders.run(&sub, "up --yes --refresh").await.expect(0);
    assert!(text.contains("3 unchanged"), "{text}");
    folders.run(&sub, "down --yes").await.expect(0);
    assert_eq!(["rr", "build", "note"].map(|name| home.join(name).exists()), [false; 3]);
    folders.the_others_are_there();
}

#[tokio::test]
async fn a_program_of_another_folder_touches_nothing() {
    let folders = Folders::new().await;
    let (home, sub) = (folders.home(), folders.sub());
    folders.run(&home, "up --yes").await.expect(0);
    // The state of the one, the folder of the other.
    let mut environment = Environment::empty(&home);
    environment.variables.insert("CARGO_MANIFEST_DIR".into(), sub.display().to_string());
    let state = format!("sled:{}", home.join(".sskuba/state").display());
    environment.variables.insert("SSKUBA_STATE".into(), state);
    let text = folders.run_as(environment, "down --yes --continue-on-error", declared).await.expect(1);
    let both = [&home, &sub].map(|folder| text.contains(&folder.join("rr").display().to_string()));
    assert!(both == [true, true] && text.contains("state rm"), "{text}");
    folders.the_others_are_there();
    assert!(home.join("rr").exists() && home.join("build").exists());
    // They are still recorded.
    fs::write(home.join("note"), "").unwrap();
    folders.run(&home, "down --yes").await.expect(0);
    assert!(!home.join("rr").exists() && !home.join("build").exists());
}

#[tokio::test]
async fn what_is_there_already_is_imported_and_not_adopted() {
    let folders = Folders::new().await;
    let home = folders.home();
    fs::write(home.join("rr"), "ours").unwrap();
    fs::create_dir(home.join("build")).unwrap();
    let text = folders.run(&home, "up --yes --continue-on-error").await.expect(1);
    for line in ["import local:fs:File::rr rr", "import local:fs:Directory::build build"] {
        assert!(text.contains(line), "{text}");
    }
    folders.run(&home, "import local:fs:File::rr rr").await.expect(0);
    let text = folders.run(&home, "import local:fs:Directory::build build").await.expect(0);
    assert!(!text.contains("replace"), "{text}");
    // What is imported belongs to the folder, too.
    folders.run(&folders.sub(), "up --yes").await.expect(0);
    folders.run(&folders.sub(), "down --yes").await.expect(0);
    assert!(!home.join("rr").exists() && !home.join("build").exists());
    folders.the_others_are_there();
}

const CANARY: &str = "canary-a7f3";

fn telling(stack: &mut Stack) -> sskuba::Result {
    let tell = || shell("echo $KEY; echo $KEY >&2");
    let command = Command::new(tell()).delete(tell()).variable("KEY", CANARY);
    let told = stack.add("told", command)?;
    stack.add("fails", Command::new(shell("echo $KEY; exit 3")).variable("KEY", CANARY))?;
    stack.export("id", told.id());
    Ok(())
}

/// Returns the files below a folder that hold the secret.
fn telltales(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = paths.flat_map(|path| match path.is_dir() {
        true => telltales(&path),
        false => {
            let bytes = fs::read(&path).unwrap();
            let tells = bytes.windows(CANARY.len()).any(|part| part == CANARY.as_bytes());
            if tells { vec![path] } else { Vec::new() }
        }
    });
    found.collect()
}

#[tokio::test]
async fn what_a_command_wrote_is_on_the_disk_no_longer_than_it_is_needed() {
    let folders = Folders::new().await;
    let home = folders.home();
    let run = async |args: &str| folders.run_as(Environment::empty(&home), args, telling).await;
    run("up --yes --continue-on-error").await.expect(1);
    assert_eq!(telltales(&home), Vec::<PathBuf>::new());
    // A run that was killed just before it could remove them: of a call that is recorded, and of one that no state tells of.
    let id = run("output id").await.expect(0).trim().trim_matches('"').to_owned();
    let leave = |token: &str| {
        let folder = home.join(".sskuba/commands/local/files/dev");
        let [out, end] = ["out", "end"].map(|what| folder.join(format!("{token}-create.{what}")));
        fs::write(end, "0").unwrap();
        fs::write(&out, CANARY).unwrap();
        out
    };
    let (known, unknown) = (leave(&id), leave(&"ab".repeat(16)));
    run("up --yes --exclude local:exec:Command::fails").await.expect(0);
    assert_eq!((known.exists(), telltales(&home)), (false, vec![unknown]));
    run("down --yes").await.expect(0);
    leave(&"ab".repeat(16));
    run("stack rm dev --yes").await.expect(0);
    assert_eq!(telltales(&home), Vec::<PathBuf>::new());
}
