//! Lookups.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use sskuba_core::provider::{Class, Failure, Place};

use super::Look;
use super::call::Call;
use super::cloud::{Cloud, filter, text};
use super::failure::Outcome;
use crate::lookup::{
    AvailabilityZones, AvailabilityZonesArgs, AvailabilityZonesState, CallerIdentity, CallerIdentityArgs,
    CallerIdentityState, Image, ImageArgs, ImageState,
};

/// How long the question where the calls work may take, with all its tries.
const PATIENCE: Duration = Duration::from_secs(20);

#[async_trait]
impl Look<AvailabilityZones> for Cloud {
    async fn look(
        &self,
        call: &Call<'_>,
        args: AvailabilityZonesArgs,
    ) -> Result<AvailabilityZonesState, Failure> {
        let mut describe = self.ec2.describe_availability_zones().filters(filter("state", ["available"]));
        if !args.include_local {
            describe = describe.filters(filter("zone-type", ["availability-zone"]));
        }
        let found = describe.send().await.asked(call.place)?;
        let zones = found.availability_zones().iter();
        let mut zones: Vec<(String, String)> =
            zones.map(|zone| (text(zone.zone_name()), text(zone.zone_id()))).collect();
        zones.sort();
        let (names, zone_ids) = zones.into_iter().unzip();
        Ok(AvailabilityZonesState { names, zone_ids })
    }
}

impl Cloud {
    /// Finds out in which account and region the calls work.
    pub(super) async fn located(&self) -> Result<Place, Failure> {
        // Nothing else begins before the answer is there.
        let patience = TimeoutConfig::builder().operation_timeout(PATIENCE).build();
        let patient = aws_sdk_sts::Config::builder().timeout_config(patience);
        let ask = self.sts.get_caller_identity().customize().config_override(patient);
        let caller = ask.send().await.asked(&format!("the STS of {}", self.place))?;
        let region = self.ec2.config().region().map(ToString::to_string).unwrap_or_default();
        Ok(Place::of([("account", text(caller.account())), ("region", region)]))
    }
}

#[async_trait]
impl Look<CallerIdentity> for Cloud {
    async fn look(&self, call: &Call<'_>, _: CallerIdentityArgs) -> Result<CallerIdentityState, Failure> {
        let found = self.sts.get_caller_identity().send().await.asked(call.place)?;
        Ok(CallerIdentityState {
            account_id: text(found.account()),
            arn: text(found.arn()),
            user_id: text(found.user_id()),
        })
    }
}

#[async_trait]
impl Look<Image> for Cloud {
    async fn look(&self, call: &Call<'_>, args: ImageArgs) -> Result<ImageState, Failure> {
        let mut describe = self.ec2.describe_images().owners(&args.owner);
        describe =
            describe.filters(filter("name", [&args.name_pattern])).filters(filter("state", ["available"]));
        if let Some(architecture) = &args.architecture {
            describe = describe.filters(filter("architecture", [architecture]));
        }
        for (name, values) in &args.filters {
            describe = describe.filters(filter(name, values));
        }
        let found = describe.send().await.asked(call.place)?.images.unwrap_or_default();
        // Times of one form, so that their texts sort as they do; the id decides between equal ones.
        let newest =
            found.into_iter().max_by_key(|image| (text(image.creation_date()), text(image.image_id())));
        let image = newest.ok_or_else(|| {
            let message = format!(
                "owner {} has no image whose name fits {:?} in {}",
                args.owner, args.name_pattern, call.place
            );
            Failure::new(Class::NotFound, message)
                .hint("check the owner, the pattern, the filters and the region")
        })?;
        Ok(ImageState {
            id: text(image.image_id()),
            name: text(image.name()),
            root_device: text(image.root_device_name()),
            created: text(image.creation_date()),
        })
    }
}
