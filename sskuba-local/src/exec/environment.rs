//! What a command inherits of this program's environment: all but the settings of sskuba itself.

use std::ffi::{OsStr, OsString};

use tokio::process::Command;

/// What the names of sskuba's own variables begin with: passphrases, identities and configured secrets are among them.
const OURS: &[u8] = b"SSKUBA_";

fn is_ours(name: &OsStr) -> bool {
    let name = name.as_encoded_bytes();
    name.get(..OURS.len()).is_some_and(|start| start.eq_ignore_ascii_case(OURS))
}

/// Keeps sskuba's own variables from a command. The ones that it is to have are set after this.
pub(super) fn keep_ours(command: &mut Command) {
    let names: Vec<OsString> =
        std::env::vars_os().map(|(name, _)| name).filter(|name| is_ours(name)).collect();
    names.iter().for_each(|name| {
        command.env_remove(name);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_are_told_from_others() {
        assert!(is_ours("SSKUBA_PASSPHRASE".as_ref()) && is_ours("sskuba_config_key".as_ref()));
        assert!(!is_ours("SSKUBA".as_ref()) && !is_ours("MY_SSKUBA_X".as_ref()) && !is_ours("PATH".as_ref()));
    }
}
