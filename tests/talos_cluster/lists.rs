//! Other lists of machines: a machine that stays is left as it is, whatever its place in the list and however its address
//! is written.

use crate::machines::Machines;
use crate::program::Program;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reordered_list_touches_no_machine() {
    let machines = Machines::fake(5).await;
    let mut program = Program::new(&machines.addresses, 3);
    program.run(&["up", "--yes"]).await.good();
    program.control_planes.rotate_left(1);
    program.workers.reverse();
    let said = program.run(&["up", "--yes"]).await.good();
    assert!(!said.text.contains("machine:Applied") && !said.text.contains("wipes"), "{}", said.text);
    assert_eq!(machines.resets(), [""; 0]);
    program.run(&["up", "--refresh", "--expect-no-changes"]).await.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shorter_list_wipes_what_left_it_and_says_so() {
    let machines = Machines::fake(5).await;
    let mut program = Program::new(&machines.addresses, 3);
    program.run(&["up", "--yes"]).await.good();
    let gone = program.workers.remove(0);
    let said = program.run(&["preview"]).await.good();
    assert!(said.text.contains(&format!("wipes {gone}")), "{}", said.text);
    assert_eq!(said.text.matches("wipes").count(), 1, "{}", said.text);
    program.run(&["up", "--yes"]).await.good();
    assert_eq!(machines.resets(), ["node-4"]);
    program.control_planes.remove(0);
    program.run(&["up", "--yes"]).await.good();
    assert_eq!(machines.resets(), ["node-4", "node-1"]);
    program.run(&["down", "--yes"]).await.good();
    assert_eq!(machines.resets().len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_spelling_of_an_address_is_the_same_machine() {
    let machines = Machines::fake(2).await;
    let mut program = Program::new(&machines.addresses, 1);
    program.run(&["up", "--yes"]).await.good();
    program.workers[0] = program.workers[0].replace("127.0.0.1:", "127.0.0.1:0");
    let said = program.run(&["up", "--yes"]).await.good();
    assert!(!said.text.contains("wipes"), "{}", said.text);
    assert_eq!(machines.resets(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_contract_makes_no_other_secrets() {
    let machines = Machines::fake(2).await;
    let mut program = Program::new(&machines.addresses, 1);
    program.talos = "v1.12.4";
    program.run(&["up", "--yes", "-c", "kubernetes=1.35.0"]).await.good();
    let secrets = program.secrets().await;
    program.talos = "v1.13.9";
    program.run(&["up", "--yes", "-c", "kubernetes=1.35.0"]).await.good();
    assert_eq!(program.secrets().await, secrets);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_machine_is_upgraded_before_it_gets_a_config_for_the_version() {
    let machines = Machines::fake_of(4, "v1.12.4").await;
    let mut program = Program::new(&machines.addresses, 3);
    program.talos = "v1.12.4";
    program.run(&["up", "--yes", "-c", "kubernetes=1.33.0"]).await.good();
    let before = machines.fleet.history().len();
    program.talos = "v1.13.9";
    // Both at once are refused, and so are leaps.
    program.run(&["up", "--yes", "-c", "kubernetes=1.34.0"]).await.bad(&["one after the other"]);
    program.run(&["up", "--yes", "-c", "kubernetes=1.36.0"]).await.bad(&["one minor version at a time"]);
    assert_eq!(machines.fleet.history().len(), before, "nothing was done to a machine");
    program.run(&["up", "--yes", "-c", "kubernetes=1.33.0"]).await.good();
    let history = machines.fleet.history().split_off(before);
    let mut seen = Vec::new();
    for pair in history.chunks(2) {
        let name = pair[0].strip_suffix(": upgrade").unwrap_or_else(|| panic!("{history:?}"));
        assert_eq!(pair[1], format!("{name}: config"), "{history:?}");
        seen.push(name);
    }
    assert_eq!((seen.len(), seen[3]), (4, "node-4"), "the worker is last: {history:?}");
    program.talos = "v1.12.4";
    program.run(&["up", "--yes", "-c", "kubernetes=1.33.0"]).await.bad(&["never down"]);
}

/// As `talosctl upgrade-k8s` does it: no kubelet is newer than an API server at any time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubernetes_goes_up_component_by_component_and_kubelets_last() {
    let machines = Machines::fake(4).await;
    let program = Program::new(&machines.addresses, 3);
    program.run(&["up", "--yes", "-c", "kubernetes=1.34.0"]).await.good();
    let before = machines.fleet.history().len();
    program.run(&["up", "--yes", "-c", "kubernetes=1.35.1"]).await.good();
    let history = machines.fleet.history().split_off(before);
    let (components, kubelets) = history.split_at(12);
    for (component, on) in ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy"]
        .iter()
        .zip(components.chunks(3))
    {
        let mut on = on.to_vec();
        on.sort();
        assert_eq!(
            on,
            ["node-1", "node-2", "node-3"].map(|name| format!("{name}: {component}")),
            "{history:?}"
        );
    }
    assert!(kubelets.len() == 4 && kubelets.iter().all(|line| line.ends_with(": config")), "{history:?}");
    assert_eq!(kubelets[3], "node-4: config");
    program.run(&["up", "--refresh", "--expect-no-changes", "-c", "kubernetes=1.35.1"]).await.good();
}
