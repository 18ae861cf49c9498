//! Files of people are made anew before they expire: without a refresh, in place, and nothing is called before.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sskuba::core::address::StackId;
use sskuba::core::applying::{ApplyOptions, Report};
use sskuba::core::clock::{Clock, SeededIds, Timestamp};
use sskuba::core::engine::Engine;
use sskuba::core::plan::{Action, Plan, PlanFile};
use sskuba::core::planning::PlanOptions;
use sskuba::prelude::*;
use sskuba::talos::client::Settings;
use sskuba::talos::contract::Contract;
use sskuba::talos::resources::{Kubeconfig, Talosconfig};
use sskuba::talos::secrets::{Bundle, generate_with};

const START: Timestamp = Timestamp(1_790_000_000_000);
const HOUR: Duration = Duration::from_secs(3600);

/// A clock that a test sets.
#[derive(Debug, Clone)]
struct Hand(Arc<AtomicU64>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

impl Hand {
    fn is_at(&self, after: Duration) {
        self.0.store(START.after(after).0, Ordering::Relaxed);
    }
}

fn bundle() -> Bundle {
    let ids = SeededIds::new(1);
    let quick = generate_with(Secret::default(), Contract::default(), START, &ids).unwrap();
    // A key for service accounts is not needed here, and takes seconds; any will do.
    generate_with(quick.certificates.kubernetes.key.clone(), Contract::default(), START, &ids).unwrap()
}

/// Files of people, and what is told where they are.
fn program(secrets: Secret<String>) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync {
    move |stack| {
        let admin = Kubeconfig::new(secrets.clone(), "base", "https://base:6443").hours(12_u32);
        let admin = stack.add("admin", admin)?;
        let people =
            Talosconfig::new(secrets.clone(), "base", vec!["10.0.0.2".to_owned()]).renew_before(1_u32);
        let people = stack.add("people", people)?;
        // It is made for the file, and not for what is in it.
        let other = Talosconfig::new(secrets.clone(), admin.id(), vec!["10.0.0.2".to_owned()]).hours(100_u32);
        stack.add("user-of-id", other.roles(vec!["os:reader".to_owned()]))?;
        stack.export("kubeconfig", admin.kubeconfig());
        stack.export("talosconfig", people.talosconfig());
        Ok(())
    }
}

struct Bench {
    clock: Hand,
    engine: Engine,
    stack: StackId,
    secrets: Secret<String>,
}

impl Bench {
    fn new() -> Self {
        let clock = Hand(Arc::new(AtomicU64::new(START.0)));
        let settings = Settings { clock: Arc::new(clock.clone()), ..Settings::default() };
        let provider = sskuba::talos::provider_with(settings);
        let engine = Engine::builder().provider(provider).clock(Arc::new(clock.clone())).build();
        Self { clock, engine, stack: "local/test/dev".parse().unwrap(), secrets: bundle().to_yaml() }
    }

    async fn plan(&self) -> Plan {
        self.engine.preview(&self.stack, program(self.secrets.clone())).await.unwrap()
    }

    async fn up(&self, options: PlanOptions) -> (Plan, Report) {
        let mut session = self.engine.open(&self.stack, "up", Duration::ZERO).await.unwrap();
        let plan = session.plan(&program(self.secrets.clone()), &options).await.unwrap();
        let report = session.apply(&plan, &ApplyOptions::default()).await.unwrap();
        session.close().await.unwrap();
        (plan, report)
    }
}

/// Returns what a plan does and why, in lines.
fn done(plan: &Plan) -> Vec<String> {
    let does = plan.steps.iter().filter(|step| step.action != Action::Same);
    let line = |step: &sskuba::core::plan::Step| {
        let reasons: Vec<String> = step.reasons.iter().map(ToString::to_string).collect();
        format!("{} {}: {}", step.action, step.address.name(), reasons.join("; "))
    };
    does.map(line).collect()
}

#[tokio::test]
async fn files_are_made_anew_in_place_before_they_expire() {
    let bench = Bench::new();
    bench.up(PlanOptions::default()).await;
    bench.clock.is_at(7 * HOUR - Duration::from_secs(1));
    assert_eq!(done(&bench.plan().await), [""; 0]);

    // Of eight hours the last one is left, and of twelve not yet a third.
    bench.clock.is_at(7 * HOUR);
    let renewed = done(&bench.plan().await);
    let end = START.after(8 * HOUR);
    let since = START.after(7 * HOUR);
    assert_eq!(renewed, [format!("update people: it expires on {end}, and is renewed from {since} on")]);
    let (_, report) = bench.up(PlanOptions::default()).await;
    assert_eq!((report.counts.update, report.counts.changes()), (1, 1));
    assert_eq!(done(&bench.plan().await), [""; 0]);

    // Who uses the id of a file is left alone.
    bench.clock.is_at(8 * HOUR);
    let renewed = done(&bench.plan().await);
    assert!(renewed.len() == 1 && renewed[0].starts_with("update admin: it expires on "), "{renewed:?}");
    bench.up(PlanOptions::default()).await;
    assert_eq!(done(&bench.plan().await), [""; 0]);
}

#[tokio::test]
async fn a_saved_plan_renews_what_was_due_when_it_was_made() {
    let bench = Bench::new();
    bench.up(PlanOptions::default()).await;
    bench.clock.is_at(7 * HOUR);
    let plan = bench.plan().await;
    let key = bench.engine.digester(&bench.stack).await.unwrap();
    let file = PlanFile::new(&plan, key, serde_json::Value::Null);

    // Another file is due by now, which nobody has agreed to.
    bench.clock.is_at(9 * HOUR);
    assert_eq!(done(&bench.plan().await).len(), 2);
    let options = PlanOptions { made: Some(file.made), ..PlanOptions::default() };
    let (again, report) = bench.up(options).await;
    assert_eq!((done(&again), report.counts.update), (done(&plan), 1));
    assert_eq!(done(&bench.plan().await).len(), 1);
}
