//! Routes.

#[cfg(feature = "ec2")]
use aws_sdk_ec2::types::{Route as Item, RouteOrigin};

#[cfg(feature = "ec2")]
use super::RouteTable;
use super::prelude::*;
#[cfg(feature = "ec2")]
use crate::tags::Tags;

/// A route: where a route table sends the packets for an address range. It has exactly one target.
///
/// A table has at most one for a range: two of the same table and range are the same object, whatever they are called.
/// AWS can neither tag it nor takes a token for it. A create that meets one which is there already is refused, with the
/// line that imports it; only what an interrupted create of this resource left counts as made.
///
/// ```
/// # use sskuba_aws::ec2::{InternetGateway, Route, RouteTable, Vpc};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// # let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// # let gateway = stack.add("main", InternetGateway::new(vpc.id()))?;
/// let public = stack.add("public", RouteTable::new(vpc.id()))?;
/// stack.add("internet", Route::new(public.id(), "0.0.0.0/0").gateway_id(gateway.id()))?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:Route",
    idempotency = "token",
    visibility = "30s",
    create = "1s",
    update = "1s",
    delete = "1s",
    unique = "route_table_id, destination"
)]
pub struct Route {
    /// The route table.
    #[resource(force_new, reference = "aws:ec2:RouteTable")]
    route_table_id: Input<String>,
    /// The address range, IPv4 or IPv6; `0.0.0.0/0` for the rest of the world.
    #[resource(force_new, normaliser = "cidr")]
    destination: Input<String>,
    /// The target, if it is an internet gateway.
    #[resource(reference = "aws:ec2:InternetGateway")]
    gateway_id: Option<Input<String>>,
    /// The target, if it is a NAT gateway. The route is made when the gateway works, so that what waits for the route has
    /// a way out.
    #[resource(live, reference = "aws:ec2:NatGateway")]
    nat_gateway_id: Option<Input<String>>,
    /// The target, if it is a network interface; the machine that it belongs to runs before the route is made.
    #[resource(live)]
    network_interface_id: Option<Input<String>>,
    /// The target, if it is a transit gateway.
    transit_gateway_id: Option<Input<String>>,
    /// The table's id and the range: `rtb-…_0.0.0.0/0`.
    #[resource(computed, id, pattern = "{field:route_table_id}_{field:destination}")]
    id: Computed<String>,
}

impl Kind for Route {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let targets = [
            ("gateway_id", args.gateway_id.is_some()),
            ("nat_gateway_id", args.nat_gateway_id.is_some()),
            ("network_interface_id", args.network_interface_id.is_some()),
            ("transit_gateway_id", args.transit_gateway_id.is_some()),
        ];
        let given: Vec<&str> = targets.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
        let all = targets.map(|(name, _)| name).join(", ");
        match given.as_slice() {
            [_] => Vec::new(),
            [] => vec![mistake("gateway_id", format!("a route needs a target: one of {all}"))],
            [_, rest @ ..] => rest
                .iter()
                .map(|name| mistake(name, format!("a route has one target, not {}", given.join(" and "))))
                .collect(),
        }
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl Operations for Route {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "route";

    /// The routes are parts of the tables. Those that AWS makes by itself are nobody's resources.
    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let tables = RouteTable::describe(ec2, which).await?.into_iter();
        let routes = tables.flat_map(|Found { id: table, item, .. }| {
            let made = |found: &Item| found.origin() == Some(&RouteOrigin::CreateRoute);
            let routes = item.routes.unwrap_or_default().into_iter().filter(made);
            routes.map(move |item| Found { id: id(&table, &range(&item)), tags: Tags::new(), item })
        });
        Ok(routes.collect())
    }

    async fn get(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<Option<Found<Item>>, Failure> {
        let (table, destination) = parts(&prior.id)?;
        let found = Self::of(call, table, destination).await?;
        Ok(found.map(|item| Found { id: prior.id.clone(), tags: Tags::new(), item }))
    }

    async fn create(call: &Call<'_>, args: RouteArgs) -> Result<Report<Self>, Failure> {
        let (v4, v6) = by_family(&args.destination);
        let create = call.aws.create_route().route_table_id(&args.route_table_id);
        let create = create.set_destination_cidr_block(v4).set_destination_ipv6_cidr_block(v6);
        let create = create
            .set_gateway_id(args.gateway_id.clone())
            .set_nat_gateway_id(args.nat_gateway_id.clone())
            .set_network_interface_id(args.network_interface_id.clone())
            .set_transit_gateway_id(args.transit_gateway_id.clone());
        // It carries no token: only what an interrupted create left is this resource's.
        let may_be_ours = call.aws.sent_creates.may_have_made(call);
        let sent = async {
            match create.customize().config_override(once()).send().await {
                Err(error) if means(&error, Meaning::Taken) => {
                    let found = Self::of(call, &args.route_table_id, &args.destination).await?;
                    if may_be_ours && found.is_some_and(|found| same_target(&found, &args)) {
                        return Ok(object(&args));
                    }
                    let mut refusal = refusal(&error, call);
                    refusal.exists = Some(object(&args).id);
                    Err(refusal)
                }
                other => other.sent_once(call).map(|_| object(&args)),
            }
        };
        call.aws.sent_creates.send(call, sent).await
    }

    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let (table, destination) = parts(&prior.id)?;
        let (v4, v6) = by_family(destination);
        let delete = call.aws.delete_route().route_table_id(table);
        let delete = delete.set_destination_cidr_block(v4).set_destination_ipv6_cidr_block(v6);
        delete.send().await.sent(call).map(drop)
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = RouteArgs {
            route_table_id: parts(&found.id)?.0.to_owned(),
            destination: range(found),
            gateway_id: given(found.gateway_id()),
            nat_gateway_id: given(found.nat_gateway_id()),
            network_interface_id: given(found.network_interface_id()),
            transit_gateway_id: given(found.transit_gateway_id()),
        };
        Ok(Report::new(found.id.clone(), RouteState { id: found.id.clone() }).args(args))
    }
}

#[cfg(feature = "ec2")]
#[async_trait]
impl UpdateOperation for Route {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let args = change.args;
        let (v4, v6) = by_family(&args.destination);
        let replace = call.aws.replace_route().route_table_id(&args.route_table_id);
        let replace = replace.set_destination_cidr_block(v4).set_destination_ipv6_cidr_block(v6);
        let replace = replace
            .set_gateway_id(args.gateway_id.clone())
            .set_nat_gateway_id(args.nat_gateway_id.clone())
            .set_network_interface_id(args.network_interface_id.clone())
            .set_transit_gateway_id(args.transit_gateway_id.clone());
        replace.send().await.sent(call)?;
        Ok(object(&args))
    }
}

#[cfg(feature = "ec2")]
impl Route {
    /// Returns the route of a table for a range, whoever made it.
    async fn of(call: &Call<'_>, table: &str, destination: &str) -> Result<Option<Item>, Failure> {
        let Some(table) = call.aws.get::<RouteTable>(table).await? else { return Ok(None) };
        let is = |found: &&Item| same_range(&range(found), destination);
        Ok(table.routes().iter().find(is).cloned())
    }
}

#[cfg(feature = "ec2")]
fn object(args: &RouteArgs) -> Report<Route> {
    let id = id(&args.route_table_id, &args.destination);
    Report::new(id.clone(), RouteState { id }).args(args.clone())
}

#[cfg(feature = "ec2")]
fn id(table: &str, destination: &str) -> String {
    format!("{table}_{}", stored_range(destination))
}

/// Splits a route's id into its table and its destination.
#[cfg(feature = "ec2")]
fn parts(id: &str) -> Result<(&str, &str), Failure> {
    id.split_once('_').ok_or_else(|| {
        Failure::new(Class::Invalid("id".to_owned()), format!("{id:?} is not the id of a route"))
            .hint("it is the table's id and the destination: rtb-0123456789abcdef0_0.0.0.0/0")
    })
}

/// Returns a range, as it is stored, as an IPv4 one, or as an IPv6 one.
#[cfg(feature = "ec2")]
fn by_family(range: &str) -> (Option<String>, Option<String>) {
    let range = stored_range(range);
    if range.contains(':') { (None, Some(range)) } else { (Some(range), None) }
}

#[cfg(feature = "ec2")]
fn range(found: &Item) -> String {
    text(found.destination_cidr_block().or(found.destination_ipv6_cidr_block()))
}

#[cfg(feature = "ec2")]
fn same_target(found: &Item, args: &RouteArgs) -> bool {
    found.gateway_id() == args.gateway_id.as_deref()
        && found.nat_gateway_id() == args.nat_gateway_id.as_deref()
        && found.network_interface_id() == args.network_interface_id.as_deref()
        && found.transit_gateway_id() == args.transit_gateway_id.as_deref()
}
