//! What leaves the program of a span: its name, its times, and the fields that are known to tell no input and no output.

use std::sync::Arc;

use opentelemetry::trace::Status;
use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter, SpanLinks};

use super::tally::Tally;

/// The fields that are sent. One that is not here stays: a new field is looked at before it leaves the program.
const SENT: [&str; 17] = [
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

/// Those of them that are numbers: the layer makes texts of numbers without a sign.
const NUMBERS: [&str; 5] = ["base", "entries", "exit_code", "recorded", "resources"];

/// What is put before a field's name, so that it meets no name of others.
const PREFIX: &str = "sskuba.";

/// The exit codes that are no failure: done, and changes are pending.
const GOOD: [&str; 2] = ["0", "3"];

/// The exporter of OTLP, behind what keeps back all that is not to leave.
#[derive(Debug)]
pub(super) struct Exporter {
    pub(super) inner: opentelemetry_otlp::SpanExporter,
    pub(super) tally: Arc<Tally>,
}

impl SpanExporter for Exporter {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        batch.iter_mut().for_each(prepare);
        let spans = batch.len();
        let exported = self.inner.export(batch).await;
        match &exported {
            Ok(()) => self.tally.took(spans),
            Err(error) => self.tally.refused(error.to_string()),
        }
        exported
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Leaves of a span what may be sent, and says in OpenTelemetry's terms what it is.
fn prepare(span: &mut SpanData) {
    (span.events, span.links) = (SpanEvents::default(), SpanLinks::default());
    span.attributes.retain(|field| SENT.contains(&field.key.as_str()));
    let text = |name: &str| {
        let field = span.attributes.iter().find(|field| field.key.as_str() == name);
        field.map(|field| field.value.to_string())
    };
    let bad_code = text("exit_code").filter(|code| !GOOD.contains(&&**code));
    let bad_result = text("result").filter(|result| result != "Succeeded");
    let bad_end =
        bad_code.map(|code| format!("exit code {code}")).or(bad_result.map(|result| result.to_lowercase()));
    let status = text("failure").or(bad_end).map(Status::error);
    // Many calls beside each other are told apart by what they are, and few names are shared by all.
    let name = match &*span.name {
        "call" => {
            text("verb").zip(text("kind")).map(|(verb, kind)| format!("{} {kind}", verb.to_lowercase()))
        }
        "command" => text("command").map(|command| format!("sskuba {command}")),
        _ => None,
    };
    span.status = status.unwrap_or_else(|| span.status.clone());
    if let Some(name) = name {
        span.name = name.into();
    }
    for KeyValue { key, value, .. } in &mut span.attributes {
        if let Some(number) = NUMBERS.contains(&key.as_str()).then(|| value.as_str().parse().ok()).flatten() {
            *value = Value::I64(number);
        }
        *key = Key::from(format!("{PREFIX}{key}"));
    }
}
