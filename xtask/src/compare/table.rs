//! The figures side by side, and each tool against the best peer.

use super::measure::Sample;

/// The figures of one operation of one tool.
pub(crate) struct Row {
    /// The shape of the graph.
    pub(crate) shape: String,
    /// The operation.
    pub(crate) operation: &'static str,
    /// The tool.
    pub(crate) tool: &'static str,
    /// Whether it is somebody else's.
    pub(crate) peer: bool,
    /// What it cost.
    pub(crate) sample: Sample,
    /// Bytes of state afterwards.
    pub(crate) state: f64,
}

const HEADINGS: [&str; 12] = [
    "shape",
    "operation",
    "tool",
    "wall s",
    "cpu s",
    "peak MB",
    "written MB",
    "disk MB",
    "state MB",
    "wall x",
    "peak x",
    "written x",
];

/// The first columns, which are words.
const WORDS: usize = 3;

/// The table: a row for each measurement; the last columns are multiples of the best peer's figure.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut cells = vec![HEADINGS.map(str::to_owned)];
    cells.extend(rows.iter().map(|row| line(row, rows)));
    let width = |column: usize| cells.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let pad = |(column, cell): (usize, &String)| match column < WORDS {
        true => format!("{cell:width$}", width = widths[column]),
        false => format!("{cell:>width$}", width = widths[column]),
    };
    let lines = cells.iter().map(|line| line.iter().enumerate().map(pad).collect::<Vec<_>>().join("  "));
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

fn line(row: &Row, rows: &[Row]) -> [String; 12] {
    let mega = |bytes: Option<f64>| bytes.map_or_else(|| "-".into(), |bytes| format!("{:.2}", bytes / 1e6));
    let Sample { wall, cpu, peak, written, disk, .. } = &row.sample;
    let times = |figure: fn(&Sample) -> Option<f64>| {
        let ratio = figure(&row.sample).zip(best(row, rows, figure)).filter(|(_, best)| *best > 0.0);
        ratio.map_or_else(|| "-".into(), |(own, best)| format!("{:.3}", own / best))
    };
    [
        row.shape.clone(),
        row.operation.to_owned(),
        row.tool.to_owned(),
        format!("{wall:.3}"),
        format!("{cpu:.3}"),
        mega(*peak),
        mega(*written),
        mega(*disk),
        mega(Some(row.state)),
        times(|sample| Some(sample.wall)),
        times(|sample| sample.peak),
        times(|sample| sample.written),
    ]
}

/// The best figure of a peer that did the same.
fn best(row: &Row, rows: &[Row], figure: fn(&Sample) -> Option<f64>) -> Option<f64> {
    let same = rows
        .iter()
        .filter(|other| other.peer && other.shape == row.shape && other.operation == row.operation);
    same.filter_map(|other| figure(&other.sample)).min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(tool: &'static str, peer: bool, wall: f64) -> Row {
        let sample = Sample { wall, cpu: wall, peak: Some(2e6), ..Sample::default() };
        Row { shape: "wide".into(), operation: "up", tool, peer, sample, state: 500_000.0 }
    }

    #[test]
    fn ratios_are_against_the_best_peer() {
        let rows = [row("terraform", true, 4.0), row("tofu", true, 2.0), row("sskuba", false, 0.5)];
        let text = table(&rows);
        let ratios: Vec<&str> =
            text.lines().skip(1).map(|line| line.split_whitespace().nth(9).unwrap()).collect();
        assert_eq!(ratios, ["2.000", "1.000", "0.250"]);
    }

    #[test]
    fn without_a_peer_there_is_no_ratio() {
        let text = table(&[row("sskuba", false, 0.5)]);
        let cells: Vec<&str> = text.lines().nth(1).unwrap().split_whitespace().collect();
        assert_eq!(cells[3..], ["0.500", "0.500", "2.00", "-", "-", "0.50", "-", "-", "-"]);
    }
}
