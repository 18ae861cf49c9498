//! EC2: networks, their rules, and instances.

mod elastic_ip;
mod instance;
mod internet_gateway;
mod key_pair;
mod nat_gateway;
mod route;
mod route_table;
mod security_group;
mod security_group_rule;
mod subnet;
mod vpc;

pub use elastic_ip::{Eip, EipArgs, EipOutputs, EipState};
#[cfg(feature = "client")]
pub(crate) use instance::profile_name;
pub use instance::{Instance, InstanceArgs, InstanceOutputs, InstanceState, RootVolume, USER_DATA_LIMIT};
pub use internet_gateway::{
    InternetGateway, InternetGatewayArgs, InternetGatewayOutputs, InternetGatewayState,
};
pub use key_pair::{KeyPair, KeyPairArgs, KeyPairOutputs, KeyPairState};
pub use nat_gateway::{Connectivity, NatGateway, NatGatewayArgs, NatGatewayOutputs, NatGatewayState};
pub use route::{Route, RouteArgs, RouteOutputs, RouteState};
pub use route_table::{
    RouteTable, RouteTableArgs, RouteTableAssociation, RouteTableAssociationArgs,
    RouteTableAssociationOutputs, RouteTableAssociationState, RouteTableOutputs, RouteTableState,
};
pub use security_group::{SecurityGroup, SecurityGroupArgs, SecurityGroupOutputs, SecurityGroupState};
#[cfg(feature = "client")]
pub(crate) use security_group_rule::canonical;
pub use security_group_rule::{
    Direction, SecurityGroupRule, SecurityGroupRuleArgs, SecurityGroupRuleOutputs, SecurityGroupRuleState,
};
pub use subnet::{Subnet, SubnetArgs, SubnetOutputs, SubnetState};
pub use vpc::{Vpc, VpcArgs, VpcOutputs, VpcState};

pub use crate::lookup::{AvailabilityZones, Image};
