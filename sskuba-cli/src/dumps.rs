//! Core dumps: what a process had in its memory, secrets among it, left in a file by a crash.

/// Turns core dumps of this process off. What it starts has no limit but that of the soft one, which it may raise.
///
/// The limit alone is not enough: a kernel that hands dumps to a program does not ask for it. A process that is not
/// dumpable is not dumped, and others of the same user cannot look into its memory either.
#[cfg(unix)]
pub(crate) fn turn_off() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Core).maximum;
    // What the system does not allow stays as it is: no reason not to run.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum });
    #[cfg(target_os = "linux")]
    {
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
    }
}

/// Does nothing where there are no core dumps.
#[cfg(not(unix))]
pub(crate) fn turn_off() {}
