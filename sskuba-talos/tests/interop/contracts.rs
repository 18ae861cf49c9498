//! Keys by contract: what the loader of a version does not know, a config for that version must not have.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sskuba_talos::contract::Contract;
use sskuba_talos::validate::{Mode, Target, validate};
use sskuba_talos::yaml;

use crate::oracle::loader;

/// The table of the newest contract: the structures with their keys and types, and the values of enumerations.
struct Table {
    kinds: Vec<(String, String, bool)>,
    structs: BTreeMap<String, Vec<(String, String)>>,
    enums: BTreeMap<String, String>,
}

fn table() -> Table {
    let mut table = Table { kinds: Vec::new(), structs: BTreeMap::new(), enums: BTreeMap::new() };
    for line in include_str!("../../src/schema/table.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["kind", name, structure, ref rest @ ..] => {
                table.kinds.push((name.to_owned(), structure.to_owned(), rest.contains(&"named")));
            }
            ["enum", name, ref values @ ..] => {
                let value = values.iter().find(|value| **value != "-").copied().unwrap_or_default();
                table.enums.insert(name.to_owned(), value.to_owned());
            }
            [name, ref fields @ ..] => {
                let fields = fields.iter().filter_map(|field| field.split_once(':'));
                let fields =
                    fields.map(|(key, kind)| (key.to_owned(), kind.trim_end_matches('!').to_owned()));
                table.structs.insert(name.to_owned(), fields.collect());
            }
            [] => {}
        }
    }
    table
}

/// Makes values of a type, each with one key more than nothing.
fn samples(table: &Table, kind: &str, depth: usize) -> Vec<Value> {
    let of = |rest: &str| samples(table, rest, depth);
    if let Some(rest) = kind.strip_prefix('*') {
        return of(rest);
    }
    if let Some((_, rest)) = kind.strip_prefix('~').and_then(|rest| rest.split_once('=')) {
        return of(rest);
    }
    if let Some(rest) = kind.strip_prefix("[]") {
        return of(rest).into_iter().map(|item| json!([item])).collect();
    }
    if let Some(rest) = kind.strip_prefix("{string}") {
        return of(rest).into_iter().map(|item| json!({"a": item})).collect();
    }
    if let Some(form) = kind.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')) {
        let plain = match form {
            "ArgValue" => vec![json!("a"), json!(["a", "b"])],
            "Size" => vec![json!("1GiB"), json!("50%")],
            "ByteSize" | "DiskSize" => vec![json!("1GiB")],
            "Duration" => vec![json!("1m0s")],
            "Prefix" => vec![json!("10.0.0.0/8")],
            "Addr" => vec![json!("10.0.0.1")],
            "URL" | "Endpoint" => vec![json!("https://example.com")],
            "Expression" => vec![json!("true")],
            form => table.enums.get(form).map(|value| json!(value)).into_iter().collect(),
        };
        return plain;
    }
    match kind {
        "string" => vec![json!("a")],
        "bool" => vec![json!(true)],
        "any" => vec![json!({"a": 1})],
        "int" | "int64" | "uint" | "uint64" | "uint32" | "uint16" | "uint8" => vec![json!(1)],
        _ if depth == 0 => Vec::new(),
        name => structure(table, name, depth - 1),
    }
}

/// Makes mappings of a structure, each with one key.
fn structure(table: &Table, name: &str, depth: usize) -> Vec<Value> {
    let fields = table.structs.get(name).into_iter().flatten();
    let fields = fields.filter(|(key, _)| key != "apiVersion" && key != "kind" && key != "version");
    let one = |(key, kind): &(String, String)| -> Vec<Value> {
        samples(table, kind, depth).into_iter().map(|value| json!({key.as_str(): value})).collect()
    };
    fields.flat_map(one).collect()
}

/// Makes documents: each kind with each key that the newest contract has, one at a time.
fn documents() -> Vec<Value> {
    let table = table();
    let mut all = Vec::new();
    for (kind, name, named) in &table.kinds {
        for mut document in structure(&table, name, 6) {
            if kind != "v1alpha1" {
                document["apiVersion"] = json!("v1alpha1");
                document["kind"] = json!(kind);
                if *named {
                    document["name"] = json!("one");
                }
            }
            all.push(document);
        }
    }
    all
}

/// Cases that passed for an older contract once.
const CASES: [&str; 6] = [
    "{apiVersion: v1alpha1, kind: VolumeConfig, name: EPHEMERAL, provisioning: {maxSize: '50%'}}",
    "{apiVersion: v1alpha1, kind: VolumeConfig, name: STATE, encryption: {provider: luks2, keys: [{slot: 0, tpm: {options: {pcrs: [7]}}}]}}",
    "{apiVersion: v1alpha1, kind: UserVolumeConfig, name: data, volumeType: directory}",
    "{machine: {kubelet: {extraArgs: {feature-gates: [A=true, B=true]}}}}",
    "{apiVersion: v1alpha1, kind: OOMConfig, strictCgroupClassOrdering: true}",
    "{apiVersion: v1alpha1, kind: VolumeConfig, name: EPHEMERAL, mount: {secure: true}}",
];

/// Tells whether a config has a key, a kind or a type that its contract does not know.
fn is_unknown(text: &str, contract: Contract) -> Option<String> {
    let documents = yaml::read(text).unwrap();
    let report = validate(&documents, &Target::new(Mode::Metal, contract));
    let about =
        ["no such key", "no such document", "no such kind", "must be a text and is", "must be a size"];
    report
        .errors
        .iter()
        .map(ToString::to_string)
        .find(|error| about.iter().any(|words| error.contains(words)))
}

fn compare(contract: Contract, version: &str) {
    let Some(loader) = loader(version, "contracts") else { return };
    let mut texts: Vec<String> = documents().iter().map(ToString::to_string).collect();
    texts.extend(CASES.map(str::to_owned));
    let questions: Vec<Value> = texts.iter().map(|text| json!({"config": text})).collect();
    let mut wrong = Vec::new();
    let mut refused = 0;
    for (text, answer) in texts.iter().zip(loader.answers(&[], &questions)) {
        let ours = is_unknown(text, contract);
        refused += usize::from(ours.is_some());
        match (&ours, &answer) {
            (None, Ok(_)) | (Some(_), Err(_)) => {}
            // A value that only this reader finds wrong is the table's own affair: no key is unknown.
            (None, Err(error)) if !error.contains("unknown keys") && !error.contains("not registered") => {
                if error.contains("cannot unmarshal") || error.contains("cannot construct") {
                    wrong.push(format!("{text}\n  Talos {version}: {error}"));
                }
            }
            (None, Err(error)) => wrong.push(format!("{text}\n  Talos {version}: {error}")),
            (Some(error), Ok(_)) => wrong.push(format!("{text}\n  ours: {error}")),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        texts.len(),
        wrong[..wrong.len().min(15)].join("\n")
    );
    println!("Talos {version}: {} documents, {refused} refused by both", texts.len());
    assert!(refused > 20, "{refused} of {}", texts.len());
}

#[test]
fn keys_of_1_11_are_those_of_its_loader() {
    compare(Contract::V1_11, "1.11");
}

#[test]
fn keys_of_1_12_are_those_of_its_loader() {
    compare(Contract::V1_12, "1.12");
}
