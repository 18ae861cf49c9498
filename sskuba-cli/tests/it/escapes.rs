//! Names, keys, ids, words and values that are made to be obeyed by a terminal: none of them is.

use std::sync::Arc;

use async_trait::async_trait;
use sskuba_cli::{Cli, Environment, Size, Terminal};
use sskuba_core::prelude::*;
use sskuba_core::provider::{
    Class, Cx, Failure, Handler, Handlers, TypedChange, TypedObject, TypedPrior, Update,
};
use sskuba_core::schema::FieldError;

/// Sequences of every sort, turned directions, our own marks of colours, and a line that looks like one of ours.
const HOSTILE: &str = "h\u{1b}[666m\u{1b}]666;t\u{7}\u{9b}666m\u{9d}666\u{90}q\u{202e}\u{2066}\u{61c}\r\u{8}\u{7f}\u{fdd2}\u{2028}\nFAKE";

/// A thing whose every text is hostile.
#[derive(Resource, Debug)]
#[resource(kind = "odd:thing:Thing", idempotency = "token")]
struct Thing {
    /// What it says.
    says: Input<std::collections::BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id)]
    id: Computed<String>,
}

#[derive(Debug, Clone, Copy)]
struct Things;

#[async_trait]
impl Handler<Thing> for Things {
    async fn create(&self, cx: &Cx, args: ThingArgs) -> Result<TypedObject<Thing>, Failure> {
        if cx.address.name() == "fails" {
            let failure = Failure::new(Class::Invalid(HOSTILE.to_owned()), format!("no: {HOSTILE}"));
            return Err(failure.hint(HOSTILE).request_id(HOSTILE));
        }
        let id = format!("{HOSTILE}-{}", cx.token);
        Ok(TypedObject::new(id.clone(), ThingState { id }).args(args))
    }
    async fn read(&self, _: &Cx, prior: TypedPrior<Thing>) -> Result<Option<TypedObject<Thing>>, Failure> {
        match prior.args {
            Some(args) if !args.says.contains_key("gone") => {
                Ok(Some(TypedObject::new(prior.id.clone(), ThingState { id: prior.id }).args(args)))
            }
            _ => Err(Failure::new(Class::Denied, HOSTILE)),
        }
    }
    async fn delete(&self, _: &Cx, _: TypedPrior<Thing>) -> Result<(), Failure> {
        Ok(())
    }
    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Thing>>, Failure> {
        Ok(Vec::new())
    }
    fn check(&self, _: &ThingArgs) -> Vec<FieldError> {
        Vec::new()
    }
}

#[async_trait]
impl Update<Thing> for Things {
    async fn update(&self, _: &Cx, change: TypedChange<Thing>) -> Result<TypedObject<Thing>, Failure> {
        let id = change.prior.id;
        Ok(TypedObject::new(id.clone(), ThingState { id }).args(change.args))
    }
}

/// What the program reads.
#[derive(Config)]
struct Settings {
    /// A text.
    #[config(default = HOSTILE.to_owned())]
    text: String,
}

fn program(stack: &mut Stack) -> Result<()> {
    let settings: Settings = stack.config()?;
    let says = |text: &str| std::collections::BTreeMap::from([(HOSTILE.to_owned(), text.to_owned())]);
    let mut scope = stack.scope("box")?;
    let thing = scope.add("works", Thing::new(says(&settings.text)))?;
    if settings.text.starts_with("bad-name") {
        scope.add(HOSTILE, Thing::new(says("a")))?;
    }
    if settings.text.starts_with("panic") {
        stack.export(HOSTILE, thing.id().and_then(|_| Err::<String, _>(HOSTILE)));
        return Err(sskuba_core::stack::ProgramError::msg(HOSTILE));
    }
    scope.add("fails", Thing::new(says("a")))?;
    stack.export(HOSTILE, thing.says());
    stack.export("id", thing.id());
    Ok(())
}

struct Setup(tempfile::TempDir);

impl Setup {
    async fn run(&self, args: &[&str], terminal: bool) -> String {
        let mut environment = Environment::empty(self.0.path());
        // Said, because a program that is not run by cargo begins nowhere of its own accord.
        let state = format!("sled:{}", self.0.path().join(".sskuba/state").display());
        environment.variables.insert("SSKUBA_STATE".into(), state);
        environment.variables.insert("HOME".into(), self.0.path().join("home").to_str().unwrap().into());
        environment.user = format!("ann{HOSTILE}");
        environment.host = format!("desk{HOSTILE}");
        if terminal {
            let size = Size { width: 200, height: 50 };
            environment.terminal =
                Terminal { input: true, output: true, errors: true, size: Arc::new(move || size) };
        }
        let provider = Arc::new(Handlers::anywhere("odd").resource::<Thing>(Things));
        let cli = Cli::new("things").program(program).config::<Settings>().provider(provider);
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        cli.run_with([&["things"], args].concat(), environment, &mut out, &mut errors).await;
        format!("{}\n{}", String::from_utf8(out).unwrap(), String::from_utf8(errors).unwrap())
    }
}

/// Asserts that a terminal is told nothing but how to paint and where to draw.
#[track_caller]
fn harmless(text: &str, args: &[&str], terminal: bool) {
    let mut rest = text;
    while let Some(at) = rest.find('\u{1b}') {
        rest = &rest[at + 1..];
        let end = rest.find(|c: char| c.is_ascii_alphabetic()).unwrap();
        let sequence = &rest[..=end];
        let digits = sequence.trim_start_matches("[?").trim_start_matches('[');
        assert!(terminal && sequence.starts_with('[') && !digits.contains("666"), "{args:?}: {sequence:?}");
        assert!("mKJAhl".contains(&digits[digits.len() - 1..]), "{args:?}: {sequence:?}");
    }
    let allowed = |c: char| c == '\n' || (terminal && matches!(c, '\u{1b}' | '\r'));
    for c in text.chars().filter(|c| !allowed(*c)) {
        assert!(!c.is_control(), "{args:?}: {c:?} in {text:?}");
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}' | '\u{2028}');
        assert!(!turns && !('\u{fdd0}'..='\u{fdef}').contains(&c), "{args:?}: {c:?} in {text:?}");
    }
    // What a program or a service says of an error may have many lines, and so may what the user typed.
    if !args.iter().any(|arg| *arg == HOSTILE || arg.starts_with("text=panic")) {
        for (at, line) in text.lines().enumerate() {
            let before: Vec<&str> = text.lines().skip(at.saturating_sub(2)).take(2).collect();
            assert!(!line.starts_with("FAKE"), "{args:?}, terminal {terminal}: {before:?}");
        }
    }
}

#[tokio::test]
async fn nothing_that_others_say_is_obeyed_by_a_terminal() {
    let setup = Setup(tempfile::tempdir().unwrap());
    std::fs::write(setup.0.path().join("Cargo.toml"), "").unwrap();
    let (key, bad) = (format!("{HOSTILE}=1"), format!("text=bad-name{HOSTILE}"));
    let failing = format!("text=panic{HOSTILE}");
    let calls: Vec<Vec<&str>> = vec![
        vec!["preview"],
        vec!["preview", "--verbose"],
        vec!["up", "--yes", "--message", HOSTILE, "--continue-on-error"],
        vec!["up", "--yes", "--verbose", "-c", "text=other"],
        vec!["state", "list"],
        vec!["state", "show", "box/odd:thing:Thing::works"],
        vec!["output"],
        vec!["output", HOSTILE, "nothing"],
        vec!["output", "missing"],
        vec!["history"],
        vec!["config", "set", "a", HOSTILE],
        vec!["config", "list"],
        vec!["config", "get", HOSTILE],
        vec!["config", "rm", "a"],
        vec!["preview", "-c", &key],
        vec!["preview", "-c", &bad],
        vec!["preview", "-c", &failing],
        vec!["preview", "--stack", HOSTILE],
        vec!["preview", "--target", HOSTILE],
        vec![HOSTILE],
        vec!["refresh"],
        vec!["graph"],
        vec!["state", "rm", HOSTILE],
        vec!["state", "undo"],
        vec!["import", "box/odd:thing:Thing::fails", HOSTILE],
        vec!["stack", "list"],
        vec!["stack", "rm", HOSTILE],
        vec!["down", "--yes"],
    ];
    for args in &calls {
        for terminal in [false, true] {
            let text = setup.run(args, terminal).await;
            harmless(&text, args, terminal);
        }
        let json = setup.run(&[args.as_slice(), &["--json"]].concat(), false).await;
        assert!(!json.contains('\u{1b}'), "{args:?}: {json}");
    }
}
