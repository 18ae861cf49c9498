//! Routes.

use async_trait::async_trait;
use aws_sdk_ec2::types::Route as Found;
use sskuba_core::provider::{Class, Failure, TypedChange, TypedObject, TypedPrior};
use sskuba_core::schema::Normaliser;
use sskuba_core::value::Value;

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, text, told};
use super::super::failure::{Outcome, gone_is_fine, is};
use crate::ec2::{Route, RouteArgs, RouteState};

#[async_trait]
impl Manage<Route> for Cloud {
    async fn create(&self, call: &Call<'_>, args: RouteArgs) -> Result<TypedObject<Route>, Failure> {
        let (v4, v6) = by_family(&args.destination);
        let create = self.ec2.create_route().route_table_id(&args.route_table_id);
        let create = create.set_destination_cidr_block(v4).set_destination_ipv6_cidr_block(v6);
        let create = create
            .set_gateway_id(args.gateway_id.clone())
            .set_nat_gateway_id(args.nat_gateway_id.clone())
            .set_network_interface_id(args.network_interface_id.clone())
            .set_transit_gateway_id(args.transit_gateway_id.clone());
        match create.send().await {
            Err(error) if is(&error, &["RouteAlreadyExists"]) => {
                match self.route_of(&args.route_table_id, &args.destination).await? {
                    Some(found) if same_target(&found, &args) => Ok(object(&args)),
                    _ => Err(error)
                        .sent(call.place)
                        .map_err(|failure| failure.hint("import the route that is there, or delete it")),
                }
            }
            other => other.sent(call.place).map(|_| object(&args)),
        }
    }

    async fn read(
        &self,
        _: &Call<'_>,
        prior: TypedPrior<Route>,
    ) -> Result<Option<TypedObject<Route>>, Failure> {
        let (table, destination) = parts(&prior.id)?;
        let Some(found) = self.route_of(table, destination).await? else { return Ok(None) };
        let known = prior.args.as_ref();
        let own = |id: Option<&str>| id.map(str::to_owned);
        let args = RouteArgs {
            route_table_id: table.to_owned(),
            destination: known.map_or(destination, |args| &args.destination).to_owned(),
            gateway_id: told(known.map(|args| &args.gateway_id), own(found.gateway_id())),
            nat_gateway_id: told(known.map(|args| &args.nat_gateway_id), own(found.nat_gateway_id())),
            network_interface_id: told(
                known.map(|args| &args.network_interface_id),
                own(found.network_interface_id()),
            ),
            transit_gateway_id: told(
                known.map(|args| &args.transit_gateway_id),
                own(found.transit_gateway_id()),
            ),
        };
        Ok(Some(TypedObject::new(prior.id.clone(), RouteState { id: prior.id }).args(args)))
    }

    async fn update(
        &self,
        call: &Call<'_>,
        change: TypedChange<Route>,
    ) -> Result<TypedObject<Route>, Failure> {
        let args = change.args;
        let (v4, v6) = by_family(&args.destination);
        let replace = self.ec2.replace_route().route_table_id(&args.route_table_id);
        let replace = replace.set_destination_cidr_block(v4).set_destination_ipv6_cidr_block(v6);
        let replace = replace
            .set_gateway_id(args.gateway_id.clone())
            .set_nat_gateway_id(args.nat_gateway_id.clone())
            .set_network_interface_id(args.network_interface_id.clone())
            .set_transit_gateway_id(args.transit_gateway_id.clone());
        replace.send().await.sent(call.place)?;
        Ok(object(&args))
    }

    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<Route>) -> Result<(), Failure> {
        let (table, destination) = parts(&prior.id)?;
        let (v4, v6) = by_family(destination);
        let delete = self.ec2.delete_route().route_table_id(table);
        let delete = delete.set_destination_cidr_block(v4).set_destination_ipv6_cidr_block(v6);
        gone_is_fine(delete.send().await.sent(call.place))
    }

    async fn find(&self, _: &Call<'_>) -> Result<Option<TypedObject<Route>>, Failure> {
        Ok(None)
    }
}

fn object(args: &RouteArgs) -> TypedObject<Route> {
    let id = format!("{}_{}", args.route_table_id, args.destination);
    TypedObject::new(id.clone(), RouteState { id }).args(args.clone())
}

/// Splits a route's id into its table and its destination.
fn parts(id: &str) -> Result<(&str, &str), Failure> {
    id.split_once('_').ok_or_else(|| {
        Failure::new(Class::Invalid("id".to_owned()), format!("{id:?} is not the id of a route"))
            .hint("it is the table's id and the destination: rtb-0123456789abcdef0_0.0.0.0/0")
    })
}

/// Returns a range as an IPv4 one, or as an IPv6 one.
fn by_family(range: &str) -> (Option<String>, Option<String>) {
    if range.contains(':') { (None, Some(range.to_owned())) } else { (Some(range.to_owned()), None) }
}

fn same_range(a: &str, b: &str) -> bool {
    Normaliser::Cidr.same(&Value::from(a), &Value::from(b))
}

fn same_target(found: &Found, args: &RouteArgs) -> bool {
    found.gateway_id() == args.gateway_id.as_deref()
        && found.nat_gateway_id() == args.nat_gateway_id.as_deref()
        && found.network_interface_id() == args.network_interface_id.as_deref()
        && found.transit_gateway_id() == args.transit_gateway_id.as_deref()
}

impl Cloud {
    async fn route_of(&self, table: &str, destination: &str) -> Result<Option<Found>, Failure> {
        let Some(table) = self.known.route_tables.get(table).await? else { return Ok(None) };
        let is = |found: &&Found| {
            let range = found.destination_cidr_block().or(found.destination_ipv6_cidr_block());
            same_range(&text(range), destination)
        };
        Ok(table.routes().iter().find(is).cloned())
    }
}
