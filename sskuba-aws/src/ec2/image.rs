//! Machine images.

use super::prelude::*;

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

#[cfg(feature = "ec2")]
#[async_trait]
impl LookupOperation for Image {
    type Api = Ec2;

    async fn look(ec2: &Aws<Ec2>, args: ImageArgs) -> Result<ImageState, Failure> {
        let mut describe = ec2.describe_images().owners(&args.owner);
        describe =
            describe.filters(filter("name", [&args.name_pattern])).filters(filter("state", ["available"]));
        if let Some(architecture) = &args.architecture {
            describe = describe.filters(filter("architecture", [architecture]));
        }
        for (name, values) in &args.filters {
            describe = describe.filters(filter(name, values));
        }
        let pages = describe.into_paginator().items().send();
        let found = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        // Times of one form, so that their texts sort as they do; the id decides between equal ones.
        let newest =
            found.into_iter().max_by_key(|image| (text(image.creation_date()), text(image.image_id())));
        let image = newest.ok_or_else(|| {
            let (owner, pattern, place) = (&args.owner, &args.name_pattern, &ec2.place);
            let message = format!("owner {owner} has no image whose name fits {pattern:?} in {place}");
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
