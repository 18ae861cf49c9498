//! Routes.

use sskuba_core::prelude::*;
use sskuba_core::schema::FieldError;

use crate::kind::{Kind, mistake};

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
