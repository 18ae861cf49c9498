//! A part of the terminal that is drawn again and again, in place.

use std::fmt::Write as _;

use crate::environment::Size;

/// Remembers what was drawn, so that the next picture takes its place.
#[derive(Debug, Default)]
pub(crate) struct Canvas {
    /// The widths of the lines on the screen, in characters.
    drawn: Vec<usize>,
}

impl Canvas {
    /// Returns what to write so that `lines` stand where the last picture stood. One write, without clearing
    /// first, so that nothing flickers.
    pub(crate) fn draw(&mut self, lines: &[String], size: Size) -> String {
        let mut text = String::from("\u{1b}[?2026h");
        text.push_str(&self.back(size));
        for line in lines {
            let _ = write!(text, "{line}\u{1b}[K\r\n");
        }
        text.push_str("\u{1b}[J\u{1b}[?2026l");
        self.drawn = lines.iter().map(|line| visible(line)).collect();
        text
    }

    /// Returns what to write so that the last picture is gone.
    pub(crate) fn clear(&mut self, size: Size) -> String {
        if self.drawn.is_empty() {
            return String::new();
        }
        let text = self.back(size) + "\u{1b}[J";
        self.drawn.clear();
        text
    }

    /// Returns what to write to go to the first line of the last picture. A terminal that became narrower since
    /// has broken its lines, so that they take more rows.
    fn back(&self, size: Size) -> String {
        let rows: usize = self.drawn.iter().map(|width| width.div_ceil(size.width.max(1)).max(1)).sum();
        match rows.min(size.height.saturating_sub(1)) {
            0 => "\r".to_owned(),
            rows => format!("\r\u{1b}[{rows}A"),
        }
    }
}

/// Counts the characters of a line that are seen.
fn visible(line: &str) -> usize {
    let mut count = 0;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_takes_the_place_of_the_last_one() {
        let mut canvas = Canvas::default();
        let size = Size { width: 20, height: 10 };
        let lines = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        assert!(canvas.draw(&lines(&["a", "b"]), size).contains("\ra\u{1b}[K\r\nb\u{1b}[K\r\n\u{1b}[J"));
        assert!(canvas.draw(&lines(&["c"]), size).contains("\r\u{1b}[2Ac"));
        assert!(canvas.clear(size).starts_with("\r\u{1b}[1A"));
        assert_eq!(canvas.clear(size), "");
    }

    #[test]
    fn a_terminal_that_became_narrower_has_broken_the_lines() {
        let mut canvas = Canvas::default();
        canvas.draw(&["x".repeat(30), "\u{1b}[31mred\u{1b}[0m".to_owned()], Size { width: 40, height: 10 });
        assert!(canvas.clear(Size { width: 10, height: 10 }).starts_with("\r\u{1b}[4A"));
        canvas.draw(&["x".repeat(30)], Size { width: 40, height: 10 });
        assert!(
            canvas.clear(Size { width: 1, height: 10 }).starts_with("\r\u{1b}[9A"),
            "never above the screen"
        );
    }
}
