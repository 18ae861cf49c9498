//! What making secrets and configs costs: a bundle without its RSA key, that key alone, a client's certificate, and six
//! configs, validated.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use sskuba_core::clock::{SystemIds, Timestamp};
use sskuba_core::secret::Secret;
use sskuba_talos::config::{Input, Role as MachineRole, generate};
use sskuba_talos::contract::Contract;
use sskuba_talos::secrets::{Bundle, CLIENT_LIFETIME, Role, generate_with, service_account_key};

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
        b.iter(|| black_box(bundle.to_yaml()));
    });
    let bundle = with_a_key(bundle);
    let input = Input::new("base", "https://base:6443", "1.36.3").install_disk("/dev/sda");
    c.bench_function("six configs", |b| {
        b.iter(|| {
            for contract in Contract::ALL {
                for role in [MachineRole::control_plane(), MachineRole::worker()] {
                    black_box(generate(&input.clone().contract(contract), &role, &bundle).unwrap());
                }
            }
        });
    });
    let mut slow = c.benchmark_group("slow");
    slow.sample_size(10);
    slow.bench_function("an RSA key of 4096 bits", |b| {
        b.iter(|| service_account_key(&SystemIds).unwrap());
    });
    slow.finish();
}

/// Gives a bundle a key for service accounts that takes no time to make.
fn with_a_key(mut bundle: Bundle) -> Bundle {
    bundle.certificates.service_account = bundle.certificates.kubernetes.key.clone();
    bundle
}

criterion_group!(benches, secrets);
criterion_main!(benches);
