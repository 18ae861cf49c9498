//! `cargo xtask interop`: builds the peers of `interop`, which are made of other projects' own code, and runs the tests
//! that compare with them.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};
use walkdir::WalkDir;

use crate::suites::{self, Env, WhyNot};

/// A program of `interop`.
struct Peer {
    /// Its folder.
    folder: &'static str,
    /// What the built program is called.
    program: &'static str,
    /// The variable by which tests find it.
    variable: &'static str,
    /// The file that says which modules it is built with, where that is not `go.mod`.
    modules: Option<&'static str>,
}

/// Every peer.
const PEERS: &[Peer] = &[
    Peer {
        folder: "interop/talos/driver",
        program: "talos-driver",
        variable: "SSKUBA_TALOS_DRIVER",
        modules: None,
    },
    Peer {
        folder: "interop/talos/loader",
        program: "talos-loader-1.11",
        variable: "SSKUBA_TALOS_LOADER_1_11",
        modules: Some("1.11.mod"),
    },
    Peer {
        folder: "interop/talos/loader",
        program: "talos-loader-1.12",
        variable: "SSKUBA_TALOS_LOADER_1_12",
        modules: Some("1.12.mod"),
    },
    Peer {
        folder: "interop/talos/machined",
        program: "talos-machined",
        variable: "SSKUBA_TALOS_MACHINED",
        modules: None,
    },
];

/// The variable that names a folder of golden data, which is not part of the repository.
const GOLDEN: &str = "SSKUBA_ORACLES";

/// Runs the suite of this name, and says what it is about to leave out.
pub(crate) fn run(root: &Path) -> anyhow::Result<bool> {
    if std::env::var_os(GOLDEN).is_none() {
        println!(
            "{GOLDEN} names no folder: what needs the golden data of other projects says that it is skipped"
        );
    }
    suites::run_alone(root, "interop")
}

/// Builds the peers and returns the variables that tell tests where they are.
///
/// # Errors
/// If none can be built for what this machine lacks, or one cannot be compiled, with the reason.
pub(crate) fn peers(root: &Path) -> Result<Env, WhyNot> {
    build(root, PEERS, "go")
}

fn build(root: &Path, peers: &[Peer], go: &str) -> Result<Env, WhyNot> {
    let mut env = Env::new();
    let mut reasons = Vec::new();
    for peer in peers {
        // Whoever names a built one wants that.
        if std::env::var_os(peer.variable).is_some() {
            continue;
        }
        let to = place(root, peer)?;
        let made = if to.is_file() { Ok(()) } else { make(root, peer, go, &to) };
        match made {
            Ok(()) => env.push((peer.variable, to.display().to_string())),
            Err(WhyNot::Machine(why)) => reasons.push(format!("{} cannot be built: {why}", peer.folder)),
            Err(broken) => return Err(broken),
        }
    }
    if reasons.len() == peers.len() {
        return Err(WhyNot::Machine(reasons.join("; ")));
    }
    for reason in reasons {
        println!("{reason}");
    }
    Ok(env)
}

/// Where a peer is kept: under the user's cache folder, by the digest of its sources, so that each is built once on a
/// machine.
fn place(root: &Path, peer: &Peer) -> Result<PathBuf, WhyNot> {
    let folder = root.join(peer.folder);
    let digest = digest(&folder)
        .map_err(|error| WhyNot::Broken(format!("{} cannot be read: {error}", peer.folder)))?;
    Ok(cache(root).join("peers").join(format!("{}-{digest}", peer.program)))
}

/// The folder for what is made once on a machine; the target folder where the user has none that can be written.
fn cache(root: &Path) -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    let user = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = user.or_else(home).map(|cache| cache.join("sskuba"));
    folder
        .filter(|folder| std::fs::create_dir_all(folder.join("peers")).is_ok())
        .unwrap_or_else(|| crate::target_dir(root).join("interop"))
}

/// The digest of the names and contents of a folder's files.
fn digest(folder: &Path) -> io::Result<String> {
    let mut sha = Sha256::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry?;
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder).unwrap_or(entry.path()).display().to_string();
            let contents = std::fs::read(entry.path())?;
            sha.update(format!("{name}\0{}\0", contents.len()));
            sha.update(contents);
        }
    }
    Ok(sha.finalize().iter().take(10).map(|byte| format!("{byte:02x}")).collect())
}

/// Builds one peer. It takes its name when it is whole: others may look for it meanwhile.
fn make(root: &Path, peer: &Peer, go: &str, to: &Path) -> Result<(), WhyNot> {
    let new = to.with_extension(format!("new-{}", std::process::id()));
    let mut command = Command::new(go);
    let modules = peer.modules.map(|file| format!("-modfile={file}"));
    command.args(["build", "-trimpath"]).args(modules).arg("-o").arg(&new).arg(".");
    command.current_dir(root.join(peer.folder));
    let lacking = |error| WhyNot::Machine(format!("{go} cannot be started: {error}"));
    let output = command.stdin(Stdio::null()).output().map_err(lacking)?;
    if output.status.success() {
        let named = std::fs::rename(&new, to);
        return named.map_err(|error| WhyNot::Machine(format!("{} cannot be named: {error}", new.display())));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // Go names the package before it says what in it does not compile. Everything else is about getting modules.
    if said.lines().any(|line| line.starts_with("# ")) {
        return Err(WhyNot::Broken(format!("{} does not compile: {}", peer.folder, said.trim())));
    }
    let line = said.lines().find(|line| !line.starts_with("go: downloading"));
    Err(WhyNot::Machine(line.map_or_else(|| output.status.to_string(), str::to_owned)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: &[Peer] =
        &[Peer { folder: "xtask", program: "none", variable: "SSKUBA_NO_SUCH_PEER", modules: None }];

    fn refused(go: &str) -> WhyNot {
        build(&crate::workspace_root().unwrap(), NONE, go).unwrap_err()
    }

    /// A Go that does what a shell script says.
    fn fake_go(folder: &Path, script: &str) -> String {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join("go");
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    /// A Go that says something and fails.
    fn failing(folder: &Path, says: &str) -> String {
        fake_go(folder, &format!("printf '{says}' >&2\nexit 1"))
    }

    #[test]
    fn what_cannot_be_built_is_named_with_the_reason() {
        let WhyNot::Machine(why) = refused("no-such-go") else { panic!("the machine lacks it") };
        assert!(why.starts_with("xtask cannot be built: no-such-go cannot be started: "), "{why}");
        let folder = tempfile::tempdir().unwrap();
        let go = failing(folder.path(), "go: downloading a\\ndial tcp: no route\\n");
        let expected = "xtask cannot be built: dial tcp: no route";
        assert_eq!(refused(&go), WhyNot::Machine(expected.to_owned()));
    }

    #[test]
    fn what_does_not_compile_is_no_fault_of_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        let go = failing(folder.path(), "# sskuba/peer\\n./main.go:1: no\\n");
        let expected = "xtask does not compile: # sskuba/peer\n./main.go:1: no";
        assert_eq!(refused(&go), WhyNot::Broken(expected.to_owned()));
    }

    #[test]
    fn what_is_built_is_named_by_its_variable_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("peer")).unwrap();
        std::fs::write(folder.path().join("peer/main.go"), format!("// {}", folder.path().display()))
            .unwrap();
        let go = fake_go(folder.path(), "touch \"$4\"");
        let peers = [Peer {
            folder: "peer",
            program: "test-of-xtask",
            variable: "SSKUBA_NO_SUCH_PEER",
            modules: None,
        }];
        let env = build(folder.path(), &peers, &go).unwrap();
        assert_eq!(env[0].0, "SSKUBA_NO_SUCH_PEER");
        // It is there now, and nobody needs Go.
        assert_eq!(build(folder.path(), &peers, "no-such-go").unwrap(), env);
        std::fs::write(folder.path().join("peer/more.go"), "// other sources").unwrap();
        assert!(build(folder.path(), &peers, "no-such-go").is_err());
        std::fs::remove_file(&env[0].1).unwrap();
    }

    #[test]
    fn every_peer_is_where_it_is_said_to_be() {
        let root = crate::workspace_root().unwrap();
        for peer in PEERS {
            assert!(root.join(peer.folder).join("go.mod").is_file(), "{}", peer.folder);
        }
    }
}
