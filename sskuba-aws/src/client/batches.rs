//! The descriptions that are asked for in batches.

use aws_sdk_ec2::types::{
    Address, Instance, InternetGateway, KeyPairInfo, NatGateway, RouteTable, SecurityGroup,
    SecurityGroupRule, Subnet, Vpc,
};
use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, TargetGroup};

use super::batch::Batcher;
use super::cloud::{filter, text};
use super::failure::{Outcome, not_found};
use crate::tags::Tags;

/// The most values that EC2 takes for one filter, and the most ids that are asked for at once.
const EC2_MOST: usize = 200;
/// The most ARNs that the load balancers' API takes.
const ELB_MOST: usize = 20;

/// Descriptions by id.
pub(crate) struct Batches {
    pub(crate) addresses: Batcher<Address>,
    pub(crate) instances: Batcher<Instance>,
    pub(crate) internet_gateways: Batcher<InternetGateway>,
    pub(crate) key_pairs: Batcher<KeyPairInfo>,
    pub(crate) nat_gateways: Batcher<NatGateway>,
    pub(crate) route_tables: Batcher<RouteTable>,
    /// By the subnet that uses the table.
    pub(crate) route_tables_of_subnets: Batcher<RouteTable>,
    pub(crate) security_groups: Batcher<SecurityGroup>,
    pub(crate) rules: Batcher<SecurityGroupRule>,
    pub(crate) subnets: Batcher<Subnet>,
    pub(crate) vpcs: Batcher<Vpc>,
    pub(crate) balancers: Batcher<LoadBalancer>,
    pub(crate) target_groups: Batcher<TargetGroup>,
    pub(crate) listeners: Batcher<Listener>,
    /// Tags of load balancers, target groups and listeners by ARN.
    pub(crate) elb_tags: Batcher<Tags>,
}

/// Describes by ids, which are quick; where one of them is unknown, which fails the whole call, by a filter.
macro_rules! ec2_batch {
    ($ec2:expr, $place:expr, $describe:ident, $set_ids:ident, $filters:ident = $filter:literal, |$output:ident| $items:expr, |$item:ident| $id:expr) => {{
        let (ec2, place) = ($ec2.clone(), $place.to_owned());
        Batcher::new(EC2_MOST, move |ids: Vec<String>| {
            let (ec2, place) = (ec2.clone(), place.clone());
            async move {
                let $output = match ec2.$describe().$set_ids(Some(ids.clone())).send().await {
                    Err(error) if not_found(&error) => {
                        ec2.$describe().$filters(filter($filter, ids)).send().await
                    }
                    other => other,
                };
                let $output = $output.asked(&place)?;
                Ok($items.map(|$item| (text($id), $item)).collect())
            }
        })
    }};
}

/// Describes by ARNs; where one of them is unknown, which fails the whole call, one by one.
macro_rules! elb_batch {
    ($elb:expr, $place:expr, $describe:ident, $set_arns:ident, $items:ident, $arn:ident) => {{
        let (elb, place) = ($elb.clone(), $place.to_owned());
        Batcher::new(ELB_MOST, move |arns: Vec<String>| {
            let (elb, place) = (elb.clone(), place.clone());
            async move {
                let mut found = Vec::new();
                match elb.$describe().$set_arns(Some(arns.clone())).send().await {
                    Err(error) if not_found(&error) && arns.len() > 1 => {
                        for arn in arns {
                            match elb.$describe().$set_arns(Some(vec![arn])).send().await {
                                Err(error) if not_found(&error) => {}
                                other => found.extend(other.asked(&place)?.$items.unwrap_or_default()),
                            }
                        }
                    }
                    Err(error) if not_found(&error) => {}
                    other => found.extend(other.asked(&place)?.$items.unwrap_or_default()),
                }
                Ok(found.into_iter().map(|item| (text(item.$arn()), item)).collect())
            }
        })
    }};
}

impl Batches {
    pub(super) fn new(
        ec2: &aws_sdk_ec2::Client,
        elb: &aws_sdk_elasticloadbalancingv2::Client,
        place: &str,
    ) -> Self {
        Self {
            addresses: ec2_batch!(
                ec2,
                place,
                describe_addresses,
                set_allocation_ids,
                filters = "allocation-id",
                |out| out.addresses.unwrap_or_default().into_iter(),
                |address| address.allocation_id()
            ),
            instances: ec2_batch!(
                ec2,
                place,
                describe_instances,
                set_instance_ids,
                filters = "instance-id",
                |out| {
                    let reservations = out.reservations.unwrap_or_default().into_iter();
                    reservations.flat_map(|reservation| reservation.instances.unwrap_or_default())
                },
                |instance| instance.instance_id()
            ),
            internet_gateways: ec2_batch!(
                ec2,
                place,
                describe_internet_gateways,
                set_internet_gateway_ids,
                filters = "internet-gateway-id",
                |out| out.internet_gateways.unwrap_or_default().into_iter(),
                |gateway| gateway.internet_gateway_id()
            ),
            key_pairs: key_pairs(ec2, place),
            nat_gateways: ec2_batch!(
                ec2,
                place,
                describe_nat_gateways,
                set_nat_gateway_ids,
                filter = "nat-gateway-id",
                |out| out.nat_gateways.unwrap_or_default().into_iter(),
                |gateway| gateway.nat_gateway_id()
            ),
            route_tables: ec2_batch!(
                ec2,
                place,
                describe_route_tables,
                set_route_table_ids,
                filters = "route-table-id",
                |out| out.route_tables.unwrap_or_default().into_iter(),
                |table| table.route_table_id()
            ),
            route_tables_of_subnets: route_tables_of_subnets(ec2, place),
            security_groups: ec2_batch!(
                ec2,
                place,
                describe_security_groups,
                set_group_ids,
                filters = "group-id",
                |out| out.security_groups.unwrap_or_default().into_iter(),
                |group| group.group_id()
            ),
            rules: ec2_batch!(
                ec2,
                place,
                describe_security_group_rules,
                set_security_group_rule_ids,
                filters = "security-group-rule-id",
                |out| out.security_group_rules.unwrap_or_default().into_iter(),
                |rule| rule.security_group_rule_id()
            ),
            subnets: ec2_batch!(
                ec2,
                place,
                describe_subnets,
                set_subnet_ids,
                filters = "subnet-id",
                |out| out.subnets.unwrap_or_default().into_iter(),
                |subnet| subnet.subnet_id()
            ),
            vpcs: ec2_batch!(
                ec2,
                place,
                describe_vpcs,
                set_vpc_ids,
                filters = "vpc-id",
                |out| out.vpcs.unwrap_or_default().into_iter(),
                |vpc| vpc.vpc_id()
            ),
            balancers: elb_batch!(
                elb,
                place,
                describe_load_balancers,
                set_load_balancer_arns,
                load_balancers,
                load_balancer_arn
            ),
            target_groups: elb_batch!(
                elb,
                place,
                describe_target_groups,
                set_target_group_arns,
                target_groups,
                target_group_arn
            ),
            listeners: elb_batch!(elb, place, describe_listeners, set_listener_arns, listeners, listener_arn),
            elb_tags: elb_tags(elb, place),
        }
    }
}

/// Key pairs come with their public keys only when asked to.
fn key_pairs(ec2: &aws_sdk_ec2::Client, place: &str) -> Batcher<KeyPairInfo> {
    let (ec2, place) = (ec2.clone(), place.to_owned());
    Batcher::new(EC2_MOST, move |ids: Vec<String>| {
        let (ec2, place) = (ec2.clone(), place.clone());
        async move {
            let describe = || ec2.describe_key_pairs().include_public_key(true);
            let out = match describe().set_key_pair_ids(Some(ids.clone())).send().await {
                Err(error) if not_found(&error) => {
                    describe().filters(filter("key-pair-id", ids)).send().await
                }
                other => other,
            };
            let pairs = out.asked(&place)?.key_pairs.unwrap_or_default();
            Ok(pairs.into_iter().map(|pair| (text(pair.key_pair_id()), pair)).collect())
        }
    })
}

fn route_tables_of_subnets(ec2: &aws_sdk_ec2::Client, place: &str) -> Batcher<RouteTable> {
    let (ec2, place) = (ec2.clone(), place.to_owned());
    Batcher::new(EC2_MOST, move |subnets: Vec<String>| {
        let (ec2, place) = (ec2.clone(), place.clone());
        async move {
            let of_subnets = filter("association.subnet-id", subnets.clone());
            let out = ec2.describe_route_tables().filters(of_subnets).send().await.asked(&place)?;
            let mut found = Vec::new();
            for table in out.route_tables.unwrap_or_default() {
                let users = table.associations().iter().filter_map(|use_of| use_of.subnet_id());
                let users: Vec<String> =
                    users.filter(|id| subnets.iter().any(|subnet| subnet == id)).map(str::to_owned).collect();
                found.extend(users.into_iter().map(|subnet| (subnet, table.clone())));
            }
            Ok(found)
        }
    })
}

fn elb_tags(elb: &aws_sdk_elasticloadbalancingv2::Client, place: &str) -> Batcher<Tags> {
    let (elb, place) = (elb.clone(), place.to_owned());
    Batcher::new(ELB_MOST, move |arns: Vec<String>| {
        let (elb, place) = (elb.clone(), place.clone());
        async move {
            let mut found = Vec::new();
            match elb.describe_tags().set_resource_arns(Some(arns.clone())).send().await {
                Err(error) if not_found(&error) => {
                    for arn in arns {
                        match elb.describe_tags().resource_arns(arn).send().await {
                            Err(error) if not_found(&error) => {}
                            other => found.extend(other.asked(&place)?.tag_descriptions.unwrap_or_default()),
                        }
                    }
                }
                other => found.extend(other.asked(&place)?.tag_descriptions.unwrap_or_default()),
            }
            let tags = |description: &aws_sdk_elasticloadbalancingv2::types::TagDescription| {
                description.tags().iter().map(|tag| (text(tag.key()), text(tag.value()))).collect()
            };
            Ok(found
                .iter()
                .map(|description| (text(description.resource_arn()), tags(description)))
                .collect())
        }
    })
}
