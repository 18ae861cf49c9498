//! A program that is killed at random instants: the cluster is made once, and all of it goes.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use crate::machines::Machines;
use crate::program::{Program, Said};

/// Instants, as a seed decides them.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// Returns a number below a bound.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Runs a command until it comes to its end, and kills it on the way; returns how often.
pub(crate) async fn through(program: &Program, args: &[&str], dice: &mut Dice, most: u64) -> usize {
    let mut kills = 0;
    loop {
        // Later ones get further, so that it ends.
        let kill = Duration::from_millis(20 + dice.below(most * (1 + kills as u64 / 4)));
        let mut child = program.command(args).spawn().unwrap();
        tokio::time::sleep(kill).await;
        let done = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
        let said = Said::new(&output);
        if done {
            said.good();
            return kills;
        }
        kills += 1;
        assert!(kills < 50, "it never comes to its end: {}", said.text);
    }
}

#[expect(clippy::print_stdout, reason = "the figures are what people look for")]
async fn survives(machines: &Machines, seed: u64) {
    let mut dice = Dice(seed);
    let mut program = Program::new(&machines.addresses, 3);
    program.fingerprints = machines.fingerprints();
    let made = through(&program, &["up", "--yes", "--json"], &mut dice, 1500).await;
    let secrets = program.secrets().await;
    let members = machines.admin(0, &secrets).etcd_members().await.unwrap();
    assert_eq!(members.len(), 3, "one etcd, and every control plane once");
    program.run(&["up", "--refresh", "--expect-no-changes"]).await.good();

    program.talos = "v1.13.10";
    let upgraded = through(&program, &["up", "--yes", "--json"], &mut dice, 2500).await;
    for index in 0..5 {
        assert_eq!(machines.admin(index, &secrets).version().await.unwrap().tag, "v1.13.10");
    }
    assert_eq!(machines.admin(2, &secrets).etcd_members().await.unwrap().len(), 3);

    let down = through(&program, &["down", "--yes", "--json"], &mut dice, 1500).await;
    assert_eq!(machines.configured().await, 0);
    println!(
        "seed {seed}: {made} kills while it was made, {upgraded} while upgraded, {down} while taken down"
    );
    assert!(made + upgraded + down > 0, "nothing was killed");
}

/// An `up` that is killed and given up: whatever it has begun is reset, or the machine is named that cannot be.
#[expect(clippy::print_stdout, reason = "the figures are what people look for")]
async fn is_given_up(machines: &Machines, seed: u64) {
    let mut dice = Dice(seed);
    let mut named = 0;
    for round in 0..3 {
        let program = Program::new(&machines.addresses, 3);
        let mut child = program.command(&["up", "--yes", "-c", "patience=2"]).spawn().unwrap();
        // Before that there are only secrets, which take as long as they take.
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let begun = |line: String| line.contains("talos:machine:Applied") && line.contains(": creating");
        assert!(said.any(begun), "no machine was begun");
        tokio::time::sleep(Duration::from_millis(dice.below(300 * (1 + round)))).await;
        child.kill().unwrap();
        let _ = child.wait().unwrap();
        let down = program.run(&["down", "--yes"]).await;
        if down.code != Some(0) {
            // Only a control plane could have let a worker be asked.
            down.bad(&["talos:machine:Reset::", "`up`"]);
            named += 1;
            program.run(&["up", "--yes"]).await.good();
            program.run(&["down", "--yes"]).await.good();
        }
        assert_eq!(machines.configured().await, 0, "round {round}");
    }
    println!("seed {seed}: {named} of 3 were reset after another `up` only");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_run_has_begun_is_reset() {
    is_given_up(&Machines::fake(5).await, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_run_has_begun_is_reset_on_machines_of_talos() {
    if let Some(machines) = Machines::of_talos(5) {
        is_given_up(&machines, 4).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_it_makes_one_cluster_and_leaves_none() {
    survives(&Machines::fake(5).await, 7).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_random_on_machines_of_talos_it_makes_one_cluster_and_leaves_none() {
    if let Some(machines) = Machines::of_talos(5) {
        survives(&machines, 11).await;
    }
}
