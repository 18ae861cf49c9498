//! Configs equal to those that Talos's own tests hold fast.

use std::fs;

use sskuba_talos::config::{Cni, Input, Install, Machine, Mirror, Mount, Role, generate};
use sskuba_talos::contract::Contract;
use sskuba_talos::yaml;

use crate::{bundle, oracle};

/// The plainest input.
pub(crate) fn base(contract: Contract) -> Input {
    Input::new("base", "https://base:6443", "1.28.0").contract(contract)
}

/// The inputs of Talos's own test, with what its patch says.
pub(crate) fn overrides(contract: Contract) -> Input {
    let mut install = Install::default();
    install.disk = Some("/dev/vda".into());
    install.extra_kernel_args = vec!["foo=bar".into(), "bar=baz".into()];
    let mut machine = Machine::default();
    machine.install = install;
    machine.sysctls.insert("foo".into(), "bar".into());
    machine.registries.mirrors.insert("ghcr.io".into(), Mirror::new("https://ghcr.io.my-mirror.com"));
    let mut mount = Mount::shared("/var/opt");
    mount.options = vec!["rshared".into()];
    machine.kubelet.extra_mounts.push(mount);
    let mut input = base(contract)
        .certificate_sans(["foo", "bar"])
        .cni(Cni::Custom(vec!["https://example.com/cni.yaml".into()]))
        .machine(machine);
    input.allow_scheduling_on_control_planes = true;
    input.dns_domain = Some("example.com".into());
    input.local_api_server_port = Some(5443);
    input
}

#[test]
fn configs_are_those_of_talos() {
    let Some(data) = oracle::data("configs_are_those_of_talos") else { return };
    let bundle = bundle::golden(&data);
    let mut compared = 0;
    for contract in Contract::ALL {
        for (flavor, input) in [("base", base(contract)), ("overrides", overrides(contract))] {
            for role in [Role::control_plane(), Role::worker()] {
                let file = data.join(format!("v{contract}/{flavor}-{}.yaml", role.as_str()));
                let Ok(text) = fs::read_to_string(&file) else { continue };
                let ours = generate(&input, &role, &bundle).unwrap();
                let theirs = yaml::read(&text).unwrap();
                let written = yaml::read(ours.to_yaml().expose()).unwrap();
                assert!(
                    written == theirs,
                    "{contract} {flavor} {}\n{}\n{}",
                    role.as_str(),
                    ours.to_yaml().expose(),
                    text
                );
                compared += 1;
            }
        }
    }
    assert!(compared >= 8, "only {compared} golden configs were found");
    println!("{compared} golden configs are equal");
}

#[test]
fn the_table_of_keys_is_that_of_talos() {
    let Some(driver) = oracle::driver("the_table_of_keys_is_that_of_talos") else { return };
    let ours = include_str!("../../src/schema/table.txt");
    assert!(driver.print("schema") == ours, "print it anew: see interop/talos/driver/README.md");
}
