//! Route 53: hosted zones, their records, and health checks.
//!
//! Route 53 is one service for all regions. Its objects are recorded in the region of the provider instance that made them;
//! to hand them to an instance of another region is a replacement like any other, so leave them where they are.

mod existing_zone;
mod health_check;
mod prelude;
mod record;
#[cfg(feature = "route53")]
mod service;
mod zone;

use sskuba_core::provider::Handlers;

pub use existing_zone::{ExistingZone, ExistingZoneArgs, ExistingZoneOutputs, ExistingZoneState};
pub use health_check::{HealthCheck, HealthCheckArgs, HealthCheckOutputs, HealthCheckState, HealthCheckType};
pub use record::{Record, RecordArgs, RecordOutputs, RecordState, RecordType};
pub use zone::{Zone, ZoneArgs, ZoneOutputs, ZoneState};

use crate::provider::Account;
#[cfg(not(feature = "route53"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "route53")]
type Kinds = crate::client::Kinds<service::Route53>;

/// Adds the kinds of Route 53.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account)
        .resource::<HealthCheck>()
        .resource::<Record>()
        .resource::<Zone>()
        .lookup::<ExistingZone>()
        .added()
}
