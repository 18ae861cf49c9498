//! Sends the spans of a command to a collector of OpenTelemetry, as the variables `OTEL_…` say.
//!
//! It is in nobody's way: spans wait in memory and are sent by a thread of its own; what cannot be sent is said once, at
//! the end, and changes neither the command nor its exit code.

mod asked;
mod client;
mod exporter;
mod exporting;
mod tally;

use std::collections::BTreeMap;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use asked::Asked;
pub(crate) use exporting::Exporting;

/// Makes the span of a command a part of the trace that `TRACEPARENT` names, as CI systems pass it on. What is no parent
/// is not used, as W3C's Trace Context asks for.
pub(crate) fn continue_trace(span: &tracing::Span, variables: &BTreeMap<String, String>) {
    let header = |name: &str| Some((name.to_lowercase(), variables.get(name)?.clone()));
    let headers = ["TRACEPARENT", "TRACESTATE"].into_iter().filter_map(header);
    let headers: std::collections::HashMap<String, String> = headers.collect();
    let parent = TraceContextPropagator::new().extract(&headers);
    if parent.span().span_context().is_valid() {
        // It fails where nobody takes spans to OpenTelemetry: then nothing has to be continued.
        let _ = span.set_parent(parent);
    }
}

/// Says that nobody sends the spans that the variables ask for: the program has a subscriber of its own, and that does not
/// know OpenTelemetry.
pub(crate) fn not_taken(span: &tracing::Span, variables: &BTreeMap<String, String>) -> Option<&'static str> {
    let asked = matches!(Asked::of(variables), Asked::Spans { .. });
    let taken = span.context().span().span_context().is_valid();
    (asked && !taken && tracing::dispatcher::has_been_set()).then_some(
        "no trace is sent: this program has a `tracing` subscriber of its own, without a layer for OpenTelemetry",
    )
}
