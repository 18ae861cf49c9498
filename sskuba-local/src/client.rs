//! All that this provider asks of the network: whether something answers.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// The longest status line and headers that are looked at.
const MOST_HEAD: usize = 16 * 1024;

/// Where an http URL leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// The host and port to connect to.
    pub(crate) address: String,
    host: String,
    path: String,
}

impl Target {
    /// Reads `http://host[:port][/path]`; says what is wrong.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let rest = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => {
                return Err(
                    "https is not supported: wait for the port with `local:wait:Tcp`, or for the service \
                            with `curl` in a `local:exec:Command`"
                        .to_owned(),
                );
            }
            _ => return Err("is not a URL of the form `http://host:port/path`".to_owned()),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let path = path.split('#').next().unwrap_or_default();
        if host.is_empty()
            || host.contains('@')
            || url.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return Err("is not a URL of the form `http://host:port/path`".to_owned());
        }
        let after_name = host.rfind(']').map_or(host, |at| &host[at..]);
        let address = if after_name.contains(':') { host.to_owned() } else { format!("{host}:80") };
        if !is_address(&address) {
            return Err("its port is not from 1 to 65535".to_owned());
        }
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { address, host: host.to_owned(), path })
    }
}

/// Tells whether a text has the form `host:port`.
pub(crate) fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_host = !host.is_empty() && (!host.contains(':') || (host.starts_with('[') && host.ends_with(']')));
    is_host && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// Connects once; says why not.
pub(crate) async fn connect(address: &str, most: Duration) -> Result<TcpStream, String> {
    match timeout(most, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer".to_owned()),
    }
}

/// Asks once for a page and returns the status of the answer; says why there is none.
pub(crate) async fn get(target: &Target, most: Duration) -> Result<u16, String> {
    timeout(most, exchange(target, most)).await.unwrap_or_else(|_| Err("no answer".to_owned()))
}

async fn exchange(target: &Target, most: Duration) -> Result<u16, String> {
    let mut stream = connect(&target.address, most).await?;
    let Target { host, path, .. } = target;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sskuba/{}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    );
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut head = Vec::new();
    let mut buffer = [0_u8; 1024];
    while !head.contains(&b'\n') && head.len() < MOST_HEAD {
        match stream.read(&mut buffer).await {
            Ok(0) => break,
            Ok(count) => head.extend_from_slice(&buffer[..count]),
            Err(error) => return Err(error.to_string()),
        }
    }
    let line =
        String::from_utf8_lossy(head.split(|byte| *byte == b'\n').next().unwrap_or_default()).into_owned();
    let mut words = line.split_ascii_whitespace();
    match (words.next(), words.next().and_then(|status| status.parse::<u16>().ok())) {
        (Some(version), Some(status)) if version.starts_with("HTTP/1.") => Ok(status),
        _ => Err("what answers does not speak HTTP".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_or_refused() {
        let target = Target::parse("http://example.org/a?b#c").unwrap();
        assert_eq!((target.address.as_str(), target.path.as_str()), ("example.org:80", "/a?b"));
        assert_eq!(Target::parse("HTTP://[::1]:8080").unwrap().address, "[::1]:8080");
        assert_eq!(Target::parse("http://[::1]?x").unwrap().address, "[::1]:80");
        assert!(Target::parse("https://example.org").unwrap_err().contains("https is not supported"));
        for bad in
            ["", "example.org", "http://", "http://a b/", "http://u@h/", "http://h:0/", "http://h/\r\nX: y"]
        {
            assert!(Target::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_are_checked() {
        assert!(is_address("localhost:1") && is_address("[::1]:443"));
        assert!(
            !is_address("localhost") && !is_address("::1:443") && !is_address(":1") && !is_address("h:99999")
        );
    }
}
