//! Volumes.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{
    Volume as Item, VolumeModificationState as Modified, VolumeState as Phase, VolumeType,
};

use super::prelude::*;
use crate::kms::{bare_key, same_key};

/// A volume of EBS: a disk in one availability zone, which an instance of that zone can have.
///
/// AWS honours a client token, so that an interrupted create is simply made again. Its id is known at once; it is ready when
/// it is `available`, about ten seconds later.
///
/// Type, size, I/O operations and throughput change in place, attached or not; an update waits until AWS has taken them over,
/// which is before it has moved the data (`optimizing`). AWS makes no volume smaller: a smaller size replaces it. It also
/// bounds how often a volume is changed within some hours and refuses more. The file system on it has to be grown by its
/// machine.
///
/// It is encrypted unless the program says otherwise. A replacement is a new, empty volume, or one of the given snapshot; the
/// old one goes with all that is on it.
///
/// Beside moto it is not proved how long AWS takes to change a volume, nor that it refuses another change soon after.
///
/// ```
/// # use sskuba_aws::ec2::Volume;
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let data = Volume::new("eu-west-1a").size_gib(100_u32).iops(6000_u32).throughput_mib(250_u32);
/// stack.add("data", data)?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:Volume",
    idempotency = "token, tag",
    visibility = "30s",
    create = "11s",
    made = "2s",
    update = "10s",
    delete = "5s",
    replacing = "replaces"
)]
pub struct Volume {
    /// The availability zone by name, e.g. `eu-west-1a`.
    #[resource(force_new)]
    availability_zone: Input<String>,
    /// The size in GiB; the snapshot's if not given. A smaller one replaces the volume.
    #[resource(cloud_default, rule = "Between(1, 65_536)")]
    size_gib: Option<Input<u32>>,
    /// The type: `gp3`, `gp2`, `io2`, `io1`, `st1`, `sc1` or `standard`.
    #[resource(default = "gp3".to_owned(), rule = "TYPES")]
    volume_type: Input<String>,
    /// I/O operations a second, for `gp3`, `io1` and `io2`; the latter two need it.
    #[resource(cloud_default)]
    iops: Option<Input<u32>>,
    /// MiB a second, for `gp3`.
    #[resource(cloud_default)]
    throughput_mib: Option<Input<u32>>,
    /// Whether it is encrypted.
    #[resource(force_new, default = true)]
    encrypted: Input<bool>,
    /// The key that it is encrypted with, by id or ARN; the account's own one for volumes if not given.
    #[resource(
        force_new,
        cloud_default,
        normaliser = "same_key",
        rule = "key_itself",
        reference = "aws:kms:Key"
    )]
    kms_key_id: Option<Input<String>>,
    /// The snapshot that it begins with; empty if none is given.
    #[resource(force_new, live, reference = "aws:ec2:Snapshot")]
    snapshot_id: Option<Input<String>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, early, pattern = "vol-{hex:17}")]
    id: Computed<String>,
}

/// The types that there are.
const TYPES: OneOf = OneOf(&["gp3", "gp2", "io2", "io1", "st1", "sc1", "standard"]);

/// Refuses the alias of a key: AWS reports the key that it stood for.
pub(super) fn key_itself(key: &Value) -> Option<String> {
    let key = key.as_str()?;
    bare_key(key).starts_with("alias/").then(|| format!("{key:?} is an alias; name the key by id or ARN"))
}

impl Kind for Volume {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        let is = |types: &[&str]| types.contains(&args.volume_type.as_str());
        if args.size_gib.is_none() && args.snapshot_id.is_none() {
            mistakes.push(mistake("size_gib", "is needed of a volume that begins with no snapshot"));
        }
        if args.iops.is_none() && is(&["io1", "io2"]) {
            mistakes.push(mistake("iops", format!("is needed of type {}", args.volume_type)));
        }
        if args.iops.is_some() && !is(&["gp3", "io1", "io2"]) {
            mistakes.push(mistake("iops", "is for the types gp3, io1 and io2"));
        }
        if args.throughput_mib.is_some() && !is(&["gp3"]) {
            mistakes.push(mistake("throughput_mib", "is for the type gp3"));
        }
        if args.kms_key_id.is_some() && !args.encrypted {
            mistakes.push(mistake("kms_key_id", "is given of a volume that is not encrypted"));
        }
        mistakes
    }
}

/// AWS makes no volume smaller.
fn replaces(differing: &Differing<'_>) -> bool {
    let size = |inputs: &sskuba_core::value::Map| match inputs.get("size_gib").map(Value::reveal) {
        Some(Value::Number(size)) => size.as_u64(),
        _ => None,
    };
    let there = size(differing.seen).or_else(|| size(differing.sent));
    differing.field == "size_gib"
        && size(differing.wanted).zip(there).is_some_and(|(size, there)| size < there)
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for Volume {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "volume";
    const LINGERS: bool = true;

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_volumes().set_volume_ids(which.ids());
        let pages = describe.set_filters(which.filters("volume-id")).into_paginator().items().send();
        Ok(found(pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?, Item::volume_id, Item::tags))
    }

    fn is_alive(found: &Found<Item>) -> bool {
        !matches!(found.state(), Some(Phase::Deleting | Phase::Deleted))
    }

    async fn create(call: &Call<'_>, args: VolumeArgs) -> Result<Report<Self>, Failure> {
        let create = call.aws.create_volume().client_token(call.token());
        let create = create.availability_zone(&args.availability_zone).set_size(number(args.size_gib));
        let create = create.volume_type(VolumeType::from(args.volume_type.as_str()));
        let create = create.set_iops(number(args.iops)).set_throughput(number(args.throughput_mib));
        let create = create.encrypted(args.encrypted).set_kms_key_id(args.kms_key_id.clone());
        let create = create.set_snapshot_id(args.snapshot_id.clone());
        let create = create.tag_specifications(spec(call, ResourceType::Volume, &args.tags));
        Ok(made(text(create.send().await.sent(call)?.volume_id())))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_volume().volume_id(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = VolumeArgs {
            availability_zone: text(found.availability_zone()),
            size_gib: counted(found.size()),
            volume_type: text(found.volume_type().map(VolumeType::as_str)),
            iops: counted(found.iops()),
            throughput_mib: counted(found.throughput()),
            encrypted: found.encrypted().unwrap_or_default(),
            kms_key_id: given(found.kms_key_id()),
            snapshot_id: given(found.snapshot_id()),
            tags: found.own_tags(),
        };
        Ok(made(found.id.clone()).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl ReadinessOperation for Volume {
    async fn ready(
        call: &Call<'_>,
        found: &Found<Item>,
        _: Option<&VolumeArgs>,
    ) -> Result<TypedReadiness<Self>, Failure> {
        Ok(match found.state() {
            Some(Phase::Available | Phase::InUse) => TypedReadiness::Ready(Self::report(call, found).await?),
            Some(Phase::Error) => {
                let why = "it is in the state error: AWS gives no reason; the key or the snapshot may not be usable";
                TypedReadiness::Failed(why.to_owned())
            }
            Some(Phase::Deleting | Phase::Deleted) => {
                TypedReadiness::Failed("it was deleted before it was available".to_owned())
            }
            _ => TypedReadiness::Pending(None),
        })
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for Volume {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        // Until an earlier change was taken over AWS reports what was before it, and refuses another one.
        Self::changed(call, id).await?;
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.not_there())?;
        let differs =
            |wanted: Option<u32>, there: Option<i32>| number(wanted).filter(|_| wanted != counted(there));
        let size = differs(args.size_gib, found.size());
        let iops = differs(args.iops, found.iops());
        let throughput = differs(args.throughput_mib, found.throughput());
        let there = found.volume_type().map(VolumeType::as_str);
        let sort = (there != Some(args.volume_type.as_str())).then(|| args.volume_type.as_str().into());
        if size.is_some() || iops.is_some() || throughput.is_some() || sort.is_some() {
            let modify = call.aws.modify_volume().volume_id(id).set_size(size).set_iops(iops);
            modify.set_throughput(throughput).set_volume_type(sort).send().await.sent(call)?;
            Self::changed(call, id).await?;
        }
        call.retagged(change).await
    }
}

#[cfg(feature = "ec2")]
fn made(id: String) -> Report<Volume> {
    Report::new(id.clone(), VolumeState { id })
}

#[cfg(feature = "ec2")]
impl Volume {
    /// Waits until AWS has taken over the last change of a volume.
    async fn changed(call: &Call<'_>, id: &str) -> Result<(), Failure> {
        until(call, id, || async {
            // Of a volume that was never changed there is no modification: asked for by its id alone AWS refuses that.
            let describe = call.aws.describe_volumes_modifications().filters(filter("volume-id", [id]));
            let pages = describe.into_paginator().items().send();
            let mut all = pages.collect::<Result<Vec<_>, _>>().await.asked(call)?;
            all.sort_by_key(|one| one.start_time().map(|time| (time.secs(), time.subsec_nanos())));
            let Some(last) = all.last() else { return Ok(Look::Done(())) };
            Ok(match last.modification_state() {
                Some(Modified::Modifying) => Look::Not("modifying".to_owned()),
                Some(Modified::Failed) => {
                    let why = format!("AWS could not change {id}: {}", reason(None, last.status_message()));
                    return Err(Failure::unknown(Class::Conflict, why).advice(Advice::RefreshFirst));
                }
                _ => Look::Done(()),
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alias_of_a_key_is_refused() {
        let refused = |key: &str| key_itself(&key.into()).is_some();
        let arn = "arn:aws:kms:eu-west-1:123456789012:";
        assert!(refused("alias/shop") && refused(&format!("{arn}alias/shop")));
        assert!(!refused("1234abcd-12ab") && !refused(&format!("{arn}key/1234abcd-12ab")));
    }
}
