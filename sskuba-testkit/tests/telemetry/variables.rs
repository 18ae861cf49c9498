//! What the variables of OpenTelemetry change, and a program that takes its spans itself.

use crate::collector::{Answer, CANARY, Collector, run, run_with};
use crate::tracing::{PARENT, TRACE, tree};

#[test]
fn nothing_is_sent_that_nobody_asked_for() {
    let collector = Collector::new(Answer::Thanks);
    let endpoint = format!("http://127.0.0.1:{}", collector.port);
    let here = ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint);
    let traceparent = format!("00-{TRACE}-{PARENT}-00");
    for variables in [
        &[("OTEL_SERVICE_NAME", "shop"), ("OTEL_TRACES_EXPORTER", "otlp")][..],
        &[here, ("OTEL_SDK_DISABLED", "true")],
        &[here, ("OTEL_TRACES_EXPORTER", "none")],
        // Who started it does not record the trace.
        &[here, ("TRACEPARENT", &*traceparent)],
    ] {
        let ran = run("up --yes", variables);
        assert_eq!((ran.code, ran.warnings()), (0, vec![]), "{ran:?}");
    }
    assert_eq!(collector.spans(), []);
    run("preview", &[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &*format!("{endpoint}/own/path"))]);
    assert!(collector.got()[0].head.starts_with("POST /own/path "), "{:?}", collector.got()[0].head);
    assert_eq!(tree(&collector.spans()), [" / sskuba preview", "sskuba preview / plan"]);
}

#[test]
fn what_is_no_parent_begins_a_trace() {
    for parent in ["", "00-zz-yy-01", "00-00000000000000000000000000000000-0000000000000000-01", CANARY] {
        let collector = Collector::new(Answer::Thanks);
        let ran = run_with(&collector, "preview", &[("TRACEPARENT", parent)]);
        assert_eq!((ran.code, ran.warnings()), (0, vec![]), "{ran:?}");
        assert_eq!(tree(&collector.spans()), [" / sskuba preview", "sskuba preview / plan"]);
    }
}

#[test]
fn what_is_compressed_is_the_same() {
    let collector = Collector::new(Answer::Thanks);
    let ran = run_with(&collector, "preview", &[("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")]);
    assert_eq!((ran.code, ran.warnings()), (0, vec![]), "{ran:?}");
    assert!(collector.got()[0].body.starts_with(&[0x1f, 0x8b]), "the magic number of gzip");
    assert_eq!(tree(&collector.spans()), [" / sskuba preview", "sskuba preview / plan"]);
}

#[test]
fn a_program_that_has_a_layer_for_opentelemetry_gets_the_spans_itself() {
    let collector = Collector::new(Answer::Thanks);
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let variables = [("OWN_SUBSCRIBER", "with OpenTelemetry"), ("TRACEPARENT", &*traceparent)];
    let ran = run_with(&collector, "preview", &variables);
    assert_eq!((ran.code, ran.warnings()), (0, vec![]), "{ran:?}");
    assert_eq!(collector.got().len(), 0, "the program's own exporter has them");
    assert!(ran.errors.contains(&format!("own: command in {TRACE}")), "{ran:?}");
}
