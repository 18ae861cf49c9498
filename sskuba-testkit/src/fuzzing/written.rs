//! What people and programs write: plan files, configuration, names, the simulated world's file.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use sskuba_cli::{Cli, Environment};
use sskuba_core::address::{Address, Kind, Name, StackId};
use sskuba_core::plan::PlanFile;
use sskuba_sim::{Crash, Faults, World};

/// Reads a saved plan. One that can be read can be written and is then the same.
#[expect(clippy::unwrap_used, reason = "a broken promise is a panic here")]
pub fn plan_file(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(plan) = PlanFile::parse(text) {
        let again = serde_json::to_string(&plan).unwrap();
        assert_eq!(PlanFile::parse(&again).unwrap(), plan);
    }
}

/// Reads names. What is one says itself.
#[expect(clippy::unwrap_used, reason = "a broken promise is a panic here")]
pub fn address(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(address) = text.parse::<Address>() {
        assert_eq!(address.to_string(), text);
        let name: Name = address.name().parse().unwrap();
        assert_eq!(Address::new(address.path(), &address.kind(), &name), address);
    }
    if let Ok(kind) = text.parse::<Kind>() {
        assert_eq!(format!("{}:{}:{}", kind.provider(), kind.module(), kind.type_name()), text);
    }
    if let Ok(stack) = text.parse::<StackId>() {
        assert_eq!(stack.as_str(), text);
        StackId::new(stack.organisation(), stack.project(), stack.stack()).unwrap();
    }
    let _ = (text.parse::<Faults>(), text.parse::<Crash>());
}

/// A folder for what has to be a file.
#[expect(clippy::unwrap_used, reason = "without one nothing can be tried")]
fn scratch(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let shared = PathBuf::from("/dev/shm");
        let root = if shared.is_dir() { shared } else { std::env::temp_dir() };
        let folder = root.join(format!("sskuba-fuzzing-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    });
    folder.join(name)
}

/// Removes the folder of what had to be a file.
pub fn clean() {
    if let Some(folder) = scratch("x").parent() {
        // A folder that stays harms nobody.
        let _ = fs::remove_dir_all(folder);
    }
}

/// Reads the file of a stack's configuration, and edits it: a file that can be read is read again after an edit, with
/// the value that was set.
#[expect(clippy::unwrap_used, reason = "a broken promise is a panic here")]
pub fn config(input: &[u8]) {
    let file = scratch("sskuba.dev.toml");
    fs::write(&file, input).unwrap();
    let run = |args: &str| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let environment = Environment::empty(file.parent().unwrap());
        let args = format!("fuzz {args}");
        let words = args.split(' ').map(str::to_owned);
        let code = runtime.block_on(Cli::new("fuzz").run_with(words, environment, &mut out, &mut errors));
        (code, String::from_utf8(out).unwrap())
    };
    let (listed, _) = run("config list --json");
    let (set, _) = run("config set fuzzed 7");
    if listed == 0 && set == 0 {
        assert_eq!(run("config get fuzzed"), (0, "7\n".to_owned()));
    }
}

/// Opens the file of a simulated world, and lists what exists.
#[expect(clippy::unwrap_used, reason = "a broken promise is a panic here")]
pub fn sim_world(input: &[u8]) {
    let file = scratch("world");
    fs::write(&file, input).unwrap();
    if let Ok(world) = World::open(&file) {
        let _ = world.objects();
    }
}
