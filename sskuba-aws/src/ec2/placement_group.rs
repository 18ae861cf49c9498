//! Placement groups.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{
    PlacementGroup as Item, PlacementGroupState as Phase, PlacementStrategy, SpreadLevel as Level,
};
use serde::{Deserialize, Serialize};

use super::prelude::*;

/// How AWS places the instances of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "lowercase")]
pub enum Placement {
    /// Close to each other, in one zone.
    Cluster,
    /// Each on hardware of its own.
    Spread,
    /// In parts that share no hardware.
    Partition,
}

/// What the instances of a group that is spread do not share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "lowercase")]
pub enum SpreadLevel {
    /// Racks.
    Rack,
    /// Hosts, for outposts.
    Host,
}

/// A placement group: how close to each other AWS places its instances.
///
/// Its name is unique in the account's region. With a given one the old group goes before another takes its place. AWS
/// refuses its delete while an instance is in it.
///
/// moto knows no placement groups: they are tried against answers that follow AWS's documentation.
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:PlacementGroup",
    idempotency = "tag",
    visibility = "30s",
    create = "2s",
    update = "1s",
    delete = "2s",
    unique = "name"
)]
pub struct PlacementGroup {
    /// How instances are placed.
    #[resource(force_new)]
    strategy: Input<Placement>,
    /// The name; made of the resource's name and its token if none is given.
    #[resource(force_new, cloud_default, rule = "NAMES")]
    name: Option<Input<String>>,
    /// How many parts a partitioned group has, from 1 to 7; 2 if not given.
    #[resource(force_new, cloud_default, rule = "Between(1, 7)")]
    partitions: Option<Input<u8>>,
    /// What the instances of a group that is spread do not share; racks if not given.
    #[resource(force_new, cloud_default)]
    spread_level: Option<Input<SpreadLevel>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, pattern = "pg-{hex:17}")]
    id: Computed<String>,
    /// The name that it has, which instances take.
    #[resource(computed, pattern = "{name}-{hex:12}")]
    group_name: Computed<String>,
    /// The ARN.
    #[resource(computed, pattern = "arn:aws:ec2:{region}:{digits:12}:placement-group/{name}-{hex:12}")]
    arn: Computed<String>,
}

/// What AWS takes as the name of a group.
const NAMES: TextRule = TextRule { longest: 255, signs: SIGNS, inner: " ", reserved: "" };

impl Kind for PlacementGroup {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        if args.partitions.is_some() && args.strategy != Placement::Partition {
            mistakes.push(mistake("partitions", "is for the strategy partition"));
        }
        if args.spread_level.is_some() && args.strategy != Placement::Spread {
            mistakes.push(mistake("spread_level", "is for the strategy spread"));
        }
        mistakes
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for PlacementGroup {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "placement group";
    const LINGERS: bool = true;

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_placement_groups().set_group_ids(which.ids());
        // There is no filter for ids.
        let (wanted, filters) = match &which {
            Which::Among(ids) => (Some(ids), None),
            other => (None, other.filters("group-id")),
        };
        let all = describe.set_filters(filters).send().await.asked(ec2)?.placement_groups;
        let mut all = found(all.unwrap_or_default(), Item::group_id, Item::tags);
        all.retain(|found| wanted.is_none_or(|ids| ids.contains(&found.id)));
        Ok(all)
    }

    fn is_alive(found: &Found<Item>) -> bool {
        !matches!(found.state(), Some(Phase::Deleting | Phase::Deleted))
    }

    async fn create(call: &Call<'_>, args: PlacementGroupArgs) -> Result<Report<Self>, Failure> {
        let name = call.name(args.name.as_ref(), &NAMES);
        let create = call.aws.create_placement_group().group_name(&name).strategy(match args.strategy {
            Placement::Cluster => PlacementStrategy::Cluster,
            Placement::Spread => PlacementStrategy::Spread,
            Placement::Partition => PlacementStrategy::Partition,
        });
        let create = create.set_partition_count(args.partitions.map(i32::from));
        let create = create.set_spread_level(args.spread_level.map(|level| match level {
            SpreadLevel::Rack => Level::Rack,
            SpreadLevel::Host => Level::Host,
        }));
        let create = create.tag_specifications(spec(call, ResourceType::PlacementGroup, &args.tags));
        match create.customize().config_override(once()).send().await {
            Err(error) if means(&error, Meaning::Taken) => {
                let named = vec![("group-name", name.clone())];
                let ours = call.taken::<Self>(&error, named, |it| it.group_name() == Some(&name)).await?;
                Self::report(call, &ours).await
            }
            sent => {
                let made = sent.sent_once(call)?.placement_group.ok_or_else(|| call.lacking(Self::NAME))?;
                let state = state(&made);
                Ok(Report::new(state.id.clone(), state))
            }
        }
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        let delete = call.aws.delete_placement_group().group_name(text(found.group_name()));
        delete.send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = PlacementGroupArgs {
            strategy: match found.strategy() {
                Some(PlacementStrategy::Spread) => Placement::Spread,
                Some(PlacementStrategy::Partition) => Placement::Partition,
                _ => Placement::Cluster,
            },
            name: given(found.group_name()),
            partitions: found.partition_count().and_then(|count| u8::try_from(count).ok()),
            spread_level: found.spread_level().map(|level| match level {
                Level::Host => SpreadLevel::Host,
                _ => SpreadLevel::Rack,
            }),
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[cfg(feature = "ec2")]
impl UpdateOperation for PlacementGroup {}

#[cfg(feature = "ec2")]
fn state(found: &Item) -> PlacementGroupState {
    PlacementGroupState {
        id: text(found.group_id()),
        group_name: text(found.group_name()),
        arn: text(found.group_arn()),
    }
}
