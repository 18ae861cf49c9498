//! Applying a config.

use std::time::Duration;

use sskuba_core::secret::Secret;

use super::call::changes;
use super::machine::Machine;
use super::proto::machine as proto;
use super::proto::machine::apply_configuration_request::Mode;
use super::scrub::scrubbed;
use crate::api::{ApiError, Applied, ApplyMode, ApplyOptions, ErrorKind};

impl Machine {
    /// Gives the machine a config (one or more YAML documents).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if it does not like it, with the config's secrets masked in what it says;
    /// [`ErrorKind::NotReady`] if it is just taking another one.
    pub async fn apply_configuration(
        &self,
        config: &Secret<String>,
        options: ApplyOptions,
    ) -> Result<Applied, ApiError> {
        let call = changes("apply configuration");
        let (mode, timeout) = match options.mode {
            ApplyMode::Auto => (Mode::Auto, Duration::ZERO),
            ApplyMode::NoReboot => (Mode::NoReboot, Duration::ZERO),
            ApplyMode::Reboot => (Mode::Reboot, Duration::ZERO),
            ApplyMode::Staged => (Mode::Staged, Duration::ZERO),
            ApplyMode::Try { timeout } => (Mode::Try, timeout),
        };
        let request = proto::ApplyConfigurationRequest {
            data: config.expose().as_bytes().to_vec(),
            mode: mode.into(),
            dry_run: options.dry_run,
            try_mode_timeout: span(timeout),
        };
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.apply_configuration(request).await }
        };
        let hide = |error| without_secrets(error, config.expose());
        let answer = self.ask(call, request, send).await.map_err(hide)?;
        let answer = self.only(call, answer.messages).map_err(hide)?;
        let mode = match answer.mode() {
            Mode::Auto => ApplyMode::Auto,
            Mode::NoReboot => ApplyMode::NoReboot,
            Mode::Reboot => ApplyMode::Reboot,
            Mode::Staged => ApplyMode::Staged,
            Mode::Try => ApplyMode::Try { timeout },
        };
        let hide = |text: &String| scrubbed(text, config.expose());
        let warnings = answer.warnings.iter().map(hide).collect();
        Ok(Applied { warnings, mode, details: hide(&answer.mode_details) })
    }
}

/// Returns a duration as the API writes it; none if it is zero.
pub(super) fn span(time: Duration) -> Option<prost_types::Duration> {
    (!time.is_zero()).then(|| prost_types::Duration {
        seconds: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(time.subsec_nanos()).unwrap_or_default(),
    })
}

/// Masks a config's secrets in whatever the machine said of it.
fn without_secrets(mut error: ApiError, config: &str) -> ApiError {
    if let ErrorKind::Invalid { message }
    | ErrorKind::NotReady { message }
    | ErrorKind::Busy { message }
    | ErrorKind::Denied { message }
    | ErrorKind::MaintenanceMode { message }
    | ErrorKind::Failed { message, .. } = &mut error.kind
    {
        *message = scrubbed(message, config);
    }
    error
}
