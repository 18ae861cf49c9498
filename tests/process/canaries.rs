//! A secret of its own in every place that one can come from, and a search of everything that comes out.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use sskuba::core::clock::{IdSource, SystemIds};

use crate::running::Running;
use crate::stage::{Ran, Stage};

/// A secret, and where it was put.
struct Canary {
    place: &'static str,
    text: String,
}

impl Canary {
    fn new(place: &'static str) -> Self {
        Self { place, text: format!("canary{}", SystemIds.token()) }
    }

    /// Returns what is looked for: the text, and what base64 and hexadecimal digits make of it wherever it begins.
    fn forms(&self) -> Vec<String> {
        let hex: String = self.text.bytes().map(|byte| format!("{byte:02x}")).collect();
        let coded = (0..3).map(|before| {
            let code = BASE64.encode([vec![b'x'; before], self.text.clone().into_bytes()].concat());
            // Without what its neighbours have a part in.
            code[before.div_ceil(1) + before.min(1)..code.len() - 2].to_owned()
        });
        coded.chain([self.text.clone(), hex.to_uppercase(), hex]).collect()
    }
}

/// What was looked through.
#[derive(Default)]
struct Search {
    canaries: Vec<Canary>,
    texts: usize,
    files: usize,
}

impl Search {
    fn plant(&mut self, place: &'static str) -> String {
        let canary = Canary::new(place);
        let text = canary.text.clone();
        self.canaries.push(canary);
        text
    }

    #[track_caller]
    fn look(&mut self, what: &str, bytes: &[u8]) {
        self.texts += 1;
        // What is looked for is ASCII, which this leaves as it is.
        let text = String::from_utf8_lossy(bytes);
        for canary in &self.canaries {
            for form in canary.forms() {
                let Some((before, after)) = text.split_once(form.as_str()) else { continue };
                let before: String =
                    before.chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
                let after: String = after.chars().take(60).collect();
                panic!("the secret from {} is in {what}: …{before}[{form}]{after}…", canary.place);
            }
        }
    }

    #[track_caller]
    fn ran(&mut self, ran: &Ran) {
        // The call itself may have the secret: that is a place it came from.
        let what = ran.call.split(" -c ").next().unwrap_or_default().to_owned();
        self.look(&format!("the output of `{what}`"), ran.out.as_bytes());
        self.look(&format!("the errors of `{what}`"), ran.errors.as_bytes());
    }

    /// Looks through every file, but for those of the world: a service knows what it was sent.
    #[track_caller]
    fn folder(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                self.folder(&path);
            } else if !name.starts_with("world") && name != "identity.txt" {
                self.files += 1;
                self.look(&path.display().to_string(), &fs::read(&path).unwrap());
                self.look("a file's name", name.as_bytes());
            }
        }
    }
}

/// The commands that show what is recorded.
const SHOWING: [&str; 17] = [
    "preview",
    "preview --verbose --plan saved.plan",
    "preview --json",
    "state list",
    "state show fixture:odd:Thing::thing-0",
    "state show sim:compute:Machine::main --json",
    "state export",
    "state repair",
    "output",
    "output --json",
    "graph --format json",
    "graph --planned",
    "history --json",
    "config list",
    "config list --json",
    "refresh",
    "stack recipients list",
];

fn with_input(stage: &Stage, args: &str, input: &str) -> Ran {
    let mut command = stage.command(args);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let ran = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran {
        call: args.to_owned(),
        code: ran.status.code(),
        out: text(ran.stdout),
        errors: text(ran.stderr),
        took: std::time::Duration::ZERO,
    }
}

#[test]
fn no_secret_comes_out_anywhere() {
    let mut search = Search::default();
    let flag = search.plant("a flag");
    let mut stage =
        Stage::new("fixture", &[]).variable("SSKUBA_CONFIG_OWNER", "ann").variable("RUST_LOG", "trace");
    // Where the flag says nothing, another source does; each run changes the secret, so old ones are left behind.
    let ran = stage.run(&format!("up --yes --verbose -c code={flag}")).expect(0);
    search.ran(&ran);
    let variable = search.plant("a variable");
    stage.variables.push(("SSKUBA_CONFIG_CODE", variable));
    search.ran(&stage.run("up --yes --json").expect(0));
    for args in SHOWING {
        search.ran(&stage.run(args).expect(0));
    }
    stage.variables.pop();
    let sealed = search.plant("the stack's file");
    search.ran(&with_input(&stage, "config set code --secret", &sealed).expect(0));
    search.ran(&stage.run("up --yes").expect(0));

    // What the provider made: the first password of the machine.
    let shown = stage.run("output password --show-secrets").expect(0).out;
    search.canaries.push(Canary { place: "a provider's output", text: shown.trim().to_owned() });
    // And the key to it all.
    let identity = fs::read_to_string(stage.path().join("config/sskuba/identity.txt")).unwrap();
    let key = identity.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap();
    search.canaries.push(Canary { place: "the identity", text: key.to_owned() });
    for args in SHOWING {
        search.ran(&stage.run(args).expect(0));
    }

    // An edited export, with a secret field in the clear.
    let imported = search.plant("an imported state");
    let mut document: serde_json::Value =
        serde_json::from_str(&stage.run("state export").expect(0).out).unwrap();
    let thing = document["records"].as_array_mut().unwrap().iter_mut();
    let thing = thing.into_iter().find(|record| record["applied"].get("code").is_some()).unwrap();
    thing["applied"]["code"] = imported.into();
    search.ran(&with_input(&stage, "state import - --yes", &document.to_string()).expect(0));
    for args in
        ["state export", "state list --json", "preview --json", "state undo --yes", "state undo --yes"]
    {
        search.ran(&stage.run(args).expect(0));
    }
    search.ran(&stage.run("state rotate-key").expect(0));

    // A provider that repeats what it is told, in an error and in a panic.
    let repeated = search.plant("what a provider repeats");
    stage.variables.push(("SSKUBA_CONFIG_CODE", repeated));
    for command in ["init loud-refuse", "init loud-panic", "select dev"] {
        search.ran(&stage.run(&format!("stack {command}")).expect(0));
    }
    for owner in ["refuse", "panic"] {
        for json in ["", " --json"] {
            let args = format!("up --yes --simulate=false --stack loud-{owner}{json} -c owner={owner}");
            let ran = stage.run(&args);
            assert_eq!(ran.code, Some(1), "{ran}");
            search.ran(&ran);
            let text = format!("{}{}", ran.out, ran.errors);
            let said = match owner {
                "panic" => ["the provider panicked", "a panic at tests/process/fixture.rs"],
                _ => ["cannot log in with", "(secret)"],
            };
            assert!(said.iter().all(|part| text.contains(part)), "{ran}");
            search.ran(&stage.run(&format!("history --json --stack loud-{owner}")).expect(0));
        }
    }

    stage.variables.pop();

    // Killed in the middle.
    let killed = search.plant("the flag of a killed run");
    stage.speed = 1.0;
    let mut running = stage.start(&format!("up --yes --json -c code={killed}"));
    running.until("\"event\":\"started\"", 1);
    search.ran(&running.kill());
    search.folder(stage.path());
    stage.speed = 2000.0;
    search.ran(&stage.run("up --yes").expect(0));

    // At a terminal.
    let typed = search.plant("a flag at a terminal");
    let (running, _person) = Running::at_terminal(stage.command(&format!("up --yes -c code={typed}")));
    search.ran(&running.end());
    search.ran(&stage.run("down --yes").expect(0));
    search.folder(stage.path());
    println!("{} secrets, {} texts, {} files", search.canaries.len(), search.texts, search.files);
    assert!(search.files > 10);
}

#[test]
fn a_passphrase_comes_out_nowhere() {
    let mut search = Search::default();
    let phrase = search.plant("the passphrase");
    let stage = Stage::new("fixture", &["owner=ann", "things=1"]).variable("SSKUBA_PASSPHRASE", phrase);
    for args in ["up --yes", "preview --plan saved.plan", "state export", "stack recipients list"] {
        search.ran(&stage.run(args).expect(0));
    }
    let refused = stage.run("stack recipients add age1zzzz").expect(2);
    search.ran(&refused);
    let mut wrong = stage.command("up --yes");
    wrong.env("SSKUBA_PASSPHRASE", format!("{}x", search.canaries[0].text));
    let wrong = Ran::of(wrong).expect(1);
    wrong.says(&["sealed to a passphrase", "SSKUBA_PASSPHRASE"]);
    search.ran(&wrong);
    search.folder(stage.path());
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let canary = Canary::new("here");
    let forms = canary.forms();
    for before in 0..4 {
        let bytes = [vec![b'-'; before], canary.text.clone().into_bytes(), b"-end".to_vec()].concat();
        let coded = base64::engine::general_purpose::STANDARD.encode(&bytes);
        assert!(forms.iter().any(|form| coded.contains(form.as_str())), "{before}: {forms:?} in {coded}");
    }
}
