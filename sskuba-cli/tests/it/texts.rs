//! Every text that a user can meet about leases, recovery, identities, damage, imports and saved plans, in one
//! snapshot, to be read by a person: each says what failed, where, why, and what to do.

use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::sync::Arc;

use sskuba_cli::{Cli, Environment};
use sskuba_core::prelude::*;
use sskuba_core::state::{AgeKeyring, Owner, StateStore};
use sskuba_core::stores::Sled;
use sskuba_sim::kinds::{Bucket, Grant, Network, schemas};
use sskuba_sim::{Crash, CrashError, Faults, FaultsError, Options, SimProvider, World};

/// What the program reads.
#[derive(Config)]
struct Settings {
    /// Who is responsible.
    #[config(default = "ops".to_owned())]
    team: String,
    /// What the agents log in with.
    #[config(default = Secret::new("none".to_owned()))]
    login: Secret<String>,
}

fn program(stack: &mut Stack) -> Result<()> {
    let settings: Settings = stack.config()?;
    let login = settings.login.clone();
    stack.add("main", Network::new("10.0.0.0/16").tag("team", settings.team.as_str()).tag("login", login))?;
    stack.add("logs", Bucket::new("logs"))?;
    stack.add("ops", Grant::new("ops", "read"))?;
    Ok(())
}

const GRANT: &str = "sim:access:Grant::ops";

/// A folder, the variables of the next runs, and what was said so far.
struct Setup {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
    said: String,
}

impl Setup {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Cargo.toml"), "").unwrap();
        Self { folder, variables: Vec::new(), said: String::new() }
    }

    async fn run(&self, args: &str, input: &str) -> (u8, String) {
        let mut environment = Environment::empty(self.folder.path());
        // Said, because a program that is not run by cargo begins nowhere of its own accord.
        let state = format!("sled:{}", self.folder.path().join(".sskuba/state").display());
        environment.variables.insert("SSKUBA_STATE".into(), state);
        environment.variables.insert("HOME".into(), self.folder.path().join("home").display().to_string());
        environment
            .variables
            .extend(self.variables.iter().map(|(name, value)| ((*name).into(), value.clone())));
        environment.input = Some(Box::new(Cursor::new(input.to_owned().into_bytes())));
        (environment.user, environment.host, environment.pid) = ("ann".into(), "desk".into(), 7);
        let cli = cli();
        let (mut out, mut errors) = (Vec::new(), Vec::new());
        let words = format!("shop {args} --sim-speed 100000");
        let words = words.split(' ').map(str::to_owned);
        let code = cli.run_with(words, environment, &mut out, &mut errors).await;
        (code, String::from_utf8(errors).unwrap())
    }

    async fn does(&self, args: &str) {
        let (code, errors) = self.run(args, "").await;
        assert_eq!(code, 0, "{args}: {errors}");
    }

    /// Notes what a command answers that cannot be done.
    async fn asks(&mut self, when: &str, args: &str) {
        self.asks_with(when, args, "").await;
    }

    async fn asks_with(&mut self, when: &str, args: &str, input: &str) {
        let (code, errors) = self.run(args, input).await;
        assert!(code != 0, "{when}: `{args}` was done");
        let text = errors.replace(&self.folder.path().display().to_string(), "/home/ann/shop");
        let text: Vec<String> = text.split(' ').map(shown).collect();
        let args: Vec<String> = args.split(' ').map(shown).collect();
        writeln!(self.said, "## {when}\n$ shop {}  # {code}\n{}", args.join(" "), text.join(" ")).unwrap();
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    /// Writes into the store behind the program's back.
    async fn meddle(&self, with: impl AsyncFnOnce(&Sled, &sskuba_core::state::Lease)) {
        let store = Sled::open(self.folder.path().join(".sskuba/state"));
        let (user, host, command) = ("eve".into(), "attic".into(), "meddling".into());
        let owner = Owner { user, host, pid: 1, command };
        let lease = store.acquire(&"local/shop/dev".parse().unwrap(), &owner).await.unwrap();
        with(&store, &lease).await;
        store.release(&lease).await.unwrap();
    }
}

/// A program whose every provider is simulated.
fn cli() -> Cli {
    let sim = SimProvider::new("sim", schemas(), World::memory());
    let cli = Cli::new("shop").program(program).config::<Settings>().provider(Arc::new(sim));
    let cli = cli.simulate_with(|name, schemas, options| {
        let world = World::open(&options.world).map_err(|error| error.to_string())?;
        let faults = options.faults.as_deref().unwrap_or_default();
        let faults: Faults = faults.parse().map_err(|error: FaultsError| error.to_string())?;
        let crash: Option<Crash> = options
            .crash
            .as_ref()
            .map(|text| text.parse())
            .transpose()
            .map_err(|error: CrashError| error.to_string())?;
        assert!(crash.is_none(), "no test of these ends its own process");
        let behaviour = Options::default().speed(options.speed.unwrap_or(10.0)).faults(faults);
        Ok(Arc::new(SimProvider::new(name, schemas, world).options(behaviour)))
    });
    cli.simulated_by_default()
}

/// Returns a word as the snapshot has it: what differs from run to run stands as `…`.
fn shown(word: &str) -> String {
    let parts = word.split_inclusive(|c: char| !(c.is_ascii_alphanumeric() || "-.:".contains(c)));
    parts
        .map(|part| {
            let text = part.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            let end = &part[text.len()..];
            let last = text.rsplit('-').next().unwrap_or_default();
            let hex = last.len() >= 8 && last.bytes().all(|b| b.is_ascii_hexdigit());
            let is_time = text.len() >= 20 && text.ends_with('Z') && text.contains('T');
            match () {
                () if text.starts_with("age1") && text.len() > 50 => format!("age1…{end}"),
                () if is_time => format!("…{end}"),
                () if hex => format!("{}…{end}", text.strip_suffix(last).unwrap_or_default()),
                () => part.to_owned(),
            }
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_and_edits() {
    let mut setup = Setup::new();
    setup.asks("there is no stack", "state export").await;
    setup.asks("there is no stack to edit", "state rm a:b:C::d --yes").await;
    setup.does("up --yes").await;
    let store = Sled::open(setup.folder.path().join(".sskuba/state"));
    let owner = Owner { user: "bob".into(), host: "laptop".into(), pid: 41, command: "up".into() };
    let lease = store.acquire(&"local/shop/dev".parse().unwrap(), &owner).await.unwrap();
    setup.asks("somebody else writes the stack", "up --yes").await;
    setup.asks("an edit meets a writer", "state move a:b:C::d a:b:C::e").await;
    setup.asks("the holder is alive", "state unlock --yes").await;
    store.release(&lease).await.unwrap();
    setup.asks("nobody can be asked", "state rm sim:store:Bucket::logs").await;
    setup.asks("the address is none", "state rm nonsense --yes").await;
    setup.asks("it is not recorded", "state rm sim:store:Bucket::none --yes").await;
    setup.asks("a move to another kind", "state move sim:store:Bucket::logs sim:net:Network::logs").await;
    setup
        .asks("a move to a place that is taken", "state move sim:net:Network::main sim:net:Network::main")
        .await;
    setup.asks("nothing was edited", "state undo --yes").await;
    setup.asks("that revision is no edit", "state undo 1 --yes").await;
    setup.does("state rm sim:net:Network::main --yes").await;
    setup.does("up --yes").await;
    setup.asks("what was removed was made again", "state undo --yes").await;
    setup.asks("no create is open", &format!("state resolve {GRANT} --not-created")).await;
    insta::assert_snapshot!("leases_and_edits", setup.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn recovery() {
    let mut setup = Setup::new();
    setup.variables.push(("SSKUBA_SIM_FAULTS", "lost_after=1".into()));
    setup
        .asks("the answer to a create that cannot be repeated is lost", &format!("up --yes --target {GRANT}"))
        .await;
    setup.variables.pop();
    setup.asks("and in the next run", "up --yes").await;
    setup.asks("without a word on what became of it", &format!("state resolve {GRANT}")).await;
    setup
        .asks("the object that is named is not there", &format!("state resolve {GRANT} --created grant-7"))
        .await;
    setup.asks("a key cannot be changed in the midst of it", "state rotate-key").await;
    setup.asks("nor can the record be edited", &format!("state rm {GRANT} --yes")).await;
    setup.does("state export open.json").await;
    setup.asks("nor can a state be imported", "state import open.json --yes").await;
    setup.variables.push(("SSKUBA_SIM_FAULTS", "lost=1".into()));
    setup.asks("faults that are none", "up --yes").await;
    setup.variables.push(("SSKUBA_SIM_FAULTS", String::new()));
    setup.variables.push(("SSKUBA_SIM_CRASH", "after lunch".into()));
    setup.asks("a crash that is none", "up --yes").await;
    insta::assert_snapshot!("recovery", setup.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn identities() {
    let mut setup = Setup::new();
    setup.does("up --yes").await;
    setup.run("config set login", "hunter2").await;
    let own = setup.read("home/.config/sskuba/identity.txt");
    let mine = AgeKeyring::recipient_of(&Secret::new(own)).unwrap();
    setup.asks("the recipient is none", "stack recipients add bob").await;
    setup.asks("the last recipient goes", &format!("stack recipients rm {mine}")).await;
    let other = AgeKeyring::generate_identity();
    setup.file("other.txt", other.expose());
    for (when, file, text) in [
        ("the identity is not there", "none.txt", None),
        ("the file is no identity", "bad.txt", Some("AGE-SECRET-KEY-1CUT")),
        ("the file is empty", "empty.txt", Some("# nothing\n")),
    ] {
        text.into_iter().for_each(|text| setup.file(file, text));
        setup.variables = vec![("SSKUBA_IDENTITY", file.into())];
        setup.asks(when, "up --yes").await;
    }
    setup.variables = vec![("SSKUBA_IDENTITY", "other.txt".into())];
    setup.asks("somebody else's identity, for the configuration", "up --yes").await;
    setup.asks("somebody else's identity, for the state", "up --yes -c login=x").await;
    setup.asks("somebody else's identity, for one secret", "config get login --show-secrets").await;
    setup
        .asks("somebody else's identity, for one record", "state show sim:net:Network::main --show-secrets")
        .await;
    setup.asks("somebody else's identity, for an export", "state export").await;
    setup.asks("somebody else's identity, for a repair", "state repair").await;
    setup.asks("somebody else's identity, for the recipients", &format!("stack recipients add {mine}")).await;
    setup.variables = vec![("SSKUBA_PASSPHRASE", "wrong".into())];
    setup.asks("a passphrase where there are identities", "up --yes -c login=x").await;
    setup.asks("a passphrase has no recipients", &format!("stack recipients add {mine}")).await;
    setup.variables = vec![("HOME", String::new()), ("SSKUBA_PASSPHRASE", String::new())];
    setup.asks("no home", "stack init other").await;
    insta::assert_snapshot!("identities", setup.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_and_plans() {
    let mut setup = Setup::new();
    setup.does("up --yes").await;
    setup.does("state export good.json").await;
    setup.asks("the file is not there", "state import none.json --yes").await;
    let good: serde_json::Value = serde_json::from_str(&setup.read("good.json")).unwrap();
    let edited = |edit: fn(&mut serde_json::Value)| {
        let mut document = good.clone();
        edit(&mut document);
        document.to_string()
    };
    for (when, text) in [
        ("it is not JSON", "{".to_owned()),
        ("it is no export", "{}".to_owned()),
        ("a newer release wrote it", edited(|d| (d["format"], d["writer"]) = (9.into(), "2.0.0".into()))),
        ("it has no records", edited(|d| d["records"] = 1.into())),
        ("a record is none", edited(|d| d["records"][0]["token"] = "x".into())),
        ("its key is cut", edited(|d| d["key"] = "AAAA".into())),
        ("its key is no text of a key", edited(|d| d["key"] = "&".into())),
        ("its key is gone", edited(|d| d["key"] = serde_json::Value::Null)),
    ] {
        setup.asks_with(when, "state import - --yes", &text).await;
    }
    setup.asks("the plan is not there", "up --plan none.plan").await;
    setup.file("bad.plan", "{");
    setup.asks("the plan is none", "up --plan bad.plan").await;
    setup.does("preview --plan good.plan -c team=web").await;
    let plan: serde_json::Value = serde_json::from_str(&setup.read("good.plan")).unwrap();
    for (when, key, value) in [
        ("the plan is newer", "format", 9.into()),
        ("the plan is of another stack", "stack", "local/shop/prod".into()),
        ("the plan was edited", "changes", serde_json::json!({"create": 9})),
        ("the program is another one", "digest", "0".repeat(64).into()),
    ] {
        let mut plan = plan.clone();
        plan[key] = value;
        setup.file("edited.plan", &plan.to_string());
        setup.asks(when, "up --plan edited.plan -c team=web").await;
    }
    setup.does("up --yes -c team=ops2").await;
    setup.asks("the plan is of an earlier revision", "up --plan good.plan -c team=web").await;
    insta::assert_snapshot!("imports_and_plans", setup.said);
}

#[tokio::test(flavor = "multi_thread")]
async fn damage() {
    let mut setup = Setup::new();
    setup.does("up --yes").await;
    setup
        .meddle(async |store, lease| {
            let image = store.load(&lease.stack).await.unwrap().unwrap();
            let (_, bytes) = image.journal.last().unwrap();
            let cut = bytes[..bytes.len() - 2].to_vec();
            let end = |bytes: &&(u64, Vec<u8>)| String::from_utf8_lossy(&bytes.1).contains("outcome");
            let twice = image.journal.iter().rfind(end).unwrap().1.clone();
            store.append(lease, image.revision, vec![cut, twice]).await.unwrap();
        })
        .await;
    setup.asks("an entry is damaged", "up --yes").await;
    setup.asks("what a repair would do", "state repair").await;
    setup.does("state repair --yes").await;
    setup
        .meddle(async |store, lease| {
            let revision = store.load(&lease.stack).await.unwrap().unwrap().revision;
            store.append(lease, revision, vec![vec![7, 0, 0, 0, 0, 1]]).await.unwrap();
        })
        .await;
    setup.asks("a newer release wrote a part", "up --yes").await;
    setup.asks("and a repair would lose it", "state repair --yes").await;
    setup
        .meddle(async |store, lease| store.put_meta(lease, "writer", b"7 3.1.0".to_vec()).await.unwrap())
        .await;
    setup.asks("a newer release wrote it all", "state repair --yes").await;
    let folder = setup.folder.path().join(".sskuba/state/local/shop/dev");
    fs::remove_file(folder.join("db")).unwrap();
    setup.asks("the database is gone", "up --yes").await;
    setup.asks("its copies are of a newer release", "state repair --yes").await;
    fs::remove_file(folder.join("copy")).unwrap();
    fs::remove_dir_all(folder.join("backups")).unwrap();
    setup.asks("and a repair finds nothing in it", "state repair").await;
    setup.does("state repair --yes").await;
    insta::assert_snapshot!("damage", setup.said);
}

#[test]
fn the_shown_words_are_those_that_differ() {
    let key = AgeKeyring::recipient_of(&AgeKeyring::generate_identity()).unwrap();
    for (word, expected) in [
        (format!("({key})").as_str(), "(age1…)"),
        ("net-0123456789abcdef0,", "net-…,"),
        ("2026-11-25T18:44:55.123Z;", "…;"),
        ("`up`", "`up`"),
        ("revision", "revision"),
    ] {
        assert_eq!(shown(word), expected);
    }
}
