//! What exists already becomes a resource of a program that says no more of it than it must.

use serde_json::Value as Json;
use sskuba_aws::ec2::{
    Eip, Instance, InternetGateway, KeyPair, NatGateway, Route, RouteTable, RouteTableAssociation,
    SecurityGroup, SecurityGroupRule, Subnet, Vpc,
};
use sskuba_aws::elbv2::{Listener, LoadBalancer, TargetGroup, TargetGroupAttachment};
use sskuba_core::plan::Action;
use sskuba_core::prelude::*;

use crate::stacks::behind;
use crate::stage::{Stage, scene};

pub(crate) const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2M8Rc9dOyRZ6uTPPCQfHEoqZdw0xkQ4bN8s5mX4v8X me@there";

/// One object of every kind, as somebody makes them by hand; prints their ids.
pub(crate) const BY_HAND: &str = r#"
tags = lambda kind: [{'ResourceType': kind, 'Tags': [{'Key': 'Name', 'Value': 'by hand'}, {'Key': 'team', 'Value': 'x'}]}]
vpc = ec2.create_vpc(CidrBlock='10.0.0.0/16', TagSpecifications=tags('vpc'))['Vpc']['VpcId']
subnet = ec2.create_subnet(VpcId=vpc, CidrBlock='10.0.1.0/24', AvailabilityZone='us-east-1b',
    TagSpecifications=tags('subnet'))['Subnet']['SubnetId']
igw = ec2.create_internet_gateway(TagSpecifications=tags('internet-gateway'))['InternetGateway']['InternetGatewayId']
ec2.attach_internet_gateway(InternetGatewayId=igw, VpcId=vpc)
eip = ec2.allocate_address(Domain='vpc')['AllocationId']
nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=eip)['NatGateway']['NatGatewayId']
rtb = ec2.create_route_table(VpcId=vpc)['RouteTable']['RouteTableId']
ec2.create_route(RouteTableId=rtb, DestinationCidrBlock='0.0.0.0/0', GatewayId=igw)
association = ec2.associate_route_table(RouteTableId=rtb, SubnetId=subnet)['AssociationId']
group = ec2.create_security_group(GroupName='theirs', Description='made by hand', VpcId=vpc)['GroupId']
rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{'IpProtocol': 'tcp', 'FromPort': 443,
    'ToPort': 443, 'IpRanges': [{'CidrIp': '0.0.0.0/0'}]}])['SecurityGroupRules'][0]['SecurityGroupRuleId']
peers = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{'IpProtocol': '-1',
    'UserIdGroupPairs': [{'GroupId': group}]}])['SecurityGroupRules'][0]['SecurityGroupRuleId']
key = ec2.import_key_pair(KeyName='theirs', PublicKeyMaterial=KEY)['KeyPairId']
machine = ec2.run_instances(ImageId='ami-12c6146b', InstanceType='t3.micro', SubnetId=subnet, MinCount=1, MaxCount=1,
    SecurityGroupIds=[group], UserData='hello', MetadataOptions={'HttpTokens': 'required', 'HttpPutResponseHopLimit': 1},
    TagSpecifications=tags('instance'))['Instances'][0]['InstanceId']
nlb = elb.create_load_balancer(Name='theirs', Type='network', Subnets=[subnet])['LoadBalancers'][0]['LoadBalancerArn']
tg = elb.create_target_group(Name='theirs', Protocol='TCP', Port=80, VpcId=vpc)['TargetGroups'][0]['TargetGroupArn']
listener = elb.create_listener(LoadBalancerArn=nlb, Port=80, Protocol='TCP',
    DefaultActions=[{'Type': 'forward', 'TargetGroupArn': tg}])['Listeners'][0]['ListenerArn']
elb.register_targets(TargetGroupArn=tg, Targets=[{'Id': machine}])
print(json.dumps(dict(vpc=vpc, subnet=subnet, igw=igw, eip=eip, nat=nat, rtb=rtb, route=rtb + '_0.0.0.0/0',
    association=association, group=group, rule=rule, peers=peers, key=key, machine=machine, nlb=nlb, tg=tg,
    listener=listener, target=tg + '_' + machine)))
"#;

fn program(ids: Json) -> impl Fn(&mut Stack) -> Result<()> + Send + Sync + Clone + 'static {
    move |stack| {
        let id = |name: &str| ids[name].as_str().unwrap_or_default().to_owned();
        stack.add("vpc", Vpc::new("10.0.0.0/16"))?;
        stack.add("subnet", Subnet::new(id("vpc"), "10.0.1.0/24"))?;
        stack.add("igw", InternetGateway::new(id("vpc")))?;
        stack.add("eip", Eip::new())?;
        stack.add("nat", NatGateway::new(id("subnet")).allocation_id(id("eip")))?;
        stack.add("rtb", RouteTable::new(id("vpc")))?;
        stack.add("route", Route::new(id("rtb"), "0.0.0.0/0").gateway_id(id("igw")))?;
        stack.add("association", RouteTableAssociation::new(id("subnet"), id("rtb")))?;
        stack.add("group", SecurityGroup::new(id("vpc")))?;
        stack.add("rule", SecurityGroupRule::ingress(id("group")).tcp(443).cidr("0.0.0.0/0"))?;
        stack.add("peers", SecurityGroupRule::ingress(id("group")).all().source_group_id(id("group")))?;
        stack.add("key", KeyPair::new(KEY))?;
        stack.add("machine", Instance::new("ami-12c6146b", "t3.micro", id("subnet")))?;
        stack.add("nlb", LoadBalancer::new(vec![id("subnet")]))?;
        stack.add("tg", TargetGroup::new(id("vpc"), 80))?;
        stack.add("listener", Listener::new(id("nlb"), 80, id("tg")))?;
        stack.add("target", TargetGroupAttachment::new(id("tg"), id("machine")))?;
        Ok(())
    }
}

pub(crate) const ADDRESSES: [&str; 17] = [
    "aws:ec2:Vpc::vpc",
    "aws:ec2:Subnet::subnet",
    "aws:ec2:InternetGateway::igw",
    "aws:ec2:Eip::eip",
    "aws:ec2:NatGateway::nat",
    "aws:ec2:RouteTable::rtb",
    "aws:ec2:Route::route",
    "aws:ec2:RouteTableAssociation::association",
    "aws:ec2:SecurityGroup::group",
    "aws:ec2:SecurityGroupRule::rule",
    "aws:ec2:SecurityGroupRule::peers",
    "aws:ec2:KeyPair::key",
    "aws:ec2:Instance::machine",
    "aws:elbv2:LoadBalancer::nlb",
    "aws:elbv2:TargetGroup::tg",
    "aws:elbv2:Listener::listener",
    "aws:elbv2:TargetGroupAttachment::target",
];

scene! {
    async fn what_aws_chose_is_left_as_it_is(stage: Stage) {
        let ids = behind(&format!("KEY = b'{KEY}'\n{BY_HAND}"));
        let on = stage.stacked();
        let program = program(ids.clone());
        for address in ADDRESSES {
            let id = ids[address.rsplit("::").next().unwrap()].as_str().unwrap();
            let imported = on.import(&program, address, id).await.unwrap();
            assert_eq!((imported.action, imported.changes), (Action::Same, vec![]), "{address}");
        }
        assert_eq!(on.up(program.clone()).await, [0; 4]);
        on.engine.down(&on.stage.stack).await.unwrap();
    }
}

scene! {
    /// What the program set and somebody took away is drift, and comes back; what others added stays.
    async fn what_somebody_took_away_comes_back(stage: Stage) {
        let on = stage.stacked();
        let program = |stack: &mut Stack| -> Result<()> {
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16").tag("team", "data"))?;
            stack.add("web", SecurityGroup::new(vpc.id()).tag("team", "data"))?;
            stack.add("main", InternetGateway::new(vpc.id()))?;
            Ok(())
        };
        on.up(program).await;
        let id = |kind: &str| on.stage.seen().into_iter().find(|(_, seen)| seen["kind"] == kind).unwrap().0;
        let (vpc, group, gateway) = (id("vpc"), id("sg"), id("igw"));
        behind(&format!(
            "ec2.delete_tags(Resources=['{vpc}'], Tags=[{{'Key': 'team'}}])\n\
             ec2.create_tags(Resources=['{vpc}', '{group}'], Tags=[{{'Key': 'theirs', 'Value': 'yes'}}])\n\
             ec2.detach_internet_gateway(InternetGatewayId='{gateway}', VpcId='{vpc}')"
        ));
        let mut session = on.engine.open(&on.stage.stack, "refresh", std::time::Duration::ZERO).await.unwrap();
        let found = session.refresh(&Default::default()).await.unwrap();
        session.close().await.unwrap();
        let drifted: Vec<&str> = found.drifted.iter().map(|(address, _)| address.as_str()).collect();
        assert_eq!(drifted, ["aws:ec2:InternetGateway::main", "aws:ec2:Vpc::main"]);
        assert_eq!(on.up(program).await, [0, 2, 0, 0]);
        let seen = on.stage.seen();
        assert_eq!((&seen[&vpc]["tags"]["team"], &seen[&vpc]["tags"]["theirs"]), (&"data".into(), &"yes".into()));
        assert_eq!((&seen[&gateway]["vpcs"], on.up(program).await), (&serde_json::json!([vpc]), [0; 4]));
        on.down().await;
    }
}
