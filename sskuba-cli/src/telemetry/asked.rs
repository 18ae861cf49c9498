//! What the variables ask for.

use std::collections::BTreeMap;
use std::time::Duration;

use ureq::http::Uri;

/// How long one request may take if `OTEL_EXPORTER_OTLP_TIMEOUT` says nothing; the standard's value.
const USUAL_TIMEOUT: Duration = Duration::from_secs(10);

/// What is to be done with spans.
#[derive(Debug, PartialEq)]
pub(super) enum Asked {
    /// Nothing.
    Nothing,
    /// They are sent.
    Spans {
        /// The host and port of the collector, for messages: an URL may hold a password.
        collector: String,
        /// How long one request may take.
        timeout: Duration,
        /// The file of the certificates that the collector's must be signed by.
        certificate: Option<String>,
    },
    /// They should be sent in a way that this program does not know.
    Unknown(String),
}

impl Asked {
    /// Reads the variables; an empty one counts as none.
    pub(super) fn of(variables: &BTreeMap<String, String>) -> Self {
        let get =
            |name: &str| variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        // What is said of traces comes before what is said of all signals.
        let either = |what: &str| {
            let names = [format!("OTEL_EXPORTER_OTLP_TRACES_{what}"), format!("OTEL_EXPORTER_OTLP_{what}")];
            names.into_iter().find_map(|name| Some((get(&name)?, name)))
        };
        let off = get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let Some((endpoint, variable)) = either("ENDPOINT").filter(|_| !off) else { return Self::Nothing };
        match get("OTEL_TRACES_EXPORTER") {
            None | Some("otlp") => {}
            Some("none") => return Self::Nothing,
            Some(_) => return Self::Unknown("`OTEL_TRACES_EXPORTER` may be `otlp` or `none` here".into()),
        }
        if let Some((_, variable)) = either("PROTOCOL").filter(|(protocol, _)| *protocol != "http/protobuf") {
            return Self::Unknown(format!("`{variable}` may be `http/protobuf` alone here"));
        }
        let Some(collector) = collector(endpoint) else {
            return Self::Unknown(format!(
                "`{variable}` is no URL of a collector, such as `http://localhost:4318`"
            ));
        };
        let timeout = either("TIMEOUT").and_then(|(value, _)| value.parse().ok());
        let timeout = timeout.map_or(USUAL_TIMEOUT, Duration::from_millis);
        let certificate = either("CERTIFICATE").map(|(file, _)| file.to_owned());
        Self::Spans { collector, timeout, certificate }
    }
}

/// Returns the host and port of a URL, without a password.
fn collector(endpoint: &str) -> Option<String> {
    let url: Uri = endpoint.parse().ok()?;
    let known = ["http", "https"].contains(&url.scheme_str()?);
    let authority = url.authority()?.as_str();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (known && !host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(variables: &[(&str, &str)]) -> Asked {
        Asked::of(&variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    const HERE: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");

    #[test]
    fn nothing_is_sent_unless_a_collector_is_named() {
        assert_eq!(asked(&[]), Asked::Nothing);
        assert_eq!(asked(&[(HERE.0, "")]), Asked::Nothing);
        assert_eq!(asked(&[("OTEL_TRACES_EXPORTER", "otlp")]), Asked::Nothing);
        assert_eq!(asked(&[HERE, ("OTEL_SDK_DISABLED", "True")]), Asked::Nothing);
        assert_eq!(asked(&[HERE, ("OTEL_TRACES_EXPORTER", "none")]), Asked::Nothing);
        assert!(matches!(asked(&[HERE, ("OTEL_SDK_DISABLED", "no")]), Asked::Spans { .. }));
    }

    #[test]
    fn what_is_said_of_traces_comes_first() {
        let of_traces = [
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://ann:pass@traces.example/v1"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "250"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "9"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", "ca.pem"),
            HERE,
        ];
        let (collector, certificate) = ("traces.example".to_owned(), Some("ca.pem".to_owned()));
        let timeout = Duration::from_millis(250);
        assert_eq!(asked(&of_traces), Asked::Spans { collector, timeout, certificate });
    }

    #[test]
    fn what_is_not_known_is_said_without_its_value() {
        for (name, value) in [
            ("OTEL_TRACES_EXPORTER", "zipkin"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ann:pass@localhost"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "ftp://localhost"),
        ] {
            let Asked::Unknown(why) = asked(&[HERE, (name, value)]) else { panic!("{name}={value}") };
            assert!(why.contains(name) && !why.contains(value), "{why}");
        }
    }
}
