//! What making secrets costs: a bundle without its RSA key, that key alone, and a client's certificate.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sskuba_core::clock::{SystemIds, Timestamp};
use sskuba_core::secret::Secret;
use sskuba_talos::contract::Contract;
use sskuba_talos::secrets::{CLIENT_LIFETIME, Role, generate_with, service_account_key};

/// 2026-11-25.
const NOW: Timestamp = Timestamp(1_795_600_000_000);

#[expect(clippy::unwrap_used, reason = "a benchmark that fails shall stop")]
fn secrets(c: &mut Criterion) {
    let none = || Secret::new(String::new());
    c.bench_function("a bundle without its RSA key", |b| {
        b.iter(|| generate_with(none(), Contract::V1_13, NOW, &SystemIds).unwrap());
    });
    let bundle = generate_with(none(), Contract::V1_13, NOW, &SystemIds).unwrap();
    c.bench_function("a client certificate", |b| {
        b.iter(|| bundle.client_certificate(&[Role::Admin], CLIENT_LIFETIME, NOW, &SystemIds).unwrap());
    });
    c.bench_function("a bundle written as YAML", |b| {
        b.iter(|| black_box(bundle.to_yaml().unwrap()));
    });
    let mut slow = c.benchmark_group("slow");
    slow.sample_size(10);
    slow.bench_function("an RSA key of 4096 bits", |b| {
        b.iter(|| service_account_key(&SystemIds).unwrap());
    });
    slow.finish();
}

criterion_group!(benches, secrets);
criterion_main!(benches);
