//! Sends one request over HTTP, on the thread that it is called on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

use super::tally::Tally;

/// The most that is read of an answer, in bytes: nothing of it is shown.
const LONGEST_ANSWER: u64 = 1 << 20;

/// A client that blocks: it is used by the exporter's own thread alone.
pub(super) struct Client {
    agent: Agent,
    /// Gets the reason of a failure; the exporter only tells that there was one.
    tally: Arc<Tally>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client. `certificate` is a file of certificates that are trusted in place of the system's.
    pub(super) fn new(
        timeout: Duration,
        certificate: Option<&str>,
        tally: Arc<Tally>,
    ) -> Result<Self, String> {
        let tls = TlsConfig::builder().root_certs(trusted(certificate)?).build();
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            // Headers may hold a key, which is for the collector that was named.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .tls_config(tls)
            .build();
        Ok(Self { agent: config.into(), tally })
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.agent.run(request.map(|body| body.to_vec())).and_then(|answer| {
            let (head, body) = answer.into_parts();
            let body = body.into_with_config().limit(LONGEST_ANSWER).read_to_vec()?;
            Ok(Response::from_parts(head, Bytes::from(body)))
        });
        match &sent {
            Ok(answer) if answer.status().is_success() => {}
            Ok(answer) => self.tally.refused(format!("it answered {}", answer.status().as_u16())),
            Err(error) => self.tally.refused(words(error)),
        }
        Ok(sent?)
    }
}

/// Says what is wrong without the URL, which may hold a password.
fn words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no answer in time".into(),
        ureq::Error::BadUri(_) => "its URL cannot be used".into(),
        other => other.to_string(),
    }
}

/// Returns whom to trust: who is in the file, else whom the system trusts.
fn trusted(file: Option<&str>) -> Result<RootCerts, String> {
    let certificates: Vec<Certificate<'static>> = match file {
        Some(file) => {
            let pem = std::fs::read(file).map_err(|error| format!("failed to read {file}: {error}"))?;
            let items = ureq::tls::parse_pem(&pem).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            });
            items.collect()
        }
        None => {
            let system = rustls_native_certs::load_native_certs().certs;
            system.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
        }
    };
    match (certificates.is_empty(), file) {
        (true, Some(file)) => Err(format!("{file} has no certificate")),
        // A small container may have none.
        (true, None) => Ok(RootCerts::WebPki),
        _ => Ok(RootCerts::new_with_certs(&certificates)),
    }
}
