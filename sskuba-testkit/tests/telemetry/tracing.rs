//! What a collector gets.

use std::collections::BTreeSet;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;

use crate::collector::{Answer, CANARY, Collector, Got, field, run_with};

pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const PARENT: &str = "00f067aa0ba902b7";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns each span as its name under that of the span that it is in.
pub(crate) fn tree(spans: &[Span]) -> Vec<String> {
    let outer = |span: &Span| spans.iter().find(|other| other.span_id == span.parent_span_id);
    let name = |span: &Span| {
        let outer = outer(span).map_or_else(|| hex(&span.parent_span_id), |outer| outer.name.clone());
        format!("{outer} / {}", span.name)
    };
    let mut names: Vec<String> = spans.iter().map(name).collect();
    names.sort();
    names.dedup();
    names
}

#[track_caller]
fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found: Vec<&Span> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name} in {:?}", tree(spans));
    found[0]
}

#[track_caller]
fn says(span: &Span, name: &str, value: &str) {
    assert_eq!(
        field(&span.attributes, &format!("sskuba.{name}")).as_deref(),
        Some(value),
        "{name} of {span:?}"
    );
}

fn is_bad(span: &Span) -> bool {
    span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error)
}

#[test]
fn a_run_is_one_trace_in_the_trace_of_who_started_it() {
    let collector = Collector::new(Answer::Thanks);
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let variables = [
        ("TRACEPARENT", &*traceparent),
        ("TRACESTATE", "vendor=abc"),
        ("OTEL_SERVICE_NAME", "shop"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=prod,service.name=other"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=k%3D1"),
    ];
    let ran = run_with(&collector, "up --yes", &variables);
    assert_eq!(
        (ran.code, &*ran.errors.lines().filter(|line| !line.starts_with("note:")).collect::<String>()),
        (0, "")
    );
    let spans = collector.spans();
    for span in &spans {
        assert_eq!((&*hex(&span.trace_id), &*span.trace_state), (TRACE, "vendor=abc"), "{span:?}");
    }
    assert_eq!(
        tree(&spans),
        [
            &format!("{PARENT} / sskuba up"),
            "create sim:compute:Machine / hook",
            "run / create sim:compute:Machine",
            "run / create sim:net:Network",
            "run / create sim:net:Subnet",
            "run / flush",
            "sskuba up / plan",
            "sskuba up / run",
        ]
    );
    let command = named(&spans, "sskuba up");
    says(command, "stack", "local/traced/dev");
    says(command, "exit_code", "0");
    says(named(&spans, "plan"), "resources", "3");
    says(named(&spans, "run"), "result", "Succeeded");
    let code = command.attributes.iter().find(|field| field.key == "sskuba.exit_code").unwrap();
    assert_eq!(code.value.clone().unwrap().value, Some(Value::IntValue(0)));
    let subnet = named(&spans, "create sim:net:Subnet");
    says(subnet, "address", "sim:net:Subnet::main");
    says(subnet, "kind", "sim:net:Subnet");
    says(subnet, "verb", "Create");
    let network = named(&spans, "create sim:net:Network");
    assert!(network.end_time_unix_nano <= subnet.start_time_unix_nano, "one waits for the other");
    assert!(!spans.iter().any(is_bad));
    let resource = collector.requests()[0].resource_spans[0].resource.clone().unwrap();
    assert_eq!(field(&resource.attributes, "service.name").as_deref(), Some("shop"));
    assert_eq!(field(&resource.attributes, "deployment.environment.name").as_deref(), Some("prod"));
    let Got { head, .. } = &collector.got()[0];
    let lower = head.to_lowercase();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1") && lower.contains("x-key: k=1"), "{head}");
}

#[test]
fn no_secret_is_in_what_is_sent() {
    let collector = Collector::new(Answer::Thanks);
    // Also as the words of a failure, which many services repeat.
    for faults in ["", "partial=1,seed=3"] {
        run_with(&collector, "up --yes", &[("FAULTS", faults)]);
    }
    let fields: BTreeSet<String> =
        collector.spans().into_iter().flat_map(|span| span.attributes).map(|field| field.key).collect();
    let known = [
        "address",
        "base",
        "command",
        "entries",
        "exit_code",
        "failure",
        "kind",
        "name",
        "recorded",
        "recovering",
        "resources",
        "result",
        "run",
        "stack",
        "token",
        "verb",
        "when",
    ];
    assert_eq!(fields, known.iter().map(|name| format!("sskuba.{name}")).collect());
    assert!(collector.spans().iter().all(|span| span.events.is_empty() && span.links.is_empty()));
    let resource = collector.requests()[0].resource_spans[0].resource.clone().unwrap();
    let about: BTreeSet<String> = resource.attributes.into_iter().map(|field| field.key).collect();
    let known = ["service.name", "telemetry.sdk.language", "telemetry.sdk.name", "telemetry.sdk.version"];
    assert_eq!(about, known.map(str::to_owned).into());
    for Got { head, body } in collector.got() {
        for text in [CANARY, "10.0.1.0", "telling", &hex(CANARY.as_bytes())] {
            let is_in = body.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!is_in && !head.contains(text), "{text} was sent");
        }
    }
}

#[test]
fn what_failed_can_be_seen() {
    let collector = Collector::new(Answer::Thanks);
    let ran = run_with(&collector, "up --yes", &[("FAULTS", "denied=1")]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let spans = collector.spans();
    let call = named(&spans, "create sim:net:Network");
    says(call, "failure", "denied");
    says(named(&spans, "run"), "result", "Failed");
    says(named(&spans, "sskuba up"), "exit_code", "1");
    for name in ["create sim:net:Network", "run", "sskuba up"] {
        assert!(is_bad(named(&spans, name)), "{:?}", named(&spans, name));
    }
    assert!(!is_bad(named(&spans, "plan")));
    // The program names the service if nobody else does, and without a parent the command begins the trace.
    let resource = collector.requests()[0].resource_spans[0].resource.clone().unwrap();
    assert_eq!(field(&resource.attributes, "service.name").as_deref(), Some("traced"));
    assert!(named(&spans, "sskuba up").parent_span_id.is_empty());
}

#[test]
fn all_spans_of_a_large_run_arrive() {
    let collector = Collector::new(Answer::Thanks);
    let ran = run_with(&collector, "up --yes --quiet -c networks=2500", &[]);
    assert_eq!((ran.code, ran.warnings()), (0, vec![]), "{ran:?}");
    let calls = collector.spans().iter().filter(|span| span.name == "create sim:net:Network").count();
    assert_eq!(calls, 2501);
    assert!(collector.got().len() > 3, "they are sent while the run goes on");
}

#[test]
fn what_the_queue_cannot_hold_is_counted() {
    let collector = Collector::new(Answer::Thanks);
    let few = ("OTEL_BSP_MAX_QUEUE_SIZE", "5");
    let ran = run_with(&collector, "up --yes --quiet -c networks=300", &[few]);
    let [warning] = ran.warnings()[..] else { panic!("{ran:?}") };
    let numbers = warning.split(' ').filter_map(|word| word.parse::<usize>().ok());
    let [lost, all] = numbers.collect::<Vec<_>>()[..] else { panic!("{warning}") };
    assert!(warning.contains(few.0) && lost > 0 && all > 300, "{warning}");
    assert_eq!(collector.spans().len() + lost, all);
}
