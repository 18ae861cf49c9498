//! The exporter of a process, from the first span to the last.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::Key;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::prelude::*;

use super::asked::Asked;
use super::client::Client;
use super::exporter::Exporter;
use super::tally::{Counted, Tally};

/// How long the end of a command may wait for the collector.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many spans wait to be sent if `OTEL_BSP_MAX_QUEUE_SIZE` says nothing: those of some thousand calls.
const QUEUE: usize = 8192;

/// The crates whose spans are sent. Others may tell anything in theirs: clients of HTTP, for one, what they send.
const OURS: [&str; 2] = ["sskuba_core", "sskuba_cli"];

/// Spans are being sent.
pub(crate) struct Exporting {
    provider: SdkTracerProvider,
    collector: String,
    tally: Arc<Tally>,
}

impl Exporting {
    /// Starts to send the spans of this process if its variables ask for it, and if nobody else takes them. `project` is the
    /// name of the service, unless the variables name it.
    ///
    /// # Errors
    /// If it cannot be done as they ask: what to tell the user.
    pub(crate) fn start(project: &str, variables: &BTreeMap<String, String>) -> Result<Option<Self>, String> {
        let (collector, timeout, certificate) = match Asked::of(variables) {
            Asked::Nothing => return Ok(None),
            Asked::Unknown(why) => return Err(format!("no trace is sent: {why}")),
            Asked::Spans { collector, timeout, certificate } => (collector, timeout, certificate),
        };
        // The program has a subscriber of its own, which takes the spans or does not.
        if tracing::dispatcher::has_been_set() {
            return Ok(None);
        }
        let tally = Arc::<Tally>::default();
        let failed = |why: String| format!("no trace is sent to {collector}: {why}");
        let client = Client::new(timeout, certificate.as_deref(), Arc::clone(&tally)).map_err(failed)?;
        let inner = opentelemetry_otlp::SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_timeout(timeout)
            .build()
            .map_err(|error| failed(error.to_string()))?;
        let exporter = Exporter { inner, tally: Arc::clone(&tally) };
        let counted = Counted { inner: queue(exporter, variables), tally: Arc::clone(&tally) };
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(project, variables))
            .with_span_processor(counted)
            .build();
        let scope =
            opentelemetry::InstrumentationScope::builder("sskuba").with_version(env!("CARGO_PKG_VERSION"));
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer_with_scope(scope.build()))
            // Places in the source and numbers of threads tell a user nothing.
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(filter_fn(is_sent).with_max_level_hint(LevelFilter::DEBUG));
        if tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).is_err() {
            return Ok(None);
        }
        Ok(Some(Self { provider, collector, tally }))
    }

    /// Sends what waits, and gives up after [`PATIENCE`]. Returns what to tell the user if not everything arrived.
    pub(crate) async fn end(self) -> Option<String> {
        let Self { provider, collector, tally } = self;
        // It blocks, and what the program does besides goes on. It is bounded, or the runtime would wait for it.
        let end = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(PATIENCE));
        let in_time = end.await.is_ok_and(|ended| ended.is_ok());
        let (lost, all, why) = tally.lost()?;
        let why = why.unwrap_or_else(|| match in_time {
            true => {
                "they came faster than they were sent; OTEL_BSP_MAX_QUEUE_SIZE says how many may wait".into()
            }
            false => format!("no answer within {}s", PATIENCE.as_secs()),
        });
        Some(format!(
            "{lost} of the trace's {all} spans did not reach the collector {collector}: {why}; nothing else is affected"
        ))
    }
}

fn is_sent(metadata: &Metadata<'_>) -> bool {
    let of = metadata.target().split("::").next().unwrap_or_default();
    metadata.is_span() && OURS.contains(&of)
}

/// Says whose spans they are. The arguments of the process are not told: they may hold a secret.
fn resource(project: &str, variables: &BTreeMap<String, String>) -> Resource {
    let resource = Resource::builder().build();
    // The SDK lets `service.name` among the attributes win, which the standard does not.
    let named = variables.get("OTEL_SERVICE_NAME").filter(|name| !name.is_empty());
    let found = resource.get(&Key::from_static_str("service.name"));
    let is_known = found.is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    match named {
        None if is_known => resource,
        named => {
            let name = named.map_or(project, String::as_str).to_owned();
            Resource::builder().with_service_name(name).build()
        }
    }
}

fn queue(exporter: Exporter, variables: &BTreeMap<String, String>) -> BatchSpanProcessor {
    let mut config = BatchConfigBuilder::default();
    if !variables.contains_key("OTEL_BSP_MAX_QUEUE_SIZE") {
        config = config.with_max_queue_size(QUEUE);
    }
    BatchSpanProcessor::builder(exporter).with_batch_config(config.build()).build()
}
