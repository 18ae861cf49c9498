//! KMS: keys, and their names.

mod alias;
mod key;
mod prelude;
#[cfg(feature = "kms")]
mod service;

use sskuba_core::provider::Handlers;
use sskuba_core::value::Value;

pub use alias::{Alias, AliasArgs, AliasOutputs, AliasState};
pub use key::{Key, KeyArgs, KeyOutputs, KeySpec, KeyState, KeyUsage};

use crate::provider::Account;
#[cfg(not(feature = "kms"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "kms")]
type Kinds = crate::client::Kinds<service::Kms>;

/// Adds the kinds of KMS.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account).resource::<Alias>().resource::<Key>().added()
}

/// Returns the id of a key, or its alias, of an ARN: services take both and report one of them.
pub(crate) fn bare_key(key: &str) -> &str {
    let name = key.starts_with("arn:").then(|| key.rsplit_once(':').map_or(key, |(_, name)| name));
    name.map_or(key, |name| name.strip_prefix("key/").unwrap_or(name))
}

/// The same for the values of a field.
pub(crate) fn same_key(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.clone(), |key| bare_key(key).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_by_id_and_by_arn() {
        for (key, bare) in [
            ("arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab", "1234abcd-12ab"),
            ("1234abcd-12ab", "1234abcd-12ab"),
            ("arn:aws:kms:eu-west-1:123456789012:alias/shop", "alias/shop"),
            ("alias/shop", "alias/shop"),
            ("arn:", ""),
        ] {
            assert_eq!(bare_key(key), bare);
        }
    }
}
