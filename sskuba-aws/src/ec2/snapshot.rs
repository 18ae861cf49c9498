//! Snapshots of volumes.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{Snapshot as Item, SnapshotState as Phase};

use super::prelude::*;

/// A snapshot: what was on a volume when it was made.
///
/// Found after an interrupted create by its ownership tag. Its id is known at once; it is ready when AWS has copied all of
/// it, which takes minutes of a volume that is full. What it holds does not change: another volume is another snapshot. It
/// stays when its volume goes. AWS refuses its delete while an image is made of it; a delete waits for an image that has
/// gone a moment ago.
///
/// Beside moto it is not proved how a snapshot looks that AWS could not complete (`error`).
///
/// ```
/// # use sskuba_aws::ec2::{Snapshot, Volume};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// let data = stack.add("data", Volume::new("eu-west-1a").size_gib(100_u32))?;
/// let before = stack.add("before-upgrade", Snapshot::new(data.id()))?;
/// stack.add("copy", Volume::new("eu-west-1b").snapshot_id(before.id()))?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:Snapshot",
    idempotency = "tag",
    visibility = "30s",
    create = "120s",
    made = "2s",
    update = "1s",
    delete = "2s"
)]
pub struct Snapshot {
    /// The volume.
    #[resource(force_new, live, reference = "aws:ec2:Volume")]
    volume_id: Input<String>,
    /// What it is for, at most 255 characters.
    #[resource(force_new, cloud_default, rule = "AtMost(255)")]
    description: Option<Input<String>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, early, pattern = "snap-{hex:17}")]
    id: Computed<String>,
    /// The account that owns it.
    #[resource(computed, pattern = "{digits:12}")]
    owner_id: Computed<String>,
}

impl Kind for Snapshot {}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for Snapshot {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "snapshot";
    const LINGERS: bool = true;

    /// Those of others are left out, unless their ids are asked for: there are tens of thousands for everybody.
    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let ids = which.ids();
        let owner = ids.is_none().then(|| vec!["self".to_owned()]);
        let describe = ec2.describe_snapshots().set_snapshot_ids(ids).set_owner_ids(owner);
        let pages = describe.set_filters(which.filters("snapshot-id")).into_paginator().items().send();
        Ok(found(pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?, Item::snapshot_id, Item::tags))
    }

    async fn create(call: &Call<'_>, args: SnapshotArgs) -> Result<Report<Self>, Failure> {
        let create = call.aws.create_snapshot().volume_id(&args.volume_id);
        let create = create.set_description(args.description.clone());
        let create = create.tag_specifications(spec(call, ResourceType::Snapshot, &args.tags));
        let made = create.customize().config_override(once()).send().await.sent_once(call)?;
        let state = SnapshotState { id: text(made.snapshot_id()), owner_id: text(made.owner_id()) };
        Ok(Report::new(state.id.clone(), state))
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        call.aws.delete_snapshot().snapshot_id(&prior.id).send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = SnapshotArgs {
            volume_id: text(found.volume_id()),
            description: given(found.description()),
            tags: found.own_tags(),
        };
        let state = SnapshotState { id: found.id.clone(), owner_id: text(found.owner_id()) };
        Ok(Report::new(state.id.clone(), state).args(args))
    }
}

#[cfg(feature = "ec2")]
impl UpdateOperation for Snapshot {}

#[cfg(feature = "ec2")]
#[async_trait]
impl ReadinessOperation for Snapshot {
    async fn ready(
        call: &Call<'_>,
        found: &Found<Item>,
        _: Option<&SnapshotArgs>,
    ) -> Result<TypedReadiness<Self>, Failure> {
        Ok(match found.state() {
            Some(Phase::Completed) => TypedReadiness::Ready(Self::report(call, found).await?),
            Some(Phase::Error) => TypedReadiness::Failed(reason(None, found.state_message())),
            _ => TypedReadiness::Pending(None),
        })
    }
}
