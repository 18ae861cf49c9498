//! What a change of a machine in use would do, asked without changing anything.

use sskuba_core::provider::{Cx, Failure};

use super::rolling::{one_minor, refuse_both, refuse_leaps, running_config, same};
use super::{Api, failed, target};
use crate::api::{ApplyMode, ApplyOptions, Mode};
use crate::client::tell_mode;
use crate::resources::AppliedArgs;

impl Api {
    /// Says which machine a change upgrades or reboots, and refuses what is not possible.
    pub(super) async fn preview_roll(&self, _: &Cx, args: &AppliedArgs) -> Result<Vec<String>, Failure> {
        let address = &args.address;
        if tell_mode(&target(address)?, None, &self.settings).await.map_err(failed)? == Mode::Maintenance {
            return Ok(vec![format!(
                "{address} is in maintenance mode: it gets the config and starts with it"
            )]);
        }
        let machine = self.machine(address, &self.bundle(&args.secrets)?)?;
        let running = running_config(&machine).await?.unwrap_or_default();
        refuse_leaps(running.expose(), args.config.expose())?;
        let runs = machine.version().await.map_err(failed)?.tag;
        if let Some(version) = args.version.as_ref().filter(|version| **version != runs) {
            one_minor("Talos", "version", &runs, version)?;
            refuse_both(running.expose(), args.config.expose(), &runs, version)?;
            // The config is for the new version: only that can say what it makes of it.
            return Ok(vec![format!("upgrades {address} from {runs} to {version}, which reboots it")]);
        }
        if same(running.expose(), args.config.expose()) {
            return Ok(Vec::new());
        }
        if args.mode == "staged" {
            return Ok(vec![format!("takes effect at the next reboot of {address}")]);
        }
        let asked = ApplyOptions { mode: super::applied::mode(args), dry_run: true };
        let told = machine.apply_configuration(&args.config, asked).await.map_err(failed)?;
        Ok(match (told.mode, args.mode.as_str()) {
            (ApplyMode::Reboot, "staged-if-needing-reboot") => {
                vec![format!("takes effect at the next reboot of {address}")]
            }
            (ApplyMode::Reboot, _) => vec![format!("reboots {address}")],
            _ => Vec::new(),
        })
    }
}
