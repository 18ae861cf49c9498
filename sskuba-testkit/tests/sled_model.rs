//! The sled store does what the store in memory does, whatever is asked in whatever order.
#![expect(clippy::unwrap_used, reason = "a test: what fails is seen, what is skipped or measured is said")]

use std::path::Path;

use sskuba_core::address::StackId;
use sskuba_core::clock::{IdSource, SeededIds};
use sskuba_core::state::{Fold, Lease, Owner, Records, StateStore};
use sskuba_core::stores::{Memory, Sled};

struct Dice(SeededIds);

impl Dice {
    fn below(&self, limit: u64) -> u64 {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        (u64::from_le_bytes(bytes) >> 8) % limit
    }

    fn bytes(&self, limit: u64) -> Vec<u8> {
        let mut bytes = vec![0; usize::try_from(self.below(limit)).unwrap()];
        self.0.fill(&mut bytes);
        bytes
    }

    /// A key of a small number of keys, some of which begin as others do.
    fn key(&self) -> Vec<u8> {
        let stem =
            ["a", "a/b", "network/aws:ec2:Subnet::private", ""][usize::try_from(self.below(4)).unwrap()];
        format!("{stem}{}", self.below(150)).into_bytes()
    }
}

struct Pair {
    root: tempfile::TempDir,
    stack: StackId,
    sled: Sled,
    memory: Memory,
    leases: (Lease, Lease),
}

impl Pair {
    async fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let (sled, memory) = (Sled::open(root.path()), Memory::default());
        let stack: StackId = "local/demo/dev".parse().unwrap();
        let leases = Self::acquire(&sled, &memory, &stack).await;
        Self { root, stack, sled, memory, leases }
    }

    async fn acquire(sled: &Sled, memory: &Memory, stack: &StackId) -> (Lease, Lease) {
        let owner = Owner { user: "ann".into(), host: "desk".into(), pid: 1, command: "up".into() };
        (sled.acquire(stack, &owner).await.unwrap(), memory.acquire(stack, &owner).await.unwrap())
    }

    async fn reopen(&mut self) {
        self.sled.release(&self.leases.0).await.unwrap();
        self.memory.release(&self.leases.1).await.unwrap();
        self.sled = Sled::open(self.root.path() as &Path);
        self.leases = Self::acquire(&self.sled, &self.memory, &self.stack).await;
        assert_eq!(self.leases.0.fence, self.leases.1.fence);
    }

    async fn step(&mut self, dice: &Dice, revision: &mut u64) {
        match dice.below(20) {
            0..=9 => {
                let limit = if dice.below(40) == 0 { 200_000 } else { 400 };
                let group: Vec<_> = (0..dice.below(12)).map(|_| dice.bytes(limit)).collect();
                let next = self.sled.append(&self.leases.0, *revision, group.clone()).await.unwrap();
                assert_eq!(self.memory.append(&self.leases.1, *revision, group).await.unwrap(), next);
                *revision = next;
            }
            10..=14 => {
                let upto = revision.saturating_sub(dice.below(30));
                let fold = Fold {
                    upto,
                    records: {
                        let put = (0..dice.below(60)).map(|_| (dice.key(), dice.bytes(500)));
                        let put = put.collect::<std::collections::BTreeMap<_, _>>().into_iter().collect();
                        if dice.below(5) == 0 { Records::All(put) } else { Records::put(put) }
                    },
                    history: (0..dice.below(3))
                        .map(|back| (upto.saturating_sub(back), dice.bytes(300)))
                        .collect(),
                    meta: (0..dice.below(3)).map(|i| (format!("m{i}"), dice.bytes(200))).collect(),
                };
                self.fold(fold).await;
            }
            15 => {
                let delete = (0..dice.below(80)).map(|_| dice.key()).collect();
                let records = Records::Some { put: vec![], delete };
                self.fold(Fold { records, ..Fold::default() }).await;
            }
            16 => {
                let (key, value) = (format!("key {}", dice.below(5)), dice.bytes(100));
                self.sled.put_meta(&self.leases.0, &key, value.clone()).await.unwrap();
                self.memory.put_meta(&self.leases.1, &key, value).await.unwrap();
            }
            17 | 18 => self.reopen().await,
            _ => {
                let limit = usize::try_from(dice.below(40)).unwrap();
                let history = self.sled.history(&self.stack, limit).await.unwrap();
                assert!(history == self.memory.history(&self.stack, limit).await.unwrap(), "history");
            }
        }
    }

    async fn fold(&self, fold: Fold) {
        self.sled.fold(&self.leases.0, fold.clone()).await.unwrap();
        self.memory.fold(&self.leases.1, fold).await.unwrap();
    }
}

#[tokio::test]
async fn sled_does_what_memory_does() {
    for seed in 1..=6 {
        let dice = Dice(SeededIds::new(seed));
        let (mut pair, mut revision) = (Pair::new().await, 0);
        for step in 0..300 {
            pair.step(&dice, &mut revision).await;
            let images =
                (pair.sled.load(&pair.stack).await.unwrap(), pair.memory.load(&pair.stack).await.unwrap());
            assert!(images.0 == images.1, "seed {seed}, step {step}: {images:?}");
        }
    }
}
