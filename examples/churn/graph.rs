//! A random graph that is a pure function of seed and round. From one round to the next it adds, removes, changes,
//! renames and forces replacements.

use sskuba::prelude::*;
use sskuba::sim::kinds::{Bucket, Machine, Network, PublicAddress, Record, Subnet};

/// What decides a graph.
#[derive(Debug, Clone, Copy, Config)]
pub(crate) struct Churn {
    /// The seed.
    #[config(default = 7)]
    pub(crate) seed: u64,
    /// The round.
    #[config(default = 1)]
    pub(crate) round: u64,
    /// About how many resources.
    #[config(default = 200)]
    pub(crate) resources: u64,
}

impl Churn {
    /// Returns a number that seed, resource and topic decide, and that changes every `every` rounds, for each
    /// resource in another one.
    fn roll(&self, resource: u64, topic: u64, every: u64) -> u64 {
        let offset = mix(self.seed ^ mix(resource ^ topic.rotate_left(32)));
        let epoch = (self.round + offset % every) / every;
        mix(offset ^ mix(epoch))
    }

    /// How often the resource has been renamed up to this round.
    fn renames(&self, resource: u64) -> u64 {
        (self.round + mix(self.seed ^ mix(resource ^ 99)) % 6) / 6
    }

    fn name(&self, resource: u64) -> String {
        format!("r{resource}-{}", self.renames(resource))
    }

    /// Gives a resource its former names.
    fn known_as<R: Resource>(&self, resource: u64, handle: Handle<R>) -> Handle<R> {
        (0..self.renames(resource)).fold(handle, |handle, n| handle.alias(&format!("r{resource}-{n}")))
    }
}

/// SplitMix64.
fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn pick<T>(items: &[T], roll: u64) -> Option<&T> {
    let count = u64::try_from(items.len()).unwrap_or(0);
    items.get(usize::try_from(roll.checked_rem(count)?).unwrap_or(0))
}

/// Declares the graph.
pub(crate) fn declare(stack: &mut Stack, churn: Churn) -> sskuba::Result {
    let mut networks: Vec<Handle<Network>> = Vec::new();
    let mut subnets: Vec<Handle<Subnet>> = Vec::new();
    let mut machines: Vec<Handle<Machine>> = Vec::new();
    let mut buckets: Vec<Handle<Bucket>> = Vec::new();
    for i in 0..churn.resources {
        // One in six is away, for three rounds.
        if i > 0 && churn.roll(i, 1, 3).is_multiple_of(6) {
            continue;
        }
        let name = churn.name(i);
        let (soft, hard) = (churn.roll(i, 2, 2), churn.roll(i, 3, 4));
        let kind = if i == 0 { 0 } else { mix(churn.seed ^ i) % 10 };
        match kind {
            0 => {
                let network =
                    Network::new(format!("10.{}.0.0/16", hard % 200)).tag("soft", (soft % 9).to_string());
                networks.push(churn.known_as(i, stack.add(name, network)?));
            }
            1 | 2 => {
                let Some(network) = pick(&networks, hard) else { continue };
                let subnet = Subnet::new(network.id(), format!("10.0.{}.0/24", hard % 250))
                    .tag("soft", (soft % 9).to_string());
                subnets.push(churn.known_as(i, stack.add(name, subnet)?));
            }
            3..=5 => {
                let Some(subnet) = pick(&subnets, hard) else { continue };
                let size = ["small", "medium", "large"][usize::try_from(soft % 3).unwrap_or(0)];
                let mut machine =
                    Machine::new(subnet.id()).size(size).image(format!("linux-{}", hard % 3)).boot("boot me");
                if let Some(bucket) = pick(&buckets, soft) {
                    machine = machine.bucket(bucket.id());
                }
                machines.push(churn.known_as(i, stack.add(name, machine)?));
            }
            6 | 7 => {
                let bucket =
                    Bucket::new(format!("bucket-{i}-{}", hard % 4)).versioned(soft.is_multiple_of(2));
                buckets.push(churn.known_as(i, stack.add(name, bucket)?));
            }
            8 => {
                let region = format!("sim-{}", hard % 3);
                let mut address = PublicAddress::new(format!("address-{i}")).region(region);
                if let Some(machine) = pick(&machines, soft) {
                    address = address.machine(machine.id());
                }
                churn.known_as(i, stack.add(name, address)?);
            }
            _ => {
                let target = pick(&machines, soft).map(|machine| machine.private_ip());
                let record = match target {
                    Some(ip) => Record::new(format!("h{i}.example.org"), ip),
                    None => Record::new(format!("h{i}.example.org"), "192.0.2.1"),
                };
                churn.known_as(i, stack.add(name, record.ttl(u32::try_from(soft % 600).unwrap_or(0)))?);
            }
        }
    }
    Ok(())
}
