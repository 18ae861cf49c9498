//! The edit loop: a program's source is changed, the program is built, and it shows its plan.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, bail};

/// A program whose edit loop is measured.
struct Program {
    /// The example.
    example: &'static str,
    /// Its source file.
    source: &'static str,
    /// The features that it is built with.
    features: &'static str,
    /// What the loop is to take at most on an idle machine with two cores.
    goal: Duration,
}

/// The programs: one that needs no cloud, and one whose binary has AWS's clients.
const PROGRAMS: &[Program] = &[
    Program {
        example: "quickstart",
        source: "examples/quickstart.rs",
        features: "",
        goal: Duration::from_millis(1500),
    },
    Program {
        example: "aws-network",
        source: "examples/aws-network.rs",
        features: "aws",
        goal: Duration::from_secs(4),
    },
];

/// How often each is measured; the middle one counts.
const TIMES: usize = 5;

/// Measures each program and prints a line of it.
pub(super) fn measure(root: &Path, with_aws: bool) -> anyhow::Result<()> {
    for program in PROGRAMS.iter().filter(|program| with_aws || program.features.is_empty()) {
        // The first build compiles what the program stands on.
        program.build(root)?;
        let folder = tempfile::tempdir()?;
        let mut loops =
            (0..TIMES).map(|_| program.once(root, folder.path())).collect::<anyhow::Result<Vec<_>>>()?;
        loops.sort_by_key(|(build, preview)| *build + *preview);
        let (build, preview) = loops[TIMES / 2];
        println!(
            "edit loop of {}: {:.2} s to build and {:.2} s to preview (goal: {:.1} s for both)",
            program.example,
            build.as_secs_f64(),
            preview.as_secs_f64(),
            program.goal.as_secs_f64()
        );
    }
    Ok(())
}

impl Program {
    /// Goes through the loop once.
    fn once(&self, root: &Path, folder: &Path) -> anyhow::Result<(Duration, Duration)> {
        // Cargo compares the times of files: for it this is an edit of the program.
        let source = std::fs::File::options().append(true).open(root.join(self.source))?;
        source.set_modified(SystemTime::now())?;
        let start = Instant::now();
        self.build(root)?;
        let built = start.elapsed();
        let start = Instant::now();
        let program = crate::target_dir(root).join("debug/examples").join(self.example);
        let state = format!("sled:{}", folder.join("state").display());
        let mut preview = Command::new(&program);
        // On the simulated AWS: no account is needed, and no network is measured.
        preview.args(["preview", "--simulate", "--state", &state]).current_dir(folder).stdin(Stdio::null());
        let output = preview.output().with_context(|| format!("cannot start {}", program.display()))?;
        if !output.status.success() {
            bail!(
                "the preview of {} ended with {}:\n{}",
                self.example,
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok((built, start.elapsed()))
    }

    /// Builds the program as its users do.
    fn build(&self, root: &Path) -> anyhow::Result<()> {
        super::build_example(root, self.example, &["--quiet", "--features", self.features])
    }
}
