//! Which instances have which volumes.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{Volume as Disk, VolumeAttachment as Item, VolumeAttachmentState as Phase};

use super::prelude::*;

/// The use of a volume by an instance of its zone.
///
/// An instance has a volume at a device: two of the same volume, or of the same instance and device, are the same object,
/// whatever they are called. AWS can neither tag it nor takes a token for it. A create that meets one which is there already
/// is refused, with the line that imports it; only what an interrupted create of this resource left counts as made.
///
/// A create waits until both are there and the volume is attached, a delete until it is detached. AWS detaches while the
/// machine writes; let the machine unmount it before. A volume that its instance was launched with, such as the one it boots
/// from, is the instance's and none of these.
///
/// Beside moto it is not proved that AWS refuses a device whose name does not fit the image.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:VolumeAttachment",
    idempotency = "token",
    visibility = "30s",
    create = "5s",
    delete = "10s",
    unique = "volume_id",
    unique = "instance_id, device"
)]
pub struct VolumeAttachment {
    /// The volume.
    #[resource(force_new, live, holds, reference = "aws:ec2:Volume")]
    volume_id: Input<String>,
    /// The instance.
    #[resource(force_new, live, reference = "aws:ec2:Instance")]
    instance_id: Input<String>,
    /// The device, e.g. `/dev/sdf`, as AWS names it; the system of the machine may have another name for it.
    #[resource(force_new)]
    device: Input<String>,
    /// The ids of volume and instance.
    #[resource(computed, id, pattern = "{field:volume_id}:{field:instance_id}")]
    id: Computed<String>,
}

impl Kind for VolumeAttachment {}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for VolumeAttachment {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "attachment";

    /// The attachments are parts of the volumes, by whose ids they are asked for. A list leaves out those that go with their
    /// instance.
    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let is_list = which == Which::All;
        let which = match which {
            Which::All => Which::With(vec![("attachment.status", "attached".to_owned())]),
            other => other,
        };
        let describe = ec2.describe_volumes().set_volume_ids(which.ids());
        let pages = describe.set_filters(which.filters("volume-id")).into_paginator().items().send();
        let volumes: Vec<Disk> = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        let all = volumes.into_iter().flat_map(|volume| volume.attachments.unwrap_or_default());
        let all = all.filter(|item| !(is_list && item.delete_on_termination() == Some(true)));
        Ok(all.map(|item| Found { id: id_of(&item), tags: Default::default(), item }).collect())
    }

    fn is_alive(found: &Found<Item>) -> bool {
        !matches!(found.state(), Some(Phase::Detached))
    }

    /// The keys are volumes.
    async fn by_keys(ec2: &Aws<Ec2>, volumes: Vec<String>) -> Result<Vec<(String, Found<Item>)>, Failure> {
        let all = Self::describe(ec2, Which::Among(volumes)).await?.into_iter().filter(Self::is_alive);
        Ok(all.map(|found| (text(found.volume_id()), found)).collect())
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        let (volume, instance) = prior.id.split_once(':').ok_or_else(|| {
            let message = format!("{:?} is no id of an attachment", prior.id);
            Failure::new(Class::Invalid("id".to_owned()), message)
                .hint("write those of the volume and the instance: vol-…:i-…")
        })?;
        let found = call.aws.get::<Self>(volume).await?;
        Ok(found.filter(|found| found.instance_id() == Some(instance)))
    }

    async fn create(call: &Call<'_>, args: VolumeAttachmentArgs) -> Result<Report<Self>, Failure> {
        if let Some(there) = call.aws.get::<Self>(&args.volume_id).await? {
            let is_same =
                there.instance_id() == Some(&args.instance_id) && there.device() == Some(&args.device);
            // It carries no token: only what an interrupted create left is this resource's.
            if !(is_same && call.aws.sent_creates.may_have_made(call)) {
                let instance = text(there.instance_id());
                let message = format!("volume {} is attached to {instance} already", args.volume_id);
                return Err(Failure::exists(message, there.id));
            }
        } else {
            let attach = call.aws.attach_volume().volume_id(&args.volume_id).device(&args.device);
            let attach = attach.instance_id(&args.instance_id);
            let sent = async { attach.customize().config_override(once()).send().await.sent_once(call) };
            call.aws.sent_creates.send(call, sent).await?;
        }
        let id = format!("{}:{}", args.volume_id, args.instance_id);
        let attached = until(call, &id, || async {
            Ok(match call.aws.get::<Self>(&args.volume_id).await? {
                Some(found) if matches!(found.state(), Some(Phase::Attached)) => Look::Done(()),
                found => Look::Not(text(found.as_ref().and_then(|found| found.state()).map(Phase::as_str))),
            })
        });
        attached.await.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id.clone(), VolumeAttachmentState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        if !matches!(found.state(), Some(Phase::Detaching)) {
            let detach = call.aws.detach_volume().set_volume_id(found.volume_id().map(str::to_owned));
            let detach = detach.set_instance_id(found.instance_id().map(str::to_owned));
            gone_is_fine(detach.send().await.sent(call))?;
        }
        until(call, &prior.id, || async {
            Ok(match Self::get(call, prior).await? {
                None => Look::Done(()),
                Some(found) => Look::Not(text(found.state().map(Phase::as_str).or(Some("attached")))),
            })
        })
        .await
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = VolumeAttachmentArgs {
            volume_id: text(found.volume_id()),
            instance_id: text(found.instance_id()),
            device: text(found.device()),
        };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), VolumeAttachmentState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
fn id_of(found: &Item) -> String {
    format!("{}:{}", text(found.volume_id()), text(found.instance_id()))
}
