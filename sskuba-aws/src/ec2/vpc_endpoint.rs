//! Endpoints of services in networks.

#[cfg(feature = "ec2")]
mod operations;

use serde::{Deserialize, Serialize};

use super::prelude::*;

/// How an endpoint leads to its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Shape)]
#[serde(rename_all = "lowercase")]
pub enum EndpointType {
    /// By routes, which costs nothing: for S3 and DynamoDB.
    Gateway,
    /// By network interfaces in subnets.
    Interface,
}

/// An endpoint: the way to a service that does not lead through the internet.
///
/// AWS honours a client token, so that an interrupted create is simply made again. Its id is known at once; it is ready when
/// it is `available`, which takes some minutes of an interface. One that the owner of the service has to accept is ready when
/// it waits for that.
///
/// Route tables, subnets, security groups, the policy and private names change in place. Two gateways for one service in one
/// network are the same object; AWS allows several interfaces, but private names for one of them alone.
///
/// Beside moto it is not proved that private names need both DNS settings of the network, and that states take time; moto says
/// nothing of private names after a change.
///
/// ```
/// # use sskuba_aws::ec2::{EndpointType, RouteTable, Vpc, VpcEndpoint};
/// # use sskuba_core::prelude::*;
/// # fn program(stack: &mut Stack) -> Result<()> {
/// # let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
/// # let table = stack.add("private", RouteTable::new(vpc.id()))?;
/// let s3 = VpcEndpoint::new(vpc.id(), "com.amazonaws.eu-west-1.s3", EndpointType::Gateway);
/// stack.add("s3", s3.route_table(table.id()))?;
/// # Ok(())
/// # }
/// ```
#[derive(Resource)]
#[resource(
    kind = "aws:ec2:VpcEndpoint",
    idempotency = "token, tag",
    visibility = "30s",
    create = "60s",
    made = "3s",
    update = "5s",
    delete = "60s",
    unique = "vpc_id, service_name, endpoint_type"
)]
pub struct VpcEndpoint {
    /// The network.
    #[resource(force_new, reference = "aws:ec2:Vpc")]
    vpc_id: Input<String>,
    /// The service, e.g. `com.amazonaws.eu-west-1.s3`.
    #[resource(force_new)]
    service_name: Input<String>,
    /// How it leads there.
    #[resource(force_new)]
    endpoint_type: Input<EndpointType>,
    /// The tables that get a route to the service, of a gateway.
    #[resource(default, normaliser = "set", reference = "aws:ec2:RouteTable", item = "route_table")]
    route_table_ids: Input<Vec<String>>,
    /// The subnets that get a network interface, one a zone, of an interface.
    #[resource(default, holds, normaliser = "set", reference = "aws:ec2:Subnet", item = "subnet")]
    subnet_ids: Input<Vec<String>>,
    /// The security groups of those interfaces; the network's default one if none is given.
    #[resource(
        cloud_default,
        normaliser = "set",
        reference = "aws:ec2:SecurityGroup",
        item = "security_group"
    )]
    security_group_ids: Option<Input<Vec<String>>>,
    /// Whether the service's own names lead to it, of an interface; AWS says yes if not given.
    #[resource(cloud_default)]
    private_dns: Option<Input<bool>>,
    /// Who may do what through it; everybody everything if not given. One that is taken out of the program stays.
    #[resource(cloud_default, normaliser = "json_sets")]
    policy: Option<Input<String>>,
    /// Tags.
    #[resource(default, owned_entries, entry = "tag")]
    tags: Input<BTreeMap<String, String>>,
    /// The id.
    #[resource(computed, id, early, pattern = "vpce-{hex:17}")]
    id: Computed<String>,
    /// A name by which the service is reached through an interface; empty of a gateway.
    #[resource(computed, pattern = "vpce-{hex:17}-{hex:8}.s3.{region}.vpce.amazonaws.com")]
    dns_name: Computed<String>,
}

impl Kind for VpcEndpoint {
    fn mistakes(args: &Self::Args) -> Vec<FieldError> {
        let mut mistakes = Vec::new();
        let mut none = |field: &str, is_said: bool, kind: &str| {
            if is_said {
                mistakes.push(mistake(field, format!("is for an endpoint of the type {kind}")));
            }
        };
        match args.endpoint_type {
            EndpointType::Gateway => {
                none("subnet_ids", !args.subnet_ids.is_empty(), "interface");
                none("security_group_ids", args.security_group_ids.is_some(), "interface");
                none("private_dns", args.private_dns == Some(true), "interface");
            }
            EndpointType::Interface => {
                none("route_table_ids", !args.route_table_ids.is_empty(), "gateway");
            }
        }
        if args.security_group_ids.as_ref().is_some_and(Vec::is_empty) {
            mistakes.push(mistake("security_group_ids", "is empty; name a group, or leave the field out"));
        }
        mistakes
    }
}
