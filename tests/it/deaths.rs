//! Programs that die at every boundary: at each write of the journal and each call of a provider, before it took
//! effect and after. All boundaries are tried, none is drawn by lot; and of the program that picks up the pieces, all
//! boundaries again.

mod bench;
mod cases;
mod fate;
mod mortal;

use self::bench::{Bench, DOWN};
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
    Calm { passed: life.passed, picture: bench.picture() }
}

/// Brings the task to its end after deaths, and judges what is there.
fn judge(bench: &mut Bench, case: &Case, calm: &Calm, deaths: &[usize]) {
    let at = || format!("{}, dead at {deaths:?}: {:?}", case.name, deaths.first().map(|at| &calm.passed[at - 1]));
    bench.live(&case.task, None);
    assert_eq!(bench.ghosts(), [""; 0], "{}", at());
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

fn run(seed: u64, with_pairs: impl Fn(&Case) -> bool) {
    let (mut singles, mut doubles) = (0, 0);
    for case in CASES {
        let start = std::time::Instant::now();
        let (one, two) = every_death(case, seed, with_pairs(case));
        println!("seed {seed}, {}: {one} deaths, {two} pairs of deaths, {:?}", case.name, start.elapsed());
        (singles, doubles) = (singles + one, doubles + two);
    }
    println!("seed {seed}: {} cases, {singles} deaths, {doubles} pairs of deaths: 0 orphans, 0 twice, 0 lost", CASES.len());
}

#[test]
fn a_death_at_every_boundary_loses_nothing_and_makes_nothing_twice() {
    run(1, |_| false);
}
