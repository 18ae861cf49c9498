//! Machine images.

use std::collections::BTreeMap;

use sskuba_core::prelude::*;

use crate::kind::Kind;

/// The newest machine image of an owner whose name fits a pattern.
///
/// A new image changes the answer, and with it the instances that use it; give the whole name to stay.
///
/// ```
/// # use sskuba_aws::ec2::Image;
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let image = stack.read("talos", Image::new("540036508848", "talos-v1.13.*-amd64").architecture("x86_64"))?;
/// stack.export("image", image.id());
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(kind = "aws:ec2:Image", lookup, create = "1s")]
pub struct Image {
    /// The owner: an account's number, `amazon`, `aws-marketplace` or `self`. Never leave it open: anyone can
    /// publish an image of any name.
    owner: Input<String>,
    /// The name, where `*` stands for any text and `?` for any character.
    name_pattern: Input<String>,
    /// The architecture: `x86_64` or `arm64`.
    architecture: Option<Input<String>>,
    /// More filters of `DescribeImages`, e.g. `root-device-type`.
    #[resource(default, entry = "filter")]
    filters: Input<BTreeMap<String, Vec<String>>>,
    /// The id.
    #[resource(computed, id, pattern = "ami-{hex:17}")]
    id: Computed<String>,
    /// The name.
    #[resource(computed, pattern = "image-{hex:8}")]
    name: Computed<String>,
    /// The device that an instance boots from.
    #[resource(computed, pattern = "/dev/xvda")]
    root_device: Computed<String>,
    /// When it was made, e.g. `2026-01-31T12:00:00.000Z`.
    #[resource(computed, pattern = "2026-01-31T12:00:00.000Z")]
    created: Computed<String>,
}

impl Kind for Image {}
