//! Finds the programs, and builds them once if they are not there or older than the sources.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::SystemTime;

/// The examples that are run.
const EXAMPLES: [&str; 7] = ["scale", "churn", "quickstart", "fixture", "recovery", "earlier", "guides"];

/// The witness.
const WITNESS: &str = "sskuba-sim";

/// What the programs are made of.
const SOURCES: [&str; 10] = [
    "Cargo.toml",
    "src",
    "examples",
    "tests/process/fixture.rs",
    "tests/process/earlier.rs",
    "sskuba-core",
    "sskuba-cli",
    "sskuba-local",
    "sskuba-macros",
    "sskuba-sim",
];

/// Returns the path of an example, or of the witness.
pub(crate) fn path(name: &str) -> PathBuf {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(build).as_ref().expect("the programs that are tested cannot be built");
    place(folder, name)
}

/// Returns the path of the witness, which shows the simulated world without the engine.
pub(crate) fn witness() -> PathBuf {
    path(WITNESS)
}

fn place(folder: &Path, name: &str) -> PathBuf {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    if name.starts_with(WITNESS) { folder.join(name) } else { folder.join("examples").join(name) }
}

/// Returns the folder of this build's programs, after building what is missing; none if that fails.
fn build() -> Option<PathBuf> {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().nth(2).unwrap().to_owned();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let newest = SOURCES.iter().filter_map(|source| newest(&root.join(source))).max();
    let is_fresh = |name: &&str| {
        let built = place(&folder, name).metadata().and_then(|metadata| metadata.modified());
        built.is_ok_and(|built| Some(built) >= newest)
    };
    if EXAMPLES.iter().chain([&WITNESS]).all(is_fresh) {
        return Some(folder);
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    cargo.current_dir(root).args(["build", "--quiet", "--package", "sskuba", "--package", "sskuba-sim"]);
    cargo.args(["--profile", profile, "--bin", WITNESS]).arg("--target-dir").arg(folder.parent().unwrap());
    EXAMPLES.iter().for_each(|name| {
        cargo.args(["--example", name]);
    });
    cargo.status().is_ok_and(|status| status.success()).then_some(folder)
}

/// Returns when the newest source in a folder was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    let Ok(entries) = path.read_dir() else { return path.metadata().ok()?.modified().ok() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths
        .filter(|path| path.is_dir() || path.extension().is_some_and(|end| end == "rs"))
        .filter_map(|path| newest(&path))
        .max()
}
