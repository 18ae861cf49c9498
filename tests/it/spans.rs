//! What an embedder's log or trace sees of a run: spans for the plan, the run, its calls and its writes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Network};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::world::Bench;

/// Notes each span with its fields and the span that it began in.
#[derive(Clone, Default)]
struct Spans {
    next: Arc<AtomicU64>,
    all: Arc<Mutex<Vec<(u64, String)>>>,
    entered: Arc<Mutex<Vec<u64>>>,
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!(" {}={value:?}", field.name()));
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target().starts_with("sskuba")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let mut fields = Fields(span.metadata().name().to_owned());
        span.record(&mut fields);
        let parent = self.entered.lock().unwrap().last().copied();
        let mut all = self.all.lock().unwrap();
        let outer = parent.and_then(|parent| all.iter().find(|(id, _)| *id == parent).cloned());
        let outer =
            outer.map(|(_, name)| name.split(' ').next().unwrap().to_owned() + "/").unwrap_or_default();
        all.push((id, outer + &fields.0));
        Id::from_u64(id)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, span: &Id) {
        self.entered.lock().unwrap().push(span.into_u64());
    }
    fn exit(&self, span: &Id) {
        let mut entered = self.entered.lock().unwrap();
        if let Some(at) = entered.iter().rposition(|id| *id == span.into_u64()) {
            entered.remove(at);
        }
    }
}

#[tokio::test]
async fn a_run_is_told_as_spans_without_a_value() {
    let bench = Bench::new();
    let spans = Spans::default();
    let program = |stack: &mut Stack| -> sskuba::Result {
        stack.add("net", Network::new("10.0.0.0/16").tag("login", "canary"))?;
        stack.add("data", Bucket::new("data"))?;
        Ok(())
    };
    let guard = tracing::subscriber::set_default(spans.clone());
    bench.up(program).await.unwrap();
    drop(guard);
    let all = spans.all.lock().unwrap().clone();
    let text = all.iter().map(|(_, span)| span.as_str()).collect::<Vec<_>>().join("\n");
    let starts = |start: &str| all.iter().filter(|(_, span)| span.starts_with(start)).count();
    assert_eq!(starts("plan stack=local/test/dev resources=2 recorded=0"), 1, "{text}");
    assert_eq!(starts("run stack=local/test/dev command=up run="), 1, "{text}");
    assert_eq!(starts("run/call address=sim:"), 2, "{text}");
    assert!(text.contains("verb=Create token=") && text.contains("recovering=false"), "{text}");
    assert!(starts("run/flush base=") >= 2, "{text}");
    assert!(!text.contains("canary") && !text.contains("10.0.0.0"), "{text}");
    let names: BTreeSet<&str> = all.iter().map(|(_, span)| span.split([' ', '/']).next().unwrap()).collect();
    assert_eq!(names, ["plan", "run"].into());
}
