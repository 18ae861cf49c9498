//! Sequences of operations: how they are made, written and read.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use sskuba_testkit::model::SLOTS;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wrong {
    Throttled,
    Transient,
    Denied,
    Conflict,
    LostBefore,
    LostAfter,
    Partial,
    GivenUp,
    StallBefore,
    StallAfter,
}

/// What disturbs an operation, and when. Calls and writes are counted from the operation's begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trouble {
    /// The call with this number meets this.
    Call(u8, Wrong),
    /// The write with this number finds the disk full.
    DiskFull(u8),
    /// At the call with this number the run is cancelled.
    Cancel(u8),
    /// At the call with this number the program dies.
    Die(u8),
}

/// What an `up` is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum About {
    All,
    /// By a saved plan.
    Plan,
    /// Going on after failures.
    Continue,
    Target(u8),
    Exclude(u8),
    Replace(u8),
}

/// A command that is run in the wrong place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Command {
    Up,
    Refresh,
    Down,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Op {
    /// Declares a resource: fields and edges.
    Add {
        slot: u8,
        soft: u8,
        hard: u8,
        near: u8,
        far: u8,
    },
    /// Declares it no longer.
    Remove {
        slot: u8,
    },
    /// Changes fields.
    Change {
        slot: u8,
        soft: u8,
        hard: u8,
    },
    /// Changes edges that are values.
    Rewire {
        slot: u8,
        near: u8,
        far: u8,
    },
    /// Changes an edge that is only an order.
    After {
        slot: u8,
        other: u8,
    },
    /// Changes options: protect, retain, delete first; and whether it uses sites.
    Options {
        slot: u8,
        bits: u8,
    },
    /// Makes its changeable field a secret, or no secret any more.
    Hide {
        slot: u8,
    },
    /// Renames it; its former address is an alias.
    Rename {
        slot: u8,
    },
    /// Renames it, and nothing says so.
    ForgetName {
        slot: u8,
    },
    /// Moves it into the component, or out of it.
    Move {
        slot: u8,
    },
    /// Puts it on the other provider instance.
    Instance {
        slot: u8,
    },
    /// Lets the other provider instance work somewhere else.
    Region {
        region: u8,
    },
    /// Somebody runs a command whose surroundings lead to another region.
    Astray {
        command: Command,
    },
    Up {
        about: About,
        trouble: Vec<Trouble>,
    },
    Preview,
    Refresh {
        trouble: Vec<Trouble>,
    },
    Down {
        trouble: Vec<Trouble>,
    },
    /// Forgets a record.
    Forget {
        slot: u8,
    },
    /// Imports an object that was forgotten.
    Import {
        slot: u8,
    },
    /// Makes a new data key.
    Rotate,
    /// Seals the data key anew to those who may open it.
    Recipients,
    /// Keeps the state as a document.
    Export,
    /// Puts the document that was kept last in the place of the state.
    Restore,
    /// A byte of the record with this number is damaged, and the state is repaired; with a copy of the last run or without.
    Repair {
        record: u8,
        copy: bool,
    },
    /// Says what came of creates that nobody can look up.
    Resolve,
    /// Somebody else changes an object.
    Meddle {
        slot: u8,
        soft: u8,
    },
    /// Somebody else deletes an object.
    Vanish {
        slot: u8,
    },
}

fn slot() -> impl Strategy<Value = u8> {
    0..u8::try_from(SLOTS).unwrap()
}

fn wrong() -> impl Strategy<Value = Wrong> {
    prop_oneof![
        1 => Just(Wrong::Throttled),
        1 => Just(Wrong::Transient),
        1 => Just(Wrong::Denied),
        1 => Just(Wrong::Conflict),
        3 => Just(Wrong::LostBefore),
        3 => Just(Wrong::LostAfter),
        2 => Just(Wrong::Partial),
        4 => Just(Wrong::GivenUp),
        1 => Just(Wrong::StallBefore),
        1 => Just(Wrong::StallAfter),
    ]
}

fn trouble() -> impl Strategy<Value = Vec<Trouble>> {
    let one = prop_oneof![
        6 => (0..14_u8, wrong()).prop_map(|(at, wrong)| Trouble::Call(at, wrong)),
        1 => (0..6_u8).prop_map(Trouble::DiskFull),
        1 => (0..8_u8).prop_map(Trouble::Cancel),
        2 => (0..8_u8).prop_map(Trouble::Die),
    ];
    prop_oneof![3 => Just(Vec::new()), 2 => proptest::collection::vec(one, 1..3)]
}

fn about() -> impl Strategy<Value = About> {
    prop_oneof![
        8 => Just(About::All),
        1 => Just(About::Plan),
        2 => Just(About::Continue),
        1 => slot().prop_map(About::Target),
        1 => slot().prop_map(About::Exclude),
        1 => slot().prop_map(About::Replace),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let small = 0..3_u8;
    prop_oneof![
        8 => (slot(), small.clone(), small.clone(), 0..4_u8, 0..4_u8)
            .prop_map(|(slot, soft, hard, near, far)| Op::Add { slot, soft, hard, near, far }),
        2 => slot().prop_map(|slot| Op::Remove { slot }),
        3 => (slot(), small.clone(), small.clone()).prop_map(|(slot, soft, hard)| Op::Change { slot, soft, hard }),
        2 => (slot(), 0..4_u8, 0..4_u8).prop_map(|(slot, near, far)| Op::Rewire { slot, near, far }),
        1 => (slot(), slot()).prop_map(|(slot, other)| Op::After { slot, other }),
        2 => (slot(), 0..16_u8).prop_map(|(slot, bits)| Op::Options { slot, bits }),
        2 => slot().prop_map(|slot| Op::Hide { slot }),
        1 => slot().prop_map(|slot| Op::Rename { slot }),
        1 => slot().prop_map(|slot| Op::ForgetName { slot }),
        1 => slot().prop_map(|slot| Op::Move { slot }),
        2 => slot().prop_map(|slot| Op::Instance { slot }),
        1 => (0..3_u8).prop_map(|region| Op::Region { region }),
        1 => prop_oneof![Just(Command::Up), Just(Command::Refresh), Just(Command::Down)]
            .prop_map(|command| Op::Astray { command }),
        10 => (about(), trouble()).prop_map(|(about, trouble)| Op::Up { about, trouble }),
        1 => Just(Op::Preview),
        1 => trouble().prop_map(|trouble| Op::Refresh { trouble }),
        1 => trouble().prop_map(|trouble| Op::Down { trouble }),
        1 => slot().prop_map(|slot| Op::Forget { slot }),
        1 => slot().prop_map(|slot| Op::Import { slot }),
        1 => Just(Op::Rotate),
        1 => Just(Op::Recipients),
        1 => Just(Op::Export),
        1 => Just(Op::Restore),
        1 => (0..8_u8, any::<bool>()).prop_map(|(record, copy)| Op::Repair { record, copy }),
        2 => Just(Op::Resolve),
        1 => (slot(), small).prop_map(|(slot, soft)| Op::Meddle { slot, soft }),
        1 => slot().prop_map(|slot| Op::Vanish { slot }),
    ]
}

/// Makes sequences of this many operations.
pub(crate) fn script(operations: usize) -> impl Strategy<Value = Vec<Op>> {
    // What may be absent is left out when a failing sequence is made shorter.
    let maybe = proptest::collection::vec(proptest::option::weighted(0.999, op()), operations);
    maybe.prop_map(|script| script.into_iter().flatten().collect())
}

/// Writes a sequence, an operation a line.
pub(crate) fn write(script: &[Op]) -> String {
    script.iter().map(|op| serde_json::to_string(op).unwrap() + "\n").collect()
}

/// Reads what [`write`] wrote.
pub(crate) fn read(text: &str) -> Vec<Op> {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
