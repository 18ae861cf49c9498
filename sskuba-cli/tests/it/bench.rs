//! Runs a program's command line in a folder of its own, without a process.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;
use sskuba_cli::{Cli, Environment, Interrupts, Size, Terminal};
use sskuba_core::prelude::*;
use tokio::sync::mpsc;

use crate::shelf::{Book, Shelf};

/// What the program of the tests reads.
#[derive(Config)]
pub(crate) struct Settings {
    /// The titles, with a comma between them.
    #[config(default = "a,b".to_owned())]
    titles: String,
    /// The text of every book.
    #[config(default = "text".to_owned())]
    text: String,
    /// The code of every book.
    #[config(default = Secret::new("canary-default".to_owned()))]
    code: Secret<String>,
}

fn program(stack: &mut Stack) -> Result<()> {
    let settings: Settings = stack.config()?;
    assert_ne!(settings.text, "panics", "a mistake of the program");
    if settings.text == "notes" {
        stack.note("the shelf is \x1b[31mnew\x1b[0m");
        stack.scope("shelf")?.warn("a text of one word");
    }
    let protect = settings.text == "protected";
    let mut last = None;
    for title in settings.titles.split(',').filter(|title| !title.is_empty()) {
        let book = Book::new(title).text(settings.text.as_str()).code(settings.code.clone());
        let mut scope = stack.scope("shelf")?;
        let mut book = scope.add(title, book)?;
        if protect {
            book = book.protect();
        }
        last = Some(book);
    }
    if let Some(book) = last {
        stack.export("last", book.number());
    }
    stack.export_value("code", &settings.code);
    Ok(())
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: u8,
    pub(crate) out: String,
    pub(crate) errors: String,
}

impl Ran {
    #[track_caller]
    pub(crate) fn expect(self, code: u8) -> Self {
        assert_eq!(self.code, code, "\n{}\n{}", self.out, self.errors);
        assert!(
            !format!("{}{}", self.out, self.errors).contains("canary"),
            "\n{}\n{}",
            self.out,
            self.errors
        );
        self
    }

    /// Reads the JSON lines.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Json> {
        let lines: Vec<Json> = self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for line in &lines {
            assert!(line["event"].is_string() && line["time"].as_str().unwrap().ends_with('Z'), "{line}");
        }
        lines
    }

    /// Reads the last JSON line, which is the summary.
    #[track_caller]
    pub(crate) fn summary(&self) -> Json {
        let last = self.events().pop().unwrap();
        assert_eq!(last["event"], "summary");
        last
    }

    #[track_caller]
    pub(crate) fn document(&self) -> Json {
        serde_json::from_str(&self.out).unwrap()
    }
}

/// A folder with a program.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) shelf: Shelf,
    pub(crate) variables: Vec<(String, String)>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("Cargo.toml"), "").unwrap();
        Self { folder, shelf: Shelf::default(), variables: Vec::new() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub(crate) fn environment(&self) -> Environment {
        let mut environment = Environment::empty(self.path());
        // Said, because a program that is not run by cargo begins nowhere of its own accord.
        let state = format!("sled:{}", self.path().join(".sskuba/state").display());
        environment.variables.insert("SSKUBA_STATE".into(), state);
        environment.variables.insert("HOME".into(), self.path().join("home").to_str().unwrap().into());
        environment.variables.extend(self.variables.iter().cloned());
        environment
    }

    /// Runs with these arguments, without a terminal.
    pub(crate) async fn run(&self, args: &str) -> Ran {
        self.run_in(args, self.environment()).await
    }

    /// Runs with an input.
    pub(crate) async fn run_with_input(&self, args: &str, input: &str) -> Ran {
        let mut environment = self.environment();
        environment.input = Some(Box::new(Cursor::new(input.to_owned().into_bytes())));
        self.run_in(args, environment).await
    }

    /// Runs at a terminal of this size, at which a person answers with `input`.
    pub(crate) async fn run_at_terminal(&self, args: &str, input: &str, size: Size) -> Ran {
        let mut environment = self.environment();
        environment.terminal =
            Terminal { input: true, output: true, errors: true, size: Arc::new(move || size) };
        environment.input = Some(Box::new(Cursor::new(input.to_owned().into_bytes())));
        self.run_in(args, environment).await
    }

    /// Runs with a way to interrupt.
    pub(crate) async fn run_interrupted(&self, args: &str, requests: mpsc::UnboundedReceiver<()>) -> Ran {
        let mut environment = self.environment();
        environment.interrupts = Interrupts::of_channel(requests);
        self.run_in(args, environment).await
    }

    pub(crate) async fn run_in(&self, args: &str, environment: Environment) -> Ran {
        self.run_words(args.split_whitespace(), environment).await
    }

    /// Runs with these words, some of which may be empty or have spaces in them.
    pub(crate) async fn run_words(&self, words: impl Iterator<Item = &str>, environment: Environment) -> Ran {
        self.run_cli(Cli::new("library").config::<Settings>(), words, environment).await
    }

    /// Runs a program that does not say beforehand what it reads.
    pub(crate) async fn run_silent(&self, args: &str) -> Ran {
        self.run_cli(Cli::new("library"), args.split_whitespace(), self.environment()).await
    }

    async fn run_cli(&self, cli: Cli, words: impl Iterator<Item = &str>, environment: Environment) -> Ran {
        self.run_program(cli.program(program).provider(self.shelf.provider()), words, environment).await
    }

    /// Runs another program.
    pub(crate) async fn run_given(&self, cli: Cli, args: &str, environment: Environment) -> Ran {
        self.run_program(cli, args.split_whitespace(), environment).await
    }

    async fn run_program(
        &self,
        cli: Cli,
        words: impl Iterator<Item = &str>,
        environment: Environment,
    ) -> Ran {
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let args = std::iter::once("library").chain(words);
        let code = cli.run_with(args, environment, &mut out, &mut errors).await;
        Ran { code, out: String::from_utf8(out).unwrap(), errors: String::from_utf8(errors).unwrap() }
    }
}
