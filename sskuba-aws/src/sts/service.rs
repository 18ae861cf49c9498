//! STS's client.

use crate::client::Api;

/// The client of STS.
pub(crate) type Sts = aws_sdk_sts::Client;

impl Api for Sts {
    fn connect(config: &aws_config::SdkConfig) -> Self {
        Self::new(config)
    }
}
