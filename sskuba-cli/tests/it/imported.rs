//! The Rust code that `import` writes: it compiles, and a plan with it changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sskuba_cli::Cli;
use sskuba_core::prelude::*;
use sskuba_core::provider::Provider;
use sskuba_sim::{SimProvider, World};

use crate::bench::Bench;
// The names that a program has, which uses the crate `sskuba` and is not called `it`.
use crate as it;
mod sskuba {
    pub(super) use sskuba_core as core;
}

/// How a thing is shaped.
#[derive(Shape, Serialize, Deserialize, Debug, Clone)]
pub(crate) struct Inner {
    /// How wide.
    width: u16,
    /// What is in it.
    parts: Vec<Part>,
    /// A remark.
    #[serde(default)]
    note: Option<String>,
}

/// A part.
#[derive(Shape, Serialize, Deserialize, Debug, Clone)]
pub(crate) struct Part {
    /// Its labels.
    labels: BTreeMap<String, String>,
}

/// A choice.
#[derive(Shape, Serialize, Deserialize, Debug, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Color {
    Red,
    DarkBlue,
}

/// What a thing can name.
#[derive(Resource, Debug)]
#[resource(kind = "all:x:Base", idempotency = "token")]
pub(crate) struct Base {
    /// Its name.
    name: Input<String>,
    /// The id; there is only one.
    #[resource(computed, id, pattern = "base-1")]
    id: Computed<String>,
}

/// A thing with a field of every type.
#[derive(Resource, Debug)]
#[resource(kind = "all:x:Thing", idempotency = "token")]
pub(crate) struct Thing {
    /// Its name.
    #[resource(force_new)]
    name: Input<String>,
    /// Its shape.
    inner: Input<Inner>,
    /// What nobody may see, and the service does not give back.
    #[resource(write_only)]
    key: Input<Secret<String>>,
    /// How many.
    #[resource(default = 1_u32)]
    count: Input<u32>,
    /// How much.
    ratio: Option<Input<f64>>,
    /// Whether.
    #[resource(default)]
    on: Input<bool>,
    /// Its color.
    #[resource(default = Color::Red)]
    color: Input<Color>,
    /// Names.
    #[resource(default)]
    names: Input<Vec<String>>,
    /// Ports.
    #[resource(default)]
    ports: Input<Vec<u16>>,
    /// Labels.
    #[resource(default)]
    labels: Input<BTreeMap<String, String>>,
    /// Limits.
    #[resource(default)]
    limits: Input<BTreeMap<String, i64>>,
    /// Choices.
    #[resource(default)]
    colors: Input<Vec<Color>>,
    /// What JSON can say.
    policy: Option<Input<serde_json::Value>>,
    /// What it is called.
    r#type: Option<Input<String>>,
    /// What it stands on.
    #[resource(reference = "all:x:Base")]
    next: Option<Input<String>>,
    /// What nobody gave.
    absent: Option<Input<String>>,
    /// What nobody may see, left out.
    password: Option<Input<Secret<String>>>,
    /// The id.
    #[resource(computed, id, pattern = "t-{hex:8}")]
    id: Computed<String>,
}

/// What the programs read.
#[derive(Config)]
struct Settings {
    /// What nobody may see.
    key: Secret<String>,
}

fn base(stack: &mut Stack) -> Result<()> {
    stack.add("base", Base::new("b"))?;
    Ok(())
}

fn everything(stack: &mut Stack) -> Result<()> {
    base(stack)?;
    let settings: Settings = stack.config()?;
    let labels = BTreeMap::from([("a".to_owned(), "b\n\"".to_owned())]);
    let inner = Inner { width: 3, parts: vec![Part { labels: labels.clone() }], note: None };
    let thing = Thing::new("it's \"\u{1b}[2J", inner, settings.key.clone());
    let thing = thing.count(7_u32).ratio(1.5).on(true).color(Color::DarkBlue).names(["x", "y"]);
    let thing =
        thing.ports(vec![80_u16, 443]).labels(labels).limits(BTreeMap::from([("n".to_owned(), -4_i64)]));
    let thing = thing.colors(vec![Color::Red, Color::DarkBlue]).r#type("odd").next("base-1");
    stack.add("main", thing.policy(serde_json::json!({"a": [1, null, {"b": true}]})))?;
    Ok(())
}

/// Declares what `import` wrote.
fn as_written(stack: &mut Stack) -> Result<()> {
    base(stack)?;
    let settings: Settings = stack.config()?;
    include!("imported/declared.rs");
    Ok(())
}

async fn run(
    bench: &Bench,
    provider: &Arc<dyn Provider>,
    program: fn(&mut Stack) -> Result<()>,
    args: &str,
) -> crate::bench::Ran {
    let cli = Cli::new("library").program(program).provider(Arc::clone(provider)).config::<Settings>();
    let mut environment = bench.environment();
    environment.variables.insert("SSKUBA_CONFIG_KEY".into(), "canary-key".into());
    bench.run_given(cli, args, environment).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_import_writes_compiles_and_changes_nothing() {
    let bench = Bench::new();
    let provider: Arc<dyn Provider> =
        Arc::new(SimProvider::new("all", vec![Base::schema(), Thing::schema()], World::memory()));
    // What is named by its id alone has to be there first.
    run(&bench, &provider, base, "up --yes").await.expect(0);
    run(&bench, &provider, everything, "up --yes").await.expect(0);
    let list = run(&bench, &provider, everything, "state list --json").await.expect(0).document();
    let id = list[1]["id"].as_str().unwrap().to_owned();
    run(&bench, &provider, everything, "state rm --yes main").await.expect(0);

    let import = format!("import all:x:Thing::main {id}");
    let ran = run(&bench, &provider, base, &format!("{import} --json")).await.expect(1);
    let written = ran.events().iter().find_map(|event| event["rust"].as_str().map(str::to_owned)).unwrap();
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/imported/declared.rs");
    let written = format!("{{\n{written}}}\n");
    if std::env::var_os("SSKUBA_UPDATE_GUIDES").is_some() {
        std::fs::write(&place, &written).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&place).unwrap(), written, "SSKUBA_UPDATE_GUIDES=1 writes it anew");
    assert!(ran.out.contains("the program does not declare it; declare it first"), "{}", ran.out);

    let ran = run(&bench, &provider, as_written, &import).await.expect(0);
    assert!(ran.out.contains("It is as the program declares it"), "{}", ran.out);
    run(&bench, &provider, as_written, "preview --expect-no-changes").await.expect(0);
}
