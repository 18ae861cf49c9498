//! One suite for every state store.
//!
//! ```
//! use std::sync::Arc;
//! use sskuba_core::stores::Memory;
//! use sskuba_testkit::store_conformance::{Subject, store_conformance};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! store_conformance(|| {
//!     let store = Memory::default();
//!     let again = store.clone();
//!     Subject::new(move || Arc::new(again.clone()))
//! })
//! .await;
//! # });
//! ```

#![expect(clippy::unwrap_used, reason = "a suite of tests; an unwrap that fails is a check that fails")]

mod journal;
mod leases;
mod stacks;

use std::fmt;
use std::sync::Arc;

use sskuba_core::address::StackId;
use sskuba_core::state::{Lease, Owner, StateStore};

/// An empty place for stacks, and how programs open it.
pub struct Subject {
    open: Box<dyn Fn() -> Arc<dyn StateStore> + Send + Sync>,
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject")
    }
}

impl Subject {
    /// Takes a function that opens the place anew, as another program would.
    pub fn new(open: impl Fn() -> Arc<dyn StateStore> + Send + Sync + 'static) -> Self {
        Self { open: Box::new(open) }
    }

    fn open(&self) -> Arc<dyn StateStore> {
        (self.open)()
    }
}

/// Checks all that the contract of [`StateStore`] says; `make` makes a new empty place each time.
///
/// # Panics
/// Where the store does not keep the contract.
pub async fn store_conformance(make: impl Fn() -> Subject) {
    journal::appends_come_back_with_their_revisions(make()).await;
    journal::an_empty_append_changes_nothing(make()).await;
    journal::every_byte_survives(make()).await;
    journal::a_wrong_base_is_a_conflict(make()).await;
    journal::a_reopen_sees_all_that_was_acknowledged(make()).await;
    journal::a_fold_moves_entries_into_records(make()).await;
    journal::a_fold_of_many_records_keeps_each(make()).await;
    journal::a_fold_of_all_records_leaves_no_other(make()).await;
    journal::folds_in_the_middle_of_the_journal_keep_the_rest(make()).await;
    journal::history_is_newest_first(make()).await;
    journal::small_values_are_kept_and_replaced(make()).await;
    journal::ten_thousand_entries(make()).await;
    journal::large_entries(make()).await;
    leases::a_second_writer_is_told_who_holds_the_stack(make()).await;
    leases::fences_grow(make()).await;
    leases::an_old_lease_writes_nothing(make()).await;
    leases::a_lease_given_back_writes_nothing(make()).await;
    leases::unlocking(make()).await;
    leases::readers_work_while_a_writer_runs(make()).await;
    leases::readers_race_writers(make()).await;
    stacks::a_missing_stack_is_missing(make()).await;
    stacks::stacks_are_listed(make()).await;
    stacks::a_removed_stack_is_gone(make()).await;
    stacks::two_stacks_at_once(make()).await;
    stacks::a_renamed_stack_has_all_that_it_had(make()).await;
}

/// The stack of most checks.
fn dev() -> StackId {
    "local/demo/dev".parse().unwrap()
}

fn owner(user: &str) -> Owner {
    Owner { user: user.into(), host: "desk".into(), pid: std::process::id(), command: "up".into() }
}

async fn acquire(store: &dyn StateStore) -> Lease {
    store.acquire(&dev(), &owner("ann")).await.unwrap()
}

/// The bytes of an entry: different for each `number`, about 300 of them.
fn entry(number: u64) -> Vec<u8> {
    format!("{number:0300}").into_bytes()
}

fn entries(numbers: std::ops::RangeInclusive<u64>) -> Vec<(u64, Vec<u8>)> {
    numbers.map(|number| (number, entry(number))).collect()
}

/// Appends entries `numbers`, in one group.
async fn append(store: &dyn StateStore, lease: &Lease, numbers: std::ops::RangeInclusive<u64>) {
    let (base, last) = (numbers.start() - 1, *numbers.end());
    let group = numbers.map(entry).collect();
    assert_eq!(store.append(lease, base, group).await.unwrap(), last, "the new revision");
}
