//! What became secret is noticed, whichever entry brings it.

use super::machine::{end, intent, state};
use crate::address::Token;
use crate::clock::Timestamp;
use crate::state::{Entry, Outcome, Record, State, Verb};
use crate::value::{Map, Value};

const TOKEN: Token = Token::new([1; 16]);

fn map(secret: bool) -> Map {
    let value = Value::from("canary");
    [("it".to_owned(), if secret { value.into_secret() } else { value })].into()
}

fn record(applied: Map, observed: Map, outputs: Map) -> Record {
    let state = state(&[intent(Verb::Create, TOKEN, "a"), end(TOKEN, super::machine::applied())]);
    Record { applied, observed, outputs, ..state.record(TOKEN).unwrap().clone() }
}

/// The entries with a part that is secret in each place where one can be; if `secret` is false, with none.
fn entries(secret: bool) -> Vec<Vec<Entry>> {
    let (open, it, token) = (|| map(false), || map(secret), TOKEN);
    let call = |inputs| match intent(Verb::Update, TOKEN, "a") {
        Entry::Intent(mut intent) => {
            intent.inputs = inputs;
            Entry::Intent(intent)
        }
        other => other,
    };
    let applied = |observed, outputs| {
        let outcome = Outcome::Applied { id: "x".into(), observed, outputs, took: 1 };
        vec![call(open()), Entry::Outcome { token, outcome, time: Timestamp(2) }]
    };
    let adopted = |record| vec![Entry::Adopted(Box::new(record))];
    vec![
        vec![call(it())],
        applied(it(), open()),
        applied(open(), it()),
        vec![Entry::Observed { token, observed: it(), outputs: open() }],
        vec![Entry::Observed { token, observed: open(), outputs: it() }],
        vec![Entry::Resealed { token, applied: it(), observed: open(), outputs: open() }],
        adopted(record(it(), open(), open())),
        adopted(record(open(), it(), open())),
        vec![Entry::Exports(it())],
    ]
}

#[test]
fn whatever_becomes_secret_is_noticed() {
    for secret in [true, false] {
        for entries in entries(secret) {
            let mut state = State::default();
            state.insert(record(map(false), map(false), map(false)));
            state.set_exports(map(false));
            for entry in &entries {
                state.apply(entry.clone()).unwrap();
            }
            assert_eq!(state.has_new_secrets(), secret, "{entries:?}");
        }
    }
}
