//! How endpoints are described, made, changed, deleted and reported.

use aws_sdk_ec2::types::{State, VpcEndpoint as Item, VpcEndpointType};

use super::{EndpointType, VpcEndpoint, VpcEndpointArgs, VpcEndpointState};
use crate::ec2::prelude::*;

#[async_trait]
impl Operations for VpcEndpoint {
    type Api = Ec2;
    type Item = Item;
    const NAME: &'static str = "endpoint";

    async fn describe(ec2: &Aws<Ec2>, which: Which) -> Result<Vec<Found<Item>>, Failure> {
        let describe = ec2.describe_vpc_endpoints().set_vpc_endpoint_ids(which.ids());
        let pages = describe.set_filters(which.filters("vpc-endpoint-id")).into_paginator().items().send();
        Ok(found(pages.collect::<Result<Vec<_>, _>>().await.asked(ec2)?, Item::vpc_endpoint_id, Item::tags))
    }

    fn is_alive(found: &Found<Item>) -> bool {
        !matches!(&*phase(found), "deleting" | "deleted")
    }

    async fn create(call: &Call<'_>, args: VpcEndpointArgs) -> Result<Report<Self>, Failure> {
        let filled = |list: &Vec<String>| Some(list.clone()).filter(|list| !list.is_empty());
        let create = call
            .aws
            .create_vpc_endpoint()
            .client_token(call.token())
            .vpc_id(&args.vpc_id)
            .service_name(&args.service_name)
            .vpc_endpoint_type(match args.endpoint_type {
                EndpointType::Gateway => VpcEndpointType::Gateway,
                EndpointType::Interface => VpcEndpointType::Interface,
            })
            .set_route_table_ids(filled(&args.route_table_ids))
            .set_subnet_ids(filled(&args.subnet_ids))
            .set_security_group_ids(args.security_group_ids.clone())
            .set_private_dns_enabled(args.private_dns)
            .set_policy_document(args.policy.clone())
            .tag_specifications(spec(call, ResourceType::VpcEndpoint, &args.tags));
        let made = create.send().await.sent(call)?.vpc_endpoint.ok_or_else(|| call.lacking(Self::NAME))?;
        Ok(Report::new(text(made.vpc_endpoint_id()), state(&made)))
    }

    /// What AWS could not delete is in an answer that is no error.
    async fn delete(call: &Call<'_>, prior: &TypedPrior<Self>) -> Result<(), Failure> {
        let Some(found) = Self::get(call, prior).await? else { return Ok(()) };
        if Self::is_alive(&found) {
            let delete = call.aws.delete_vpc_endpoints().vpc_endpoint_ids(&prior.id);
            let answer = delete.send().await.sent(call)?;
            if let Some(refused) = answer.unsuccessful().first().and_then(|refused| refused.error()) {
                let message = format!("DeleteVpcEndpoints: {}", reason(refused.code(), refused.message()));
                return Err(Failure::new(Class::Conflict, message));
            }
        }
        until(call, &prior.id, || async {
            Ok(match Self::get(call, prior).await?.map(|found| phase(&found)) {
                None => Look::Done(()),
                Some(there) if there == "deleted" => Look::Done(()),
                Some(there) => Look::Not(there),
            })
        })
        .await
    }

    async fn report(_: &Call<'_>, found: &Found<Item>) -> Result<Report<Self>, Failure> {
        let args = VpcEndpointArgs {
            vpc_id: text(found.vpc_id()),
            service_name: text(found.service_name()),
            endpoint_type: match found.vpc_endpoint_type() {
                Some(VpcEndpointType::Interface) => EndpointType::Interface,
                _ => EndpointType::Gateway,
            },
            route_table_ids: found.route_table_ids().to_vec(),
            subnet_ids: found.subnet_ids().to_vec(),
            security_group_ids: Some(groups(found)).filter(|groups| !groups.is_empty()),
            private_dns: found.private_dns_enabled(),
            policy: given(found.policy_document()),
            tags: found.own_tags(),
        };
        Ok(Report::new(found.id.clone(), state(found)).args(args))
    }
}

#[async_trait]
impl ReadinessOperation for VpcEndpoint {
    async fn ready(
        call: &Call<'_>,
        found: &Found<Item>,
        _: Option<&VpcEndpointArgs>,
    ) -> Result<TypedReadiness<Self>, Failure> {
        let there = phase(found);
        Ok(match &*there {
            "available" | "pendingacceptance" => TypedReadiness::Ready(Self::report(call, found).await?),
            "failed" | "rejected" | "expired" | "deleting" | "deleted" => {
                let last = found.last_error();
                let why = last.and_then(|last| last.message()).or(found.failure_reason());
                TypedReadiness::Failed(format!("it is {there}: {}", reason(last.and_then(|l| l.code()), why)))
            }
            _ => TypedReadiness::Pending(None),
        })
    }
}

#[async_trait]
impl UpdateOperation for VpcEndpoint {
    async fn update(call: &Call<'_>, change: TypedChange<Self>) -> Result<Report<Self>, Failure> {
        let (id, args) = (&change.prior.id, &change.args);
        let found = Self::get(call, &change.prior).await?.ok_or_else(|| call.not_there())?;
        let tables = Difference::of(&args.route_table_ids, found.route_table_ids());
        let subnets = Difference::of(&args.subnet_ids, found.subnet_ids());
        let there = groups(&found);
        let security = Difference::of(args.security_group_ids.as_ref().unwrap_or(&there), &there);
        let policy = args.policy.clone().filter(|policy| {
            !crate::client::same_document(policy, found.policy_document().unwrap_or_default())
        });
        let dns = args.private_dns.filter(|wanted| found.private_dns_enabled() != Some(*wanted));
        let lists = [&tables, &subnets, &security];
        if policy.is_some() || dns.is_some() || lists.iter().any(|list| !list.is_empty()) {
            let modify = call
                .aws
                .modify_vpc_endpoint()
                .vpc_endpoint_id(id)
                .set_add_route_table_ids(tables.more)
                .set_remove_route_table_ids(tables.less)
                .set_add_subnet_ids(subnets.more)
                .set_remove_subnet_ids(subnets.less)
                .set_add_security_group_ids(security.more)
                .set_remove_security_group_ids(security.less)
                .set_private_dns_enabled(dns)
                .set_policy_document(policy);
            modify.send().await.sent(call)?;
            // An interface is `pending` for a while after a change.
            until(call, id, || async {
                Ok(match call.aws.get::<Self>(id).await?.map(|found| phase(&found)) {
                    Some(there) if there == "pending" => Look::Not(there),
                    _ => Look::Done(()),
                })
            })
            .await?;
        }
        call.retagged(change).await
    }
}

/// What a list gets and loses; none where it is nothing.
struct Difference {
    more: Option<Vec<String>>,
    less: Option<Vec<String>>,
}

impl Difference {
    fn of(wanted: &[String], there: &[String]) -> Self {
        let only = |these: &[String], those: &[String]| {
            let only: Vec<String> = these.iter().filter(|id| !those.contains(id)).cloned().collect();
            Some(only).filter(|only| !only.is_empty())
        };
        Self { more: only(wanted, there), less: only(there, wanted) }
    }

    fn is_empty(&self) -> bool {
        self.more.is_none() && self.less.is_none()
    }
}

/// Returns the state in lower case: AWS's model has it in mixed case, and its answers do not.
fn phase(found: &Item) -> String {
    found.state().map(State::as_str).unwrap_or_default().to_lowercase()
}

fn groups(found: &Item) -> Vec<String> {
    found.groups().iter().map(|group| text(group.group_id())).collect()
}

fn state(found: &Item) -> VpcEndpointState {
    VpcEndpointState {
        id: text(found.vpc_endpoint_id()),
        dns_name: text(found.dns_entries().first().and_then(|entry| entry.dns_name())),
    }
}
