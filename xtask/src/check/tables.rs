//! What the rules permit, as data. To place a new crate or module, add one line here.

/// Which crates of the workspace a crate may depend on.
pub(crate) struct CrateRule {
    /// The crate.
    pub(crate) name: &'static str,
    /// What it may depend on.
    pub(crate) may: &'static [&'static str],
    /// What its tests, examples and benchmarks may depend on besides.
    pub(crate) may_in_tests: Tests,
}

/// What a crate's dev-dependencies may be.
pub(crate) enum Tests {
    /// Any crate of ours.
    Any,
    /// These crates.
    Only(&'static [&'static str]),
}

/// The engine and the derive: all that a provider and the command line may know.
const CORE: &[&str] = &["sskuba-core", "sskuba-macros"];

/// The crates of the workspace, lowest first.
pub(crate) const CRATES: &[CrateRule] = &[
    CrateRule { name: "sskuba-macros", may: &[], may_in_tests: Tests::Only(&["sskuba", "sskuba-core"]) },
    CrateRule { name: "sskuba-core", may: &["sskuba-macros"], may_in_tests: Tests::Only(&[]) },
    CrateRule { name: "sskuba-aws", may: CORE, may_in_tests: Tests::Any },
    CrateRule { name: "sskuba-azure", may: CORE, may_in_tests: Tests::Any },
    CrateRule { name: "sskuba-vsphere", may: CORE, may_in_tests: Tests::Any },
    CrateRule { name: "sskuba-talos", may: CORE, may_in_tests: Tests::Any },
    CrateRule { name: "sskuba-kube", may: CORE, may_in_tests: Tests::Any },
    CrateRule { name: "sskuba-local", may: CORE, may_in_tests: Tests::Any },
    CrateRule { name: "sskuba-sim", may: CORE, may_in_tests: Tests::Any },
    CrateRule { name: "sskuba-cli", may: CORE, may_in_tests: Tests::Any },
    CrateRule {
        name: "sskuba-testkit",
        may: &[
            "sskuba-cli",
            "sskuba-core",
            "sskuba-macros",
            "sskuba-aws",
            "sskuba-azure",
            "sskuba-vsphere",
            "sskuba-talos",
            "sskuba-kube",
            "sskuba-local",
            "sskuba-sim",
        ],
        may_in_tests: Tests::Any,
    },
    CrateRule {
        name: "sskuba",
        may: &[
            "sskuba-core",
            "sskuba-macros",
            "sskuba-aws",
            "sskuba-azure",
            "sskuba-vsphere",
            "sskuba-talos",
            "sskuba-kube",
            "sskuba-local",
            "sskuba-sim",
            "sskuba-cli",
        ],
        may_in_tests: Tests::Any,
    },
    CrateRule { name: "sskuba-cluster", may: &["sskuba"], may_in_tests: Tests::Any },
    CrateRule { name: "sskuba-ctl", may: &["sskuba", "sskuba-cluster"], may_in_tests: Tests::Any },
    // Programs that show how the library is used.
    CrateRule { name: "sskuba-benches", may: &[], may_in_tests: Tests::Any },
    CrateRule { name: "embedded", may: &["sskuba"], may_in_tests: Tests::Any },
    CrateRule { name: "hut", may: &["sskuba"], may_in_tests: Tests::Only(&["sskuba"]) },
    CrateRule { name: "xtask", may: &[], may_in_tests: Tests::Only(&[]) },
];

/// The SDKs of clouds: a name, or the beginning of one that ends in `-` or `_`, and the crate that may use it.
pub(crate) const CLOUD_SDKS: &[(&str, &str)] =
    &[("aws-sdk-", "sskuba-aws"), ("aws-config", "sskuba-aws"), ("azure_", "sskuba-azure")];

/// The place of a module in `sskuba-core/src`.
pub(crate) struct Layer {
    /// The module: the first segment after `crate::`.
    pub(crate) module: &'static str,
    /// Its layer.
    pub(crate) level: u8,
    /// Modules of its own layer that it may import.
    pub(crate) siblings: &'static [&'static str],
}

/// Shorthand for one line of [`LAYERS`].
const fn at(level: u8, module: &'static str, siblings: &'static [&'static str]) -> Layer {
    Layer { module, level, siblings }
}

/// The modules of `sskuba-core`, lowest first.
pub(crate) const LAYERS: &[Layer] = &[
    at(0, "address", &[]),
    at(0, "advice", &["address"]),
    at(0, "secret", &[]),
    at(0, "suggest", &["address"]),
    at(0, "value", &["secret"]),
    at(0, "clock", &["address"]),
    at(0, "schema", &["address", "clock", "value", "secret", "suggest"]),
    at(0, "digest", &["value"]),
    at(1, "lifecycle", &[]),
    at(1, "config", &[]),
    at(1, "expr", &["lifecycle"]),
    at(1, "resource", &["expr", "lifecycle"]),
    at(1, "output", &["expr", "resource", "lifecycle"]),
    at(1, "graph", &["expr", "output", "lifecycle", "resource"]),
    at(2, "stack", &[]),
    at(2, "provider", &["stack"]),
    at(2, "state", &["provider"]),
    at(2, "plan", &["state", "provider"]),
    at(2, "event", &["plan", "provider", "state"]),
    at(3, "planning", &[]),
    at(3, "journal", &[]),
    at(3, "calling", &["journal"]),
    at(3, "recovering", &["journal", "calling"]),
    at(3, "applying", &["journal", "calling", "recovering"]),
    at(3, "refresh", &["journal", "calling"]),
    at(3, "stores", &[]),
    at(3, "adapters", &[]),
    at(4, "engine", &[]),
    at(5, "testing", &[]),
];

/// The highest layer that must be pure.
pub(crate) const PURE_UP_TO: u8 = 2;

/// Modules above that which must be pure all the same.
pub(crate) const ALSO_PURE: &[&str] = &["planning"];

/// The only module of the core with time and randomness.
pub(crate) const CLOCK: &str = "clock";

/// The only module of the core that touches files.
pub(crate) const STORES: &str = "stores";

/// The file system.
pub(crate) const FILES: &[&str] = &["std::fs", "tokio::fs"];

/// What a pure module must not mention, besides [`FILES`] and [`CHANCE`].
/// Elapsed time is an effect there; elsewhere it is `tokio::time`'s, which tests pause.
pub(crate) const EFFECTS: &[&str] =
    &["std::env", "std::net", "std::process", "tokio::net", "tokio::process", "Instant::now"];

/// Time and randomness.
pub(crate) const CHANCE: &[&str] = &["SystemTime::now", "getrandom", "rand"];

/// Parts of what is forbidden that are plain values and therefore permitted.
pub(crate) const VALUES: &[&str] = &[
    "std::net::IpAddr",
    "std::net::Ipv4Addr",
    "std::net::Ipv6Addr",
    "std::net::SocketAddr",
    "std::net::AddrParseError",
];

/// The terminal and the environment of a process.
pub(crate) const ENVIRONMENT: &[&str] = &["std::env"];

/// Files of libraries that may use it, or a macro of [`TERMINAL`], all the same: the file and what.
pub(crate) const EXCEPTIONS: &[(&str, &str)] = &[
    ("sskuba-local/src/exec/environment.rs", "std::env"),
    // Cargo tells a derive by a variable alone which crate it is used in.
    ("sskuba-macros/src/core_path.rs", "std::env"),
    // An assertion for tests says what it did not try.
    ("sskuba-core/src/testing/provider_conformance.rs", "eprintln"),
];

/// Macros that write to the terminal.
pub(crate) const TERMINAL: &[&str] = &["println", "eprintln", "print", "eprint", "dbg"];

/// Crates that may use both, besides examples, build scripts, tests and programs.
pub(crate) const AT_THE_TERMINAL: &[&str] = &["sskuba-cli", "sskuba-testkit", "xtask"];

/// The longest a file may be without its tests, in lines.
pub(crate) const FILE_LINES: usize = 500;

/// The longest a function may be, in lines.
pub(crate) const FUNCTION_LINES: usize = 70;

/// Functions that may be longer: the file and the function.
pub(crate) const LONG_FUNCTIONS: &[(&str, &str)] = &[];

/// Crates whose items need no docs, because nobody outside of the workspace uses them.
pub(crate) const UNDOCUMENTED: &[&str] = &["xtask", "sskuba-testkit"];

/// Names that no file and no folder may have.
pub(crate) const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "manager", "misc", "stuff"];

/// Texts that belong to somebody's machine, in halves so that this file may be checked as well.
pub(crate) const MACHINE_TEXTS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/Use", "rs/"), concat!("/home/", "runner/")];

/// Files that may hold such a text: the file and the text.
pub(crate) const MACHINE_TEXT_EXCEPTIONS: &[(&str, &str)] = &[];

/// The libraries whose texts may name commands, flags and variables of the command line, and why. Those of no other may.
pub(crate) const WITH_COMMANDS: &[(&str, &str)] = &[
    ("sskuba-cli", "it is the command line"),
    ("sskuba-testkit", "it types commands, and nobody outside of the workspace uses it"),
];

/// Texts of other libraries that may name one all the same: the file, what it names, and why.
pub(crate) const COMMAND_EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// Where the command line declares its commands; each is in one of the two lists below.
pub(crate) const COMMANDS_FILE: &str = "sskuba-cli/src/args.rs";

/// The commands that are verbs: one of them between backticks is a command.
pub(crate) const COMMANDS: &[&str] =
    &["up", "apply", "deploy", "down", "destroy", "preview", "refresh", "watch", "cancel"];

/// The commands that are also words of other things, or that have commands below them.
pub(crate) const COMMAND_GROUPS: &[&str] = &[
    "plan",
    "import",
    "output",
    "outputs",
    "graph",
    "history",
    "state",
    "stack",
    "config",
    "schema",
    "completions",
];

/// Variables that only the command line reads, or what they begin with.
pub(crate) const VARIABLES: &[&str] = &[
    "SSKUBA_STACK",
    "SSKUBA_STATE",
    "SSKUBA_IDENTITY",
    "SSKUBA_PASSPHRASE",
    "SSKUBA_CONFIG_",
    "SSKUBA_SIM_",
];
