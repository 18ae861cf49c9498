//! The spellings in which a text may come back: as other programs encode, quote and escape it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The shortest piece of base64 that is looked for in the middle of another.
const PIECE: usize = 5;

/// The longest text that is looked for in every spelling; documents are looked for as JSON and base64 alone.
const DOCUMENT: usize = 4096;

/// Returns other spellings of a text: trimmed, as JSON, URLs, shells and base64 have it, and what it means if it is one
/// of these itself.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let mut all = vec![text.trim().to_owned()];
    json(text, &mut all);
    base64(text, &mut all);
    if text.len() <= DOCUMENT {
        percent(text, &mut all);
        shell(text, &mut all);
    }
    meaning(text, &mut all);
    all.retain(|form| form != text && !form.is_empty());
    all.sort();
    all.dedup();
    all
}

/// As JSON: as it is, in ASCII alone, and with what HTML takes for its own escaped as well.
fn json(text: &str, all: &mut Vec<String>) {
    let json = serde_json::Value::from(text).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let ascii: String = json
        .chars()
        .map(|c| match c {
            c if c.is_ascii() => c.to_string(),
            c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
        })
        .collect();
    for json in [json, ascii] {
        all.push(json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026"));
        all.push(json.replace('/', "\\/"));
        all.push(json);
    }
    let debug = format!("{text:?}");
    all.push(debug[1..debug.len() - 1].to_owned());
}

/// As parts of URLs: everything but the unreserved characters encoded, or as browsers and paths have it, or as forms.
fn percent(text: &str, all: &mut Vec<String>) {
    for kept in ["", "!'()*", "!$&'()*+,;=", "!$&'()*+,;=:@", "!$&'()*+,;=:@/?"] {
        let upper: String = text.bytes().map(|byte| encoded(byte, kept)).collect();
        all.push(upper.replace("%20", "+"));
        all.push(lower(&upper));
        all.push(upper);
    }
}

fn encoded(byte: u8, kept: &str) -> String {
    let letter = char::from(byte);
    if letter.is_ascii_alphanumeric()
        || "-._~".contains(letter)
        || (letter.is_ascii() && kept.contains(letter))
    {
        letter.to_string()
    } else {
        format!("%{byte:02X}")
    }
}

/// Writes the digits after each percent sign as small letters.
fn lower(text: &str) -> String {
    let mut after = 0;
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        out.push(if after > 0 { c.to_ascii_lowercase() } else { c });
        after = if c == '%' { 2 } else { i32::max(after - 1, 0) };
    }
    out
}

/// As shells have it inside quotes of both sorts, and without quotes.
fn shell(text: &str, all: &mut Vec<String>) {
    all.push(text.replace('\'', r"'\''"));
    all.push(text.replace('\'', r#"'"'"'"#));
    let escape = |special: &str| -> String {
        text.chars().flat_map(|c| special.contains(c).then_some('\\').into_iter().chain([c])).collect()
    };
    all.push(escape("\"\\$`"));
    all.push(escape(" \t\"'\\$`!&|;<>()*?[]{}#~^,=%"));
    all.push(escape(" \t\"'\\$`!&|;<>()*?[]{}#~"));
    all.push(escape("'\\"));
}

/// As base64 in both alphabets: alone, as a line, and in the middle of what was encoded with it, e.g. a user's name.
fn base64(text: &str, all: &mut Vec<String>) {
    let line = format!("{text}\n");
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        for text in [text, &line] {
            let coded = engine.encode(text);
            let padding = "=".repeat((4 - coded.len() % 4) % 4);
            all.push(format!("{coded}{padding}"));
            all.push(coded);
        }
        for before in 0..3 {
            let bytes = [&[0; 3][..before], text.as_bytes()].concat();
            let coded = engine.encode(&bytes);
            // The digits that no neighbour has a bit of.
            let (from, to) = ((before * 8).div_ceil(6), bytes.len() * 8 / 6);
            if to >= from + PIECE {
                all.push(coded[from..to].to_owned());
            }
        }
    }
}

/// What it means, if it is base64 or has percent signs, and the password of a URL.
fn meaning(text: &str, all: &mut Vec<String>) {
    let bare = text.trim().trim_end_matches('=');
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        all.extend(engine.decode(bare).ok().and_then(|bytes| String::from_utf8(bytes).ok()));
    }
    all.extend(decoded(text));
}

/// Decodes the percent signs of a text; none if there is nothing to decode.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, more @ ..] = rest {
        let digits =
            || std::str::from_utf8(more.get(..2)?).ok().and_then(|two| u8::from_str_radix(two, 16).ok());
        match digits().filter(|_| *byte == b'%') {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &more[2..];
            }
            None => {
                bytes.push(*byte);
                rest = more;
            }
        }
    }
    String::from_utf8(bytes).ok().filter(|decoded| decoded != text)
}

/// Returns the password in the authority of a URL, e.g. that of a database, as it stands there and decoded.
pub(super) fn password(text: &str) -> Vec<String> {
    let after = text.split_once("://").map(|(_, rest)| rest.split(['/', '?', '#']).next().unwrap_or(rest));
    let user = after.and_then(|authority| authority.rsplit_once('@')).map(|(user, _)| user);
    let Some((_, password)) = user.and_then(|user| user.split_once(':')) else { return Vec::new() };
    decoded(password).into_iter().chain([password.to_owned()]).filter(|text| !text.is_empty()).collect()
}
