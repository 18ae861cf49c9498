//! A program that tells secrets wherever a program can, to see that none of them leaves it as a part of a trace.

#![expect(clippy::print_stderr, reason = "a test reads it")]

use std::sync::Arc;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use sskuba_core::prelude::*;
use sskuba_core::provider::HookCall;
use sskuba_sim::kinds::{Machine, Network, Subnet};
use sskuba_sim::{Faults, Options, SimProvider, World, kinds};
use tracing_subscriber::layer::SubscriberExt;

/// What the program reads.
#[derive(Config)]
struct Settings {
    /// What nobody may see.
    code: Secret<String>,
    /// How many networks there are besides.
    #[config(default = 0)]
    networks: u32,
}

fn declare(stack: &mut Stack) -> Result<()> {
    let settings: Settings = stack.config()?;
    let network = stack.add("main", Network::new("10.0.0.0/16"))?;
    let subnet = stack.add("main", Subnet::new(network.id(), "10.0.1.0/24"))?;
    let machine = stack.add("main", Machine::new(subnet.id()).boot(settings.code.clone()))?;
    let machine = machine.hook(When::BeforeCreate, "tell");
    for i in 0..settings.networks {
        stack.add(format!("other-{i}"), Network::new("10.1.0.0/16"))?;
    }
    stack.export("password", machine.password());
    stack.export_value("code", &settings.code);
    Ok(())
}

/// Tells all that it is told, in a span of its own and in events.
async fn tell(call: HookCall) -> std::result::Result<(), std::io::Error> {
    let inputs = format!("{:?}", call.inputs);
    let code = std::env::var("SSKUBA_CONFIG_CODE").unwrap_or_default();
    tracing::error_span!("telling", %code, %inputs).in_scope(|| {
        tracing::error!(%code, "created with {inputs}");
    });
    tracing::error!(%code, "created with {inputs}");
    Ok(())
}

/// An exporter of the program's own, which prints what it gets.
#[derive(Debug)]
struct Printer;

impl SpanExporter for Printer {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        for span in batch {
            eprintln!("own: {} in {}", span.name, span.span_context.trace_id());
        }
        Ok(())
    }
}

/// Takes the spans as a program does that has a layer for OpenTelemetry already.
fn own_telemetry() {
    let provider = SdkTracerProvider::builder().with_simple_exporter(Printer).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("own"));
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match std::env::var("OWN_SUBSCRIBER").as_deref() {
        Ok("with OpenTelemetry") => own_telemetry(),
        Ok(_) => {
            let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry());
        }
        Err(_) => {}
    }
    let faults = Faults::parse(&std::env::var("FAULTS").unwrap_or_default()).unwrap_or_default();
    let options = Options::default().speed(5000.0).faults(faults);
    let sim = SimProvider::new("sim", kinds::schemas(), World::memory()).options(options);
    sskuba_cli::Cli::new("traced")
        .provider(Arc::new(sim))
        .program(declare)
        .config::<Settings>()
        .hook("tell", tell)
        .run()
        .await
}
