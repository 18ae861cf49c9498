//! Schematics are written as Image Factory's library writes them: an id is their digest.

use serde_json::{Value, json};
use sskuba_talos::schematic::Schematic;

use crate::dice::Dice;
use crate::oracle::driver;

/// Parts of texts that YAML has an opinion about.
const PARTS: [&str; 58] = [
    "a",
    "b c",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    ":",
    ": ",
    " #",
    "#",
    "- ",
    "-",
    "?",
    "? ",
    "'",
    "\"",
    "\\",
    "%",
    "@",
    "`",
    "|",
    ">",
    "&",
    "*",
    "!",
    "{",
    "}",
    "[",
    "]",
    ",",
    "---",
    "...",
    "0",
    "0x1F",
    "017",
    "089",
    "1_000",
    "1e3",
    ".5",
    "1.",
    "yes",
    "no",
    "null",
    "~",
    "true",
    "<<",
    "=",
    "2001-12-14",
    "12:30:45",
    "ä",
    "\u{a0}",
    "\u{1F600}",
    "\r",
    "\u{7}",
    "\u{feff}",
    "+",
    "console=ttyS0,115200",
];

fn text(dice: &mut Dice) -> String {
    let count = 1 + dice.below(4);
    (0..count).map(|_| *dice.pick(&PARTS)).collect()
}

/// A value of an overlay's options, which may be anything.
fn option(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 5 } else { 8 }) {
        0 => json!(text(dice)),
        1 => json!(dice.one_in(2)),
        2 => json!(null),
        3 | 4 => json!(text(dice)),
        5 => json!([]),
        6 => (0..1 + dice.below(3)).map(|_| option(dice, depth - 1)).collect(),
        _ => {
            let count = dice.below(3);
            let entries = (0..count).map(|_| (format!("k{}", dice.below(9)), option(dice, depth - 1)));
            Value::Object(entries.collect())
        }
    }
}

fn schematic(dice: &mut Dice) -> Value {
    let texts = |dice: &mut Dice| (0..dice.below(3)).map(|_| json!(text(dice))).collect::<Value>();
    let mut custom = json!({
        "extraKernelArgs": texts(dice),
        "systemExtensions": {"officialExtensions": texts(dice)},
        "meta": (0..dice.below(3)).map(|_| json!({"key": dice.below(255), "value": text(dice)})).collect::<Value>(),
    });
    let mut all = json!({});
    if dice.one_in(3) {
        custom["bootloader"] = json!(dice.pick(&["dual-boot", "sd-boot", "grub"]));
        custom["diskImage"] = json!({"sectorSize": 4096});
        custom["embeddedMachineConfiguration"] = json!(text(dice));
        all["owner"] = json!(text(dice));
    }
    if dice.one_in(3) {
        custom["secureboot"] = json!({"includeWellKnownCertificates": true, "enrollKeys": text(dice)});
    }
    if dice.one_in(2) {
        let options: serde_json::Map<String, Value> =
            (0..dice.below(4)).map(|number| (format!("o{number}"), option(dice, 2))).collect();
        all["overlay"] = json!({"image": text(dice), "name": text(dice), "options": options});
    }
    all["customization"] = custom;
    all
}

#[test]
fn schematics_are_written_as_the_factory_writes_them() {
    let Some(driver) = driver("schematics") else { return };
    let dice = &mut Dice::new(11);
    let mut asked: Vec<Value> =
        PARTS.iter().map(|part| json!({"customization": {"extraKernelArgs": [part]}})).collect();
    asked.extend((0..3000).map(|_| schematic(dice)));
    let questions: Vec<Value> = asked.iter().map(|input| json!({"input": input})).collect();
    let mut wrong = Vec::new();
    for (input, answer) in asked.iter().zip(driver.ask("schematic", &questions)) {
        let ours: Schematic = serde_json::from_value(input.clone()).unwrap();
        let (ours, theirs) = (ours.canonical(), answer.unwrap());
        if ours != theirs {
            wrong.push(format!("{input}\nours:\n{ours:?}\ntheirs:\n{theirs:?}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        asked.len(),
        wrong[..wrong.len().min(12)].join("\n")
    );
}
