//! Tables: columns as wide as their widest cell.

use super::paint::one_line;

/// Writes rows under a heading; the last column is not padded. A cell has one line, whatever its text has.
pub(crate) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| one_line(cell))).collect();
    let mut widths = head.map(|text| text.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[String; N]| {
        let padded: Vec<String> =
            cells.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let head = line(&head.map(|text| text.to_uppercase()));
    rows.iter().fold(head, |text, row| text + &line(row))
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_are_aligned() {
        let rows = [["a".to_owned(), "long one".to_owned()], ["bbbb".to_owned(), String::new()]];
        assert_eq!(super::table(["name", "what"], &rows), "NAME  WHAT\na     long one\nbbbb\n");
    }
}
