"""Lists what a stack has, without sskuba: every object that carries its tag, and what cannot carry one.
Without a stack: everything, of whomever."""
import json
import sys

import boto3

stack = sys.argv[1]
ec2, elb = boto3.client("ec2"), boto3.client("elbv2")
found = {}


def tags_of(item):
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags") or []}


def keep(kind, id, tags, **fields):
    if not stack or tags.get("sskuba:stack") == stack:
        found[id] = {"kind": kind, "tags": tags, **fields}


for item in ec2.describe_vpcs()["Vpcs"]:
    keep("vpc", item["VpcId"], tags_of(item), cidr=item["CidrBlock"])
for item in ec2.describe_subnets()["Subnets"]:
    keep("subnet", item["SubnetId"], tags_of(item), public=item["MapPublicIpOnLaunch"], cidr=item["CidrBlock"])
for item in ec2.describe_internet_gateways()["InternetGateways"]:
    keep("igw", item["InternetGatewayId"], tags_of(item), vpcs=[a["VpcId"] for a in item["Attachments"]])
for item in ec2.describe_addresses()["Addresses"]:
    keep("eip", item["AllocationId"], tags_of(item))
for item in ec2.describe_nat_gateways()["NatGateways"]:
    if item["State"] != "deleted":
        keep("nat", item["NatGatewayId"], tags_of(item))
for item in ec2.describe_route_tables()["RouteTables"]:
    routes = {
        route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock"): route.get("GatewayId")
        or route.get("NatGatewayId")
        for route in item["Routes"]
    }
    subnets = [a["SubnetId"] for a in item["Associations"] if "SubnetId" in a]
    keep("rtb", item["RouteTableId"], tags_of(item), routes=routes, subnets=subnets)
for item in ec2.describe_security_groups()["SecurityGroups"]:
    keep("sg", item["GroupId"], tags_of(item), out=[rule["IpProtocol"] for rule in item["IpPermissionsEgress"]])
for item in ec2.describe_security_group_rules()["SecurityGroupRules"]:
    keep("rule", item["SecurityGroupRuleId"], tags_of(item), words=item.get("Description"))
for item in ec2.describe_key_pairs()["KeyPairs"]:
    keep("key", item["KeyPairId"], tags_of(item))
for reservation in ec2.describe_instances()["Reservations"]:
    for item in reservation["Instances"]:
        if item["State"]["Name"] != "terminated":
            data = ec2.describe_instance_attribute(InstanceId=item["InstanceId"], Attribute="userData")
            keep(
                "instance",
                item["InstanceId"],
                tags_of(item),
                type=item["InstanceType"],
                tokens=item["MetadataOptions"]["HttpTokens"],
                user_data=data["UserData"].get("Value"),
                groups=sorted(group["GroupId"] for group in item["SecurityGroups"]),
            )
for item in ec2.describe_volumes()["Volumes"]:
    keep("volume", item["VolumeId"], tags_of(item), size=item["Size"])

parts = {}
for item in elb.describe_load_balancers()["LoadBalancers"]:
    parts[item["LoadBalancerArn"]] = ("nlb", {"scheme": item.get("Scheme"), "type": item["Type"]})
    try:
        listeners = elb.describe_listeners(LoadBalancerArn=item["LoadBalancerArn"])["Listeners"]
    except elb.exceptions.LoadBalancerNotFoundException:
        # Another test has deleted its own meanwhile.
        listeners = []
    for listener in listeners:
        parts[listener["ListenerArn"]] = ("listener", {"port": listener["Port"]})
for item in elb.describe_target_groups()["TargetGroups"]:
    try:
        health = elb.describe_target_health(TargetGroupArn=item["TargetGroupArn"])["TargetHealthDescriptions"]
    except elb.exceptions.TargetGroupNotFoundException:
        health = []
    targets = sorted(one["Target"]["Id"] for one in health)
    parts[item["TargetGroupArn"]] = ("tg", {"targets": targets})
for arn, (kind, fields) in parts.items():
    [description] = elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
    keep(kind, arn, tags_of(description), **fields)

json.dump(found, sys.stdout)
