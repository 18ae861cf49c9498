//! Planning, replay, append and frontier at growing sizes: each has to grow in proportion.
//!
//! `cargo bench -p sskuba-benches` prints the time per element beside the time of the whole.

#![expect(clippy::unwrap_used, reason = "a benchmark stops at what goes wrong")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sskuba_core::address::StackId;
use sskuba_core::applying::replay;
use sskuba_core::clock::SeededIds;
use sskuba_core::engine::Engine;
use sskuba_core::graph::{Dag, Frontier, NodeId};
use sskuba_core::planning::PlanOptions;
use sskuba_core::prelude::*;
use sskuba_core::state::{Codec, Owner, StateStore};
use sskuba_core::stores::{Memory, Sled};
use sskuba_local::data::Data;
use tokio::runtime::Runtime;

const SIZES: [u32; 3] = [1_000, 10_000, 100_000];
const LAYERS: u32 = 20;
const EDGES: u32 = 3;

/// Declares `count` recorded values in layers, each using some of the layer before.
fn layered(count: u32) -> impl Fn(&mut Stack) -> Result + Send + Sync {
    move |stack| {
        let width = count / LAYERS;
        let mut before: Vec<Handle<Data>> = Vec::new();
        for layer in 0..LAYERS {
            let mut here = Vec::new();
            for i in 0..width {
                let value = (0..EDGES.min(u32::try_from(before.len()).unwrap()))
                    .map(|edge| before[((i + edge) % width) as usize].id())
                    .collect::<Vec<_>>();
                let value = Output::all(value).map(|ids| serde_json::json!(ids));
                here.push(stack.add(format!("d-{layer}-{i}"), Data::new(value))?);
            }
            before = here;
        }
        Ok(())
    }
}

fn stack() -> StackId {
    "local/bench/dev".parse().unwrap()
}

fn engine(store: Arc<dyn StateStore>) -> Engine {
    Engine::builder().store(store).provider(sskuba_local::provider()).build()
}

fn planning(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = c.benchmark_group("planning");
    group.sample_size(10);
    for size in SIZES {
        group.throughput(Throughput::Elements(size.into()));
        let (stack, empty) = (stack(), engine(Arc::new(Memory::default())));
        let options = PlanOptions::default();
        group.bench_with_input(BenchmarkId::new("from nothing", size), &size, |b, size| {
            b.iter(|| runtime.block_on(empty.preview_with(&stack, &layered(*size), &options)).unwrap());
        });
        let full = engine(Arc::new(Memory::default()));
        runtime.block_on(full.up(&stack, layered(size))).unwrap();
        group.bench_with_input(BenchmarkId::new("no change", size), &size, |b, size| {
            b.iter(|| runtime.block_on(full.preview_with(&stack, &layered(*size), &options)).unwrap());
        });
    }
    group.finish();
}

fn replaying(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = c.benchmark_group("replay");
    group.sample_size(10);
    for size in SIZES {
        group.throughput(Throughput::Elements(size.into()));
        let store = Arc::new(Memory::default());
        runtime.block_on(engine(store.clone()).up(&stack(), layered(size))).unwrap();
        let image = runtime.block_on(store.load(&stack())).unwrap().unwrap();
        let codec = Codec::new(None, Arc::new(SeededIds::new(1)));
        group.bench_with_input(BenchmarkId::from_parameter(size), &image, |b, image| {
            b.iter(|| replay(black_box(image), &codec).unwrap());
        });
    }
    group.finish();
}

fn append(c: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = c.benchmark_group("append, 100 entries of 300 bytes, durable");
    group.sample_size(20);
    for size in SIZES {
        let folder = tempfile::tempdir().unwrap();
        let store = Sled::open(folder.path().to_owned());
        let owner = Owner { user: "b".into(), host: "b".into(), pid: 1, command: "bench".into() };
        let lease = runtime.block_on(store.acquire(&stack(), &owner)).unwrap();
        let entries = |count: usize| vec![vec![7_u8; 300]; count];
        let mut revision = 0;
        for _ in 0..size / 1_000 {
            revision = runtime.block_on(store.append(&lease, revision, entries(1_000))).unwrap();
        }
        group.throughput(Throughput::Elements(100));
        group.bench_function(BenchmarkId::new("on top of", size), |b| {
            b.iter(|| {
                revision = runtime.block_on(store.append(&lease, revision, entries(100))).unwrap();
            });
        });
        runtime.block_on(store.release(&lease)).unwrap();
    }
    group.finish();
}

fn frontier(c: &mut Criterion) {
    let mut group = c.benchmark_group("frontier");
    group.sample_size(10);
    for size in SIZES {
        let width = size / LAYERS;
        let edges = (width..size).flat_map(|i| {
            (0..EDGES).map(move |edge| (NodeId(i), NodeId((i / width - 1) * width + (i + edge) % width)))
        });
        let dag = Arc::new(Dag::new(size as usize, edges).unwrap());
        let priority = dag.remaining(|_| 1);
        group.throughput(Throughput::Elements(size.into()));
        group.bench_function(BenchmarkId::from_parameter(size), |b| {
            b.iter_batched(
                || (Arc::clone(&dag), priority.clone()),
                |(dag, priority)| {
                    let mut frontier = Frontier::new(dag, priority, |_| false);
                    while let Some(step) = frontier.pop() {
                        frontier.complete(step);
                    }
                    assert_eq!(frontier.open(), 0);
                },
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, planning, replaying, append, frontier);
criterion_main!(benches);
