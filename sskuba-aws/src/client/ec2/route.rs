//! Routes.

use async_trait::async_trait;
use aws_sdk_ec2::types::Route as Found;
use sskuba_core::provider::{Class, Failure, TypedChange, TypedObject, TypedPrior};
use sskuba_core::schema::Normaliser;
use sskuba_core::value::Value;

use super::super::Manage;
use super::super::call::Call;
use super::super::cloud::{Cloud, given, text};
use super::super::failure::{Outcome, gone_is_fine, is, refusal};
use super::super::once::once;
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
        // It carries no token: only what an interrupted create left is this resource's.
        let may_be_ours = self.tried.may_have_made(call);
        let sent = async {
            match create.customize().config_override(once()).send().await {
                Err(error) if is(&error, &["RouteAlreadyExists"]) => {
                    let found = self.route_of(&args.route_table_id, &args.destination).await?;
                    if may_be_ours && found.is_some_and(|found| same_target(&found, &args)) {
                        return Ok(object(&args));
                    }
                    let mut refusal = refusal(&error, call.place);
                    refusal.exists = Some(object(&args).id);
                    Err(refusal)
                }
                other => other.sent_once(call.place).map(|_| object(&args)),
            }
        };
        self.tried.send(call, sent).await
    }

    async fn read(
        &self,
        _: &Call<'_>,
        prior: TypedPrior<Route>,
    ) -> Result<Option<TypedObject<Route>>, Failure> {
        let (table, destination) = parts(&prior.id)?;
        let Some(found) = self.route_of(table, destination).await? else { return Ok(None) };
        let args = RouteArgs {
            route_table_id: table.to_owned(),
            destination: range(&found),
            gateway_id: given(found.gateway_id()),
            nat_gateway_id: given(found.nat_gateway_id()),
            network_interface_id: given(found.network_interface_id()),
            transit_gateway_id: given(found.transit_gateway_id()),
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

fn range(found: &Found) -> String {
    text(found.destination_cidr_block().or(found.destination_ipv6_cidr_block()))
}

pub(super) fn same_range(a: &str, b: &str) -> bool {
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
        let is = |found: &&Found| same_range(&range(found), destination);
        Ok(table.routes().iter().find(is).cloned())
    }
}
