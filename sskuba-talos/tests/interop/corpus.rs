//! Damaged configs of our own, judged by both.

use serde_json::{Value, json};
use sskuba_talos::config::{Input, MachineConfig, Role, generate};
use sskuba_talos::contract::Contract;
use sskuba_talos::patch::{self, Patch};
use sskuba_talos::validate::{Mode, Target};
use sskuba_talos::yaml::{self, Map, Node};

use crate::damaged::{NOW, judge};
use crate::dice::Dice;
use crate::{bundle, oracle};

/// Lays one tree over another; nothing removes a key.
fn lay(left: &mut Map, right: &Map) {
    for (key, value) in right {
        match (left.get_mut(key), value) {
            (_, Node::Null) => drop(left.shift_remove(key)),
            (Some(Node::Map(left)), Node::Map(right)) => lay(left, right),
            _ => drop(left.insert(key.clone(), value.clone())),
        }
    }
}

/// Damages a config: documents with a kind are added, others are laid over the first one.
fn damage(config: &MachineConfig, damage: &[Node]) -> String {
    let mut documents = config.documents.clone();
    for node in damage {
        let map = node.as_map().unwrap();
        if let Some(kind) = map.get("kind") {
            // `over` takes the place of the one that is there.
            let mut node = node.clone();
            if node.as_map_mut().is_some_and(|map| map.shift_remove("over").is_some()) {
                documents.retain(|document| document.get("kind") != Some(kind));
            }
            documents.push(node);
        } else if let Some(first) = documents[0].as_map_mut() {
            lay(first, map);
            first.shift_remove("worker");
        }
    }
    yaml::write(&documents)
}

fn whole(role: &Role, bundle: &sskuba_talos::secrets::Bundle) -> MachineConfig {
    let input = Input::new("base", "https://base:6443", "1.36.3").install_disk("/dev/sda");
    generate(&input, role, bundle).unwrap()
}

#[test]
fn every_damaged_config_is_rejected() {
    let test = "every_damaged_config_is_rejected";
    let bundle = bundle::made();
    let (control_plane, worker) = (whole(&Role::control_plane(), &bundle), whole(&Role::worker(), &bundle));
    let target = Target::new(Mode::Metal, Contract::V1_13).at(NOW);
    for config in [&control_plane, &worker] {
        let report = judge(config.to_yaml().expose(), &target);
        assert!(report.is_ok(), "the whole config: {:?}", report.errors);
    }
    let damages: Vec<&str> = include_str!("corpus.txt").split("=====\n").collect();
    let texts: Vec<String> = damages
        .iter()
        .map(|text| {
            let nodes = yaml::read(text).unwrap();
            let config = if nodes[0].get("worker").is_some() { &worker } else { &control_plane };
            damage(config, &nodes)
        })
        .collect();
    let accepted: Vec<&str> = texts
        .iter()
        .zip(&damages)
        .filter(|(text, _)| judge(text, &target).is_ok())
        .map(|(_, damage)| *damage)
        .collect();
    assert!(accepted.is_empty(), "we accept:\n{}", accepted.join("=====\n"));
    let Some(driver) = oracle::driver(test) else { return };
    let questions: Vec<Value> = texts.iter().map(|text| json!({"config": text, "mode": "metal"})).collect();
    let rejected = driver.ask("validate", &questions).iter().filter(|verdict| verdict.is_err()).count();
    println!("{} damaged configs are rejected; Talos itself rejects {rejected} of them", texts.len());
}

/// Values that something may be replaced by.
fn junk(dice: &mut Dice) -> Node {
    match dice.below(12) {
        0 => Node::Null,
        1 => "".into(),
        2 => "junk".into(),
        3 => Node::Int(-1),
        4 => Node::Int(70_000),
        5 => Node::Bool(dice.one_in(2)),
        6 => Node::Seq(Vec::new()),
        7 => Node::Seq(vec!["junk".into()]),
        8 => Node::Map(Map::new()),
        9 => Node::Map(Map::from_iter([("junk".to_owned(), "junk".into())])),
        10 => "10.0.0.0/8".into(),
        _ => Node::Float(0.5),
    }
}

/// Goes down at random and changes what is there.
fn mutate(node: &mut Node, dice: &mut Dice) {
    let deeper = !dice.one_in(6);
    match node {
        Node::Map(map) if deeper && !map.is_empty() => {
            let index = dice.below(map.len());
            if dice.one_in(12) {
                map.shift_remove_index(index);
            } else if let Some((_, value)) = map.get_index_mut(index) {
                mutate(value, dice);
            }
        }
        Node::Seq(items) if deeper && !items.is_empty() => {
            let index = dice.below(items.len());
            mutate(&mut items[index], dice);
        }
        node => *node = junk(dice),
    }
}

#[test]
fn what_talos_rejects_of_random_damage_is_rejected() {
    let test = "what_talos_rejects_of_random_damage_is_rejected";
    let Some(driver) = oracle::driver(test) else { return };
    let bundle = bundle::made();
    let mut rich = whole(&Role::control_plane(), &bundle);
    for text in include_str!("patches.txt").split("=====\n") {
        // As much as can be together.
        let Ok(patched) = Patch::parse(text).and_then(|patch| patch::apply(&rich, &[patch])) else {
            continue;
        };
        if !text.contains("$patch")
            && judge(patched.to_yaml().expose(), &Target::new(Mode::Metal, Contract::V1_13)).is_ok()
        {
            rich = patched;
        }
    }
    let count = rich.documents.len();
    assert!(count > 15, "the config has only {count} documents");
    let target = Target::new(Mode::Metal, Contract::V1_13).at(NOW);
    let report = judge(rich.to_yaml().expose(), &target);
    assert!(report.is_ok(), "the whole config: {:?}", report.errors);
    let texts: Vec<String> = (0..600)
        .map(|seed| {
            let mut dice = Dice::new(seed);
            let mut documents = rich.documents.clone();
            let index = if dice.one_in(2) { 0 } else { dice.below(count) };
            mutate(&mut documents[index], &mut dice);
            yaml::write(&documents)
        })
        .collect();
    let questions: Vec<Value> = texts.iter().map(|text| json!({"config": text, "mode": "metal"})).collect();
    let (mut missed, mut rejected) = (Vec::new(), 0);
    let whole = rich.to_yaml();
    for (text, verdict) in texts.iter().zip(driver.ask("validate", &questions)) {
        let Err(error) = verdict else { continue };
        rejected += 1;
        if judge(text, &target).is_ok() {
            let changed: Vec<&str> =
                text.lines().filter(|line| !whole.expose().lines().any(|own| own == *line)).collect();
            missed.push(format!("{error}\n{}", changed.join("\n")));
        }
    }
    assert!(missed.is_empty(), "{} missed\n{}", missed.len(), missed.join("\n\n"));
    println!("Talos rejects {rejected} of {} configs damaged at random, and so do we", texts.len());
}
