//! What a crash leaves behind: no core dump, which would have the secrets that were in memory.

use std::fs;

use crate::stage::Stage;

#[cfg(target_os = "linux")]
#[test]
fn a_program_leaves_no_core_dumps() {
    let stage = Stage::new("churn", &["resources=40"]).speed(5.0);
    let mut command = std::process::Command::new("/bin/sh");
    let own = stage.command("up --yes --json");
    // The limit that a developer's machine has.
    command.args(["-c", "ulimit -S -c unlimited 2>/dev/null; exec \"$@\"", "sh"]).arg(own.get_program());
    command.args(own.get_args()).current_dir(own.get_current_dir().unwrap());
    command.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut running = crate::running::Running::start(command);
    running.until("\"event\":\"started\"", 1);
    let limits = fs::read_to_string(format!("/proc/{}/limits", running.pid())).unwrap();
    let line = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(line.split_whitespace().nth(4), Some("0"), "{line}");
    // The files of a process that is not dumpable belong to root.
    let owner = |path: String| std::os::unix::fs::MetadataExt::uid(&fs::metadata(path).unwrap());
    assert_eq!(owner(format!("/proc/{}/limits", running.pid())), 0);
    running.signal(rustix::process::Signal::INT);
    running.end().expect(130);
}
