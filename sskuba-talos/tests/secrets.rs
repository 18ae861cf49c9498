//! Secrets and credentials against programs and data that are not ours: Talos's own Go code, its fixed bundle, OpenSSL.
//!
//! `SSKUBA_ORACLES` is the folder with Talos's data, `SSKUBA_TALOS_DRIVER` the driver built from
//! `interop/talos/driver`. What is not there is skipped with a line.

#![expect(clippy::unwrap_used, reason = "a test: what fails is seen")]
#![expect(clippy::print_stdout, reason = "what is skipped is said")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::{Value, json};
use sskuba_core::clock::{Clock, IdSource};
use sskuba_core::clock::{SeededIds, SystemClock, SystemIds, Timestamp};
use sskuba_core::secret::Secret;
use sskuba_talos::config;
use sskuba_talos::contract::Contract;
use sskuba_talos::credentials::{Kubeconfig, OnConflict, Talosconfig};
use sskuba_talos::secrets::rotate::{Rotation, Which, begin};
use sskuba_talos::secrets::{
    Authority, Bundle, CLIENT_LIFETIME, CertificateAndKey, Role, generate_with, service_account_key,
};
use sskuba_talos::yaml::read;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

/// The days of Talos's fixed bundle, which is valid from 2023-10-12 on for ten years.
const GOLDEN_NOW: Timestamp = Timestamp(1_700_000_000_000);

/// A path from the environment; without it the test says so and does nothing.
fn given(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    if path.is_none() {
        println!("skipped: {variable} is not set");
    }
    path
}

/// Whether a program is installed; without it the test says so and does nothing.
fn is_there(program: &str, version: &[&str]) -> bool {
    let there = Command::new(program).args(version).output().is_ok_and(|output| output.status.success());
    if !there {
        println!("skipped: {program} is not installed");
    }
    there
}

/// Runs a program that has to succeed and returns what it wrote.
fn run(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {arguments:?}: {said}", program.display());
    String::from_utf8(output.stdout).unwrap()
}

/// Asks the driver one question.
fn ask(driver: &Path, command: &str, question: &Value) -> Result<String, String> {
    let mut child =
        Command::new(driver).arg(command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{question}").unwrap();
    let output = child.wait_with_output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    match answer["error"].as_str() {
        Some(error) => Err(error.to_owned()),
        None => Ok(answer["ok"].as_str().unwrap_or_default().to_owned()),
    }
}

fn openssl(arguments: &[&str]) -> String {
    run(Path::new("openssl"), arguments)
}

/// One RSA key for all bundles: it takes seconds.
fn rsa_key() -> Secret<String> {
    static KEY: OnceLock<Secret<String>> = OnceLock::new();
    KEY.get_or_init(|| service_account_key(&SystemIds).unwrap()).clone()
}

fn new_bundle(now: Timestamp) -> Bundle {
    generate_with(rsa_key(), Contract::V1_13, now, &SystemIds).unwrap()
}

/// Writes a text into a folder and returns its path.
fn put(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn talos_fixed_bundle_goes_through_us_unchanged() {
    let Some(oracles) = given("SSKUBA_ORACLES") else { return };
    let text = std::fs::read_to_string(oracles.join("talos/secrets.yaml")).unwrap();
    let bundle = Bundle::from_yaml(&text).unwrap();
    assert_eq!(bundle.validate(GOLDEN_NOW), []);
    assert_eq!(read(bundle.to_yaml().expose()).unwrap(), read(&text).unwrap());
    for contract in Contract::ALL {
        let config = oracles.join(format!("talos/v{contract}/base-controlplane.yaml"));
        let config = std::fs::read_to_string(config).unwrap();
        assert_eq!(Bundle::from_control_plane(&config).unwrap(), bundle, "{contract}");
        let config = oracles.join(format!("talos/v{contract}/base-worker.yaml"));
        let worker = Bundle::from_control_plane(&std::fs::read_to_string(config).unwrap()).unwrap_err();
        assert!(
            worker
                .to_string()
                .contains("cluster.aggregatorCA.key is missing; give the config of a control plane")
        );
    }
    let rotation = begin(&bundle, Which::Os, GOLDEN_NOW, &SystemIds).unwrap();
    assert_eq!(Rotation::from_yaml(rotation.to_yaml().expose()).unwrap(), rotation);
    // Their keys make certificates with us.
    let client = bundle.client_certificate(&[Role::Admin], CLIENT_LIFETIME, GOLDEN_NOW, &SystemIds).unwrap();
    assert_eq!(client.organizations().unwrap(), ["os:admin"]);
    bundle.kubeconfig("base", "https://base:6443", CLIENT_LIFETIME, GOLDEN_NOW, &SystemIds).unwrap();
}

#[test]
fn talos_reads_our_bundles_and_we_read_its() {
    let Some(driver) = given("SSKUBA_TALOS_DRIVER") else { return };
    let bundle = new_bundle(SystemClock.now());
    let secrets = bundle.to_yaml();
    let secrets = secrets.expose();
    ask(&driver, "checksecrets", &json!({"secrets": secrets})).unwrap();
    for contract in Contract::ALL {
        let contract = format!("v{contract}");
        let input = json!({
            "name": "base", "endpoint": "https://base:6443", "kubernetes": "1.34.0",
            "role": "controlplane", "installDisk": "/dev/sda",
        });
        let question = json!({"secrets": secrets, "contract": contract, "input": input});
        let config = ask(&driver, "gen", &question).unwrap();
        ask(&driver, "validate", &json!({"config": config, "mode": "metal"})).unwrap();
        assert_eq!(Bundle::from_control_plane(&config).unwrap(), bundle, "{contract}");
        let theirs = ask(&driver, "secrets", &json!({"contract": contract})).unwrap();
        let theirs = Bundle::from_yaml(&theirs).unwrap();
        assert_eq!(theirs.validate(SystemClock.now()), [], "{contract}");
        let again = theirs.to_yaml();
        ask(&driver, "checksecrets", &json!({"secrets": again.expose()})).unwrap();
    }
    let damaged = secrets.replace("  token: ", "  other: ");
    let answer = ask(&driver, "checksecrets", &json!({"secrets": damaged}));
    assert!(answer.is_err(), "the driver does look at the bundle");
}

#[test]
fn a_bundle_in_a_rotation_is_one_for_talos_too() {
    let now = SystemClock.now();
    let bundle = new_bundle(now);
    let mut rotation = begin(&bundle, Which::Os, now, &SystemIds).unwrap();
    rotation.advance();
    let step = rotation.step(&bundle).unwrap();
    let bundle = Bundle { accepted: step.accepted, ..step.bundle };
    let text = bundle.to_yaml();
    assert_eq!(Bundle::from_yaml(text.expose()).unwrap(), bundle);
    assert_eq!(bundle.validate(now), []);
    let input = config::Input::new("base", "https://base:6443", "1.34.0").install_disk("/dev/sda");
    let made = config::generate(&input, &config::Role::control_plane(), &bundle).unwrap();
    assert_eq!(Bundle::from_control_plane(made.to_yaml().expose()).unwrap(), bundle);
    let client = bundle.client_certificate(&[Role::Admin], CLIENT_LIFETIME, now, &SystemIds).unwrap();
    let file = bundle.talosconfig("base", &["10.0.0.1".to_owned()], client);
    let trusted = file.context("base").unwrap().authority.unwrap();
    assert_eq!(trusted.matches("BEGIN CERTIFICATE").count(), 2);
    let damaged = text.expose().replace("accepted:\n    os:\n", "accepted:\n    os: x\n    other:\n");
    assert!(Bundle::from_yaml(&damaged).unwrap_err().to_string().contains("accepted.os is no list"));

    let Some(driver) = given("SSKUBA_TALOS_DRIVER") else { return };
    ask(&driver, "checksecrets", &json!({"secrets": text.expose()})).unwrap();
    ask(&driver, "validate", &json!({"config": made.to_yaml().expose(), "mode": "metal"})).unwrap();
    let again = ask(&driver, "readtalosconfig", &json!({"config": file.write().expose()})).unwrap();
    assert_eq!(read(&again).unwrap(), read(file.write().expose()).unwrap());
}

#[test]
fn a_talosconfig_of_talos_is_like_ours() {
    let Some(driver) = given("SSKUBA_TALOS_DRIVER") else { return };
    let now = SystemClock.now();
    let bundle = new_bundle(now);
    let question = json!({
        "secrets": bundle.to_yaml().expose(), "contract": "v1.13", "endpoints": ["10.0.0.1", "10.0.0.2"],
        "input": {"name": "base", "endpoint": "https://base:6443", "kubernetes": "1.34.0"},
    });
    let theirs = ask(&driver, "talosconfig", &question).unwrap();
    let file = Talosconfig::read(&theirs).unwrap();
    assert_eq!(read(file.write().expose()).unwrap(), read(&theirs).unwrap());
    let year = Duration::from_secs(365 * 86_400);
    let ours = bundle.client_certificate(&[Role::Admin], year, now, &SystemIds).unwrap();
    let endpoints = ["10.0.0.1".to_owned(), "10.0.0.2".to_owned()];
    let ours = bundle.talosconfig("base", &endpoints, ours);
    let text = ours.write();
    let again = ask(&driver, "readtalosconfig", &json!({"config": text.expose()})).unwrap();
    assert_eq!(read(&again).unwrap(), read(text.expose()).unwrap(), "talosctl reads all of it");
    let broken = text.expose().replace("    key: ", "    key: AAAA");
    ask(&driver, "readtalosconfig", &json!({"config": broken})).unwrap_err();
    let (ours, theirs) = (ours.context("base").unwrap(), file.context("base").unwrap());
    assert_eq!(file.current(), Some("base"));
    assert_eq!(
        (&ours.endpoints, &ours.nodes, &ours.authority),
        (&theirs.endpoints, &theirs.nodes, &theirs.authority)
    );
    assert_eq!(shape(&ours.client.unwrap().certificate), shape(&theirs.client.unwrap().certificate));
}

#[test]
fn our_authorities_have_the_shape_of_talos_own() {
    let Some(oracles) = given("SSKUBA_ORACLES") else { return };
    let text = std::fs::read_to_string(oracles.join("talos/secrets.yaml")).unwrap();
    let (theirs, ours) = (Bundle::from_yaml(&text).unwrap(), new_bundle(GOLDEN_NOW));
    for authority in Authority::ALL {
        let (ours, theirs) = (ours.authority(authority), theirs.authority(authority));
        assert_eq!(shape(&ours.certificate), shape(&theirs.certificate), "{authority}");
        let label = |pair: &CertificateAndKey| pair.key.expose().lines().next().unwrap().to_owned();
        assert_eq!(label(ours), label(theirs), "{authority}");
        let length = |pair: &CertificateAndKey| pair.key.expose().len();
        assert_eq!(length(ours), length(theirs), "{authority}: the form of the key");
        let (from, until) = ours.validity().unwrap();
        assert_eq!(until.since(from), Duration::from_secs(87_600 * 3600));
        assert_eq!(from, GOLDEN_NOW);
    }
}

/// What of a certificate does not depend on keys and chance, read by a parser that does not make ours.
fn shape(pem: &str) -> Vec<String> {
    let der = CertificateAndKey { certificate: pem.to_owned(), key: Secret::new(String::new()) };
    let der = der.certificate_der().unwrap();
    let (rest, certificate) = X509Certificate::from_der(&der).unwrap();
    assert!(rest.is_empty());
    let validity = certificate.validity();
    // In whole hours: ours is dated back by ten seconds, for clocks that differ.
    let hours = (validity.not_after.timestamp() - validity.not_before.timestamp()) / 3600;
    let mut shape = vec![
        format!("version {:?}", certificate.version()),
        format!("hours {hours}"),
        format!("serial of up to 16 bytes: {}", certificate.serial.bits() <= 128),
        format!("signature {:?}", certificate.signature_algorithm),
        format!("inner {:?}", certificate.tbs_certificate.signature),
        format!("key {:?}", certificate.public_key().algorithm),
        format!("issuer {:02x?}", certificate.issuer().as_raw()),
        format!("subject {:02x?}", certificate.subject().as_raw()),
    ];
    for extension in certificate.extensions() {
        let content = match extension.parsed_extension() {
            ParsedExtension::SubjectKeyIdentifier(id) => format!("an id of {} bytes", id.0.len()),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                format!(
                    "{:?} {:?}",
                    id.key_identifier.as_ref().map(|id| id.0.len()),
                    id.authority_cert_serial
                )
            }
            _ => format!("{:02x?}", extension.value),
        };
        shape.push(format!("{} critical {} {content}", extension.oid, extension.critical));
    }
    shape
}

#[test]
fn a_client_with_all_roles_has_one_organization_for_each() {
    let random = SeededIds::new(4);
    let now = Timestamp(1_795_600_000_000);
    let bundle = generate_with(Secret::new(String::new()), Contract::V1_13, now, &random).unwrap();
    let client = bundle.client_certificate(&Role::ALL, CLIENT_LIFETIME, now, &random).unwrap();
    let der = client.certificate_der().unwrap();
    let (_, certificate) = X509Certificate::from_der(&der).unwrap();
    let subject = certificate.subject();
    assert_eq!(subject.iter().count(), 1, "Go writes all organizations into one set");
    let names: Vec<&str> = subject.iter_organization().map(|name| name.as_str().unwrap()).collect();
    let mut roles = Role::ALL.map(Role::name);
    roles.sort_unstable();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, roles);
    assert_eq!(subject.iter().flat_map(|set| set.iter()).count(), roles.len(), "and nothing else");
    let usage = certificate.key_usage().unwrap().unwrap();
    assert!(usage.critical && usage.value.flags == 1, "digital signature alone");
    let extended = certificate.extended_key_usage().unwrap().unwrap().value;
    assert!(extended.client_auth && !extended.server_auth && !extended.any && extended.other.is_empty());
    assert!(certificate.basic_constraints().unwrap().is_none());
    assert_eq!(certificate.validity().not_after.timestamp(), 1_795_600_000 + 8 * 3600);
    let authority = bundle.certificates.os.certificate_der().unwrap();
    let (_, authority) = X509Certificate::from_der(&authority).unwrap();
    assert_eq!(certificate.issuer().as_raw(), authority.subject().as_raw());
}

#[test]
fn openssl_verifies_what_we_sign() {
    if !is_there("openssl", &["version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let random: &dyn IdSource = &SystemIds;
    let now = SystemClock.now();
    let bundle = new_bundle(now);
    let path = |name: &str, text: &str| put(folder.path(), name, text);
    let clients = [
        (
            Authority::Os,
            bundle.client_certificate(&[Role::Admin, Role::Reader], CLIENT_LIFETIME, now, random),
        ),
        (Authority::Kubernetes, bundle.kubernetes_admin(CLIENT_LIFETIME, now, random)),
    ];
    for authority in Authority::ALL {
        let pair = bundle.authority(authority);
        let file = path(&format!("{authority}.crt"), &pair.certificate);
        openssl(&["verify", "-x509_strict", "-check_ss_sig", "-CAfile", &file, &file]);
        let text = openssl(&["x509", "-in", &file, "-noout", "-text"]);
        assert!(text.contains("CA:TRUE\n"), "no path length: {text}");
        assert!(text.contains("Digital Signature, Certificate Sign\n"), "{text}");
        // OpenSSL knows Talos's own label for Ed25519 as little as other libraries do.
        let key = pair.key.expose().replace("ED25519 ", "");
        let key = path(&format!("{authority}.key"), &key);
        let public = openssl(&["pkey", "-in", &key, "-pubout"]);
        assert_eq!(public, openssl(&["x509", "-in", &file, "-noout", "-pubkey"]), "{authority}");
    }
    for (authority, client) in clients {
        let client = client.unwrap();
        let file = path("client.crt", &client.certificate);
        let own = folder.path().join(format!("{authority}.crt"));
        openssl(&["verify", "-purpose", "sslclient", "-CAfile", own.to_str().unwrap(), &file]);
        let other = folder.path().join("etcd.crt");
        let wrong =
            Command::new("openssl").args(["verify", "-CAfile", other.to_str().unwrap(), &file]).output();
        assert!(!wrong.unwrap().status.success(), "only its own authority vouches for it");
        let der = client.key_der().unwrap();
        let key = folder.path().join("client.der");
        std::fs::write(&key, der.expose()).unwrap();
        let public = openssl(&["pkey", "-inform", "DER", "-in", key.to_str().unwrap(), "-pubout"]);
        assert_eq!(public, openssl(&["x509", "-in", &file, "-noout", "-pubkey"]));
    }
    let service = path("service.key", bundle.certificates.service_account.expose());
    assert!(openssl(&["rsa", "-in", &service, "-check", "-noout"]).contains("RSA key ok"));
}

#[test]
fn keys_of_openssl_and_kubeadm_are_read() {
    if !is_there("openssl", &["version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (key, crt) = (folder.path().join("ca.key"), folder.path().join("ca.crt"));
    let (key, crt) = (key.to_str().unwrap(), crt.to_str().unwrap());
    let now = SystemClock.now();
    let mut bundle = new_bundle(now);
    for kind in
        [["RSA", "rsa_keygen_bits:2048"], ["EC", "ec_paramgen_curve:P-256"], ["RSA", "rsa_keygen_bits:1024"]]
    {
        openssl(&["genpkey", "-quiet", "-algorithm", kind[0], "-pkeyopt", kind[1], "-out", key]);
        let mut arguments =
            vec!["req", "-x509", "-new", "-key", key, "-subj", "/CN=kubernetes", "-days", "2", "-out", crt];
        arguments.extend(["-addext", "keyUsage=critical,keyCertSign"]);
        openssl(&arguments);
        bundle.certificates.kubernetes = CertificateAndKey {
            certificate: std::fs::read_to_string(crt).unwrap(),
            key: Secret::new(std::fs::read_to_string(key).unwrap()),
        };
        // OpenSSL's clock may be a second ahead of what was read above.
        let now = now.after(Duration::from_secs(60));
        let problems = bundle.validate(now);
        if kind[1].ends_with("1024") {
            assert!(problems[0].to_string().contains("less than 2048 bits"), "{problems:?}");
            continue;
        }
        assert_eq!(problems, [], "{kind:?}");
        let client = bundle.kubernetes_admin(CLIENT_LIFETIME, now, &SystemIds).unwrap();
        let client = put(folder.path(), "client.crt", &client.certificate);
        openssl(&[
            "verify",
            "-purpose",
            "sslclient",
            "-attime",
            &(now.0 / 1000).to_string(),
            "-CAfile",
            crt,
            &client,
        ]);
    }
}

#[test]
fn kubectl_reads_our_kubeconfig_and_we_read_its() {
    if !is_there("kubectl", &["version", "--client"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let now = SystemClock.now();
    let bundle = new_bundle(now);
    let made = bundle.kubeconfig("base", "https://base:6443", CLIENT_LIFETIME, now, &SystemIds).unwrap();
    let ours = put(folder.path(), "ours", made.write().expose());
    let kubectl = |file: &str, arguments: &[&str]| {
        let flag = format!("--kubeconfig={file}");
        run(Path::new("kubectl"), &[&[flag.as_str(), "config"], arguments].concat())
    };
    assert_eq!(kubectl(&ours, &["current-context"]), "admin@base\n");
    let raw = ["view", "--raw", "--minify", "--flatten"];
    let theirs = Kubeconfig::read(&kubectl(&ours, &raw)).unwrap();
    assert_eq!(theirs.access("admin@base").unwrap(), made.access("admin@base").unwrap());
    // A file of kubectl's own, with what we know nothing of, takes ours in and is still one for kubectl.
    let mine = put(folder.path(), "mine", "");
    kubectl(&mine, &["set-cluster", "base", "--server=https://other:6443", "--tls-server-name=x"]);
    kubectl(
        &mine,
        &[
            "set-credentials",
            "me",
            "--exec-command=login",
            "--exec-api-version=client.authentication.k8s.io/v1",
        ],
    );
    kubectl(&mine, &["set-context", "mine", "--cluster=base", "--user=me", "--namespace=work"]);
    kubectl(&mine, &["use-context", "mine"]);
    let before = kubectl(&mine, &["view", "--raw", "--minify", "--flatten"]);
    let mut merged = Kubeconfig::read(&std::fs::read_to_string(&mine).unwrap()).unwrap();
    let renamed = merged.merge(&made, OnConflict::Rename);
    assert_eq!(renamed.iter().map(ToString::to_string).collect::<Vec<_>>(), ["base is now base-1"]);
    let merged = put(folder.path(), "merged", merged.write().expose());
    assert_eq!(kubectl(&merged, &["current-context"]), "admin@base\n");
    let theirs = Kubeconfig::read(&kubectl(&merged, &raw)).unwrap();
    let (theirs, made) = (theirs.access("admin@base").unwrap(), made.access("admin@base").unwrap());
    assert_eq!((theirs.server, theirs.client), (made.server, made.client));
    kubectl(&merged, &["use-context", "mine"]);
    assert_eq!(kubectl(&merged, &raw), before, "nothing of the file is lost");
}

#[test]
fn a_certificate_that_only_half_allows_signing_is_no_authority() {
    if !is_there("openssl", &["version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (key, crt) = (folder.path().join("ca.key"), folder.path().join("ca.crt"));
    let (key, crt) = (key.to_str().unwrap(), crt.to_str().unwrap());
    let now = SystemClock.now().after(Duration::from_secs(60));
    let mut bundle = new_bundle(now);
    openssl(&["genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key]);
    let cases = [
        ("keyUsage=critical,keyCertSign", false),
        ("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign", false),
        ("basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature", false),
        ("basicConstraints=critical,CA:TRUE", true),
    ];
    for (extensions, good) in cases {
        let config = format!("[req]\ndistinguished_name=dn\nx509_extensions=v3\n[dn]\n[v3]\n{extensions}\n");
        let config = put(folder.path(), "openssl.cnf", &config);
        openssl(&["req", "-config", &config, "-x509", "-new", "-key", key, "-subj", "/CN=x", "-out", crt]);
        bundle.certificates.kubernetes = CertificateAndKey {
            certificate: std::fs::read_to_string(crt).unwrap(),
            key: Secret::new(std::fs::read_to_string(key).unwrap()),
        };
        let problems: Vec<String> = bundle.validate(now).iter().map(ToString::to_string).collect();
        let expected = "certs.k8s.crt is no certificate authority: it may not sign certificates";
        let wanted: &[&str] = if good { &[] } else { &[expected] };
        assert_eq!(problems, wanted, "{extensions}");
    }
}
