//! URLs, read as Talos reads them: enough of the syntax to say what is wrong with one.

/// The parts of a URL.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Url<'a> {
    /// Before `://`; empty where there is none.
    pub(crate) scheme: &'a str,
    /// A name or an address, without brackets.
    pub(crate) host: &'a str,
    /// After the host's colon.
    pub(crate) port: Option<&'a str>,
    /// From the first slash after the host, without query and fragment.
    pub(crate) path: &'a str,
}

/// Reads a URL; `None` if it cannot be one.
pub(crate) fn parse(text: &str) -> Option<Url<'_>> {
    if text.chars().any(|letter| letter.is_control() || letter == ' ') {
        return None;
    }
    let text = text.split('#').next().unwrap_or_default();
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        Some(_) => return None,
        None => return Some(Url { scheme: "", host: "", port: None, path: text }),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = path.split('?').next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (host, port) = if let Some(bracketed) = authority.strip_prefix('[') {
        let (host, after) = bracketed.split_once(']')?;
        (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
    } else {
        authority.rsplit_once(':').map_or((authority, None), |(host, port)| (host, Some(port)))
    };
    // Without brackets nobody can tell an address of IPv6 from its port.
    if !authority.starts_with('[') && host.contains(':') {
        return None;
    }
    let numeric = |port: &str| port.bytes().all(|digit| digit.is_ascii_digit());
    (port.is_none_or(numeric) && escapes(path)).then_some(Url { scheme, host, port, path })
}

/// Returns the host of a URL that has one.
pub(crate) fn host(text: &str) -> Option<&str> {
    parse(text).map(|url| url.host).filter(|host| !host.is_empty())
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
}

/// Every `%` begins an escape.
fn escapes(path: &str) -> bool {
    path.split('%')
        .skip(1)
        .all(|after| after.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found() {
        let url = parse("https://me:secret@[fd00::1]:6443/a?b#c").unwrap();
        assert_eq!(url, Url { scheme: "https", host: "fd00::1", port: Some("6443"), path: "/a" });
        assert_eq!(host("https://base:6443"), Some("base"));
        assert_eq!(host("base:6443"), None);
        for bad in [
            "1https://a",
            "https://a b",
            "https://a:x",
            "https://[::1",
            "https://fd00::1:6443",
            "https://a/%zz",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
