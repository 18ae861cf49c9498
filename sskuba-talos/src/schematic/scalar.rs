//! Texts in YAML: which style the factory's library gives them, and how that is written.

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

/// Words that are something else than a text, or were in an earlier YAML.
const WORDS: [&str; 41] = [
    "", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False", "FALSE", "y", "Y", "yes",
    "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off", "OFF", "<<", ".nan", ".NaN",
    ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", "-0",
];

/// Tells whether a plain text would be read as nothing, a truth value, a number, a moment or a merge key.
fn reads_as_other(text: &str) -> bool {
    if WORDS.contains(&text) {
        return true;
    }
    match text.chars().next() {
        // There Go takes an underscore between two digits.
        Some('.') => !is_apart(text) && is_float(&text.replace('_', "")),
        Some('+' | '-' | '0'..='9') => {
            let plain = text.replace('_', "");
            is_moment(text) || is_integer(&plain) || is_float(&plain) || is_sexagesimal(text)
        }
        _ => false,
    }
}

/// Tells whether an underscore stands beside something else than a digit.
fn is_apart(text: &str) -> bool {
    let bytes = text.as_bytes();
    let beside = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    text.match_indices('_').any(|(at, _)| at == 0 || !beside(at - 1) || !beside(at + 1))
}

/// Tells whether Go reads a whole number of 64 bits of it, in any base that it knows by a prefix.
fn is_integer(text: &str) -> bool {
    let bare = text.trim_start_matches(['+', '-']);
    if text.len() > bare.len() + 1 {
        return false;
    }
    let lower = bare.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'o', ..] => (&lower[2..], 8),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (&lower[..], 10),
    };
    let signed = digits.starts_with(['+', '-']);
    let value = u128::from_str_radix(digits, radix).ok().filter(|_| !signed);
    let most = match text.as_bytes().first() {
        Some(b'-') => 1 << 63,
        Some(b'+') => (1 << 63) - 1,
        _ => u128::from(u64::MAX),
    };
    value.is_some_and(|value| value <= most)
}

/// Tells whether it is a number with digits, and a point or an exponent, that fits in 64 bits.
fn is_float(text: &str) -> bool {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (number, exponent) = match bare.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (bare, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let exponent = exponent.is_none_or(|text| {
        let text = text.strip_prefix(['+', '-']).unwrap_or(text);
        !text.is_empty() && digits(text)
    });
    let has_digits = !(whole.is_empty() && part.is_empty());
    let reads = text.parse::<f64>().is_ok_and(f64::is_finite);
    has_digits && exponent && digits(whole) && digits(part) && reads
}

/// Tells whether an earlier YAML reads a number in base 60 of it: `1:30`.
fn is_sexagesimal(text: &str) -> bool {
    let bare = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = bare.split(':');
    let first = parts.next().unwrap_or_default();
    let head = first.starts_with(|first: char| first.is_ascii_digit())
        && first.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let rest: Vec<&str> = parts.collect();
    let Some((last, middle)) = rest.split_last() else { return false };
    let (last, part) = last.split_once('.').unwrap_or((last, ""));
    let sixty = |text: &str| match text.as_bytes() {
        [one] => one.is_ascii_digit(),
        [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
        _ => false,
    };
    let tail = part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    head && sixty(last) && middle.iter().all(|part| sixty(part)) && tail
}

/// Tells whether it is a date, or a date with a time, as Go reads them.
fn is_moment(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at..])),
        None => (text, None),
    };
    let number = |text: &str, most: usize| -> Option<u32> {
        let fits = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse().ok()).flatten()
    };
    let mut parts = date.split('-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let (Some(year), Some(month), Some(day)) =
        (number(year, 4).filter(|_| year.len() == 4), number(month, 2), number(day, 2))
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    let Some(time) = time else { return (1..=days).contains(&day) };
    (1..=days).contains(&day) && is_time(&time[1..], !time.starts_with(' '))
}

/// Tells whether it is a time of day, with a zone or without one.
fn is_time(text: &str, with_zone: bool) -> bool {
    let zone = match text.find(['Z', '+', '-']) {
        Some(at) => at,
        None => text.len(),
    };
    let (time, zone) = text.split_at(zone);
    let (time, part) = time.split_once(['.', ',']).unwrap_or((time, "0"));
    let numbers: Vec<Option<u32>> = time
        .split(':')
        .map(|text| ((1..=2).contains(&text.len())).then(|| text.parse().ok()).flatten())
        .collect();
    let in_range = matches!(numbers[..], [Some(0..24), Some(0..60), Some(0..60)]);
    let is_part = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_zone = match zone.as_bytes() {
        [] => !with_zone,
        [b'Z'] => with_zone,
        [_, a, b, b':', c, d] => with_zone && [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    in_range && is_part && is_zone
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
