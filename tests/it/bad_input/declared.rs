//! Mistakes in what a program declares and in its configuration.

use sskuba::core::planning::PlanOptions;
use sskuba::core::state::RunResult;
use sskuba::core::value::Value;
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Machine, Network, Subnet};

use super::{has, message_of};
use crate::world::Bench;

/// What a program's mistake is answered with; nothing exists and nothing is recorded afterwards.
async fn refused(program: impl Fn(&mut Stack) -> sskuba::Result + Send + Sync) -> String {
    let bench = Bench::new();
    let text = message_of(bench.up(program).await);
    assert_eq!(bench.exists(), [""; 0]);
    assert_eq!(bench.engine.read(&bench.stack).await.unwrap().state.revision(), 0);
    text
}

/// `file:line` of the line `below` lines after the call.
#[track_caller]
fn line(below: u32) -> String {
    let here = std::panic::Location::caller();
    format!("{}:{}:", here.file(), here.line() + below)
}

#[tokio::test]
async fn a_name_that_is_taken_is_told_with_both_places() {
    let (first, second) = (line(2), line(3));
    let text = refused(|stack| {
        stack.add("a", Bucket::new("one"))?;
        stack.add("a", Bucket::new("two"))?;
        Ok(())
    });
    let text = text.await;
    has(&text, &["sim:store:Bucket::a is declared twice", "give one of them another name"]);
    has(&text, &[&format!("first at {first}"), &format!("again at {second}")]);
}

#[tokio::test]
async fn a_name_that_cannot_be_one_is_told_with_the_rule() {
    let place = line(2);
    let text = refused(|stack| {
        stack.add("no spaces", Bucket::new("one"))?;
        Ok(())
    })
    .await;
    has(&text, &[&place, "`no spaces` is not a valid resource name", "letters, digits"]);
    let text = refused(|stack| {
        stack.scope("")?;
        Ok(())
    })
    .await;
    has(&text, &["`` is not a valid resource name"]);
}

#[tokio::test]
async fn a_cycle_is_told_as_its_path_without_what_leads_there() {
    let text = refused(|stack| {
        let a = stack.add("a", Network::new("10.0.0.0/16"))?;
        let b = stack.add("b", Subnet::new(a.id(), "10.0.1.0/24"))?;
        let c = stack.add("c", Machine::new(b.id()))?;
        a.depends_on(&c);
        stack.add("leads-there", Bucket::new("x"))?.depends_on(&c);
        Ok(())
    });
    let text = text.await;
    has(&text, &["depend on each other", "none of them can be first", "remove one of these edges"]);
    has(&text, &["Network::a (tests/it/bad_input/declared.rs:", "Subnet::b (", "Machine::c ("]);
    assert!(!text.contains("leads-there"), "{text}");
}

#[tokio::test]
async fn what_belongs_to_another_stack_is_refused_in_inputs_options_and_exports() {
    let other = || {
        let mut stack = Stack::new("local/test/other".parse().unwrap(), ConfigValues::default());
        stack.add("theirs", Network::new("10.0.0.0/16")).unwrap()
    };
    let text = refused(|stack| {
        stack.add("mine", Subnet::new(other().id(), "10.0.1.0/24"))?;
        Ok(())
    })
    .await;
    has(&text, &["sim:net:Subnet::mine (tests/it/bad_input/declared.rs:", "uses sim:net:Network::theirs"]);
    has(&text, &["belongs to another stack", "export the value there"]);
    let text = refused(|stack| {
        stack.add("a", Bucket::new("one"))?.depends_on(&other());
        stack.add("b", Bucket::new("two"))?.deleted_with(&other());
        stack.export("id", other().id());
        Ok(())
    });
    let text = text.await;
    has(&text, &["Bucket::a (tests/it/", "Bucket::b (tests/it/", "(export `id`)"]);
    assert_eq!(text.matches("uses sim:net:Network::theirs, which belongs to another stack").count(), 3);
}

#[tokio::test]
async fn an_option_that_names_no_field_is_told_with_its_resource() {
    let text = refused(|stack| {
        stack.add("a", Network::new("10.0.0.0/16"))?.ignore_changes(["tagz"]).alias("not a name");
        Ok(())
    });
    has(&text.await, &["Network::a (tests/it/", "sim:net:Network has no input field `tagz`", "`not a name`"]);
}

#[tokio::test]
async fn a_range_that_is_none_is_refused_before_anything_is_touched() {
    let text = refused(|stack| {
        stack.add("bucket", Bucket::new("one"))?;
        let a = stack.add("a", Network::new("10.0.0.0/33"))?;
        stack.add("b", Network::new("ten"))?;
        stack.add("uses", Subnet::new(a.id(), a.cidr()))?;
        Ok(())
    });
    let text = text.await;
    has(&text, &["sim:net:Network::a `cidr` (tests/it/", "\"10.0.0.0/33\" is not an address range such as"]);
    has(&text, &["sim:net:Network::b `cidr`", "\"ten\""]);
    assert!(!text.contains("::uses"), "only who is to blame is named: {text}");
}

#[tokio::test]
async fn a_range_that_turns_out_to_be_none_in_the_apply_fails_its_step_and_touches_nothing() {
    let bench = Bench::new();
    let program = |stack: &mut Stack| -> sskuba::Result {
        let a = stack.add("a", Network::new("10.0.0.0/16"))?;
        stack.add("b", Subnet::new(a.id(), a.owner().map(|owner| format!("{owner}/99"))))?;
        Ok(())
    };
    let (_, report) = bench.up(program).await.unwrap();
    assert_eq!((report.result, bench.exists().len()), (RunResult::Failed, 1));
    let [failed] = report.failures.as_slice() else { panic!("{report:?}") };
    assert_eq!(failed.failure.effect, sskuba::core::provider::Effect::NotApplied);
    has(&failed.failure.to_string(), &["invalid `cidr`", "is not an address range such as"]);
    assert_eq!(failed.failure.to_string().matches("`cidr`").count(), 1);
    has(failed.source_line.as_ref().unwrap(), &["tests/it/bad_input/declared.rs:"]);
    let snapshot = bench.engine.read(&bench.stack).await.unwrap();
    assert_eq!((snapshot.state.len(), snapshot.state.pending().count()), (1, 0));
}

#[tokio::test]
async fn what_only_the_provider_can_judge_is_judged_when_it_is_known() {
    let program = |bytes: u16| {
        move |stack: &mut Stack| -> sskuba::Result {
            let a = stack.add("a", Network::new("10.0.0.0/16"))?;
            stack.add("id", sskuba::local::random::Id::new().bytes(a.id().map(move |_| bytes)))?;
            Ok(())
        }
    };
    let bench = Bench::new();
    let (_, report) = bench.up(program(0)).await.unwrap();
    let [failed] = report.failures.as_slice() else { panic!("{report:?}") };
    assert_eq!(failed.address.to_string(), "local:random:Id::id");
    has(&failed.failure.to_string(), &["invalid `bytes`: 0 is not from 1 to"]);
    assert_eq!(bench.up(program(4)).await.unwrap().1.result, RunResult::Succeeded);
}

#[tokio::test]
async fn a_function_of_the_program_that_fails_or_panics_fails_its_resource_alone() {
    let fail = |panics: bool| {
        move |text: String| -> Result<String, String> {
            if panics { panic!("boom") } else { Err(format!("{text} is no good")) }
        }
    };
    let known = |panics| {
        move |stack: &mut Stack| -> sskuba::Result {
            let a = stack.add("a", Bucket::new("one"))?;
            stack.add("b", Bucket::new(a.name().and_then(fail(panics))))?;
            Ok(())
        }
    };
    has(&refused(known(false)).await, &["Bucket::b `name` (tests/it/", "one is no good"]);
    has(&refused(known(true)).await, &["Bucket::b `name` (tests/it/", "function for this value panicked"]);
    for panics in [false, true] {
        let unknown = move |stack: &mut Stack| -> sskuba::Result {
            let a = stack.add("a", Network::new("10.0.0.0/16"))?;
            stack.add("b", Bucket::new(a.id().and_then(fail(panics))))?;
            Ok(())
        };
        let bench = Bench::new();
        let (_, report) = bench.up(unknown).await.unwrap();
        let [failed] = report.failures.as_slice() else { panic!("{report:?}") };
        has(&failed.failure.to_string(), &["`name`", if panics { "panicked" } else { "is no good" }]);
        assert_eq!(bench.exists(), ["sim:net:Network"]);
    }
}

#[derive(Debug, Config)]
struct Settings {
    /// The range of the network.
    cidr: String,
    /// How many zones to use.
    zones: u8,
}

#[tokio::test]
async fn all_that_is_wrong_with_a_configuration_comes_together() {
    let mut config = ConfigValues::default();
    config.set("zones", "many".into(), Origin::Variable("SSKUBA_CONFIG_ZONES".into()));
    config.set("cdir", "10.0.0.0/16".into(), Origin::File("sskuba.dev.toml".into()));
    config.set("other", Value::from("canary").into_secret(), Origin::Flag);
    let program = |stack: &mut Stack| -> sskuba::Result {
        let settings: Settings = stack.config()?;
        stack.add("net", Network::new(settings.cidr).tag("zones", settings.zones.to_string()))?;
        Ok(())
    };
    let bench = Bench::new();
    let options = PlanOptions { config, ..PlanOptions::default() };
    let text =
        message_of(bench.up_with(program, options, sskuba::core::applying::ApplyOptions::default()).await);
    has(&text, &["configuration does not fit the program", "`cidr` is missing (The range of the network.)"]);
    has(&text, &["[Configure([\"cidr\"])]", "`zones` from variable SSKUBA_CONFIG_ZONES", "many"]);
    has(&text, &["`cdir` from sskuba.dev.toml is not read by this program; did you mean `cidr`?"]);
    has(&text, &["`other` from the command line"]);
    assert!(!text.contains("canary"), "{text}");
}

/// `{:?}` of an output where its value was meant would be recorded as a name for good.
#[tokio::test]
async fn the_text_of_an_output_is_told_from_its_value() {
    let bench = crate::world::Bench::new();
    let mistaken = |stack: &mut Stack| -> sskuba::Result {
        let net = stack.add("net", Network::new("10.0.0.0/16"))?;
        stack.add("b", Bucket::new(format!("data-{:?}", net.id())))?;
        Ok(())
    };
    let error = bench.engine.preview(&bench.stack, mistaken).await.unwrap_err().to_string();
    assert!(
        error.contains("`name` has the text of an output in it") && error.contains("format_output!"),
        "{error}"
    );
    let right = |stack: &mut Stack| -> sskuba::Result {
        let net = stack.add("net", Network::new("10.0.0.0/16"))?;
        let bucket = stack.add("b", Bucket::new(format_output!("data-{}-{}", net.id(), 7)))?;
        stack.export("url", format_output!("{}/index", bucket.url()));
        Ok(())
    };
    let (_, report) = bench.up(right).await.unwrap();
    let url = report.exports["url"].as_str().unwrap();
    assert!(url.starts_with("https://data-net-") && url.contains("-7.") && url.ends_with("/index"), "{url}");
}
