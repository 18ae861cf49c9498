//! What became of each suite, and the table that says so.

use std::time::Duration;

use super::probe::WhyNot;

/// What became of a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All of it ran and was right.
    Good,
    /// It ran and something was wrong, or it had to run and could not.
    Broken(String),
    /// It did not run, for this reason.
    Skipped(String),
}

impl Outcome {
    /// The outcome of a suite that cannot run.
    pub(crate) fn of(why: WhyNot, required: bool, ci: bool) -> Self {
        match why {
            WhyNot::Machine(why) if required && ci => Self::Broken(format!("required in CI, but {why}")),
            WhyNot::Broken(why) => Self::Broken(why),
            WhyNot::Machine(why) => Self::Skipped(why),
        }
    }
}

/// A line of the closing table.
pub(crate) struct Row {
    /// The suite.
    pub(crate) name: &'static str,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// How long it took.
    pub(crate) time: Duration,
}

/// The closing table and the line below it.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::new();
    let width = rows.iter().map(|row| row.name.len()).max().unwrap_or(0);
    for Row { name, outcome, time } in rows {
        let seconds = format!("{:.1}s", time.as_secs_f64());
        let (word, note) = match outcome {
            Outcome::Good => ("ok", ""),
            Outcome::Broken(note) => ("BROKEN", note.as_str()),
            Outcome::Skipped(note) => ("skipped", note.as_str()),
        };
        text.push_str(format!("{name:width$}  {word:7}  {seconds:>8}  {note}").trim_end());
        text.push('\n');
    }
    let skipped = rows.iter().filter(|row| matches!(row.outcome, Outcome::Skipped(_))).count();
    text.push_str(&format!("suites: {} ran, {skipped} skipped", rows.len() - skipped));
    let broken: Vec<&str> =
        rows.iter().filter(|row| matches!(row.outcome, Outcome::Broken(_))).map(|row| row.name).collect();
    if !broken.is_empty() {
        text.push_str(&format!("; broken: {}", broken.join(", ")));
    }
    text
}

/// A line that names the programs of tests that took longest; empty where none said its time.
pub(crate) fn slowest(mut times: Vec<(f64, String)>, most: usize) -> String {
    times.sort_by(|a, b| b.0.total_cmp(&a.0));
    let named: Vec<String> =
        times.iter().take(most).map(|(seconds, program)| format!("{program} {seconds:.0}s")).collect();
    if named.is_empty() { String::new() } else { format!("\nslowest: {}", named.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_machine_is_to_blame_in_ci() {
        let machine = || WhyNot::Machine("no python".into());
        let skipped = Outcome::Skipped("no python".into());
        assert_eq!(
            Outcome::of(machine(), true, true),
            Outcome::Broken("required in CI, but no python".into())
        );
        assert_eq!(Outcome::of(machine(), false, true), skipped);
        assert_eq!(Outcome::of(machine(), true, false), skipped);
        let broken = Outcome::of(WhyNot::Broken("no".into()), false, false);
        assert_eq!(broken, Outcome::Broken("no".into()), "whoever needs it and wherever");
    }

    #[test]
    fn the_slowest_are_named() {
        let times = vec![(1.0, "a".to_owned()), (12.4, "b".to_owned()), (3.0, "c".to_owned())];
        assert_eq!(slowest(times, 2), "\nslowest: b 12s, c 3s");
        assert_eq!(slowest(Vec::new(), 2), "");
    }

    #[test]
    fn the_table_ends_with_the_counts() {
        let row = |name, outcome| Row { name, outcome, time: Duration::from_millis(1500) };
        let mut rows = vec![row("fmt", Outcome::Good), row("clippy", Outcome::Skipped("gone".into()))];
        let expected = "fmt     ok           1.5s\nclippy  skipped      1.5s  gone\nsuites: 1 ran, 1 skipped";
        assert_eq!(table(&rows), expected);
        rows.push(row("aws", Outcome::Broken("it ended with exit status: 1".into())));
        assert!(table(&rows).ends_with("\nsuites: 2 ran, 1 skipped; broken: aws"));
    }
}
