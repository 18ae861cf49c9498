//! No text makes any of it panic.

use proptest::prelude::*;
use sskuba_talos::config::MachineConfig;
use sskuba_talos::contract::Contract;
use sskuba_talos::patch::{self, Patch};
use sskuba_talos::validate::{Mode, Target, validate};
use sskuba_talos::yaml;

use crate::damaged::NOW;

/// Pieces of configs and patches, put together without sense.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "machine:",
        "cluster:",
        "network:",
        "interfaces:",
        "- ",
        "interface: eth0",
        "$patch: delete",
        "kind: LinkConfig",
        "apiVersion: v1alpha1",
        "---",
        "\n",
        "\n  ",
        "\n    ",
        "name: ",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "ca: ",
        "crt: ",
        "'",
        "\"",
        "sysctls: ",
        "a: b",
        "10.0.0.0/8",
        "https://[",
        "%zz",
        ":6443",
        "op: add",
        "path: /machine/-1",
        "value: 5",
        "1m30",
        "é",
        "\u{0}",
        "&a ",
        "*a",
        "!!binary ",
        "null",
        "-",
        "~",
        "9999999999999999999999",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Configs and patches of the corpora with a part replaced.
fn spoilt() -> impl Strategy<Value = String> {
    let texts: Vec<&'static str> = include_str!("patches.txt")
        .split("=====\n")
        .chain(include_str!("corpus.txt").split("=====\n"))
        .collect();
    (prop::sample::select(texts), any::<prop::sample::Index>(), soup()).prop_map(|(text, index, soup)| {
        let mut letters: Vec<char> = text.chars().collect();
        let at = index.index(letters.len().max(1)).min(letters.len());
        let end = (at + 3).min(letters.len());
        letters.splice(at..end, soup.chars().take(12));
        letters.into_iter().collect()
    })
}

fn play(config: &str, change: &str) {
    let target = Target::new(Mode::Metal, Contract::V1_13).at(NOW);
    if let Ok(documents) = yaml::read(config) {
        let report = validate(&documents, &target);
        assert!(!format!("{report:?}").is_empty());
    }
    if let (Ok(config), Ok(change)) = (MachineConfig::parse(config), Patch::parse(change))
        && let Ok(patched) = patch::apply(&config, &[change.clone(), change])
    {
        validate(&patched.documents, &target);
        assert!(MachineConfig::parse(patched.to_yaml().expose()).is_ok());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn nothing_panics_on_soup(config in soup(), change in soup()) {
        play(&config, &change);
    }

    #[test]
    fn nothing_panics_on_what_is_spoilt(config in spoilt(), change in spoilt()) {
        play(&config, &change);
    }

    #[test]
    fn nothing_panics_on_any_text(config in ".{0,80}", change in ".{0,80}") {
        play(&config, &change);
    }
}
