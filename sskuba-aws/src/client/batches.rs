//! The descriptions that are asked for in batches.

use aws_sdk_ec2::operation::describe_addresses::DescribeAddressesOutput;
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesOutput;
use aws_sdk_ec2::operation::describe_internet_gateways::DescribeInternetGatewaysOutput;
use aws_sdk_ec2::operation::describe_nat_gateways::DescribeNatGatewaysOutput;
use aws_sdk_ec2::operation::describe_route_tables::DescribeRouteTablesOutput;
use aws_sdk_ec2::operation::describe_security_group_rules::DescribeSecurityGroupRulesOutput;
use aws_sdk_ec2::operation::describe_security_groups::DescribeSecurityGroupsOutput;
use aws_sdk_ec2::operation::describe_subnets::DescribeSubnetsOutput;
use aws_sdk_ec2::operation::describe_vpcs::DescribeVpcsOutput;
use aws_sdk_ec2::types::{
    Address, Instance, InternetGateway, KeyPairInfo, NatGateway, Reservation, RouteTable, SecurityGroup,
    SecurityGroupRule, Subnet, Vpc,
};
use aws_sdk_elasticloadbalancingv2::types::{Listener, LoadBalancer, TagDescription, TargetGroup};
use sskuba_core::provider::Failure;

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
    tag_descriptions: Batcher<TagDescription>,
}

/// Makes functions that describe by ids, which are quick; where one of them is unknown, which fails the whole
/// call, by a filter.
macro_rules! ec2_batches {
    ($($name:ident: $item:ty = $describe:ident, $set_ids:ident, $filters:ident($filter:literal), $id:ident, $items:expr;)*) => {$(
        fn $name(ec2: &aws_sdk_ec2::Client, place: &str) -> Batcher<$item> {
            let (ec2, place) = (ec2.clone(), place.to_owned());
            Batcher::new(EC2_MOST, move |ids: Vec<String>| {
                let (ec2, place) = (ec2.clone(), place.clone());
                async move {
                    let found = match ec2.$describe().$set_ids(Some(ids.clone())).send().await {
                        Err(error) if not_found(&error) => {
                            ec2.$describe().$filters(filter($filter, ids)).send().await
                        }
                        other => other,
                    };
                    let items: Vec<$item> = ($items)(found.asked(&place)?).unwrap_or_default();
                    Ok(items.into_iter().map(|item| (text(item.$id()), item)).collect())
                }
            })
        }
    )*};
}

ec2_batches! {
    addresses: Address = describe_addresses, set_allocation_ids, filters("allocation-id"), allocation_id,
        |found: DescribeAddressesOutput| found.addresses;
    instances: Instance = describe_instances, set_instance_ids, filters("instance-id"), instance_id,
        |found: DescribeInstancesOutput| found.reservations.map(instances_of);
    internet_gateways: InternetGateway = describe_internet_gateways, set_internet_gateway_ids,
        filters("internet-gateway-id"), internet_gateway_id,
        |found: DescribeInternetGatewaysOutput| found.internet_gateways;
    nat_gateways: NatGateway = describe_nat_gateways, set_nat_gateway_ids, filter("nat-gateway-id"),
        nat_gateway_id, |found: DescribeNatGatewaysOutput| found.nat_gateways;
    route_tables: RouteTable = describe_route_tables, set_route_table_ids, filters("route-table-id"),
        route_table_id, |found: DescribeRouteTablesOutput| found.route_tables;
    security_groups: SecurityGroup = describe_security_groups, set_group_ids, filters("group-id"), group_id,
        |found: DescribeSecurityGroupsOutput| found.security_groups;
    rules: SecurityGroupRule = describe_security_group_rules, set_security_group_rule_ids,
        filters("security-group-rule-id"), security_group_rule_id,
        |found: DescribeSecurityGroupRulesOutput| found.security_group_rules;
    subnets: Subnet = describe_subnets, set_subnet_ids, filters("subnet-id"), subnet_id,
        |found: DescribeSubnetsOutput| found.subnets;
    vpcs: Vpc = describe_vpcs, set_vpc_ids, filters("vpc-id"), vpc_id, |found: DescribeVpcsOutput| found.vpcs;
}

/// Returns the instances of reservations.
pub(super) fn instances_of(reservations: Vec<Reservation>) -> Vec<Instance> {
    reservations.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default()).collect()
}

/// Makes functions that describe by ARNs; where one of them is unknown, which fails the whole call, one by one.
macro_rules! elb_batches {
    ($($name:ident: $item:ty = $describe:ident, $set_arns:ident, $items:ident, $arn:ident;)*) => {$(
        fn $name(elb: &aws_sdk_elasticloadbalancingv2::Client, place: &str) -> Batcher<$item> {
            let (elb, place) = (elb.clone(), place.to_owned());
            Batcher::new(ELB_MOST, move |arns: Vec<String>| {
                let (elb, place) = (elb.clone(), place.clone());
                async move {
                    let mut found = Vec::new();
                    match elb.$describe().$set_arns(Some(arns.clone())).send().await {
                        Err(error) if not_found(&error) => {
                            for arn in arns {
                                match elb.$describe().$set_arns(Some(vec![arn])).send().await {
                                    Err(error) if not_found(&error) => {}
                                    other => found.extend(other.asked(&place)?.$items.unwrap_or_default()),
                                }
                            }
                        }
                        other => found.extend(other.asked(&place)?.$items.unwrap_or_default()),
                    }
                    Ok(found.into_iter().map(|item| (text(item.$arn()), item)).collect())
                }
            })
        }
    )*};
}

elb_batches! {
    balancers: LoadBalancer = describe_load_balancers, set_load_balancer_arns, load_balancers, load_balancer_arn;
    target_groups: TargetGroup = describe_target_groups, set_target_group_arns, target_groups, target_group_arn;
    listeners: Listener = describe_listeners, set_listener_arns, listeners, listener_arn;
    tag_descriptions: TagDescription = describe_tags, set_resource_arns, tag_descriptions, resource_arn;
}

impl Batches {
    pub(super) fn new(
        ec2: &aws_sdk_ec2::Client,
        elb: &aws_sdk_elasticloadbalancingv2::Client,
        place: &str,
    ) -> Self {
        Self {
            addresses: addresses(ec2, place),
            instances: instances(ec2, place),
            internet_gateways: internet_gateways(ec2, place),
            key_pairs: key_pairs(ec2, place),
            nat_gateways: nat_gateways(ec2, place),
            route_tables: route_tables(ec2, place),
            route_tables_of_subnets: route_tables_of_subnets(ec2, place),
            security_groups: security_groups(ec2, place),
            rules: rules(ec2, place),
            subnets: subnets(ec2, place),
            vpcs: vpcs(ec2, place),
            balancers: balancers(elb, place),
            target_groups: target_groups(elb, place),
            listeners: listeners(elb, place),
            tag_descriptions: tag_descriptions(elb, place),
        }
    }

    /// Returns the tags of a load balancer or a part of one.
    pub(super) async fn elb_tags(&self, arn: &str) -> Result<Tags, Failure> {
        let found = self.tag_descriptions.get(arn).await?;
        let tags = found.iter().flat_map(|found| found.tags());
        Ok(tags.map(|tag| (text(tag.key()), text(tag.value()))).collect())
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
