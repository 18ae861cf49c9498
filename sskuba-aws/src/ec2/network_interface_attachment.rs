//! Which instances have which network interfaces.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{AttachmentStatus as Phase, NetworkInterface as Interface};

#[cfg(feature = "ec2")]
use super::NetworkInterface;
use super::prelude::*;

/// The use of a network interface by an instance of its zone.
///
/// An interface has at most one, and an instance has one interface at an index: two of the same interface, or of the same
/// instance and index, are the same object, whatever they are called. AWS can neither tag it nor takes a token for it. A
/// create that meets one which is there already is refused, with the line that imports it; only what an interrupted create of
/// this resource left counts as made. The interface with index 0 is the instance's own and none of these.
///
/// A create waits until the instance runs and the interface is attached, a delete until it is detached. The interface stays
/// when its instance goes.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:NetworkInterfaceAttachment",
    idempotency = "token",
    visibility = "30s",
    create = "5s",
    delete = "10s",
    unique = "network_interface_id",
    unique = "instance_id, device_index"
)]
pub struct NetworkInterfaceAttachment {
    /// The interface.
    #[resource(force_new, holds, reference = "aws:ec2:NetworkInterface")]
    network_interface_id: Input<String>,
    /// The instance.
    #[resource(force_new, live, reference = "aws:ec2:Instance")]
    instance_id: Input<String>,
    /// Its place among the instance's interfaces, from 1 on.
    #[resource(force_new, rule = "Between(1, 31)")]
    device_index: Input<u8>,
    /// The id.
    #[resource(computed, id, pattern = "eni-attach-{hex:17}")]
    id: Computed<String>,
}

impl Kind for NetworkInterfaceAttachment {}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for NetworkInterfaceAttachment {
    type Api = Ec2;
    type Item = Interface;
    const NAME: &'static str = "attachment";

    /// The attachments are parts of the interfaces. Those with index 0, and those of other services, are none of these.
    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Interface>>, Failure> {
        let which = match which {
            Which::Ids(ids) => Which::Among(ids),
            other => other,
        };
        let filters = which.filters("attachment.attachment-id");
        let describe = ec2.describe_network_interfaces().set_filters(filters);
        let pages = describe.into_paginator().items().send();
        let all = pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?;
        let mut all = found(all, |found| found.attachment().and_then(|a| a.attachment_id()), |_| &[]);
        all.retain(|found| {
            found.attachment().is_some_and(|a| a.instance_id().is_some() && a.device_index() > Some(0))
        });
        Ok(all)
    }

    fn is_alive(found: &Found<Interface>) -> bool {
        !matches!(phase(found), Some(Phase::Detached))
    }

    async fn create(call: &Call<'_>, args: NetworkInterfaceAttachmentArgs) -> Result<Report<Self>, Failure> {
        let interface = &args.network_interface_id;
        let there = call.aws.get::<NetworkInterface>(interface).await?;
        let there = there.as_ref().and_then(|found| found.attachment());
        let id = match there.and_then(|there| there.attachment_id().map(|id| (there, id.to_owned()))) {
            Some((there, id)) => {
                let index = i32::from(args.device_index);
                let is_same =
                    there.instance_id() == Some(&args.instance_id) && there.device_index() == Some(index);
                // It carries no token: only what an interrupted create left is this resource's.
                if !(is_same && call.aws.sent_creates.may_have_made(call)) {
                    let user = there.instance_id().unwrap_or("a service of AWS");
                    let message = format!("network interface {interface} is attached to {user} already");
                    return Err(Failure::exists(message, id));
                }
                id
            }
            None => {
                let attach = call.aws.attach_network_interface().network_interface_id(interface);
                let attach = attach.instance_id(&args.instance_id).device_index(args.device_index.into());
                let sent = async { attach.customize().config_override(once()).send().await.sent_once(call) };
                text(call.aws.sent_creates.send(call, sent).await?.attachment_id())
            }
        };
        let attached = until(call, &id, || async {
            Ok(match call.aws.get::<Self>(&id).await? {
                Some(found) if matches!(phase(&found), Some(Phase::Attached)) => Look::Done(()),
                found => Look::Not(text(found.as_ref().and_then(|found| phase(found)).map(Phase::as_str))),
            })
        });
        attached.await.map_err(|failure| call.partial::<Self>(&id, failure))?;
        Ok(Report::new(id.clone(), NetworkInterfaceAttachmentState { id }))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        if !matches!(phase(&found), Some(Phase::Detaching)) {
            let detach = call.aws.detach_network_interface().attachment_id(&prior.id);
            gone_is_fine(detach.send().await.sent(call))?;
        }
        until(call, &prior.id, || async {
            Ok(match Self::get(call, prior).await?.filter(Self::is_alive) {
                None => Look::Done(()),
                Some(found) => Look::Not(text(phase(&found).map(Phase::as_str).or(Some("attached")))),
            })
        })
        .await
    }

    async fn report(_: &Call<'_>, found: &Found<Interface>) -> Result<Report<Self>, Failure> {
        let attachment = found.attachment();
        let index = attachment.and_then(|attachment| attachment.device_index());
        let args = NetworkInterfaceAttachmentArgs {
            network_interface_id: text(found.network_interface_id()),
            instance_id: text(attachment.and_then(|attachment| attachment.instance_id())),
            device_index: index.and_then(|index| u8::try_from(index).ok()).unwrap_or_default(),
        };
        let id = found.id.clone();
        Ok(Report::new(id.clone(), NetworkInterfaceAttachmentState { id }).args(args))
    }
}

#[cfg(feature = "ec2")]
fn phase(found: &Interface) -> Option<&Phase> {
    found.attachment().and_then(|attachment| attachment.status())
}
