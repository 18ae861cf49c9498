//! What a preview says of machines in use: what of their config differs, and who reboots.

use crate::machines::Machines;
use crate::program::{Program, named};

/// A change that every machine takes at once, and one that no running machine takes.
const AT_ONCE: &str = r#"patches=["machine: {sysctls: {net.core.somaxconn: '4096'}}"]"#;
const REBOOTS: &str = r#"patches=["machine: {env: {TOKEN: c4n4ry}}"]"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_says_what_of_a_config_differs_and_who_reboots() {
    let machines = Machines::fake(3).await;
    let program = Program::new(&machines.addresses, 2);
    program.run(&["up", "--yes"]).await.good();
    let before = machines.fleet.history().len();
    let said = program.run(&["preview", "-c", AT_ONCE]).await.good();
    assert!(said.text.contains("config.machine.sysctls") && !said.text.contains("reboots"), "{}", said.text);
    let said = program.run(&["preview", "-c", REBOOTS]).await.good();
    for address in &machines.addresses {
        assert!(said.text.contains(&format!("reboots {address}")), "{}", said.text);
    }
    assert!(
        said.text.contains("config.machine.env")
            && !said.text.split("Next:").next().unwrap().contains("c4n4ry")
    );
    let said = program.run(&["preview", "--json", "-c", REBOOTS]).await.good();
    assert_eq!(said.out.matches(r#""notes":["reboots "#).count(), 3, "{}", said.out);
    // What is staged takes effect as the machine starts.
    let staged = ["-c", "mode=staged-if-needing-reboot"];
    let said = program.run(&["preview", "-c", REBOOTS, staged[0], staged[1]]).await.good();
    assert_eq!(said.text.matches("takes effect at the next reboot of").count(), 3, "{}", said.text);
    assert_eq!(machines.fleet.history().len(), before, "a preview changes nothing");
    program.run(&["up", "--yes", "-c", REBOOTS, staged[0], staged[1]]).await.good();
    let history = machines.fleet.history().split_off(before);
    assert!(
        history.len() == 3 && history.iter().all(|line| line.ends_with(": staged config")),
        "{history:?}"
    );
    program.run(&["up", "--yes", "-c", REBOOTS, staged[0], staged[1], "--expect-no-changes"]).await.good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_is_announced_and_one_that_leaps_is_refused_by_the_preview() {
    let machines = Machines::fake_of(2, "v1.12.4").await;
    let mut program = Program::new(&machines.addresses, 1);
    program.talos = "v1.12.4";
    let kubernetes = |version: &'static str| ["preview", "-c", version];
    program.run(&["up", "--yes", "-c", "kubernetes=1.33.0"]).await.good();
    program.run(&kubernetes("kubernetes=1.35.0")).await.bad(&["one minor version at a time", "1.34"]);
    program.run(&kubernetes("kubernetes=1.32.9")).await.bad(&["never down"]);
    program.talos = "v1.13.9";
    let said = program.run(&kubernetes("kubernetes=1.33.0")).await.good();
    for address in &machines.addresses {
        let words = format!("upgrades {address} from v1.12.4 to v1.13.9");
        assert!(said.text.contains(&words), "{}", said.text);
    }
    // Who does not answer is no reason to show no plan.
    machines.fakes[1].disappear();
    let said = program.run(&kubernetes("kubernetes=1.33.0")).await.good();
    assert!(said.text.contains("could not be found out"), "{}", said.text);
}

/// The one that leaves is a member until then, and etcd is the safer for it while others reboot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_planes_reboot_with_their_config_while_another_one_leaves() {
    let machines = Machines::fake(3).await;
    let mut program = Program::new(&machines.addresses, 3);
    program.run(&["up", "--yes"]).await.good();
    let before = machines.fleet.history().len();
    program.control_planes.remove(1);
    program.run(&["up", "--yes", "-c", REBOOTS]).await.good();
    let history = machines.fleet.history().split_off(before);
    assert_eq!(history, ["node-1: config", "node-3: config", "node-2: reset"]);
}

/// It counts for nothing any more, and one reboot would leave etcd without its quorum.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_reboots_while_a_control_plane_that_leaves_is_lost() {
    let machines = Machines::fake(3).await;
    let mut program = Program::new(&machines.addresses, 3);
    program.run(&["up", "--yes"]).await.good();
    let before = machines.fleet.history().len();
    machines.fakes[1].disappear();
    program.control_planes.remove(1);
    let said = program.run(&["up", "--yes", "-c", REBOOTS, "-c", "patience=2"]).await;
    said.bad(&["etcd is not healthy", "knows 3 members of 2", "removed from etcd by hand"]);
    assert_eq!(machines.fleet.history().len(), before);
}

/// An earlier release's programs named what they did to machines after their places in the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_that_were_named_after_their_place_are_taken_over() {
    let machines = Machines::fake(3).await;
    let program = Program::new(&machines.addresses, 2);
    program.run(&["up", "--yes"]).await.good();
    for (address, place) in machines.addresses.iter().zip(["control-plane-0", "control-plane-1", "worker-0"])
    {
        for kind in ["Applied", "Reset"] {
            let from = format!("talos:machine:{kind}::{}", named(address));
            program.run(&["state", "move", &from, place]).await.good();
        }
    }
    let said = program.run(&["up", "--yes"]).await.good();
    assert!(said.text.contains("6 moved") && !said.text.contains("wipes"), "{}", said.text);
    assert_eq!(machines.resets(), [""; 0]);
    program.run(&["up", "--refresh", "--expect-no-changes"]).await.good();
}
