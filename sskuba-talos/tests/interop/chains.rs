//! Chains of certificates, verified by Go's own x509, as Talos does.

use std::time::Duration;

use serde_json::json;
use sskuba_core::clock::{Clock, SystemClock, SystemIds};
use sskuba_core::secret::Secret;
use sskuba_talos::contract::Contract;
use sskuba_talos::secrets::{Bundle, Role, generate_with};

use crate::oracle;

fn bundle() -> Bundle {
    generate_with(Secret::default(), Contract::V1_13, SystemClock.now(), &SystemIds).unwrap()
}

#[test]
fn go_verifies_our_chains_and_refuses_those_of_another_cluster() {
    let Some(driver) = oracle::driver("chains") else { return };
    let (ours, theirs) = (bundle(), bundle());
    let (now, hour) = (SystemClock.now(), Duration::from_secs(3600));
    let os = ours.client_certificate(&[Role::Admin, Role::Reader], hour, now, &SystemIds).unwrap();
    let admin = ours.kubernetes_admin(hour, now, &SystemIds).unwrap();
    let roots = |bundle: &Bundle| {
        let certificates = &bundle.certificates;
        (certificates.os.certificate.clone(), certificates.kubernetes.certificate.clone())
    };
    let ((os_root, kubernetes_root), (other_os, other_kubernetes)) = (roots(&ours), roots(&theirs));
    let later = now.after(Duration::from_secs(7200)).to_string();
    let asked = |root: &str, leaf: &str| json!({"roots": root, "leaf": leaf, "usage": "client"});
    let mut expired = asked(&os_root, &os.certificate);
    expired["time"] = later.into();
    let mut server = asked(&os_root, &os.certificate);
    server["usage"] = "server".into();

    let questions = [
        (asked(&os_root, &os.certificate), true),
        (asked(&kubernetes_root, &admin.certificate), true),
        (asked(&other_os, &os.certificate), false),
        (asked(&other_kubernetes, &admin.certificate), false),
        (asked(&kubernetes_root, &os.certificate), false),
        (expired, false),
        (server, false),
    ];
    let answers =
        driver.ask("verify", &questions.iter().map(|(question, _)| question.clone()).collect::<Vec<_>>());
    for (index, ((_, good), answer)) in questions.iter().zip(answers).enumerate() {
        assert_eq!(answer.is_ok(), *good, "number {index}: {answer:?}");
    }
}
