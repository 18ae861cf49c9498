//! Availability zones of the region.

use sskuba_core::prelude::*;

use crate::kind::Kind;

/// The availability zones of the region that are open to the account, in the order of their names.
#[derive(Resource)]
#[resource(kind = "aws:ec2:AvailabilityZones", lookup, create = "1s")]
pub struct AvailabilityZones {
    /// Whether local and wavelength zones that the account opted in to count too.
    #[resource(default)]
    include_local: Input<bool>,
    /// The names, e.g. `eu-west-1a`.
    #[resource(computed, pattern = "{region}a|{region}b|{region}c")]
    names: Computed<Vec<String>>,
    /// The ids, which are the same in every account, e.g. `euw1-az1`; in the order of the names.
    #[resource(computed, pattern = "use1-az1|use1-az2|use1-az3")]
    zone_ids: Computed<Vec<String>>,
}

impl Kind for AvailabilityZones {}
