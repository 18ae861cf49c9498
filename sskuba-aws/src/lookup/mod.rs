//! What is looked up, never made: zones, images, who the credentials belong to.

mod availability_zones;
mod caller_identity;
mod image;

pub use availability_zones::{
    AvailabilityZones, AvailabilityZonesArgs, AvailabilityZonesOutputs, AvailabilityZonesState,
};
pub use caller_identity::{CallerIdentity, CallerIdentityArgs, CallerIdentityOutputs, CallerIdentityState};
pub use image::{Image, ImageArgs, ImageOutputs, ImageState};
