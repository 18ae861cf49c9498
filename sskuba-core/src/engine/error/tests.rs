//! What errors say, and what they leave to others.

use super::*;
use crate::provider::Class;
use crate::state::EditObstacle;

fn stack() -> StackId {
    StackId::parse("local/shop/dev").unwrap()
}

fn address() -> Address {
    Address::parse("demo:net:Net::main").unwrap()
}

fn damaged() -> FormatError {
    FormatError::Damaged("it is cut short".to_owned())
}

/// One of each that has a cause or had advice in its text once.
fn errors() -> Vec<EngineError> {
    let failure = Failure::new(Class::Denied, "the key has expired");
    let revision = 3;
    let no_call = TransitionError { what: "an outcome", subject: "a call".to_owned(), why: "none is open" };
    vec![
        EngineError::import(
            &address(),
            ImportError::UnknownObject { kind: "demo:net:Net".into(), id: "n".into() },
        ),
        EngineError::import(&address(), ImportError::Recorded { address: address(), id: "n".into() }),
        DocumentError::Part { part: "record 0".to_owned(), error: damaged() }.into(),
        DocumentError::NoKey.into(),
        DocumentError::Keyring(KeyringError::Failed("no agent".to_owned())).into(),
        EditError::Transition(no_call).into(),
        EditError::NotRecorded { address: address(), stack: stack() }.into(),
        EditError::NoEdit { stack: stack() }.into(),
        EditError::Since {
            command: "state rm".into(),
            revision,
            obstacles: vec![EditObstacle::Changed { address: address(), id: "i-1".into() }],
        }
        .into(),
        EngineError::Lookup { address: address().to_string(), failure: failure.clone() },
        EngineError::Learning { kinds: vec![address().kind()], failure: failure.clone() },
        EngineError::Unresolved(vec![Unresolved { address: address(), verb: Verb::Create, failure }]),
        EngineError::OtherWorld { stack: stack(), simulated: true },
        EngineError::Doubtful(vec![Doubt::Guarded(address())]),
        EngineError::NoRun { stack: stack(), revision, within: None, nearest: vec![1, 5] },
        EngineError::State {
            stack: stack(),
            source: JournalError::Format { key: "record ab".to_owned(), error: damaged() },
        },
        EngineError::Keyring { stack: stack(), source: KeyringError::Damaged("it is cut short".to_owned()) },
        StoreError::NoStack(stack()).into(),
        StoreError::Corrupt { key: "page".into(), place: "/db".into(), why: "its sum differs".into() }.into(),
        StoreError::Io {
            action: "open",
            place: "/db".into(),
            error: std::io::Error::other("the disk is gone"),
        }
        .into(),
    ]
}

#[test]
fn each_cause_is_said_once() {
    for error in errors() {
        let text = with_causes(&error);
        let mut cause = error.source();
        while let Some(error) = cause {
            assert_eq!(text.matches(&error.to_string()).count(), 1, "{text}");
            cause = error.source();
        }
        for once in ["it is cut short", "the key has expired", "the disk is gone", "no agent"] {
            assert!(text.matches(once).count() <= 1, "{text}");
        }
    }
}

#[test]
fn no_error_names_a_flag_or_a_command() {
    let commands =
        ["`up`", "`state list`", "`state export`", "`state repair", "`state resolve", "`history", "`stack "];
    for error in errors() {
        let text = with_causes(&error);
        assert!(!text.contains("--"), "{text}");
        assert!(!commands.iter().any(|command| text.contains(command)), "{text}");
    }
}

#[test]
fn what_can_be_done_is_data() {
    let hints: Vec<Vec<Advice>> = errors().iter().map(EngineError::hint).collect();
    assert!(hints.contains(&vec![Advice::Forget(address())]));
    assert!(hints.contains(&vec![Advice::Resolve(address())]));
    assert!(hints.contains(&vec![Advice::Simulate, Advice::OtherStack]));
    assert!(hints.contains(&vec![Advice::ShowNearest(vec![1, 5])]));
    assert!(hints.contains(&vec![Advice::Repair]));
    assert!(hints.contains(&vec![Advice::GiveSecretsUp]));
}
