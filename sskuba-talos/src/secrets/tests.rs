//! Bundles: made, written, read, judged.

use std::sync::OnceLock;
use std::time::Duration;

use proptest::prelude::*;
use sskuba_core::clock::{SeededIds, Timestamp};
use sskuba_core::secret::Secret;

use super::authority::Authority;
use super::bundle::Bundle;
use super::generate::{AUTHORITY_LIFETIME, generate_with, new_authority};
use super::{CLIENT_LIFETIME, Role};
use crate::contract::Contract;
use crate::pki::{Algorithm, Certificate, Key};

/// 2026-11-25, with milliseconds that a certificate cannot hold.
pub(crate) const NOW: Timestamp = Timestamp(1_795_600_000_123);

/// A bundle whose service accounts are signed by a key that is made quickly.
pub(crate) fn bundle(seed: u64) -> Bundle {
    static MADE: [OnceLock<Bundle>; 3] = [const { OnceLock::new() }; 3];
    let make = || make(&SeededIds::new(seed));
    usize::try_from(seed)
        .ok()
        .and_then(|seed| MADE.get(seed))
        .map_or_else(make, |made| made.get_or_init(make).clone())
}

fn make(random: &SeededIds) -> Bundle {
    let key = Key::generate(Algorithm::P256, random).unwrap().to_pem().unwrap();
    generate_with(key, Contract::V1_13, NOW, random).unwrap()
}

fn shown(bundle: &Bundle, now: Timestamp) -> Vec<String> {
    bundle.validate(now).iter().map(ToString::to_string).collect()
}

#[test]
fn a_new_bundle_is_whole_and_comes_back_from_its_file() {
    let made = bundle(1);
    assert_eq!(shown(&made, NOW), [""; 0]);
    let text = made.to_yaml();
    assert_eq!(Bundle::from_yaml(text.expose()).unwrap(), made);
    assert_eq!(make(&SeededIds::new(1)), made, "the source of randomness decides everything");
    assert_ne!(bundle(2).tokens, made.tokens);
}

#[test]
fn an_rsa_key_signs_service_accounts() {
    let mut made = bundle(1);
    made.certificates.service_account = super::service_account_key(&SeededIds::new(1)).unwrap();
    assert!(made.certificates.service_account.expose().starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    assert_eq!(shown(&made, NOW), [""; 0]);
    let key = Key::from_pem(made.certificates.service_account.expose()).unwrap();
    assert_eq!(key.public().unwrap().subject_public_key.raw_bytes().len(), 526, "4096 bits");
}

#[test]
fn what_cannot_be_read_is_said_all_together_with_its_path() {
    let error = Bundle::from_yaml("cluster: {id: x}\ncerts: {os: {crt: '%', key: '******'}, extra: 1}\n")
        .unwrap_err();
    let text = error.to_string();
    for part in [
        "cluster.secret is missing; take it from a backup",
        "secrets.bootstraptoken is missing",
        "trustdinfo.token is missing",
        "certs.os.crt is not standard base64",
        "certs.os.key is redacted",
        "certs.etcd.key is missing",
        "certs.extra is no key of secrets.yaml",
        "certs.k8sserviceaccount.key is missing",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("cluster.id"), "{text}");
    for text in ["", "a: [", "[]", "x", "a: 1\n---\nb: 2\n"] {
        assert!(Bundle::from_yaml(text).is_err(), "{text}");
    }
    let old = bundle(1).to_yaml().expose().replace("secretboxencryptionsecret", "aescbcencryptionsecret");
    assert!(Bundle::from_yaml(&old).unwrap_err().to_string().contains("Talos 1.2"));
}

#[test]
fn what_no_cluster_can_live_with_is_found() {
    type Damage = fn(&mut Bundle);
    let damages: [(Damage, &str); 20] = [
        (|b| b.tokens.bootstrap = "abc.def".into(), "secrets.bootstraptoken is not of the form of a token"),
        (|b| b.tokens.trustd = "ABCDEF.0123456789abcdef".into(), "trustdinfo.token is not of the form"),
        (|b| b.cluster.id = "c2hvcnQ=".into(), "cluster.id is not the base64 of 32 bytes"),
        (|b| b.cluster.secret = "!".into(), "cluster.secret is not standard base64"),
        (
            |b| b.tokens.secretbox = "c2hvcnQ=".into(),
            "secrets.secretboxencryptionsecret is the base64 of 5 bytes",
        ),
        (|b| b.certificates.os.certificate = "junk".into(), "certs.os.crt is not PEM"),
        (
            |b| b.certificates.os.key = b.certificates.os.certificate.as_str().into(),
            "certs.os.key is a \"CERTIFICATE\"",
        ),
        (
            |b| b.certificates.etcd.certificate = b.certificates.etcd.key.expose().clone(),
            "certs.etcd.crt is a \"EC PRIVATE KEY\"",
        ),
        (
            |b| b.certificates.etcd.key = bundle(2).certificates.etcd.key.clone(),
            "certs.etcd.key is not the key of the certificate",
        ),
        (
            |b| b.certificates.etcd.key = b.certificates.os.key.clone(),
            "certs.etcd.key is not the key of the certificate",
        ),
        (
            |b| b.certificates.service_account = b.certificates.os.key.clone(),
            "certs.k8sserviceaccount.key is an Ed25519 key",
        ),
        (|b| b.certificates.service_account = "junk".into(), "certs.k8sserviceaccount.key is not PEM"),
        (|b| b.certificates.kubernetes = b.certificates.etcd.clone(), "certs.etcd is the same as certs.k8s"),
        (
            |b| {
                b.certificates.os =
                    b.client_certificate(&[Role::Admin], CLIENT_LIFETIME, NOW, &SeededIds::new(3)).unwrap()
            },
            "certs.os.crt is no certificate authority",
        ),
        (
            |b| b.certificates.os.key = b.certificates.os.key.expose().replace("ED25519", "EC").into(),
            "certs.os.key holds no ECDSA P-256 key",
        ),
        (
            |b| {
                b.certificates.os.key =
                    b.certificates.os.key.expose().replace("ED25519 PRIVATE", "PUBLIC").into()
            },
            "certs.os.key is a \"PUBLIC KEY\" in PEM where a private key was expected",
        ),
        (|b| b.tokens.trustd = "abcdef.0123456789ABCDEF".into(), "trustdinfo.token is not of the form"),
        (|b| b.tokens.trustd = "abcdef.0123456789abcde".into(), "trustdinfo.token is not of the form"),
        (
            |b| b.certificates.os.certificate = tampered(&b.certificates.os.certificate),
            "certs.os.crt was changed after it was signed",
        ),
        (
            // The first letter of the serial number: still a certificate, but not the one that was signed.
            |b| b.certificates.aggregator.certificate = tampered(&b.certificates.aggregator.certificate),
            "certs.k8saggregator.crt was changed after it was signed",
        ),
    ];
    for (damage, message) in damages {
        let mut damaged = bundle(1);
        damage(&mut damaged);
        let found = shown(&damaged, NOW);
        assert!(matches!(found.as_slice(), [one] if one.starts_with(message)), "{message}: {found:?}");
    }
}

/// Changes one letter within the serial number of a certificate.
fn tampered(pem: &str) -> String {
    let at = pem.find("MII").unwrap() + 26;
    let letter = if pem.as_bytes()[at] == b'A' { "B" } else { "A" };
    format!("{}{letter}{}", &pem[..at], &pem[at + 1..])
}

#[test]
fn time_is_judged_against_the_clock_that_is_given() {
    let made = bundle(1);
    let early = Timestamp(NOW.0 - 60_000);
    assert_eq!(shown(&made, early).len(), 4);
    assert!(shown(&made, early)[0].contains("is valid only from 2026-"), "{:?}", shown(&made, early));
    let late = NOW.after(AUTHORITY_LIFETIME);
    assert_eq!(shown(&made, late).len(), 4);
    assert!(shown(&made, late)[0].contains("expired at 2036-"), "{:?}", shown(&made, late));
    assert_eq!(shown(&made, Timestamp(late.0 - 1000)), [""; 0]);
    assert!(new_authority(Authority::Os, Timestamp(u64::MAX), &SeededIds::new(1)).is_err());
}

#[test]
fn a_client_is_signed_for_its_roles_and_its_time() {
    let made = bundle(1);
    let random = SeededIds::new(5);
    let roles =
        [Role::Reader, Role::EtcdBackup, Role::Admin, Role::Operator, Role::Impersonator, Role::Reader];
    let client = made.client_certificate(&roles, CLIENT_LIFETIME, NOW, &random).unwrap();
    let names = ["os:admin", "os:etcd:backup", "os:impersonator", "os:operator", "os:reader"];
    let mut found = client.organizations().unwrap();
    found.sort();
    assert_eq!(found, names);
    let (from, until) = client.validity().unwrap();
    assert_eq!(until, Timestamp(NOW.after(CLIENT_LIFETIME).0 / 1000 * 1000));
    assert_eq!(NOW.since(from).as_secs(), 10);
    let certificate = Certificate::from_pem(&client.certificate).unwrap();
    assert_eq!(
        certificate.is_signed_by(&Key::from_pem(made.certificates.os.key.expose()).unwrap()),
        Some(true)
    );
    assert!(!certificate.is_authority());
    let admin = made.kubernetes_admin(AUTHORITY_LIFETIME * 2, NOW, &random).unwrap();
    assert_eq!(admin.common_name().unwrap().as_deref(), Some("admin"));
    assert_eq!(admin.organizations().unwrap(), ["system:masters"]);
    assert_eq!(
        admin.validity().unwrap().1,
        made.certificates.kubernetes.validity().unwrap().1,
        "not longer than its authority"
    );
}

#[test]
fn a_client_that_nobody_would_believe_is_not_made() {
    let mut made = bundle(1);
    let random = SeededIds::new(5);
    let make = |bundle: &Bundle, roles: &[Role], lifetime, now| {
        bundle.client_certificate(roles, lifetime, now, &random).unwrap_err().to_string()
    };
    let day = Duration::from_secs(86_400);
    assert_eq!(make(&made, &[], day, NOW), "a client needs at least one role, e.g. os:reader");
    assert_eq!(make(&made, &[Role::Admin], Duration::ZERO, NOW), "a client's lifetime is less than a second");
    let late = make(&made, &[Role::Admin], day, NOW.after(AUTHORITY_LIFETIME));
    assert!(late.starts_with("certs.os.crt is valid from 2026-"), "{late}");
    made.certificates.os.key = bundle(2).certificates.os.key.clone();
    let other = make(&made, &[Role::Admin], day, NOW);
    assert_eq!(other, "certs.os.key is not the key of the certificate beside it");
    made.certificates.os.key = Secret::new(String::new());
    assert_eq!(make(&made, &[Role::Admin], day, NOW), "certs.os.key is not PEM: no line begins a block");
}

#[test]
fn roles_are_read_by_their_names() {
    for role in Role::ALL {
        assert_eq!(role.to_string().parse(), Ok(role));
    }
    assert!("admin".parse::<Role>().unwrap_err().to_string().contains("os:admin"));
}

#[test]
fn nothing_shows_a_secret() {
    let made = bundle(1);
    let pem = |text: &Secret<String>| text.expose().lines().nth(1).unwrap().to_owned();
    let secrets = [
        made.cluster.secret.expose().clone(),
        made.tokens.bootstrap.expose().clone(),
        made.tokens.trustd.expose().clone(),
        made.tokens.secretbox.expose().clone(),
        pem(&made.certificates.os.key),
        pem(&made.certificates.etcd.key),
        pem(&made.certificates.service_account),
    ];
    let text = made.to_yaml();
    let mut shown = format!("{made:?} {text:?}");
    // Every line broken in turn: whatever is said of it quotes nothing.
    for skip in 0..text.expose().lines().count() {
        let broken: Vec<&str> =
            text.expose().lines().enumerate().filter(|(at, _)| *at != skip).map(|(_, line)| line).collect();
        let broken = broken.join("\n");
        for broken in [broken.clone(), broken.replace(": ", ":\n- "), broken.replace("key: ", "key: [")] {
            shown += &format!("{:?}", Bundle::from_yaml(&broken).map_err(|error| error.to_string()));
        }
    }
    assert!(shown.contains("is missing"));
    for secret in secrets {
        assert!(!shown.contains(&secret), "a secret in {shown}");
    }
}

/// Writes some bytes over a part of what a PEM block holds.
fn overwritten(pem: &str, at: usize, bytes: &[u8]) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let lines: Vec<&str> = pem.lines().collect();
    let mut der = STANDARD.decode(lines[1..lines.len() - 1].concat()).unwrap();
    let at = at % der.len();
    let end = der.len().min(at + bytes.len());
    der[at..end].copy_from_slice(&bytes[..end - at]);
    let text = STANDARD.encode(der);
    let body: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    [&[lines[0]], body.as_slice(), &[lines[lines.len() - 1], ""]].concat().join("\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_panics(
        which in 0..4_usize,
        at in any::<usize>(),
        bytes in proptest::collection::vec(any::<u8>(), 1..6),
        service in any::<bool>(),
    ) {
        let mut damaged = bundle(1);
        let random = SeededIds::new(1);
        let pair = damaged.authority_mut(Authority::ALL[which]);
        pair.certificate = overwritten(&pair.certificate, at, &bytes);
        if service {
            pair.key = overwritten(pair.key.expose(), at, &bytes).into();
            let key = overwritten(damaged.certificates.service_account.expose(), at, &bytes);
            damaged.certificates.service_account = key.into();
        }
        let changed = damaged.certificates != bundle(1).certificates;
        let pair = damaged.authority(Authority::ALL[which]);
        let foreign = Certificate::from_pem(&pair.certificate).is_ok_and(|read| !read.names_itself());
        if !foreign {
            prop_assert_eq!(damaged.validate(NOW).is_empty(), !changed, "whatever is changed is found");
        }
        let _ = damaged.client_certificate(&Role::ALL, CLIENT_LIFETIME, NOW, &random);
        let _ = damaged.kubernetes_admin(CLIENT_LIFETIME, NOW, &random);
        let _ = super::rotate::begin(&damaged, super::rotate::Which::Os, NOW, &random);
        let text = damaged.to_yaml();
        prop_assert_eq!(Bundle::from_yaml(text.expose()).unwrap(), damaged);
    }

    #[test]
    fn no_change_to_a_file_panics(at in any::<usize>(), length in 0..40_usize, put in "[a-z:{}\\[\\]&* \n#'\"%|>-]{0,8}") {
        let text = bundle(1).to_yaml();
        let text = text.expose();
        let at = at % text.len();
        let end = text.len().min(at + length);
        let changed = format!("{}{put}{}", &text[..at], &text[end..]);
        if let Ok(read) = Bundle::from_yaml(&changed) {
            read.validate(NOW);
            prop_assert_eq!(Bundle::from_yaml(read.to_yaml().expose()).unwrap(), read);
        }
    }
}
