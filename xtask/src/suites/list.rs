//! The suites, as data: a new one is one entry here.

/// A set of tests that runs as one.
pub(crate) struct Suite {
    /// Its name, for `--only`.
    pub(crate) name: &'static str,
    /// What it proves.
    pub(crate) about: &'static str,
    /// Whether `--quick` leaves it out.
    pub(crate) slow: bool,
    /// Whether a machine that lacks what it needs is a failure in CI.
    pub(crate) required_in_ci: bool,
    /// What it needs; the first that is lacking is the reason for a skip.
    pub(crate) needs: &'static [Need],
    /// What is done, in order, up to the first failure.
    pub(crate) steps: &'static [Step],
}

/// Something that a suite needs before it can run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Need {
    /// A package of this workspace.
    Package(&'static str),
    /// A test of the root package with its own file, `tests/<name>.rs` or `tests/<name>/main.rs`.
    RootTest(&'static str),
    /// A subcommand of cargo.
    CargoTool(&'static str),
    /// A Python with moto and boto3; made under `target/python` where there is none.
    /// Gives the steps `SSKUBA_TEST_MOTO` and `SSKUBA_TEST_PYTHON`.
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
    /// `cargo xtask torture` with so many kills.
    Torture(u32),
    /// A cargo command.
    Cargo(&'static [&'static str]),
    /// Cargo commands with a tool where it is installed, and others where it is not.
    WithTool(&'static str, &'static [&'static [&'static str]], &'static [&'static [&'static str]]),
}

/// Every suite, in the order in which they run.
pub(crate) const SUITES: &[Suite] = &[
    Suite {
        name: "fmt",
        about: "every file has the one form",
        slow: false,
        required_in_ci: true,
        needs: &[Need::CargoTool("fmt")],
        steps: &[Step::Cargo(&["fmt", "--all", "--check"])],
    },
    Suite {
        name: "clippy",
        about: "no lint complains",
        slow: false,
        required_in_ci: true,
        needs: &[Need::CargoTool("clippy")],
        steps: &[Step::Cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])],
    },
    Suite {
        name: "check",
        about: "layers, purity, sizes, docs and texts",
        slow: false,
        required_in_ci: true,
        needs: &[],
        steps: &[Step::Check],
    },
    Suite {
        name: "tests",
        about: "unit, integration and documentation tests",
        slow: false,
        required_in_ci: true,
        needs: &[],
        steps: &[Step::WithTool(
            "nextest",
            &[
                &["nextest", "run", "--workspace", "--no-fail-fast"],
                &["test", "--workspace", "--doc", "--no-fail-fast"],
            ],
            &[&["test", "--workspace", "--no-fail-fast"]],
        )],
    },
    Suite {
        name: "torture",
        about: "kill -9 and stops at random instants lose nothing and make nothing twice",
        slow: false,
        required_in_ci: true,
        needs: &[],
        steps: &[Step::Torture(200)],
    },
    Suite {
        name: "deny",
        about: "licences and sources of the dependencies",
        slow: false,
        required_in_ci: false,
        needs: &[Need::CargoTool("deny")],
        steps: &[Step::Cargo(&["deny", "check", "bans", "licenses", "sources"])],
    },
    Suite {
        name: "advisories",
        about: "known faults of the dependencies",
        slow: false,
        required_in_ci: false,
        needs: &[Need::CargoTool("deny"), Need::Advisories],
        steps: &[Step::Cargo(&["deny", "check", "advisories", "--disable-fetch"])],
    },
    // Once for all clients: most of what is checked first is the same.
    Suite {
        name: "clippy-clients",
        about: "no lint complains of what only the clients' features compile",
        slow: true,
        required_in_ci: true,
        needs: &[Need::CargoTool("clippy"), Need::Package("sskuba-aws"), Need::Package("sskuba-talos")],
        steps: &[Step::Cargo(&[
            "clippy",
            "--package",
            "sskuba-aws",
            "--package",
            "sskuba-talos",
            "--package",
            "sskuba",
            "--features",
            "sskuba-aws/client,sskuba/aws,sskuba-talos/testing,sskuba/talos-testing",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ])],
    },
    // One selection of packages and features, so that the SDK and all that uses it is compiled once; the test
    // of the example builds the example with the same.
    Suite {
        name: "aws",
        about: "the AWS client and a whole program against moto",
        slow: true,
        required_in_ci: true,
        needs: &[Need::Package("sskuba-aws"), Need::RootTest("aws_network"), Need::Moto],
        steps: &[Step::Cargo(&[
            "test",
            "--package",
            "sskuba-aws",
            "--package",
            "sskuba",
            "--features",
            "sskuba-aws/client,sskuba/aws",
            "--lib",
            "--test",
            "it",
            "--test",
            "aws_network",
            "--no-fail-fast",
        ])],
    },
    // One selection of packages and features for both suites and for the test of the example, as above.
    Suite {
        name: "talos",
        about: "Talos's secrets, configs and machine API, against machines of this process, and the example",
        slow: true,
        required_in_ci: true,
        needs: &[
            Need::Package("sskuba-talos"),
            Need::RootTest("talos_config"),
            Need::RootTest("talos_cluster"),
        ],
        steps: &[
            Step::Cargo(&[
                "test",
                "--package",
                "sskuba-talos",
                "--package",
                "sskuba",
                "--features",
                "sskuba-talos/testing,sskuba/talos-testing",
                "--lib",
                "--test",
                "api",
                "--test",
                "interop",
                "--test",
                "secrets",
                "--test",
                "talos_config",
                "--test",
                "talos_cluster",
                "--no-fail-fast",
            ]),
            // Those of the client, and the guide.
            Step::Cargo(&[
                "test",
                "--package",
                "sskuba-talos",
                "--package",
                "sskuba",
                "--features",
                "sskuba-talos/testing,sskuba/talos-testing",
                "--doc",
                "--no-fail-fast",
            ]),
        ],
    },
    Suite {
        name: "interop",
        about: "the same against peers of Talos's own code, which are built with Go",
        slow: true,
        required_in_ci: false,
        needs: &[Need::Package("sskuba-talos"), Need::Peers],
        steps: &[Step::Cargo(&[
            "test",
            "--package",
            "sskuba-talos",
            "--package",
            "sskuba",
            "--features",
            "sskuba-talos/testing,sskuba/talos-testing",
            "--test",
            "api",
            "--test",
            "interop",
            "--test",
            "secrets",
            "--test",
            "talos_cluster",
            "--no-fail-fast",
            "--",
            // What is skipped is said by tests that pass.
            "--show-output",
        ])],
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
    fn every_suite_does_something() {
        assert!(SUITES.iter().all(|suite| !suite.steps.is_empty() && !suite.about.is_empty()));
    }
}
