//! Where a machine is.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// The port of the machine API.
const PORT: u16 = 50_000;

/// Where a machine API is, and which machine behind it is meant.
///
/// ```
/// use sskuba_talos::api::Target;
/// let target: Target = "10.0.0.5".parse()?;
/// assert_eq!(target.to_string(), "10.0.0.5:50000");
/// assert_eq!(target.through("10.0.0.9").to_string(), "10.0.0.9 through 10.0.0.5:50000");
/// # Ok::<(), sskuba_talos::api::BadTarget>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    host: String,
    port: u16,
    node: Option<String>,
    server_name: Option<String>,
}

/// A text that is no address of a machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no address of a machine: {why}; write e.g. 10.0.0.5, [fd00::5]:50000 or node.example.com"
)]
pub struct BadTarget {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Target {
    /// Has the machine here pass calls on to `node`.
    #[must_use]
    pub fn through(mut self, node: impl Into<String>) -> Self {
        self.node = Some(node.into());
        self
    }

    /// Expects this name or address in the machine's certificate instead of the one that is dialled: for tunnels.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Returns the host that is dialled: an address without brackets, or a name.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port that is dialled.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the node that calls are passed on to.
    pub fn node(&self) -> Option<&str> {
        self.node.as_deref()
    }

    /// Returns whose certificate is expected.
    pub fn server_name(&self) -> &str {
        self.server_name.as_deref().unwrap_or(&self.host)
    }
}

impl FromStr for Target {
    type Err = BadTarget;

    /// Reads a host with or without a port.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = |why| BadTarget { text: text.to_owned(), why };
        let (host, port) = match text.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((host, ""))) => (host, None),
            Some(Some((host, port))) => {
                (host, Some(port.strip_prefix(':').ok_or_else(|| bad("after ] comes :port"))?))
            }
            Some(None) => return Err(bad("the ] is missing")),
            None if text.parse::<Ipv6Addr>().is_ok() => (text, None),
            None => text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        if host.is_empty() {
            return Err(bad("there is no host"));
        }
        let v6 = host.parse::<Ipv6Addr>().is_ok();
        if text.starts_with('[') && !v6 {
            return Err(bad("in brackets there is an IPv6 address"));
        }
        let name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        if !v6 && !host.chars().all(name) {
            return Err(bad("a host is an address or a DNS name, without a scheme"));
        }
        let port = port.map_or(Ok(PORT), str::parse).map_err(|_| bad("the port is no number up to 65535"))?;
        if port == 0 {
            return Err(bad("nothing listens on port 0"));
        }
        Ok(Self { host: host.to_owned(), port, node: None, server_name: None })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(node) = &self.node {
            write!(f, "{node} through ")?;
        }
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for (text, written) in [
            ("10.0.0.5", "10.0.0.5:50000"),
            ("10.0.0.5:1", "10.0.0.5:1"),
            ("fd00::5", "[fd00::5]:50000"),
            ("[fd00::5]", "[fd00::5]:50000"),
            ("[fd00::5]:9", "[fd00::5]:9"),
            ("node-1.example.com:50001", "node-1.example.com:50001"),
        ] {
            assert_eq!(text.parse::<Target>().map(|target| target.to_string()), Ok(written.to_owned()));
        }
        for text in
            ["", ":1", "a:b", "a:70000", "a:0", "https://a", "a b", "[a]", "[fd00::5", "[fd00::5]9", "é"]
        {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
