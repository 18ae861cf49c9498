//! The secrets that configs are made from.

use std::fs;
use std::path::Path;

use sskuba_core::clock::{SeededIds, Timestamp};
use sskuba_core::secret::Secret;
use sskuba_talos::contract::Contract;
use sskuba_talos::secrets::{Bundle, generate_with};

/// 2026-11-01.
const MADE: Timestamp = Timestamp(1_793_491_200_000);

/// Reads the bundle of the golden data.
pub(crate) fn golden(data: &Path) -> Bundle {
    Bundle::from_yaml(&fs::read_to_string(data.join("secrets.yaml")).unwrap()).unwrap()
}

/// Returns a bundle that is always the same; an ECDSA key signs its service accounts, since RSA's takes seconds.
pub(crate) fn made() -> Bundle {
    let random = SeededIds::new(1);
    let mut bundle = generate_with(Secret::new(String::new()), Contract::V1_13, MADE, &random).unwrap();
    bundle.certificates.service_account = bundle.certificates.kubernetes.key.clone();
    bundle
}
