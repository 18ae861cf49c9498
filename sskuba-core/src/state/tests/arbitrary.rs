//! Random values and entries over few names and generations, so that they meet.

use proptest::prelude::*;

use crate::address::{Address, Token};
use crate::clock::Timestamp;
use crate::lifecycle::{HookName, When};
use crate::provider::{Class, Place};
use crate::state::{
    Cause, Counts, Entry, Flags, Intent, Outcome, PlaceId, Record, RunResult, StackRead, Status, Verb,
};
use crate::value::{Map, Value};

pub(super) fn token() -> impl Strategy<Value = Token> {
    (0..4_u8).prop_map(|n| Token::new([n; 16]))
}

pub(super) fn address() -> impl Strategy<Value = Address> {
    (0..3_u8).prop_map(|n| format!("demo:net:Net::n{n}").parse().unwrap())
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,3}", Just("$".into()), Just("$$a".into()), Just("$sealed".into()), "\\PC{0,4}"]
}

fn open() -> impl Strategy<Value = Value> {
    let number = any::<i64>().prop_map(Value::from);
    let float = any::<f32>()
        .prop_filter_map("a number", |f| serde_json::Number::from_f64(f64::from(f)).map(Value::Number));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        number,
        float,
        "\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
            fields(inner, 4).prop_map(Value::Map),
        ]
    })
}

/// A value with secret parts.
pub(super) fn value() -> impl Strategy<Value = Value> {
    let leaf =
        (open(), any::<bool>()).prop_map(|(value, secret)| if secret { value.into_secret() } else { value });
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
            fields(inner, 3).prop_map(Value::Map),
        ]
    })
}

pub(super) fn map() -> impl Strategy<Value = Map> {
    fields(value(), 3)
}

/// Fewer than `most` fields.
fn fields(value: impl Strategy<Value = Value>, most: usize) -> impl Strategy<Value = Map> {
    prop::collection::btree_map(key(), value, 0..most).prop_map(|map| map.into_iter().collect())
}

fn flags() -> impl Strategy<Value = Flags> {
    let parts = (any::<bool>(), any::<bool>(), prop::option::of(address()), prop::option::of(any::<u64>()));
    parts.prop_map(|(protect, retain, deleted_with, delete_timeout)| Flags {
        protect,
        retain,
        deleted_with,
        hooks: match delete_timeout {
            Some(_) => vec![HookName { when: When::BeforeDelete, name: "drain".to_owned() }],
            None => Vec::new(),
        },
        delete_timeout,
    })
}

pub(super) fn intent() -> impl Strategy<Value = Intent> {
    let verb = prop_oneof![Just(Verb::Create), Just(Verb::Update), Just(Verb::Delete)];
    let edges = prop::collection::vec(address(), 0..2);
    (verb, address(), token(), map(), 0..3_u32, prop::option::of(address()), edges, flags()).prop_map(
        |(verb, address, token, inputs, version, provider, dependencies, flags)| Intent {
            verb,
            address,
            token,
            inputs,
            version,
            instance: provider.is_some().then_some(token),
            provider,
            place: None,
            dependencies,
            flags,
            time: Timestamp(1),
        },
    )
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let class = prop_oneof![Just(Class::Throttled), "[a-z]{1,3}".prop_map(Class::Invalid)];
    let cause = (class, "\\PC{0,8}").prop_map(|(class, message)| Cause { class, message });
    let object = || ("[a-z]{0,3}", map(), map());
    prop_oneof![
        4 => (object(), any::<u64>()).prop_map(|((id, observed, outputs), took)| Outcome::Applied {
            id,
            observed,
            outputs,
            took
        }),
        2 => (object(), any::<u64>()).prop_map(|((id, observed, outputs), took)| Outcome::Made {
            id,
            observed,
            outputs,
            took
        }),
        1 => (object(), cause.clone()).prop_map(|((id, observed, outputs), cause)| Outcome::Partial {
            id,
            observed,
            outputs,
            cause
        }),
        1 => cause.clone().prop_map(|cause| Outcome::NotApplied { cause }),
        1 => cause.prop_map(|cause| Outcome::Unknown { cause }),
    ]
}

pub(super) fn record() -> impl Strategy<Value = Record> {
    let status =
        prop_oneof![3 => Just(Status::Live), 1 => Just(Status::Partial), 1 => Just(Status::Superseded)];
    let edges = prop::collection::vec(address(), 0..2);
    ((address(), token(), status, "[a-z]{0,3}"), (map(), map(), map()), edges, flags()).prop_map(
        |((address, token, status, id), (applied, observed, outputs), dependencies, flags)| Record {
            address,
            token,
            version: 1,
            provider: None,
            instance: None,
            place: None,
            status,
            id,
            applied,
            observed,
            outputs,
            dependencies,
            flags,
            failure: None,
            created: Timestamp(1),
            updated: Timestamp(2),
            took: 3,
        },
    )
}

/// Any entry; calls and their ends are the most frequent.
pub(super) fn entry() -> impl Strategy<Value = Entry> {
    let edges = || prop::collection::vec(address(), 0..2);
    let time = Timestamp(5);
    let ended =
        (token(), outcome()).prop_map(move |(token, outcome)| Entry::Outcome { token, outcome, time });
    let started =
        (token(), "\\PC{0,4}", prop::option::of("\\PC{0,4}")).prop_map(move |(run, who, message)| {
            let command = "up".to_owned();
            let stack = "acme/net/prod".parse().unwrap();
            let reads = if message.is_some() { vec![StackRead { stack, revision: 7 }] } else { Vec::new() };
            Entry::RunStarted { run, time, who, command, message, reads }
        });
    let (result, counts) = (RunResult::Failed, Counts { create: 3, ..Counts::default() });
    prop_oneof![
        6 => intent().prop_map(|intent| Entry::Intent(Box::new(intent))),
        6 => ended,
        1 => (token(), edges(), prop::option::of(address()), flags()).prop_map(
            |(token, dependencies, provider, flags)| Entry::Recorded {
                token,
                dependencies,
                instance: provider.is_some().then_some(token),
                provider,
                flags
            }
        ),
        1 => (token(), map(), map(), map()).prop_map(|(token, applied, observed, outputs)| Entry::Resealed {
            token,
            applied,
            observed,
            outputs
        }),
        1 => ("[a-z]{1,2}", 0..3_u32).prop_map(|(region, id)| Entry::Place {
            id: PlaceId(id),
            place: Place::of([("region", region)])
        }),
        1 => (token(), 0..3_u32).prop_map(|(token, place)| Entry::Located {
            tokens: vec![token],
            place: PlaceId(place)
        }),
        2 => (token(), address()).prop_map(|(token, to)| Entry::Moved { token, to }),
        1 => (token(), token(), address(), address()).prop_map(|(a, b, to, other)| Entry::Reassigned {
            moves: vec![(a, to), (b, other)]
        }),
        2 => (token(), map(), map(), any::<u64>()).prop_map(|(token, observed, outputs, took)| Entry::Ready {
            token,
            observed,
            outputs,
            took
        }),
        1 => (token(), "\\PC{0,4}").prop_map(|(token, why)| Entry::GivenUp { token, why }),
        1 => (token(), map(), map()).prop_map(|(token, observed, outputs)| Entry::Observed { token, observed, outputs }),
        1 => (token(), "\\PC{0,4}").prop_map(|(token, why)| Entry::Forgotten { token, why }),
        2 => record().prop_map(|record| Entry::Adopted(Box::new(record))),
        1 => map().prop_map(Entry::Exports),
        1 => started,
        1 => token().prop_map(move |run| Entry::RunEnded { run, time, result, counts }),
    ]
}
