//! Components as nodes, options as values, transforms, and what a resource is replaced after.

use sskuba::core::applying::Report;
use sskuba::core::graph::GraphError;
use sskuba::core::plan::{Action, Plan, Reason};
use sskuba::core::stack::Component;
use sskuba::core::state::RunResult;
use sskuba::local::data::Data;
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Network, Subnet};

use crate::world::Bench;

/// A network with two subnets.
struct Net(&'static str);

impl Component for Net {
    type Outputs = Handle<Network>;
    fn build(&self, scope: &mut Scope<'_>) -> sskuba::Result<Handle<Network>> {
        let network = scope.add("network", Network::new(self.0))?;
        let mut subnets = scope.scope("subnets")?;
        subnets.add("a", Subnet::new(network.id(), "10.0.1.0/24"))?;
        subnets.add("b", Subnet::new(network.id(), "10.0.2.0/24"))?;
        Ok(network)
    }
}

/// Components of components.
struct Site;

impl Component for Site {
    type Outputs = Handle<Network>;
    fn build(&self, scope: &mut Scope<'_>) -> sskuba::Result<Handle<Network>> {
        let net = scope.component("net", Net("10.0.0.0/16"))?;
        scope.add("logs", Bucket::new("logs"))?;
        Ok(net.into_outputs())
    }
}

fn addresses(plan: &Plan, action: Action) -> Vec<String> {
    let steps = plan.steps.iter().filter(|step| step.action == action);
    let mut all: Vec<String> = steps.map(|step| step.address.to_string()).collect();
    all.sort();
    all
}

fn done(report: &Report) {
    assert_eq!((report.result, &report.failures), (RunResult::Succeeded, &vec![]));
}

fn mistakes(program: impl Fn(&mut Stack) -> sskuba::Result) -> Vec<String> {
    let mut stack = Stack::new("local/test/dev".parse().unwrap(), Default::default());
    program(&mut stack).unwrap();
    stack.into_graph().unwrap_err().iter().map(GraphError::to_string).collect()
}

#[tokio::test]
async fn a_component_is_there_when_all_of_its_parts_are_and_goes_before_them() {
    let bench = Bench::new();
    let program = |stack: &mut Stack| -> sskuba::Result {
        let site = stack.component("site", Site)?;
        stack.add("after", Bucket::new("after"))?.depends_on(&site);
        assert_eq!(site.node().address().to_string(), "sskuba:stack:Component::site");
        stack.export("network", site.id());
        Ok(())
    };
    let (plan, report) = bench.up(program).await.unwrap();
    done(&report);
    assert_eq!(report.counts.create, 7, "five objects and two components");
    let finished = bench.finished();
    let at = |name: &str| finished.iter().position(|line| line == &format!("create {name}")).unwrap();
    for (first, then) in [("a", "net"), ("b", "net"), ("net", "site"), ("logs", "site"), ("site", "after")] {
        assert!(at(first) < at(then), "{finished:?}");
    }
    assert!(plan.steps.iter().all(|step| step.address.path() != "site/net" || step.address.name() != "net"));
    assert!(bench.up(program).await.unwrap().0.is_empty());

    bench.finished();
    bench
        .engine
        .down(&bench.stack)
        .events({
            let events = std::sync::Arc::clone(&bench.events);
            move |event| events.lock().unwrap().push(event)
        })
        .await
        .unwrap();
    let finished = bench.finished();
    let at = |name: &str| finished.iter().position(|line| line == &format!("delete {name}")).unwrap();
    for (first, then) in
        [("after", "site"), ("site", "net"), ("site", "logs"), ("net", "a"), ("a", "network")]
    {
        assert!(at(first) < at(then), "{finished:?}");
    }
    assert_eq!(bench.exists(), [""; 0]);
}

#[tokio::test]
async fn one_alias_of_a_component_renames_all_of_its_parts() {
    let bench = Bench::new();
    let before = |stack: &mut Stack| -> sskuba::Result {
        stack.component("old", Site)?;
        Ok(())
    };
    bench.up(before).await.unwrap();
    bench.finished();
    let after = |stack: &mut Stack| -> sskuba::Result {
        let mut scope = stack.scope("eu")?;
        scope.component("new", Site)?.alias("sskuba:stack:Component::old");
        Ok(())
    };
    let (plan, report) = bench.up(after).await.unwrap();
    done(&report);
    assert_eq!((bench.finished(), plan.counts().moved), (vec![], 6), "{:?}", plan.steps);
    let snapshot = bench.engine.read(&bench.stack).await.unwrap();
    let paths: Vec<_> = snapshot.state.records().map(|r| r.address.to_string()).collect();
    assert!(
        paths.iter().all(|path| path.starts_with("eu/new/") || path == "eu/sskuba:stack:Component::new"),
        "{paths:?}"
    );
    assert!(bench.up(after).await.unwrap().0.is_empty());

    // A component inside and the one around it at once, each by its name alone.
    struct Renamed;
    impl Component for Renamed {
        type Outputs = ();
        fn build(&self, scope: &mut Scope<'_>) -> sskuba::Result {
            scope.component("network", Net("10.0.0.0/16"))?.alias("net");
            scope.add("journal", Bucket::new("logs"))?.alias("logs");
            Ok(())
        }
    }
    let both = |stack: &mut Stack| -> sskuba::Result {
        stack.scope("eu")?.component("newest", Renamed)?.alias("new");
        Ok(())
    };
    let (plan, report) = bench.up(both).await.unwrap();
    done(&report);
    assert_eq!((bench.finished(), plan.counts().moved), (vec![], 6), "{:?}", plan.steps);
}

#[tokio::test]
async fn what_is_said_of_a_component_counts_for_its_parts_unless_they_say_otherwise() {
    struct Open;
    impl Component for Open {
        type Outputs = ();
        fn build(&self, scope: &mut Scope<'_>) -> sskuba::Result {
            scope.add("kept", Bucket::new("kept"))?;
            scope.add("open", Bucket::new("open"))?.unprotect();
            Ok(())
        }
    }
    let bench = Bench::new();
    let full = |stack: &mut Stack| -> sskuba::Result {
        stack.component("part", Open)?.with(&Options::new().protect());
        Ok(())
    };
    bench.up(full).await.unwrap();
    let error = bench.engine.down(&bench.stack).await.unwrap_err().to_string();
    assert!(
        error.contains("Bucket::kept: is protected") && error.contains("Component::part: is protected"),
        "{error}"
    );
    assert!(!error.contains("Bucket::open: is protected"), "{error}");
    let error = mistakes(|stack| {
        stack.component("part", Open)?.ignore_changes(["name"]).replace_triggered_by("x");
        Ok(())
    });
    assert!(error[0].contains("`ignore_changes` is said of a resource; `.transform(…)`"), "{error:?}");
    assert!(error[1].contains("`replace_triggered_by` is said of a resource"), "{error:?}");
}

#[tokio::test]
async fn transforms_change_what_is_declared_nearest_first_and_the_stack_last() {
    let bench = Bench::new();
    let program = |stack: &mut Stack| -> sskuba::Result {
        stack.transform(|draft| {
            if draft.has("tags") {
                draft.set_entry("tags", "team", "data");
                draft.set_entry("tags", "last", "stack");
            }
            if draft.is::<Bucket>() {
                draft.retain_on_delete();
            }
        });
        let net = stack.component("net", Net("10.0.0.0/16"))?;
        net.transform(|draft| {
            if draft.has("tags") {
                draft.set_entry("tags", "last", "component");
                draft.set_entry("tags", "part", draft.address().name().to_owned());
            }
        });
        stack.add("bucket", Bucket::new("b"))?;
        Ok(())
    };
    let (plan, report) = bench.up(program).await.unwrap();
    done(&report);
    let tags = |name: &str| {
        let step = plan.steps.iter().find(|step| step.address.name() == name).unwrap();
        step.inputs["tags"].masked().to_string()
    };
    assert_eq!(tags("a"), r#"{"last":"stack","part":"a","team":"data"}"#);
    assert!(bench.up(program).await.unwrap().0.is_empty());
    bench.engine.down(&bench.stack).await.unwrap();
    assert_eq!(bench.exists(), ["sim:store:Bucket"], "the transform says that it is retained");
    let error = mistakes(|stack| {
        stack.transform(|draft| draft.set("colour", "red"));
        stack.add("bucket", Bucket::new("b"))?.ignore_changes(["colour"]);
        Ok(())
    });
    assert!(error[0].contains("sim:store:Bucket has no input field `colour`"), "{error:?}");
}

#[tokio::test]
async fn a_resource_is_replaced_after_what_it_says() {
    let bench = Bench::new();
    let program = |cidr: &'static str, tag: &'static str, key: &'static str, said: bool| {
        move |stack: &mut Stack| -> sskuba::Result {
            let net = stack.add("net", Network::new(cidr).tag("a", tag))?;
            let data = stack.add("data", Data::new(serde_json::json!("same")))?;
            if said {
                data.replace_triggered_by(&net).replace_triggered_by(key);
            }
            Ok(())
        }
    };
    bench.up(program("10.0.0.0/16", "1", "k", false)).await.unwrap();
    bench.finished();
    let (plan, report) = bench.up(program("10.0.0.0/16", "1", "k", true)).await.unwrap();
    done(&report);
    assert_eq!(bench.finished(), [""; 0], "the first run that says it replaces nothing");
    assert!(!plan.is_empty());
    assert!(bench.up(program("10.0.0.0/16", "1", "k", true)).await.unwrap().0.is_empty());

    bench.up(program("10.0.0.0/16", "1", "other", true)).await.unwrap();
    assert_eq!(bench.finished(), ["replace data", "delete data"]);
    bench.up(program("10.0.0.0/16", "2", "other", true)).await.unwrap();
    assert_eq!(bench.finished(), ["update net", "replace data", "delete data"]);
    let (plan, report) = bench.up(program("10.1.0.0/16", "2", "other", true)).await.unwrap();
    done(&report);
    let step = plan.steps.iter().find(|step| step.address.name() == "data").unwrap();
    assert_eq!(step.reasons, [Reason::Triggered { certain: true }]);
    assert_eq!(addresses(&plan, Action::Replace).len(), 2);
    bench.finished();
    // Said no longer, nothing happens.
    bench.up(program("10.2.0.0/16", "2", "other", false)).await.unwrap();
    assert_eq!(bench.finished(), ["replace net", "delete net"]);
    bench.up(program("10.2.0.0/16", "2", "third", true)).await.unwrap();
    assert_eq!(bench.finished(), [""; 0]);
}

/// What a value that is known only in the run comes to decides then; and what it is replaced after stays secret.
#[tokio::test]
async fn what_it_is_replaced_after_may_be_known_only_in_the_run_and_may_be_secret() {
    let bench = Bench::new();
    let program = |cidr: &'static str, secret: &'static str| {
        move |stack: &mut Stack| -> sskuba::Result {
            let net = stack.add("net", Network::new(cidr))?;
            let secret = net.cidr().map(move |_| Secret::new(secret.to_owned()));
            stack
                .add("data", Data::new(serde_json::json!("same")))?
                .replace_triggered_by(net.id())
                .replace_triggered_by(secret);
            Ok(())
        }
    };
    bench.up(program("10.0.0.0/16", "hunter2-old")).await.unwrap();
    let document = bench.engine.export_state(&bench.stack).await.unwrap().to_string();
    assert!(!document.contains("hunter2"), "{document}");
    bench.finished();
    let (plan, report) = bench.up(program("10.1.0.0/16", "hunter2-old")).await.unwrap();
    done(&report);
    let step = plan.steps.iter().find(|step| step.address.name() == "data").unwrap();
    assert_eq!(step.reasons, [Reason::Triggered { certain: false }]);
    assert!(bench.finished().contains(&"replace data".to_owned()));
    let (plan, _) = bench.up(program("10.1.0.0/16", "hunter2-new")).await.unwrap();
    assert!(!format!("{:?}", plan.steps).contains("hunter2"), "{:?}", plan.steps);
    assert_eq!(bench.finished(), ["replace data", "delete data"]);
}

/// A stack reads what another one of the same store exports.
mod references {
    use std::sync::Arc;

    use sskuba::core::address::StackId;
    use sskuba::core::engine::{Engine, with_causes};
    use sskuba::core::stores::{EphemeralKeyring, Memory};
    use sskuba::sim::{SimProvider, World, kinds};

    use super::*;

    fn engine() -> Engine {
        let sim = SimProvider::new("sim", kinds::schemas(), World::memory());
        Engine::builder()
            .provider(Arc::new(sim))
            .provider(sskuba::local::provider())
            .store(Arc::new(Memory::default()))
            .keyring(Arc::new(EphemeralKeyring::default()))
            .build()
    }

    fn id(text: &str) -> StackId {
        text.parse().unwrap()
    }

    fn net(password: &'static str) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync + Copy {
        move |stack: &mut Stack| -> sskuba::Result {
            let network = stack.add("net", Network::new("10.0.0.0/16"))?;
            stack.export("network", network.id());
            stack.export_value("count", 3);
            stack.export_value("password", Secret::new(password.to_owned()));
            Ok(())
        }
    }

    fn app(stack: &mut Stack) -> sskuba::Result {
        let net = stack.reference("net/prod")?;
        stack.reference("acme/net/prod")?;
        stack.add("sub", Subnet::new(net.output::<String>("network"), "10.0.1.0/24"))?;
        stack.add("data", Data::new(serde_json::json!("x")))?;
        stack.export("password", net.output::<String>("password"));
        stack.export("count", net.output::<u32>("count").map(|count| count + 1));
        Ok(())
    }

    #[tokio::test]
    async fn outputs_of_another_stack_are_read_typed_and_secret_and_their_revision_is_recorded() {
        let engine = engine();
        let (net_id, app_id) = (id("acme/net/prod"), id("acme/app/prod"));
        let text = with_causes(&engine.preview(&app_id, app).await.unwrap_err());
        assert!(
            text.contains("there is no stack acme/net/prod") && text.contains("bring it up first"),
            "{text}"
        );
        engine.up(&net_id, net("hunter2-one")).await.unwrap();
        let report = engine.up(&app_id, app).await.unwrap();
        done(&report);
        assert_eq!(report.exports["count"].masked(), 4);
        assert_eq!(report.exports["password"].masked(), "(secret)");
        assert_eq!(report.exports["password"].as_str(), Some("hunter2-one"));
        let document = engine.export_state(&app_id).await.unwrap().to_string();
        assert!(!document.contains("hunter2"), "{document}");
        let run = &engine.history(&app_id, 1).await.unwrap()[0];
        let read = &run.reads[0];
        let revision = engine.read(&net_id).await.unwrap().state.revision();
        assert_eq!((run.reads.len(), &read.stack, read.revision), (1, &net_id, revision));
        assert!(engine.preview(&app_id, app).await.unwrap().is_empty());

        // What changes there changes here, and secrets stay what they are.
        engine.up(&net_id, net("hunter2-two")).await.unwrap();
        let plan = engine.preview(&app_id, app).await.unwrap();
        assert!(plan.exports_change && !format!("{plan:?}").contains("hunter2-two"));
        // Without the program nothing is read: the other stack may be gone.
        engine.down(&net_id).await.unwrap();
        done(&engine.down(&app_id).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_not_exported_or_is_of_another_type_is_refused_with_what_was_meant() {
        let engine = engine();
        engine.up(&id("acme/net/prod"), net("x-secret-x")).await.unwrap();
        let error = async |name: &'static str| {
            let program = move |stack: &mut Stack| -> sskuba::Result {
                let network = stack.reference("net/prod")?.output::<String>(name);
                stack.add("sub", Subnet::new(network, "10.0.1.0/24"))?;
                Ok(())
            };
            engine.preview(&id("acme/app/prod"), program).await.unwrap_err().to_string()
        };
        let text = error("netwrok").await;
        assert!(
            text.contains("stack acme/net/prod exports nothing called `netwrok`; did you mean `network`?"),
            "{text}"
        );
        let text = error("count").await;
        assert!(text.contains("3 is a number, not a text"), "{text}");
        let own = |stack: &mut Stack| -> sskuba::Result {
            stack.reference("prod")?;
            Ok(())
        };
        let text = engine.preview(&id("acme/app/prod"), own).await.unwrap_err().to_string();
        assert!(text.contains("acme/app/prod is this stack"), "{text}");
        let bad = |stack: &mut Stack| -> sskuba::Result {
            stack.reference("a/b/c/d")?;
            Ok(())
        };
        let text = engine.preview(&id("acme/app/prod"), bad).await.unwrap_err().to_string();
        assert!(text.contains("tests/it/parts.rs:") && text.contains("organisation/project/stack"), "{text}");
    }
}
