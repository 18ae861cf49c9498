//! What the kinds of Route 53 are written with.

pub(super) use std::collections::BTreeMap;

pub(super) use sskuba_core::prelude::*;
pub(super) use sskuba_core::schema::FieldError;
pub(super) use sskuba_core::value::Value;

#[cfg(feature = "route53")]
pub(super) use super::service::*;
pub(super) use crate::kind::{Kind, mistake};
pub(super) use crate::texts::{AtMost, Between};

/// Returns a domain name as Route 53 means it: in small letters, without the dot at its end, and with the characters that it
/// writes as octal numbers, such as `\052` for `*`.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut rest = name.strip_suffix('.').unwrap_or(name);
    while let Some(c) = rest.chars().next() {
        let code = rest.strip_prefix('\\').and_then(|code| code.get(..3));
        let code = code.and_then(|code| u8::from_str_radix(code, 8).ok());
        match code.filter(u8::is_ascii_graphic) {
            Some(code) => (plain.push(char::from(code).to_ascii_lowercase()), rest = &rest[4..]),
            None => (plain.push(c.to_ascii_lowercase()), rest = &rest[c.len_utf8()..]),
        };
    }
    plain
}

/// The same for the values of a field.
pub(super) fn same_name(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |text| plain(text).into())
}

/// Says what is wrong with a domain name
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>).
pub(super) fn name_mistake(field: &str, name: &str) -> Option<FieldError> {
    let plain = plain(name);
    let message = if plain.len() > 255 {
        format!("has {} characters; AWS takes at most 255", plain.len())
    } else if plain.chars().any(|c| c.is_whitespace() || !c.is_ascii()) {
        format!("{name:?} has a space, or a letter that is none of ASCII; write it in Punycode (`xn--…`)")
    } else if plain.split('.').any(|label| label.is_empty() || label.len() > 63) {
        format!("{name:?} has a label that is empty or longer than 63 characters")
    } else {
        return None;
    };
    Some(mistake(field, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_are_one_name() {
        for (name, same) in [
            ("Example.COM.", "example.com"),
            ("\\052.example.com.", "*.example.com"),
            ("a\\057b.example.com", "a/b.example.com"),
            ("odd\\", "odd\\"),
            ("odd\\9\u{e9}x", "odd\\9\u{e9}x"),
            ("\\\u{e9}\u{e9}", "\\\u{e9}\u{e9}"),
        ] {
            assert_eq!(plain(name), same, "{name}");
        }
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        let label = "x".repeat(64);
        for name in ["a..b", ".a", "a b", "b\u{fc}cher.example", &label, &["x"; 129].join(".")] {
            assert!(name_mistake("name", name).is_some(), "{name}");
        }
        for name in ["example.com.", "*.example.com", "_acme-challenge.example.com"] {
            assert!(name_mistake("name", name).is_none(), "{name}");
        }
    }
}
