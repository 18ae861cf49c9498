//! An image factory: the service that makes Talos's images of schematics.

use std::time::Duration;

use sskuba_core::value::Value;
use tokio::task::spawn_blocking;
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::schematic::Schematic;
use crate::yaml::{self, Node};

/// The most that is read of an answer, in bytes.
const LONGEST_ANSWER: u64 = 64 << 10;

/// How much of what a factory says is shown, in characters.
const SHOWN: usize = 200;

/// What a factory did not do. No error shows its URL, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FactoryError {
    /// It was not reached, or did not answer in time. A schematic may be posted again at any time.
    #[error("the factory did not answer: {why}")]
    Silent {
        /// Why.
        why: String,
    },
    /// It refused the schematic, or answered with something else than an id.
    #[error("the factory answered {status}: {said}")]
    Refused {
        /// The status of HTTP.
        status: u16,
        /// What it said, shortened.
        said: String,
    },
    /// It gave the schematic another id: images of ours would not be there.
    #[error("the factory calls the schematic {theirs}, and its id by our reckoning is {ours}")]
    OtherId {
        /// What it says.
        theirs: String,
        /// What we computed.
        ours: String,
    },
}

/// An image factory, which is told of schematics before their images are asked of it.
///
/// It trusts whom the system trusts.
#[derive(Debug, Clone)]
pub struct Factory {
    url: String,
    agent: Agent,
}

impl Factory {
    /// Names a factory by its URL, e.g. `https://factory.talos.dev`. A call takes `deadline` at most.
    pub fn new(url: &str, deadline: Duration) -> Self {
        let system = rustls_native_certs::load_native_certs().certs;
        let trusted: Vec<Certificate<'static>> =
            system.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
        // A small container may have none.
        let roots = if trusted.is_empty() { RootCerts::WebPki } else { RootCerts::new_with_certs(&trusted) };
        let config = Agent::config_builder()
            .timeout_global(Some(deadline))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build();
        Self { url: url.trim_end_matches('/').to_owned(), agent: config.into() }
    }

    /// Tells it of a schematic, which it may know already; returns the id, which is [`Schematic::id`].
    ///
    /// # Errors
    /// If it does not answer, refuses it, or calls it otherwise than we do.
    pub async fn post(&self, schematic: &Schematic) -> Result<String, FactoryError> {
        let (url, agent) = (format!("{}/schematics", self.url), self.agent.clone());
        let (body, ours) = (schematic.canonical(), schematic.id());
        let posted = spawn_blocking(move || send(&agent, &url, &body)).await;
        let (status, said) = posted.map_err(|error| FactoryError::Silent { why: error.to_string() })??;
        let shown = || said.chars().filter(|c| !c.is_control()).take(SHOWN).collect();
        if !(200..300).contains(&status) {
            return Err(FactoryError::Refused { status, said: shown() });
        }
        // JSON is YAML.
        let documents = yaml::read(&said).unwrap_or_default();
        let theirs = documents.first().and_then(|answer| answer.get("id")).and_then(Node::as_str);
        match theirs {
            Some(theirs) if theirs == ours => Ok(ours),
            Some(theirs) => {
                let theirs = Value::from(theirs).masked().to_string();
                Err(FactoryError::OtherId { theirs: theirs.chars().take(SHOWN).collect(), ours })
            }
            None => Err(FactoryError::Refused { status, said: shown() }),
        }
    }
}

/// Posts a text; returns the status and what was said.
fn send(agent: &Agent, url: &str, body: &str) -> Result<(u16, String), FactoryError> {
    let silent = |error: ureq::Error| FactoryError::Silent {
        why: match error {
            ureq::Error::Timeout(_) => "no answer in time".to_owned(),
            ureq::Error::BadUri(_) => "its URL cannot be used".to_owned(),
            other => other.to_string(),
        },
    };
    let request = agent.post(url).header("Content-Type", "application/yaml");
    let mut answer = request.send(body).map_err(silent)?;
    let said = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_vec().map_err(silent)?;
    Ok((answer.status().as_u16(), String::from_utf8_lossy(&said).into_owned()))
}
