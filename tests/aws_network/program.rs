//! The program: the example's binary, built as a user builds it, and what it says.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::OnceLock;

use serde_json::Value as Json;

/// Returns the binary; built once in a run of the tests, into the folder that they were built into.
pub(crate) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| sskuba_testkit::example("aws-network", "aws"))
}

/// What a run of the program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
    events: Vec<Json>,
}

impl Said {
    pub(crate) fn new(output: &Output) -> Self {
        let out = String::from_utf8_lossy(&output.stdout);
        let text = format!("{out}{}", String::from_utf8_lossy(&output.stderr));
        let events = out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        Self { code: output.status.code(), text, events }
    }

    /// Returns the run if it went well.
    #[track_caller]
    pub(crate) fn good(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.text);
        self
    }

    /// Returns the events of a name.
    pub(crate) fn events<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Json> {
        self.events.iter().filter(move |event| event["event"] == name)
    }

    /// Returns what the events of a name are about, e.g. `Subnet::private-0`.
    pub(crate) fn about(&self, name: &str) -> Vec<String> {
        let short = |event: &Json| {
            let (kind, name) = event["address"].as_str()?.rsplit_once("::")?;
            Some(format!("{}::{name}", kind.rsplit(':').next()?))
        };
        let mut all: Vec<String> = self.events(name).filter_map(short).collect();
        all.sort();
        all
    }

    /// Returns what the summary counts: created, updated, replaced, deleted.
    #[track_caller]
    pub(crate) fn counts(&self) -> [u64; 4] {
        let summary = self.events("summary").last().unwrap_or_else(|| panic!("no summary: {}", self.text));
        ["create", "update", "replace", "delete"].map(|name| summary["changes"][name].as_u64().unwrap_or(0))
    }

    /// Returns the one JSON document that was said.
    #[track_caller]
    pub(crate) fn document(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}
