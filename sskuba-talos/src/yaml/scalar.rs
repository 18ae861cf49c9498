//! Texts in YAML: which style `go.yaml.in/yaml/v4` gives them, and how that is written.

use super::notation::reads_as_other;

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    /// A block, each line on a line of its own.
    Literal,
}

/// Returns the style of a text that is a value.
pub(super) fn style(text: &str) -> Style {
    let found = Analysis::of(text);
    if text.contains('\n') {
        let is_block = text.len() > 1 && text.chars().any(|letter| !letter.is_whitespace());
        return if is_block && found.may_be_block { Style::Literal } else { Style::Double };
    }
    if reads_as_other(text) {
        return Style::Double;
    }
    match (found.may_be_plain, found.may_be_single) {
        (true, _) => Style::Plain,
        (false, true) => Style::Single,
        (false, false) => Style::Double,
    }
}

/// Writes a text on one line.
pub(super) fn plain_or_quoted(text: &str) -> String {
    match style(text) {
        Style::Plain => text.to_owned(),
        Style::Single => format!("'{}'", text.replace('\'', "''")),
        Style::Double | Style::Literal => double(text),
    }
}

/// What a text has that some styles cannot show.
struct Analysis {
    may_be_plain: bool,
    may_be_single: bool,
    may_be_block: bool,
}

impl Analysis {
    fn of(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let blank = |at: usize| letters.get(at).is_none_or(|letter| [' ', '\t', '\n'].contains(letter));
        let indicates = |(at, letter): (usize, &char)| match letter {
            '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
            | '`'
                if at == 0 =>
            {
                true
            }
            '?' | '-' if at == 0 => blank(at + 1),
            ':' => blank(at + 1),
            '#' => blank(at - 1),
            _ => false,
        };
        let marker = text.starts_with("---") || text.starts_with("...");
        let indicators = marker || letters.iter().enumerate().any(indicates);
        let special = letters.iter().any(|letter| *letter != '\t' && !is_printable(*letter));
        let edges = text.starts_with([' ', '\n']) || text.ends_with([' ', '\n']);
        let (space_break, break_space) = (text.contains(" \n"), text.contains("\n "));
        let odd = space_break || special || text.contains('\t');
        Self {
            may_be_plain: !(indicators || edges || odd || text.contains('\n')),
            may_be_single: !(break_space || odd),
            may_be_block: !(text.ends_with(' ') || space_break || special),
        }
    }
}

/// Tells what the library writes as it is. Letters beyond the first plane are not among that.
fn is_printable(letter: char) -> bool {
    matches!(letter, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && letter != '\u{feff}'
}

/// Writes a text in double quotes.
pub(super) fn double(text: &str) -> String {
    let mut quoted = String::from("\"");
    // After a byte order mark the library takes every letter for one.
    let escapes_all = text.starts_with('\u{feff}');
    for letter in text.chars() {
        let code = u32::from(letter);
        match letter {
            '\0' => quoted += "\\0",
            '\u{7}' => quoted += "\\a",
            '\u{8}' => quoted += "\\b",
            '\t' => quoted += "\\t",
            '\n' => quoted += "\\n",
            '\u{b}' => quoted += "\\v",
            '\u{c}' => quoted += "\\f",
            '\r' => quoted += "\\r",
            '\u{1b}' => quoted += "\\e",
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\u{85}' => quoted += "\\N",
            '\u{a0}' if escapes_all => quoted += "\\_",
            '\u{2028}' => quoted += "\\L",
            '\u{2029}' => quoted += "\\P",
            letter if is_printable(letter) && !escapes_all => quoted.push(letter),
            _ if code <= 0xff => quoted += &format!("\\x{code:02X}"),
            _ if code <= 0xffff => quoted += &format!("\\u{code:04X}"),
            _ => quoted += &format!("\\U{code:08X}"),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_read_as_something_else_is_quoted() {
        for text in
            ["0x1F", "017", "089", "1_000", "-0b11", "1e3", ".5", "2001-12-14", "1:30", "yes", "", "<<", "+7"]
        {
            assert_eq!(style(text), Style::Double, "{text}");
        }
        for text in [
            "0xZZ",
            "1e999",
            "1.2.3",
            "v1.13",
            "2001-13-14",
            "1:99",
            "yess",
            "...x".trim_start_matches('.'),
            "-",
        ] {
            assert_ne!(style(text), Style::Double, "{text}");
        }
    }
}
