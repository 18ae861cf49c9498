//! What a plain text is to Talos: nothing, a truth value, a number, a moment, or a text. Talos reads YAML with
//! `go.yaml.in/yaml/v4`, which knows more notations of numbers than YAML 1.2 does.

use super::{MERGE, Node};

/// Reads a plain text.
pub(super) fn resolve(text: &str) -> Node {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Node::Null,
        "true" | "True" | "TRUE" => return Node::Bool(true),
        "false" | "False" | "FALSE" => return Node::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Node::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Node::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Node::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if !is_number(text) {
        // A moment is a text to a field that holds one, and a moment where anything may stand.
        let text = text.to_owned();
        return if is_moment(&text) { Node::Number(text) } else { Node::String(text) };
    }
    let usual = integer(text).and_then(usual).filter(|node| node.scalar().as_deref() == Some(text));
    let float = || text.parse().ok().map(Node::Float).filter(|node| node.scalar().as_deref() == Some(text));
    // Whether it is a number at all is for its field to say: a version is a text, however it looks.
    usual.or_else(float).unwrap_or_else(|| Node::Number(text.to_owned()))
}

/// Returns a whole number as it is usually kept.
pub(super) fn usual(value: i128) -> Option<Node> {
    i64::try_from(value).map(Node::Int).or_else(|_| u64::try_from(value).map(Node::UInt)).ok()
}

/// Returns the value of a whole number of 64 bits in any notation that Go knows: `0o600`, `0600`, `0x1F`, `1_000`, `420.0`.
pub(super) fn integer(text: &str) -> Option<i128> {
    whole(text).or_else(|| {
        let value: f64 = text.replace('_', "").parse().ok()?;
        let exact = value.fract() == 0.0 && value.abs() < EXACT;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
        exact.then_some(value as i128)
    })
}

/// Up to here a number with a point is exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn whole(text: &str) -> Option<i128> {
    let plain = text.replace('_', "");
    let bare = plain.trim_start_matches(['+', '-']);
    if plain.len() > bare.len() + 1 || bare.is_empty() {
        return None;
    }
    let lower = bare.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'o', ..] => (&lower[2..], 8),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (&lower[..], 10),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let value = i128::from_str_radix(digits, radix).ok()?;
    let (value, most) = match plain.as_bytes().first() {
        Some(b'-') => (-value, 1 << 63),
        Some(b'+') => (value, (1 << 63) - 1),
        _ => (value, i128::from(u64::MAX)),
    };
    (value.abs() <= most).then_some(value)
}

fn is_number(text: &str) -> bool {
    match text.chars().next() {
        // There Go takes an underscore between two digits.
        Some('.') => !is_apart(text) && is_float(&text.replace('_', "")),
        Some('+' | '-' | '0'..='9') => {
            !is_moment(text) && (integer(text).is_some() || is_float(&text.replace('_', "")))
        }
        _ => false,
    }
}

/// Reads a truth value of YAML 1.1, which is a text since, but not to a field that holds a truth value.
pub(super) fn old_truth(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Tells whether a plain text would be read as something else than that text: now, or by YAML 1.1, or as a merge key.
pub(super) fn reads_as_other(text: &str) -> bool {
    !matches!(resolve(text), Node::String(_))
        || old_truth(text).is_some()
        || is_sexagesimal(text)
        || text == MERGE
}

/// Tells whether an underscore stands beside something else than a digit.
fn is_apart(text: &str) -> bool {
    let bytes = text.as_bytes();
    let beside = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    text.match_indices('_').any(|(at, _)| at == 0 || !beside(at - 1) || !beside(at + 1))
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
    fn numbers_in_odd_notations_keep_their_text() {
        for (text, value) in [
            ("0600", 384),
            ("0o600", 384),
            ("1_000", 1000),
            ("0x1F", 31),
            ("-0b11", -3),
            ("+7", 7),
            ("420.0", 420),
        ] {
            assert_eq!(resolve(text), Node::Number(text.to_owned()));
            assert_eq!(integer(text), Some(value), "{text}");
        }
        assert_eq!(resolve("600"), Node::Int(600));
        assert_eq!(resolve("18446744073709551615"), Node::UInt(u64::MAX));
        assert_eq!(resolve("1.5"), Node::Float(1.5));
        assert_eq!(resolve("1.10"), Node::Number("1.10".into()), "a version, perhaps");
        assert_eq!(resolve("2026-11-29"), Node::Number("2026-11-29".into()));
        for text in ["1:30", "yes", "0o9", "v1", "1.2.3", "-", "+-1"] {
            assert_eq!(resolve(text), Node::String(text.to_owned()));
        }
    }
}
