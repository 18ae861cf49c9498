//! Programs that die at every boundary: at each write of the journal and each call of a provider, before it took
//! effect and after. All boundaries are tried, none is drawn by lot; and of the program that picks up the pieces, all
//! boundaries again.

mod bench;
mod cases;
mod fate;
mod mortal;

use self::bench::{Bench, DOWN, Sleep};
use self::cases::{CASES, Case, Task};

/// What a run without a death passes and leaves.
struct Calm {
    passed: Vec<String>,
    picture: Vec<String>,
}

fn calm(case: &Case, seed: u64) -> Calm {
    let mut bench = Bench::new(case, seed);
    let life = bench.live(&case.task, None);
    assert!(life.changes > 0, "{} changes nothing", case.name);
    let picture = bench.picture();
    let bad = picture.iter().find(|line| line.starts_with("not there") || line.contains(" objects of "));
    assert_eq!(bad, None, "{}: even without a death", case.name);
    Calm { passed: life.passed, picture }
}

/// Brings the task to its end after deaths, and judges what is there.
fn judge(bench: &mut Bench, case: &Case, calm: &Calm, deaths: &[usize]) {
    let at =
        || format!("{}, dead at {deaths:?}: {:?}", case.name, deaths.first().map(|at| &calm.passed[at - 1]));
    bench.live(&case.task, None);
    let picture = bench.picture();
    let (less, more): (Vec<_>, Vec<_>) = (
        calm.picture.iter().filter(|line| !picture.contains(line)).collect(),
        picture.iter().filter(|line| !calm.picture.contains(line)).collect(),
    );
    assert!(less.is_empty() && more.is_empty(), "{}\nnot as without deaths: {less:#?}\nbut: {more:#?}", at());
    let again = bench.live(&Task { declare: case.task.declare, ..Task::default() }, None);
    assert_eq!(again.changes, 0, "the next run changes something: {}", at());
    bench.live(&Task { declare: DOWN, ..Task::default() }, None);
    let left = bench.picture().into_iter().filter(|line| line.starts_with("record ")).count();
    assert_eq!(left, 0, "{}", at());
}

/// A program is stopped for so long that another one takes its stack and brings the task to its end. Then it goes on:
/// it may say that it lost the stack, and calls no provider any more.
fn every_sleep(case: &Case, seed: u64) -> (usize, usize) {
    let calm = calm(case, seed);
    let (mut fenced, mut within) = (0, 0);
    for at in 1..=calm.passed.len() {
        let place = &calm.passed[at - 1];
        // There it holds nothing that it could lose.
        if place == "before the lease" {
            continue;
        }
        let what = format!("{}, asleep at {place}", case.name);
        let mut bench = Bench::new(case, seed);
        let Sleep { under_way, after, ended } = bench.sleep(&case.task, at);
        let verbs = ["before create", "before update", "before delete"];
        let calls = after.iter().filter(|step| verbs.iter().any(|verb| step.starts_with(verb))).count();
        let own = usize::from(verbs.iter().any(|verb| place.starts_with(verb)));
        assert_eq!(calls + own, under_way, "{what}: a new call: {after:#?}");
        if under_way > 0 {
            // A call that a provider has is not taken back.
            within += 1;
            continue;
        }
        match ended {
            Ok(_) => assert_eq!(place, "after the release", "{what}"),
            Err(error) => {
                assert!(error.to_string().contains("was taken over by a newer one"), "{what}: {error}");
                fenced += 1;
            }
        }
        judge(&mut bench, case, &calm, &[at]);
    }
    (fenced, within)
}

/// Dies at every boundary of a case, and for `pairs` at every boundary of what comes after; returns how many deaths
/// and how many pairs of deaths there were.
fn every_death(case: &Case, seed: u64, pairs: bool) -> (usize, usize) {
    let calm = calm(case, seed);
    let (mut singles, mut doubles) = (0, 0);
    for first in 1..=calm.passed.len() {
        for second in 0.. {
            let mut bench = Bench::new(case, seed);
            let life = bench.live(&case.task, Some(first));
            assert!(life.died, "{}: {first} of {}", case.name, calm.passed.len());
            assert_eq!(life.passed, calm.passed[..first], "{}: not the same course again", case.name);
            if second == 0 {
                singles += 1;
                judge(&mut bench, case, &calm, &[first]);
                if pairs { continue } else { break }
            }
            if !bench.live(&case.task, Some(second)).died {
                break;
            }
            doubles += 1;
            judge(&mut bench, case, &calm, &[first, second]);
        }
    }
    (singles, doubles)
}

fn run(seed: u64, cases: &[&Case], pairs: bool) {
    let (mut singles, mut doubles) = (0, 0);
    for case in cases {
        let (one, two) = every_death(case, seed, pairs);
        println!("seed {seed}, {}: {one} deaths, {two} pairs of deaths", case.name);
        (singles, doubles) = (singles + one, doubles + two);
    }
    let cases = cases.len();
    println!(
        "seed {seed}: {cases} cases, {singles} deaths, {doubles} pairs of deaths: 0 orphans, 0 twice, 0 lost"
    );
}

fn all() -> Vec<&'static Case> {
    CASES.iter().collect()
}

/// The cases whose pairs of deaths are few enough for every run of the tests.
const SMALL: [&str; 3] = ["retain and forget", "create by hand", "a name that no two have"];

#[test]
fn a_death_at_every_boundary_loses_nothing_and_makes_nothing_twice() {
    run(1, &all(), false);
}

#[test]
fn neither_does_a_second_death_while_the_first_is_recovered() {
    let small: Vec<&Case> = CASES.iter().filter(|case| SMALL.contains(&case.name)).collect();
    assert_eq!(small.len(), SMALL.len());
    run(2, &small, true);
}

#[test]
fn a_sleeper_whose_lease_ended_is_fenced_and_calls_nothing_more() {
    let (mut fenced, mut within) = (0, 0);
    for case in CASES {
        let (one, two) = every_sleep(case, 3);
        (fenced, within) = (fenced + one, within + two);
    }
    println!("seed 3: {fenced} sleepers were fenced, {within} slept while a provider had their call");
}

/// All pairs of all cases; `SSKUBA_TEST_SEEDS` says under how many seeds, each with an order of its own.
#[test]
#[ignore = "takes minutes: `cargo xtask torture --points`"]
fn every_pair_of_deaths_under_every_seed() {
    let seeds = std::env::var("SSKUBA_TEST_SEEDS").map_or(1, |seeds| seeds.parse().unwrap());
    for seed in 1..=seeds {
        run(seed, &all(), true);
    }
}
