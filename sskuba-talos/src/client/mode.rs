//! Whether a machine has a config: only trying tells.

use super::identity::Identity;
use super::machine::Machine;
use super::settings::Settings;
use crate::api::{ApiError, ErrorKind, Fingerprint, Mode, Target, TlsFault};

/// Tells whether a machine is in maintenance mode or has a config, by asking as nobody.
///
/// # Errors
/// [`TlsFault::Fingerprint`] if one is given and the machine has another key; those of every call.
pub async fn tell_mode(
    target: &Target,
    fingerprint: Option<Fingerprint>,
    settings: &Settings,
) -> Result<Mode, ApiError> {
    // A call can be passed on only by a machine that has a config; what is asked is how this one is.
    let machine =
        Machine::connect_with(target.clone(), Identity::Maintenance { fingerprint }, settings.clone());
    match machine.version().await {
        Ok(_) | Err(ApiError { kind: ErrorKind::MaintenanceMode { .. }, .. }) => Ok(Mode::Maintenance),
        Err(ApiError {
            kind: ErrorKind::Tls(TlsFault::CertificateRequired | TlsFault::Refused { .. }),
            ..
        }) => Ok(Mode::Configured),
        Err(error) => Err(error),
    }
}
