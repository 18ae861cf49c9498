//! Texts of a certain form, as Talos reads them.

use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::cel;
use super::table::Schema;
use crate::locator;
use crate::yaml::Node;

/// Checks a value against a form of the table.
///
/// # Errors
/// What the value must be. The value is quoted only where it cannot be a secret.
pub(super) fn check(form: &str, node: &Node, schema: &Schema) -> Result<(), String> {
    if form == "ArgValue" {
        return argument(node);
    }
    let text = node.scalar().ok_or_else(|| format!("must be a text and is {}", node.kind()))?;
    let text = text.as_str();
    if let Some(values) = schema.values(form) {
        return enumerated(text, values);
    }
    let (valid, wanted) = match form {
        "Addr" => (text.is_empty() || address(text).is_some(), "an IP address"),
        "AddrPort" => (text.parse::<SocketAddr>().is_ok(), "an IP address with a port"),
        "Prefix" => (text.is_empty() || prefix(text).is_some(), "an address range, e.g. 10.0.0.0/8"),
        "Duration" => {
            (matches!(node, Node::String(_)) && duration(text).is_some(), "a duration with units, e.g. 1m30s")
        }
        "HardwareAddr" => (hardware(text), "a hardware address, e.g. 2e:3c:4d:5e:6f:70"),
        "URL" | "Endpoint" => return url(text),
        "Base64" | "Base64Bytes" => return base64(text),
        "ByteSize" => (text.is_empty() || size(text.trim_start_matches('-')).is_some(), "a size, e.g. 10GiB"),
        "DiskSize" => (size(text).is_some(), "a size, e.g. 10GiB"),
        "Size" => (text.is_empty() || size_or_share(text), "a size or a percentage, e.g. 10GiB or 50%"),
        "InstallDiskSizeMatcher" => {
            let bare = text.trim().trim_start_matches(['<', '>', '=']).trim();
            (size(bare).is_some(), "a comparison with a size, e.g. >= 100GB")
        }
        "PortRange" => (ports(text).is_some(), "a port or a range of ports, e.g. 8000-8080"),
        "Expression" => return cel::parse(text).map_err(|what| format!("is no CEL expression: {what}")),
        _ => return Ok(()),
    };
    if valid { Ok(()) } else { Err(format!("must be {wanted} and is {text:?}")) }
}

fn argument(node: &Node) -> Result<(), String> {
    let scalar = |node: &Node| !matches!(node, Node::Seq(_) | Node::Map(_));
    match node {
        Node::Seq(items) if items.iter().all(scalar) => Ok(()),
        node if scalar(node) => Ok(()),
        _ => Err("must be a text or a list of texts".to_owned()),
    }
}

fn enumerated(text: &str, values: &[String]) -> Result<(), String> {
    if values.iter().any(|value| value.eq_ignore_ascii_case(text))
        || values.len() > 200 && text.parse::<u32>().is_ok()
    {
        return Ok(());
    }
    if values.len() > 200 {
        return Err(format!("must be a number or a name of a routing table and is {text:?}"));
    }
    let known: Vec<&str> = values.iter().map(String::as_str).filter(|value| *value != "-").collect();
    Err(format!("must be one of {} and is {text:?}", known.join(", ")))
}

/// Reads an address, which may name a zone.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let bare = match text.split_once('%') {
        Some((address, zone)) if address.contains(':') && !zone.is_empty() => address,
        _ => text,
    };
    bare.parse().ok()
}

/// Reads an address and the length of its prefix.
pub(crate) fn prefix(text: &str) -> Option<ipnet::IpNet> {
    let (_, length) = text.split_once('/')?;
    // `08` and `+8` are no lengths.
    let canonical =
        length.bytes().all(|digit| digit.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
    text.parse().ok().filter(|_| canonical)
}

/// Reads a duration, e.g. `1m30s`, in nanoseconds.
pub(crate) fn duration(text: &str) -> Option<f64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0.0);
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let count: f64 = rest.get(..end)?.parse().ok()?;
        rest = rest.get(end..)?;
        let end = rest.find(|letter: char| letter.is_ascii_digit() || letter == '.').unwrap_or(rest.len());
        let unit = match rest.get(..end)? {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        total += count * unit;
        rest = rest.get(end..)?;
    }
    (!text.is_empty() && !text.ends_with(['-', '+']) && total < 9.3e18).then_some(sign * total)
}

/// Pairs of hexadecimal digits; colons between them are only for people.
fn hardware(text: &str) -> bool {
    let digits = text.replace(':', "");
    digits.len().is_multiple_of(2) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn url(text: &str) -> Result<(), String> {
    // It may hold a password.
    if locator::parse(text).is_some() { Ok(()) } else { Err("must be a URL".to_owned()) }
}

fn base64(text: &str) -> Result<(), String> {
    let unwrapped: String = text.chars().filter(|letter| !"\r\n".contains(*letter)).collect();
    match STANDARD.decode(unwrapped) {
        Ok(_) => Ok(()),
        Err(_) => Err("must be standard base64 with its padding".to_owned()),
    }
}

/// Reads a size, e.g. `10GiB`, in bytes.
pub(crate) fn size(text: &str) -> Option<f64> {
    let end =
        text.find(|letter: char| !letter.is_ascii_digit() && !".,".contains(letter)).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.replace(',', "").parse().ok()?;
    let power = |base: f64, letter: char| "kmgtpe".find(letter).map(|place| base.powi(place as i32 + 1));
    let unit = unit.trim().to_ascii_lowercase();
    let factor = match unit.as_str() {
        "" | "b" => 1.0,
        unit => {
            let letter = unit.chars().next()?;
            match unit.get(letter.len_utf8()..)? {
                "" | "b" => power(1000.0, letter)?,
                "i" | "ib" => power(1024.0, letter)?,
                _ => return None,
            }
        }
    };
    let bytes = number * factor;
    (bytes < 18.4e18).then_some(bytes)
}

fn size_or_share(text: &str) -> bool {
    match text.trim_start_matches('-').strip_suffix('%') {
        Some(share) => share.parse::<f64>().is_ok_and(|share| (0.0..=100.0).contains(&share)),
        None => !text.contains('%') && size(text.trim_start_matches('-')).is_some(),
    }
}

/// Reads a port or a range of ports.
pub(crate) fn ports(text: &str) -> Option<(u16, u16)> {
    match text.split_once('-') {
        Some((low, high)) => Some((low.parse().ok()?, high.parse().ok()?)),
        None => text.parse().ok().map(|port| (port, port)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;

    #[test]
    fn durations_and_sizes_are_those_of_go() {
        assert_eq!(duration("1m30s"), Some(90e9));
        assert_eq!(duration("-0.5h"), Some(-1800e9));
        for bad in ["", "-", "1", "1d", "s", "1m30"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
        assert_eq!(size("10GiB"), Some(10_737_418_240.0));
        assert_eq!(size("1,5 kb"), Some(15_000.0));
        for bad in ["", "GB", "10 XB", "-1"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_may_be_secret_is_not_quoted() {
        for form in ["URL", "Base64"] {
            let error = check(form, &Node::from("ht!tp://canary canary"), schema()).unwrap_err();
            assert!(!error.contains("canary"), "{error}");
        }
        assert!(check("Prefix", &"10.0.0.0/40".into(), schema()).unwrap_err().contains("10.0.0.0/40"));
        assert!(check("BondMode", &"nope".into(), schema()).unwrap_err().contains("802.3ad"));
    }
}
