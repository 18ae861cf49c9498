//! Patches, applied by both.

use serde_json::{Value, json};
use sskuba_talos::config::{MachineConfig, Role, generate};
use sskuba_talos::contract::Contract;
use sskuba_talos::patch::{self, Patch};
use sskuba_talos::yaml;

use crate::bundle;
use crate::dice::Dice;
use crate::golden::{base, overrides};
use crate::oracle::{self, Driver};

/// Patches that each touch a rule of merging.
fn pool() -> Vec<&'static str> {
    include_str!("patches.txt").split("=====\n").collect()
}

fn ours(config: &str, patches: &[&str]) -> Result<String, String> {
    let config = MachineConfig::parse(config).map_err(|error| error.to_string())?;
    let parsed: Result<Vec<Patch>, _> = patches.iter().map(|text| Patch::parse(text)).collect();
    let patched = patch::apply(&config, &parsed.map_err(|error| error.to_string())?)
        .map_err(|error| error.to_string())?;
    Ok(patched.to_yaml().expose().clone())
}

/// Whatever one of them refuses the other refuses; what both accept means the same to Talos. Returns how many we accept
/// and where we differ.
fn compare(driver: &Driver, cases: &[(String, Vec<&str>)]) -> (usize, Vec<String>) {
    let questions: Vec<Value> =
        cases.iter().map(|(config, patches)| json!({"config": config, "patches": patches})).collect();
    let theirs = driver.ask("patch", &questions);
    let ours: Vec<_> = cases.iter().map(|(config, patches)| ours(config, patches)).collect();
    let written: Vec<Value> =
        ours.iter().map(|text| json!({"config": text.as_deref().unwrap_or_default()})).collect();
    let ours_normal = driver.ask("normalize", &written);
    let mut differences = Vec::new();
    for (index, (_, patches)) in cases.iter().enumerate() {
        let difference = match (&ours[index], &theirs[index], &ours_normal[index]) {
            (Err(_), Err(_), _) => continue,
            (Ok(_), Ok(theirs), Ok(ours)) => {
                if yaml::read(theirs).unwrap() == yaml::read(ours).unwrap() {
                    continue;
                }
                let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
                let (theirs, ours) = (lines(theirs), lines(ours));
                let only = |left: &[String], right: &[String]| {
                    left.iter().filter(|line| !right.contains(line)).cloned().collect::<Vec<_>>().join("\n")
                };
                format!("only Talos:\n{}\nonly ours:\n{}", only(&theirs, &ours), only(&ours, &theirs))
            }
            // What only the last reading refuses is refused by validation here.
            (Ok(_), Err(_), Err(_)) => continue,
            (Ok(_), Err(theirs), _) => format!("Talos refuses: {theirs}"),
            (Ok(_), Ok(_), Err(error)) => format!("Talos cannot read ours: {error}"),
            // Talos keeps the wish to delete what is not there as if it were a document, or panics at it.
            (Err(ours), Ok(_), _) if ours.contains("no such document to delete") => continue,
            (Err(ours), Ok(_), _) => format!("we refuse: {ours}"),
        };
        differences.push(format!("{}\n{difference}", patches.join("=====\n")));
    }
    (ours.iter().flatten().count(), differences)
}

#[test]
fn patches_do_what_they_do_to_talos() {
    let test = "patches_do_what_they_do_to_talos";
    let Some(driver) = oracle::driver(test) else { return };
    let (leader, worker) = (Role::control_plane(), Role::worker());
    let bases: Vec<String> = [
        (overrides(Contract::V1_13), &leader),
        (overrides(Contract::V1_13), &worker),
        (base(Contract::V1_12), &leader),
        (base(Contract::V1_11), &leader),
        (base(Contract::V1_11), &worker),
    ]
    .iter()
    .map(|(input, role)| generate(input, role, &bundle::made()).unwrap().to_yaml().expose().clone())
    .collect();
    let pool = pool();
    let mut cases = Vec::new();
    for base in &bases {
        cases.extend(pool.iter().map(|patch| (base.clone(), vec![*patch])));
    }
    // One after itself meets its own keys.
    cases.extend(pool.iter().map(|patch| (bases[0].clone(), vec![*patch, *patch])));
    cases.extend(pool.windows(2).map(|pair| (bases[0].clone(), pair.to_vec())));
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let base = dice.pick(&bases).clone();
        let count = 2 + dice.below(4);
        cases.push((base, (0..count).map(|_| *dice.pick(&pool)).collect()));
    }
    let (accepted, differences) = compare(&driver, &cases);
    assert!(
        differences.is_empty(),
        "{} of {}\n\n{}",
        differences.len(),
        cases.len(),
        differences.iter().take(60).cloned().collect::<Vec<_>>().join("\n\n########\n")
    );
    println!("{} lists of patches, of which {accepted} apply, did the same", cases.len());
}
