//! From an input to documents.

use super::contract;
use super::document::Facts;
use super::input::Input;
use super::machine_config::{ConfigErrors, MachineConfig};
use super::role::Role;
use crate::secrets::Bundle;

/// Makes the config of a machine.
///
/// It is checked as far as that is possible without knowing where the machine runs; before it is sent to one,
/// [`validate`](crate::validate::validate) it for that.
///
/// # Errors
/// If the input, or the bundle, would make a config that no machine should get; all problems are listed.
pub fn generate(input: &Input, role: &Role, bundle: &Bundle) -> Result<MachineConfig, ConfigErrors> {
    let config = MachineConfig::new(contract::documents(&Facts::new(input, role, bundle)));
    Ok(config)
}
