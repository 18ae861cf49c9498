//! The engine inside another program: two stacks at once, no terminal, no globals.

use std::sync::Arc;

use sskuba::Engine;
use sskuba::core::address::StackId;
use sskuba::core::applying::Event;
use sskuba::core::stores::Memory;
use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Machine, Network, Subnet};
use sskuba::sim::{Options, SimProvider, World, kinds};

/// What one team gets.
fn team(name: &'static str, machines: usize) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync {
    move |stack| {
        let network = stack.add("main", Network::new("10.0.0.0/16").tag("team", name))?;
        let subnet = stack.add("main", Subnet::new(network.id(), "10.0.1.0/24"))?;
        let data = stack.add("data", Bucket::new(format!("{name}-data")))?;
        for i in 0..machines {
            stack.add(format!("worker-{i}"), Machine::new(subnet.id()).bucket(data.id()))?;
        }
        stack.export("data", data.url());
        Ok(())
    }
}

/// Brings one stack up and takes it down again, and tells what it saw.
async fn cycle(engine: Engine, name: &'static str, machines: usize) -> Result<String, sskuba::EngineError> {
    let stack = StackId::new("local", "embedded", name)?;
    let plan = engine.preview(&stack, team(name, machines)).await?;
    let planned = plan.counts().create;
    let sink = move |event: Event| {
        if let Event::Finished { address, took_ms, .. } = event {
            tracing_line(&format!("{name}: {address} after {took_ms} ms"));
        }
    };
    let report = engine.apply(plan).events(sink).await?;
    let removed = engine.down(&stack).await?;
    Ok(format!(
        "{name}: {planned} planned, {} created, {} deleted",
        report.counts.create, removed.counts.delete
    ))
}

/// Where this program's own log would take a line.
fn tracing_line(line: &str) {
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{line}\n"));
}

#[tokio::main]
async fn main() -> Result<(), sskuba::EngineError> {
    let cloud =
        SimProvider::new("sim", kinds::schemas(), World::memory()).options(Options::default().speed(50.0));
    let engine = Engine::builder()
        .store(Arc::new(Memory::default()))
        .provider(Arc::new(cloud))
        .owner("app", "host", 1)
        .build();
    let (fraud, risk) = tokio::join!(cycle(engine.clone(), "fraud", 3), cycle(engine, "risk", 5));
    tracing_line(&fraud?);
    tracing_line(&risk?);
    Ok(())
}
