//! EC2: networks, their rules, and instances.

mod availability_zones;
mod dhcp_options;
mod dhcp_options_association;
mod egress_only_internet_gateway;
mod eip_association;
mod elastic_ip;
mod existing_subnets;
mod existing_vpc;
mod flow_log;
mod image;
mod instance;
mod internet_gateway;
mod key_pair;
mod launch_template;
mod nat_gateway;
mod network_acl;
mod network_acl_association;
mod network_interface;
mod network_interface_attachment;
mod placement_group;
mod prelude;
mod route;
mod route_table;
mod route_table_association;
mod security_group;
mod security_group_rule;
#[cfg(feature = "ec2")]
mod service;
mod snapshot;
mod subnet;
mod user_data;
mod volume;
mod volume_attachment;
mod vpc;
mod vpc_cidr_block;
mod vpc_endpoint;
mod vpc_peering;

use sskuba_core::provider::Handlers;

pub use availability_zones::{
    AvailabilityZones, AvailabilityZonesArgs, AvailabilityZonesOutputs, AvailabilityZonesState,
};
pub use dhcp_options::{DhcpOptions, DhcpOptionsArgs, DhcpOptionsOutputs, DhcpOptionsState};
pub use dhcp_options_association::{
    DhcpOptionsAssociation, DhcpOptionsAssociationArgs, DhcpOptionsAssociationOutputs,
    DhcpOptionsAssociationState,
};
pub use egress_only_internet_gateway::{
    EgressOnlyInternetGateway, EgressOnlyInternetGatewayArgs, EgressOnlyInternetGatewayOutputs,
    EgressOnlyInternetGatewayState,
};
pub use eip_association::{EipAssociation, EipAssociationArgs, EipAssociationOutputs, EipAssociationState};
pub use elastic_ip::{Eip, EipArgs, EipOutputs, EipState};
pub use existing_subnets::{
    ExistingSubnets, ExistingSubnetsArgs, ExistingSubnetsOutputs, ExistingSubnetsState,
};
pub use existing_vpc::{ExistingVpc, ExistingVpcArgs, ExistingVpcOutputs, ExistingVpcState};
pub use flow_log::{FlowLog, FlowLogArgs, FlowLogOutputs, FlowLogState, Traffic};
pub use image::{Image, ImageArgs, ImageOutputs, ImageState};
pub use instance::{Instance, InstanceArgs, InstanceOutputs, InstanceState, RootVolume};
pub use internet_gateway::{
    InternetGateway, InternetGatewayArgs, InternetGatewayOutputs, InternetGatewayState,
};
pub use key_pair::{KeyPair, KeyPairArgs, KeyPairOutputs, KeyPairState};
pub use launch_template::{LaunchTemplate, LaunchTemplateArgs, LaunchTemplateOutputs, LaunchTemplateState};
pub use nat_gateway::{Connectivity, NatGateway, NatGatewayArgs, NatGatewayOutputs, NatGatewayState};
pub use network_acl::{AclRule, NetworkAcl, NetworkAclArgs, NetworkAclOutputs, NetworkAclState};
pub use network_acl_association::{
    NetworkAclAssociation, NetworkAclAssociationArgs, NetworkAclAssociationOutputs,
    NetworkAclAssociationState,
};
pub use network_interface::{
    NetworkInterface, NetworkInterfaceArgs, NetworkInterfaceOutputs, NetworkInterfaceState,
};
pub use network_interface_attachment::{
    NetworkInterfaceAttachment, NetworkInterfaceAttachmentArgs, NetworkInterfaceAttachmentOutputs,
    NetworkInterfaceAttachmentState,
};
pub use placement_group::{
    Placement, PlacementGroup, PlacementGroupArgs, PlacementGroupOutputs, PlacementGroupState, SpreadLevel,
};
pub use route::{Route, RouteArgs, RouteOutputs, RouteState};
pub use route_table::{RouteTable, RouteTableArgs, RouteTableOutputs, RouteTableState};
pub use route_table_association::{
    RouteTableAssociation, RouteTableAssociationArgs, RouteTableAssociationOutputs,
    RouteTableAssociationState,
};
pub use security_group::{SecurityGroup, SecurityGroupArgs, SecurityGroupOutputs, SecurityGroupState};
pub use security_group_rule::{
    Direction, SecurityGroupRule, SecurityGroupRuleArgs, SecurityGroupRuleOutputs, SecurityGroupRuleState,
};
pub use snapshot::{Snapshot, SnapshotArgs, SnapshotOutputs, SnapshotState};
pub use subnet::{Subnet, SubnetArgs, SubnetOutputs, SubnetState};
pub use user_data::USER_DATA_LIMIT;
pub use volume::{Volume, VolumeArgs, VolumeOutputs, VolumeState};
pub use volume_attachment::{
    VolumeAttachment, VolumeAttachmentArgs, VolumeAttachmentOutputs, VolumeAttachmentState,
};
pub use vpc::{Vpc, VpcArgs, VpcOutputs, VpcState};
pub use vpc_cidr_block::{
    VpcCidrBlock, VpcCidrBlockArgs, VpcCidrBlockOutputs, VpcCidrBlockState, ipv6_subnet,
};
pub use vpc_endpoint::{EndpointType, VpcEndpoint, VpcEndpointArgs, VpcEndpointOutputs, VpcEndpointState};
pub use vpc_peering::{VpcPeering, VpcPeeringArgs, VpcPeeringOutputs, VpcPeeringState};

use crate::provider::Account;
#[cfg(not(feature = "ec2"))]
use crate::without_client::Kinds;

/// Adds them with the client.
#[cfg(feature = "ec2")]
type Kinds = crate::client::Kinds<service::Ec2>;

/// Adds the kinds of EC2.
pub(crate) fn kinds(provider: Handlers, account: &Account) -> Handlers {
    Kinds::new(provider, account)
        .resource::<DhcpOptions>()
        .resource::<DhcpOptionsAssociation>()
        .resource::<EgressOnlyInternetGateway>()
        .resource::<Eip>()
        .resource::<EipAssociation>()
        .resource::<FlowLog>()
        .resource::<Instance>()
        .resource::<InternetGateway>()
        .resource::<KeyPair>()
        .resource::<LaunchTemplate>()
        .resource::<NatGateway>()
        .resource::<NetworkAcl>()
        .resource::<NetworkAclAssociation>()
        .resource::<NetworkInterface>()
        .resource::<NetworkInterfaceAttachment>()
        .resource::<PlacementGroup>()
        .resource::<Route>()
        .resource::<RouteTable>()
        .resource::<RouteTableAssociation>()
        .resource::<SecurityGroup>()
        .resource::<SecurityGroupRule>()
        .resource::<Snapshot>()
        .resource::<Subnet>()
        .resource::<Volume>()
        .resource::<VolumeAttachment>()
        .resource::<Vpc>()
        .resource::<VpcCidrBlock>()
        .resource::<VpcEndpoint>()
        .resource::<VpcPeering>()
        .lookup::<AvailabilityZones>()
        .lookup::<ExistingSubnets>()
        .lookup::<ExistingVpc>()
        .lookup::<Image>()
        .added()
}
