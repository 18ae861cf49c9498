//! Availability zones of the region.

use super::prelude::*;

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

#[cfg(feature = "ec2")]
#[async_trait]
impl LookupOperation for AvailabilityZones {
    type Api = Ec2;

    async fn look(ec2: &Aws<Ec2>, args: AvailabilityZonesArgs) -> Result<AvailabilityZonesState, Failure> {
        let mut describe = ec2.describe_availability_zones().filters(filter("state", ["available"]));
        if !args.include_local {
            describe = describe.filters(filter("zone-type", ["availability-zone"]));
        }
        let found = describe.send().await.asked(ec2)?;
        let zones = found.availability_zones().iter();
        let mut zones: Vec<(String, String)> =
            zones.map(|zone| (text(zone.zone_name()), text(zone.zone_id()))).collect();
        zones.sort();
        let (names, zone_ids) = zones.into_iter().unzip();
        Ok(AvailabilityZonesState { names, zone_ids })
    }
}
