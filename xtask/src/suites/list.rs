//! The suites, as data: a new one is one entry here.

/// A set of tests that runs as one.
pub(crate) struct Suite {
    /// Its name, for `--only`.
    pub(crate) name: &'static str,
    /// What it proves.
    pub(crate) about: &'static str,
    /// When it runs.
    pub(crate) when: When,
    /// Whether a machine that lacks what it needs is a failure in CI.
    pub(crate) required_in_ci: bool,
    /// What it needs; the first that is lacking is the reason for a skip.
    pub(crate) needs: &'static [Need],
    /// What its tests of the clients need; not with `--quick`.
    pub(crate) clients_need: &'static [Need],
    /// What its tests of the clients run without, and prove less then; what is lacking is said.
    pub(crate) clients_want: &'static [Need],
    /// What is done, in order, up to the first failure.
    pub(crate) steps: &'static [Step],
}

impl Suite {
    /// What most suites have: they run always, are required, and need nothing but Rust.
    pub(crate) const USUAL: Self = Self {
        name: "",
        about: "",
        when: When::Always,
        required_in_ci: true,
        needs: &[],
        clients_need: &[],
        clients_want: &[],
        steps: &[],
    };
}

/// When a suite runs if nobody asks for it by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Always.
    Always,
    /// Not with `--quick`.
    Whole,
    /// Never: `tests` has all of it.
    OnRequest,
}

impl When {
    /// What a list of the suites adds.
    pub(crate) fn note(self) -> &'static str {
        match self {
            Self::Always => "",
            Self::Whole => " (not with --quick)",
            Self::OnRequest => " (a part of `tests`, with --only)",
        }
    }
}

/// Something that a suite needs before it can run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    /// A subcommand of cargo.
    CargoTool(&'static str),
    /// A Python with moto and boto3; made under `target/python` where there is none.
    /// Gives the steps `SSKUBA_TEST_PYTHON`.
    Moto,
    /// Programs of other projects' code, built from `interop`; wants Go, and its modules from the network once.
    /// Gives the steps their variables, `SSKUBA_TALOS_DRIVER` and `SSKUBA_TALOS_MACHINED`.
    Peers,
    /// The database of advisories; fetched, which needs its host.
    Advisories,
}

/// One step of a suite.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    /// `cargo xtask check`.
    Check,
    /// `cargo xtask torture` with so many kills, a quarter of them with `--quick`.
    Torture(u32),
    /// A cargo command. Its word [`CLIENTS`] stands for the clients' features.
    Cargo(&'static [&'static str]),
    /// Cargo commands with a tool where it is installed, and others where it is not.
    WithTool(&'static str, &'static [&'static [&'static str]], &'static [&'static [&'static str]]),
}

/// The word of a command that becomes [`FEATURES`], or nothing with `--quick`.
pub(crate) const CLIENTS: &str = "CLIENTS";

/// The features that compile the clients of every service. All suites take the same, with the whole workspace: another
/// selection compiles the SDKs of clouds once more, for minutes.
pub(crate) const FEATURES: &str = "sskuba/aws,sskuba/opentelemetry,sskuba/talos-testing,sskuba-aws/client,sskuba-talos/testing,\
    sskuba-testkit/opentelemetry";

/// The word of a command that becomes [`SLOW`] with `--quick`, or nothing.
pub(crate) const WITHOUT_SLOW: &str = "WITHOUT_SLOW";

/// The tests that `--quick` leaves out: they take minutes between them, and a change of what they are about is seen by others.
const SLOW: &[&str] = &[
    "--",
    "--skip",
    "good_declarations_compile_and_bad_ones_say_what_is_wrong",
    "--skip",
    "a_hundred_programs_on",
    "--skip",
    "a_disk_that_is_full",
];

/// The words of a command for cargo.
pub(crate) fn words(arguments: &[&'static str], quick: bool) -> Vec<&'static str> {
    let word = |word: &&'static str| match (*word, quick) {
        (CLIENTS, false) => vec!["--features", FEATURES],
        (WITHOUT_SLOW, true) => SLOW.to_vec(),
        (CLIENTS | WITHOUT_SLOW, _) => Vec::new(),
        (word, _) => vec![word],
    };
    arguments.iter().flat_map(word).collect()
}

/// Every suite, in the order in which they run.
pub(crate) const SUITES: &[Suite] = &[
    Suite {
        name: "fmt",
        about: "every file has the one form",
        needs: &[Need::CargoTool("fmt")],
        steps: &[Step::Cargo(&["fmt", "--all", "--check"])],
        ..Suite::USUAL
    },
    Suite {
        name: "check",
        about: "layers, purity, sizes, docs and texts",
        steps: &[Step::Check],
        ..Suite::USUAL
    },
    Suite {
        name: "clippy",
        about: "no lint complains",
        needs: &[Need::CargoTool("clippy")],
        steps: &[Step::Cargo(&["clippy", "--workspace", CLIENTS, "--all-targets", "--", "-D", "warnings"])],
        ..Suite::USUAL
    },
    // What users compile who take no cloud.
    Suite {
        name: "plain",
        about: "it compiles without the clients, which it says when asked for them, and without the command line",
        when: When::Whole,
        steps: &[
            Step::Cargo(&["check", "--workspace"]),
            Step::Cargo(&["check", "--package", "sskuba", "--lib", "--no-default-features"]),
            // What a program says that was built without a client; with it, these tests do not exist.
            Step::Cargo(&[
                "test",
                "-p",
                "sskuba-aws",
                "-p",
                "sskuba-talos",
                "--lib",
                "--",
                "without_client",
                "without_a_client",
            ]),
        ],
        ..Suite::USUAL
    },
    Suite {
        name: "tests",
        about: "unit, integration and documentation tests; AWS against moto, Talos against its own code",
        clients_need: &[Need::Moto],
        clients_want: &[Need::Peers],
        steps: &[Step::WithTool(
            "nextest",
            &[
                &["nextest", "run", "--workspace", CLIENTS, "--no-fail-fast", WITHOUT_SLOW],
                &["test", "--workspace", CLIENTS, "--doc", "--no-fail-fast"],
            ],
            &[&["test", "--workspace", CLIENTS, "--no-fail-fast", WITHOUT_SLOW]],
        )],
        ..Suite::USUAL
    },
    Suite {
        name: "torture",
        about: "kill -9 and stops at random instants lose nothing and make nothing twice",
        steps: &[Step::Torture(200)],
        ..Suite::USUAL
    },
    Suite {
        name: "deny",
        about: "licences and sources of the dependencies",
        required_in_ci: false,
        needs: &[Need::CargoTool("deny")],
        steps: &[Step::Cargo(&["deny", "check", "bans", "licenses", "sources"])],
        ..Suite::USUAL
    },
    Suite {
        name: "advisories",
        about: "known faults of the dependencies",
        required_in_ci: false,
        needs: &[Need::CargoTool("deny"), Need::Advisories],
        steps: &[Step::Cargo(&["deny", "check", "advisories", "--disable-fetch"])],
        ..Suite::USUAL
    },
    Suite {
        name: "aws",
        about: "the AWS client and a whole program against moto",
        when: When::OnRequest,
        needs: &[Need::Moto],
        steps: &[Step::Cargo(&["test", "--workspace", CLIENTS, "--test", "aws*", "--no-fail-fast"])],
        ..Suite::USUAL
    },
    Suite {
        name: "talos",
        about: "Talos's secrets, configs and machine API, against machines of this process, and the example",
        when: When::OnRequest,
        steps: &[Step::Cargo(&["test", "--workspace", CLIENTS, "--test", "talos*", "--no-fail-fast"])],
        ..Suite::USUAL
    },
    Suite {
        name: "interop",
        about: "the same against peers of Talos's own code, which are built with Go",
        when: When::OnRequest,
        required_in_ci: false,
        needs: &[Need::Peers],
        steps: &[Step::Cargo(&[
            "test",
            "--workspace",
            CLIENTS,
            "--test",
            "talos*",
            "--no-fail-fast",
            "--",
            // What is skipped is said by tests that pass.
            "--show-output",
        ])],
        ..Suite::USUAL
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = SUITES.iter().map(|suite| suite.name).collect();
        assert_eq!(names.len(), SUITES.len());
    }

    #[test]
    fn quick_takes_no_features() {
        assert_eq!(words(&["test", CLIENTS, "--doc"], true), ["test", "--doc"]);
        assert_eq!(words(&["test", WITHOUT_SLOW], true)[..3], ["test", "--", "--skip"]);
        assert_eq!(words(&["test", CLIENTS, WITHOUT_SLOW], false), ["test", "--features", FEATURES]);
    }

    #[test]
    fn every_suite_does_something() {
        assert!(SUITES.iter().all(|suite| !suite.steps.is_empty() && !suite.about.is_empty()));
    }
}
