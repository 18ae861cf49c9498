//! Settings that Talos's own generator has no option for: accepted by Talos, and none of them lost on it.

use serde_json::{Value, json};
use sskuba_core::clock::{SeededIds, Timestamp};
use sskuba_core::secret::Secret;
use sskuba_talos::config::{
    AdmissionPlugin, Component, EncryptionKey, File, HostEntry, InlineManifest, Input, Interface,
    KernelModule, KeyKind, LogDestination, Machine, MachineConfig, Mirror, Mount, Pool, RegistryAuth,
    RegistryTls, Role, Vlan, generate, gpu,
};
use sskuba_talos::contract::Contract;
use sskuba_talos::patch::{self, Patch};
use sskuba_talos::schematic::Schematic;
use sskuba_talos::secrets::Bundle;
use sskuba_talos::secrets::rotate::{Which, begin};
use sskuba_talos::validate::{Mode, Target, validate};
use sskuba_talos::yaml;

use crate::dice::Dice;
use crate::{bundle, oracle};

fn cluster(dice: &mut Dice) -> Input {
    let kubernetes = "1.34.1";
    let mut input = Input::new("base", "https://base:6443", kubernetes).contract(*dice.pick(&Contract::ALL));
    input.api_server = Component::default().arg("feature-gates", "A=true").arg("v", "2");
    input.api_server.certificate_sans = vec!["k8s.example.com".into()];
    input.api_server.env.insert("HTTPS_PROXY".into(), "http://proxy:3128".into());
    input.controller_manager = Component::default().arg("bind-address", "0.0.0.0");
    input.scheduler = Component::default().arg("bind-address", "0.0.0.0");
    input.proxy.disabled = dice.one_in(2);
    input.etcd.extra_args.insert("listen-metrics-urls".into(), "http://0.0.0.0:2381".into());
    input.etcd.advertised_subnets = vec!["10.0.0.0/8".into(), "!10.9.0.0/16".into()];
    if dice.one_in(2) {
        let configuration =
            yaml::read("kind: PodSecurityConfiguration\ndefaults: {enforce: privileged}").unwrap().remove(0);
        input.admission.push(AdmissionPlugin::new("PodSecurity", configuration));
    }
    input.audit_policy =
        yaml::read("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: None}]").unwrap().pop();
    if dice.one_in(2) {
        input.external_cloud_provider = Some(vec!["https://example.com/ccm.yaml".into()]);
    }
    input.extra_manifests = vec!["https://example.com/a.yaml".into()];
    input.extra_manifest_headers.insert("Token".into(), Secret::new("x".into()));
    input.inline_manifests = vec![InlineManifest::new("ns", "kind: Namespace\n")];
    input.discovery.endpoint = Some("https://discovery.example.com/".into());
    input.machine = machine(dice);
    input
}

fn machine(dice: &mut Dice) -> Machine {
    let mut machine = Machine::default();
    machine.install.disk = Some("/dev/sda".into());
    machine.install.image = Some(Schematic::default().installer("metal", "v1.13.9", false));
    machine.install.wipe = dice.one_in(2);
    machine.kubelet.extra_args.insert("rotate-server-certificates".into(), "true".into());
    machine.kubelet.extra_config.insert("maxPods".into(), yaml::Node::Int(200));
    machine.kubelet.extra_mounts.push(Mount::shared("/var/lib/longhorn"));
    machine.kubelet.node_ip_subnets = vec!["10.0.0.0/8".into()];
    machine.kubelet.cluster_dns = vec!["10.96.0.10".into()];
    machine.kubelet.register_with_fqdn = dice.one_in(2);
    machine.network.nameservers = vec!["1.1.1.1".into(), "fd00::53".into()];
    machine.network.search_domains = vec!["example.com".into()];
    let mut entry = HostEntry::default();
    (entry.address, entry.names) = ("10.0.0.7".into(), vec!["registry".into()]);
    machine.network.host_entries.push(entry);
    machine.registries.mirrors.insert("docker.io".into(), Mirror::new("https://mirror.example.com"));
    machine.registries.auth.insert("mirror.example.com".into(), RegistryAuth::new("me", "secret"));
    let mut tls = RegistryTls::default();
    tls.insecure_skip_verify = true;
    machine.registries.tls.insert("mirror.example.com".into(), tls);
    if dice.one_in(2) {
        machine.encryption.state = vec![EncryptionKey::new(0, KeyKind::NodeId)];
        machine.encryption.ephemeral = vec![
            EncryptionKey::new(0, KeyKind::Static("passphrase".into())),
            EncryptionKey::new(1, KeyKind::Kms("https://kms.example.com:4050".into())),
            EncryptionKey::new(2, KeyKind::Tpm { ignore_secure_boot: dice.one_in(2) }),
        ];
    }
    machine.sysfs.insert("devices.system.cpu.cpu0.cpufreq.scaling_governor".into(), "performance".into());
    let mut module = KernelModule::new("br_netfilter");
    module.parameters.push("a=b".into());
    machine.kernel_modules.push(module);
    machine.labels.insert("example.com/pool".into(), "a".into());
    machine.annotations.insert("example.com/note".into(), "any text".into());
    machine.taints.insert("example.com/only".into(), "this:NoSchedule".into());
    machine.time_servers = vec!["time.example.com".into()];
    machine.env.insert("https_proxy".into(), Secret::new("http://me:secret@proxy:3128".into()));
    let mut logs = LogDestination::new("tcp://10.0.0.5:5044");
    logs.extra_tags.insert("cluster".into(), "base".into());
    machine.logging.push(logs);
    machine.files.push(File::new("/etc/cri/conf.d/a.part", "[plugins]\n"));
    machine
}

fn role(dice: &mut Dice) -> Role {
    let leads = dice.one_in(2);
    let mut pool = Pool::new("a").label("example.com/more", "b").taint("example.com/gone", "NoExecute");
    if dice.one_in(2) {
        pool = gpu::pool(pool);
    }
    let mut interface = Interface::named("eth0").address("10.0.0.2/24").route("0.0.0.0/0", "10.0.0.1");
    interface.mtu = Some(1450);
    let mut vlan = Vlan::default();
    (vlan.id, vlan.dhcp) = (7, Some(true));
    interface.vlans.push(vlan);
    if leads {
        interface = interface.vip("10.0.0.10");
    }
    let mut other = Interface::default();
    (other.hardware_address, other.dhcp) = (Some("00:11:22:*".into()), Some(true));
    pool.machine.network.interfaces = vec![interface, other];
    if dice.one_in(2) {
        pool.machine.network.hostname = Some("node-1".into());
    }
    if leads { Role::ControlPlane(pool) } else { Role::Worker(pool) }
}

fn made(dice: &mut Dice, bundle: &Bundle) -> MachineConfig {
    let mut input = cluster(dice);
    let role = role(dice);
    if input.contract == Contract::V1_11 {
        // It names the host stably only where it has no name of its own, and never both.
        input.machine.install.grub_uki_cmdline = None;
    }
    generate(&input, &role, bundle).unwrap_or_else(|error| panic!("{input:?}: {error}"))
}

#[test]
fn every_setting_reaches_talos() {
    let test = "every_setting_reaches_talos";
    let Some(driver) = oracle::driver(test) else { return };
    let bundle = bundle::made();
    let configs: Vec<MachineConfig> = (0..60).map(|seed| made(&mut Dice::new(seed), &bundle)).collect();
    let questions: Vec<Value> =
        configs.iter().map(|config| json!({"config": config.to_yaml().expose(), "mode": "metal"})).collect();
    let normal = driver.ask("normalize", &questions);
    for (seed, verdict) in driver.ask("validate", &questions).into_iter().enumerate() {
        verdict.unwrap_or_else(|error| panic!("seed {seed}: Talos rejects: {error}"));
        let theirs = yaml::read(normal[seed].as_ref().unwrap()).unwrap();
        let ours = yaml::read(configs[seed].to_yaml().expose()).unwrap();
        assert_eq!(oracle::difference(&ours, &theirs), None, "seed {seed}");
    }
    println!("{} configs with every setting are the same to Talos", configs.len());
}

#[test]
fn the_authorities_of_a_rotation_reach_talos() {
    let bundle = bundle::made();
    let now = Timestamp(1_796_083_200_000);
    for (which, section) in [(Which::Os, "machine"), (Which::Kubernetes, "cluster")] {
        let rotation = begin(&bundle, which, now, &SeededIds::new(2)).unwrap();
        let step = rotation.step(&bundle).unwrap();
        let input = Input::new("base", "https://base:6443", "1.36.3").install_disk("/dev/sda");
        let config = generate(&input, &Role::worker(), &step.bundle).unwrap().accepting(&step.accepted);
        assert!(config.documents[0].at(&[section, "acceptedCAs"]).is_some());
        let report = validate(&config.documents, &Target::new(Mode::Metal, Contract::V1_13).at(now));
        assert_eq!(report.errors, []);
        let Some(driver) = oracle::driver("the_authorities_of_a_rotation_reach_talos") else { continue };
        let question = [json!({"config": config.to_yaml().expose(), "mode": "metal"})];
        driver.ask("validate", &question).remove(0).unwrap();
        let theirs = yaml::read(&driver.ask("normalize", &question).remove(0).unwrap()).unwrap();
        assert_eq!(oracle::difference(&config.documents, &theirs), None, "{section}");
    }
}

#[test]
fn a_patch_adds_what_has_no_setting() {
    let bundle = bundle::made();
    let config = made(&mut Dice::new(1), &bundle);
    let patched = patch::apply(&config, &[Patch::parse("machine: {udev: {rules: [a]}}").unwrap()]).unwrap();
    assert!(patched.documents[0].at(&["machine", "udev", "rules"]).is_some());
}

#[test]
fn bad_inputs_are_refused_with_all_their_problems() {
    let bundle = bundle::made();
    let mut input = Input::new("", "http://base", "v1.36").subnets(&["10.0.0.0/8"], &["10.96.0.0/12"]);
    input.machine.network.nameservers.push("dns".into());
    input.scheduler.disabled = true;
    let error = generate(&input, &Role::worker(), &bundle).unwrap_err();
    for path in [
        "cluster.clusterName",
        "cluster.controlPlane.endpoint",
        "kubernetes",
        "cluster.network.serviceSubnets[0]",
        "machine.network.nameservers[0]",
        "scheduler.disabled",
    ] {
        assert!(error.problems.iter().any(|problem| problem.path == path), "{path}: {error}");
    }
    let mut stolen = bundle.clone();
    stolen.tokens.trustd = Secret::new("canary".into());
    stolen.certificates.os.key = Secret::new("canary".into());
    let error =
        generate(&Input::new("a", "https://a:6443", ""), &Role::control_plane(), &stolen).unwrap_err();
    assert_eq!(error.problems.len(), 2, "{error}");
    assert!(!format!("{error} {error:?}").contains("canary"));
}
