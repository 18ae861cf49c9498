//! What a place and a key cost: an `up` of a thousand resources into a store on disk, and a plan without changes, of kinds that
//! differ in nothing else.
//!
//! `cargo bench -p sskuba-benches --bench place_and_key`

#![expect(clippy::unwrap_used, reason = "a benchmark stops at what goes wrong")]

use std::hint::black_box;
use std::sync::Arc;

use async_trait::async_trait;
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use sskuba_core::engine::Engine;
use sskuba_core::planning::PlanOptions;
use sskuba_core::prelude::*;
use sskuba_core::provider::{Cx, Failure, FieldError, Handler, Handlers, Place, TypedObject, TypedPrior};
use sskuba_core::stores::{EphemeralKeyring, Sled};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const COUNT: usize = 1_000;

/// A thing without a key.
#[derive(Resource)]
#[resource(kind = "bench:bare:Thing", idempotency = "token")]
struct Bare {
    /// Its name.
    #[resource(force_new)]
    name: Input<String>,
    /// The id.
    id: Computed<String>,
}

/// A thing of which there is one of a name.
#[derive(Resource)]
#[resource(kind = "bench:keyed:Thing", idempotency = "token", unique = "name")]
struct Keyed {
    /// Its name.
    #[resource(force_new)]
    name: Input<String>,
    /// The id.
    id: Computed<String>,
}

#[derive(Clone)]
struct Nothing;

macro_rules! does_nothing {
    ($kind:ident, $args:ident, $state:ident) => {
        #[async_trait]
        impl Handler<$kind> for Nothing {
            async fn create(&self, cx: &Cx, _: $args) -> std::result::Result<TypedObject<$kind>, Failure> {
                let id = cx.token.to_string();
                Ok(TypedObject::new(id.clone(), $state { id }))
            }
            async fn read(
                &self,
                _: &Cx,
                prior: TypedPrior<$kind>,
            ) -> std::result::Result<Option<TypedObject<$kind>>, Failure> {
                Ok(prior.state.map(|state| TypedObject::new(prior.id, state)))
            }
            async fn delete(&self, _: &Cx, _: TypedPrior<$kind>) -> std::result::Result<(), Failure> {
                Ok(())
            }
            async fn list(&self, _: &Cx) -> std::result::Result<Vec<TypedObject<$kind>>, Failure> {
                Ok(Vec::new())
            }
            fn check(&self, _: &$args) -> Vec<FieldError> {
                Vec::new()
            }
        }
    };
}

does_nothing!(Bare, BareArgs, BareState);
does_nothing!(Keyed, KeyedArgs, KeyedState);

/// Makes an engine with a store in a folder of its own; with a place, if its kinds are to have one.
fn engine(with_place: bool) -> (TempDir, Engine) {
    let folder = tempfile::tempdir().unwrap();
    let place = if with_place { Place::of([("account", "1"), ("region", "r")]) } else { Place::default() };
    let provider = Handlers::located("bench", move || std::future::ready(Ok(place.clone())));
    let provider = provider.resource::<Bare>(Nothing).resource::<Keyed>(Nothing);
    let store = Arc::new(Sled::open(folder.path().to_owned()));
    let keyring = Arc::new(EphemeralKeyring::default());
    let engine =
        Engine::builder().store(store as _).keyring(keyring as _).provider(Arc::new(provider)).build();
    (folder, engine)
}

fn program(keyed: bool) -> impl Fn(&mut Stack) -> Result + Send + Sync {
    move |stack| {
        for i in 0..COUNT {
            let name = format!("thing-{i}");
            match keyed {
                true => drop(stack.add(&name, Keyed::new(&*name))?),
                false => drop(stack.add(&name, Bare::new(&*name))?),
            }
        }
        Ok(())
    }
}

fn place_and_key(c: &mut Criterion) {
    let (runtime, stack) = (Runtime::new().unwrap(), "local/bench/dev".parse().unwrap());
    let mut group = c.benchmark_group("1,000 resources");
    group.sample_size(30);
    let ways = [
        ("without a place and a key", false, false),
        ("with a place", true, false),
        ("with a key", false, true),
        ("with both", true, true),
    ];
    for (name, place, key) in ways {
        group.bench_function(format!("up {name}"), |b| {
            let up = |(folder, engine): (TempDir, Engine)| {
                black_box(runtime.block_on(async { engine.up(&stack, program(key)).await }).unwrap());
                folder
            };
            b.iter_batched(|| engine(place), up, BatchSize::PerIteration);
        });
        let (_folder, engine) = engine(place);
        runtime.block_on(async { engine.up(&stack, program(key)).await }).unwrap();
        group.bench_function(format!("no change {name}"), |b| {
            let (program, options) = (program(key), PlanOptions::default());
            b.iter(|| {
                let plan = engine.preview_with(&stack, &program, &options);
                black_box(runtime.block_on(plan).unwrap())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, place_and_key);
criterion_main!(benches);
