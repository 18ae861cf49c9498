//! What somebody made by hand beside networks and machines is listed and imported.

use serde_json::Value as Json;
use sskuba_aws::autoscaling::Group;
use sskuba_aws::ec2::{
    DhcpOptions, DhcpOptionsAssociation, EgressOnlyInternetGateway, EipAssociation, EndpointType, FlowLog,
    LaunchTemplate, NetworkAcl, NetworkAclAssociation, NetworkInterface, NetworkInterfaceAttachment,
    Snapshot, Volume, VolumeAttachment, VpcCidrBlock, VpcEndpoint, VpcPeering,
};
use sskuba_core::prelude::*;

use crate::services::{imported, no_instance};
use crate::stacks::behind;
use crate::stage::{Stage, scene};

pub(crate) const ADDRESSES: &[&str] = &[
    "aws:ec2:Volume::volume",
    "aws:ec2:Snapshot::snapshot",
    "aws:ec2:VolumeAttachment::disk",
    "aws:ec2:NetworkInterface::face",
    "aws:ec2:NetworkInterfaceAttachment::plug",
    "aws:ec2:EipAssociation::has",
    "aws:ec2:LaunchTemplate::template",
    "aws:autoscaling:Group::servers",
    "aws:ec2:DhcpOptions::options",
    "aws:ec2:DhcpOptionsAssociation::uses",
    "aws:ec2:EgressOnlyInternetGateway::out",
    "aws:ec2:VpcCidrBlock::range",
    "aws:ec2:VpcPeering::peers",
    "aws:ec2:FlowLog::log",
    "aws:ec2:NetworkAcl::acl",
    "aws:ec2:NetworkAclAssociation::guards",
    "aws:ec2:VpcEndpoint::door",
];

/// One object of each of these kinds; prints their ids.
const BY_HAND: &str = r#"
scaling, s3 = boto3.client('autoscaling'), boto3.client('s3')
vpc, other = [ec2.create_vpc(CidrBlock=range)['Vpc']['VpcId'] for range in ('10.40.0.0/16', '10.42.0.0/16')]
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock='10.40.1.0/24', AvailabilityZone='us-east-1a')['Subnet']['SubnetId']
machine = ec2.run_instances(ImageId='ami-12c6146b', InstanceType='t3.micro', SubnetId=subnet, MinCount=1,
    MaxCount=1)['Instances'][0]['InstanceId']
volume = ec2.create_volume(AvailabilityZone='us-east-1a', Size=8, VolumeType='gp3', Encrypted=True)['VolumeId']
snapshot = ec2.create_snapshot(VolumeId=volume, Description='by hand')['SnapshotId']
ec2.attach_volume(VolumeId=volume, InstanceId=machine, Device='/dev/sdf')
face = ec2.create_network_interface(SubnetId=subnet)['NetworkInterface']['NetworkInterfaceId']
plug = ec2.attach_network_interface(NetworkInterfaceId=face, InstanceId=machine, DeviceIndex=1)['AttachmentId']
eip = ec2.allocate_address(Domain='vpc')['AllocationId']
has = ec2.associate_address(AllocationId=eip, InstanceId=machine)['AssociationId']
template = ec2.create_launch_template(LaunchTemplateName='byhand', LaunchTemplateData=dict(ImageId='ami-12c6146b',
    InstanceType='t3.micro', MetadataOptions=dict(HttpTokens='required', HttpPutResponseHopLimit=1)))
template = template['LaunchTemplate']['LaunchTemplateId']
scaling.create_auto_scaling_group(AutoScalingGroupName='byhand', MinSize=0, MaxSize=1, VPCZoneIdentifier=subnet,
    LaunchTemplate=dict(LaunchTemplateId=template, Version='$Default'), HealthCheckGracePeriod=300)
options = ec2.create_dhcp_options(DhcpConfigurations=[dict(Key='domain-name', Values=['byhand.example'])])
options = options['DhcpOptions']['DhcpOptionsId']
ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=vpc)
out = ec2.create_egress_only_internet_gateway(VpcId=vpc)['EgressOnlyInternetGateway']['EgressOnlyInternetGatewayId']
range = ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock='10.41.0.0/16')['CidrBlockAssociation']['AssociationId']
peers = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)['VpcPeeringConnection']['VpcPeeringConnectionId']
ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peers)
s3.create_bucket(Bucket='byhand-flows')
log = ec2.create_flow_logs(ResourceIds=[vpc], ResourceType='VPC', TrafficType='ALL', LogDestinationType='s3',
    LogDestination='arn:aws:s3:::byhand-flows', MaxAggregationInterval=600)['FlowLogIds'][0]
acl = ec2.create_network_acl(VpcId=vpc)['NetworkAcl']['NetworkAclId']
born = [one['NetworkAclAssociationId'] for acl_ in ec2.describe_network_acls(Filters=[dict(Name='vpc-id', Values=[vpc])])['NetworkAcls']
    for one in acl_['Associations'] if one['SubnetId'] == subnet][0]
guards = ec2.replace_network_acl_association(AssociationId=born, NetworkAclId=acl)['NewAssociationId']
door = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName='com.amazonaws.us-east-1.s3', VpcEndpointType='Gateway')
door = door['VpcEndpoint']['VpcEndpointId']
print(json.dumps(dict(acl=acl, guards=guards, door=door, vpc=vpc, other=other, subnet=subnet, machine=machine, eip=eip, volume=volume, snapshot=snapshot,
    disk=f'{volume}:{machine}', face=face, plug=plug, has=has, template=template, servers='byhand', options=options,
    uses=vpc, out=out, range=range, peers=peers, log=log)))
"#;

fn program(ids: Json) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    move |stack| {
        let id = |name: &str| ids[name].as_str().unwrap_or_default().to_owned();
        let volume = stack.add("volume", Volume::new("us-east-1a").size_gib(8_u32))?;
        stack.add("snapshot", Snapshot::new(volume.id()))?;
        stack.add("disk", VolumeAttachment::new(volume.id(), id("machine"), "/dev/sdf"))?;
        let face = stack.add("face", NetworkInterface::new(id("subnet")))?;
        stack.add("plug", NetworkInterfaceAttachment::new(face.id(), id("machine"), 1))?;
        stack.add("has", EipAssociation::new(id("eip")).instance_id(id("machine")))?;
        let template = stack.add("template", LaunchTemplate::new("ami-12c6146b", "t3.micro"))?;
        let servers = Group::new(template.id(), 0, 1).launch_template_version("$Default");
        stack.add("servers", servers.subnet(id("subnet")))?;
        let options = stack.add("options", DhcpOptions::new().domain_name("byhand.example"))?;
        stack.add("uses", DhcpOptionsAssociation::new(id("vpc"), options.id()))?;
        stack.add("out", EgressOnlyInternetGateway::new(id("vpc")))?;
        stack.add("range", VpcCidrBlock::new(id("vpc")).cidr("10.41.0.0/16"))?;
        stack.add("peers", VpcPeering::new(id("vpc"), id("other")))?;
        let acl = stack.add("acl", NetworkAcl::new(id("vpc")))?;
        stack.add("guards", NetworkAclAssociation::new(id("subnet"), acl.id()))?;
        let s3 = "com.amazonaws.us-east-1.s3";
        stack.add("door", VpcEndpoint::new(id("vpc"), s3, EndpointType::Gateway))?;
        stack.add("log", FlowLog::new(id("vpc"), "arn:aws:s3:::byhand-flows"))?;
        Ok(())
    }
}

scene! {
    async fn what_is_there_is_listed_and_imported(stage: Stage) {
        let ids = behind(BY_HAND);
        imported(stage, &ids, ADDRESSES, no_instance, program(ids.clone())).await;
    }
}
