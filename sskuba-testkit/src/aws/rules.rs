//! What AWS refuses and moto accepts: objects that are in use, and those of another network. They are known from the calls
//! that came through.

use std::collections::HashMap;

use super::placement::PlacementGroups;
use super::refreshes::Refreshes;

/// A refusal: its code and its words.
pub(super) type Refusal = (&'static str, &'static str);

/// The fields of a call, decoded.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn parse(body: &str) -> Self {
        let pair = |pair: &str| pair.split_once('=').map(|(key, value)| (decoded(key), decoded(value)));
        Self(body.split('&').filter_map(pair).collect())
    }

    /// Returns a field; empty if it is not there.
    pub(super) fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Returns the call that gives an object the tags that its create has.
    fn tags_of(&self, id: &str) -> String {
        let tags = self.0.iter().filter_map(|(key, value)| {
            let key = key.strip_prefix("TagSpecification.1.")?;
            key.starts_with("Tag.").then(|| format!("&{key}={}", encoded(value)))
        });
        format!("Action=CreateTags&Version=2016-11-15&ResourceId.1={id}{}", tags.collect::<String>())
    }

    /// Returns the items of a list: `Subnets.member.1`, `SecurityGroupId.1`.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let is_item = |key: &str| {
            let rest = key.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
            rest.is_some_and(|rest| rest.trim_start_matches("member.").parse::<u16>().is_ok())
        };
        self.0.iter().filter(|(key, _)| is_item(key)).map(|(_, value)| value.clone()).collect()
    }
}

/// Encodes what stands in a form, byte by byte.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Decodes what stands in a form as `%2F` or `+`.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match (first, code.and_then(|two| u8::from_str_radix(two, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Something in subnets, with what it uses.
#[derive(Default)]
struct User {
    subnets: Vec<String>,
    groups: Vec<String>,
    /// Whether it has a public address.
    is_public: bool,
    /// The elastic address of a NAT gateway or an association, by the id of its allocation and as it is; empty without one.
    address: String,
    public_ip: String,
}

/// What is known of the objects.
#[derive(Default)]
pub(super) struct Rules {
    /// The networks of subnets.
    subnets: HashMap<String, String>,
    /// The gateways of networks.
    gateways: HashMap<String, String>,
    /// NAT gateways, balancers and machines.
    users: HashMap<String, User>,
    /// The balancer and the target group of each listener.
    listeners: HashMap<String, (String, String)>,
    /// The attached interfaces, by the id of their attachment.
    attachments: HashMap<String, String>,
    /// What moto lacks.
    placement: PlacementGroups,
    refreshes: Refreshes,
}

const IN_USE: Refusal = ("DependencyViolation", "it has dependencies and cannot be deleted");

impl Rules {
    fn network(&self, subnet: &str) -> &str {
        self.subnets.get(subnet).map_or("", String::as_str)
    }

    /// Tells whether a network has a way to the internet; of one that is not known it is taken to have.
    fn has_way_out(&self, subnet: &str) -> bool {
        let network = self.network(subnet);
        network.is_empty() || self.gateways.contains_key(network)
    }

    /// Answers a call that moto does not know.
    pub(super) fn answer(&mut self, action: &str, form: &Form) -> Option<String> {
        self.placement.answer(action, form).or_else(|| self.refreshes.answer(action, form))
    }

    /// Says why AWS would refuse a call, if it would.
    pub(super) fn refusal(&self, action: &str, form: &Form) -> Option<Refusal> {
        let of_more =
            || self.placement.refusal(action, form).or_else(|| self.refreshes.refusal(action, form));
        let of_addresses = || self.refused_of_addresses(action, form);
        self.refused(action, form).or_else(of_addresses).or_else(of_more)
    }

    /// Returns the subnet of what an elastic address is to be associated with.
    fn subnet_of_target(&self, form: &Form) -> String {
        let target = [form.one("InstanceId"), form.one("NetworkInterfaceId")].concat();
        self.users.get(&target).and_then(|user| user.subnets.first().cloned()).unwrap_or_default()
    }

    /// Says why AWS would refuse a call about an elastic address or a network interface.
    fn refused_of_addresses(&self, action: &str, form: &Form) -> Option<Refusal> {
        let is_refused = |refused: bool, refusal: Refusal| refused.then_some(refusal);
        match action {
            "AssociateAddress" => {
                let address = form.one("AllocationId");
                let moves = form.one("AllowReassociation") == "true";
                let is_taken = self.users.values().any(|user| user.address == address) && !moves;
                let taken = ("Resource.AlreadyAssociated", "the address is associated already");
                let without = ("Gateway.NotAttached", "the network has no internet gateway attached");
                is_refused(is_taken, taken)
                    .or_else(|| is_refused(!self.has_way_out(&self.subnet_of_target(form)), without))
            }
            "ReleaseAddress" => {
                let address = form.one("AllocationId");
                let is_used = self.users.values().any(|user| !address.is_empty() && user.address == address);
                is_refused(is_used, ("InvalidIPAddress.InUse", "the address is in use"))
            }
            "DeleteNetworkInterface" => {
                let interface = form.one("NetworkInterfaceId");
                let is_used = self.attachments.values().any(|attached| attached == interface);
                is_refused(is_used, ("InvalidNetworkInterface.InUse", "an instance has the interface"))
            }
            _ => None,
        }
    }

    fn refused(&self, action: &str, form: &Form) -> Option<Refusal> {
        let first = |subnets: &[String]| subnets.first().cloned().unwrap_or_default();
        let is_refused = |refused: bool, refusal: Refusal| refused.then_some(refusal);
        match action {
            "CreateNatGateway" if !form.one("AllocationId").is_empty() => {
                let address = form.one("AllocationId");
                let is_taken = self.users.values().any(|user| user.address == address);
                let taken = ("Resource.AlreadyAssociated", "the address is associated already");
                let without = ("Gateway.NotAttached", "the network has no internet gateway attached");
                is_refused(is_taken, taken)
                    .or_else(|| is_refused(!self.has_way_out(form.one("SubnetId")), without))
            }
            "CreateLoadBalancer" => {
                let subnet = first(&form.all("Subnets"));
                let without = ("InvalidSubnet", "the VPC of the subnets has no internet gateway");
                is_refused(form.one("Scheme") != "internal" && !self.has_way_out(&subnet), without)
            }
            "SetSubnets" => {
                let there = self.users.get(form.one("LoadBalancerArn")).map(|user| first(&user.subnets));
                let network = self.network(&there.unwrap_or_default());
                let is_other = |subnet: &String| self.network(subnet) != network;
                let other = ("InvalidConfigurationRequest", "the subnets are in another VPC");
                is_refused(form.all("Subnets").iter().any(is_other), other)
            }
            "DetachInternetGateway" => {
                let network = form.one("VpcId");
                let is_there =
                    |user: &User| user.subnets.iter().any(|subnet| self.network(subnet) == network);
                let words = "the network has some mapped public address(es)";
                let mapped = self.users.values().any(|user| user.is_public && is_there(user));
                is_refused(mapped, ("DependencyViolation", words))
            }
            "DeleteVpc" => is_refused(self.gateways.contains_key(form.one("VpcId")), IN_USE),
            "DeleteSubnet" => {
                let subnet = form.one("SubnetId");
                let uses = |user: &User| user.subnets.iter().any(|used| used == subnet);
                is_refused(self.users.values().any(uses), IN_USE)
            }
            "DeleteSecurityGroup" => {
                let group = form.one("GroupId");
                let uses = |user: &User| user.groups.iter().any(|used| used == group);
                is_refused(self.users.values().any(uses), IN_USE)
            }
            "CreateListener" | "ModifyListener" => {
                let listener = self.listeners.get(form.one("ListenerArn"));
                let balancer = listener.map_or(form.one("LoadBalancerArn"), |(balancer, _)| balancer);
                let group = form.one("DefaultActions.member.1.TargetGroupArn");
                let of_another = |(other, used): &(String, String)| used == group && other != balancer;
                let words = "a target group is for one load balancer alone";
                is_refused(self.listeners.values().any(of_another), ("TargetGroupAssociationLimit", words))
            }
            _ => None,
        }
    }

    /// Notes what a call did. Returns the call that does what AWS does by itself then and moto does not: a deleted NAT gateway
    /// gives its address back, and DHCP options are made with their tags.
    pub(super) fn note(&mut self, action: &str, form: &Form, answer: &str) -> Option<String> {
        if action == "CreateDhcpOptions" {
            let id = between(answer, "dhcpOptionsId");
            return Some(form.tags_of(&id));
        }
        if action == "DeleteNatGateway" {
            let address = self.users.remove(form.one("NatGatewayId"))?.public_ip;
            let give_back = format!("Action=DisassociateAddress&Version=2016-11-15&PublicIp={address}");
            return (!address.is_empty()).then_some(give_back);
        }
        self.note_made(action, form, answer);
        None
    }

    fn note_made(&mut self, action: &str, form: &Form, answer: &str) {
        let made = |tag: &str| between(answer, tag);
        match action {
            "CreateSubnet" => drop(self.subnets.insert(made("subnetId"), form.one("VpcId").to_owned())),
            "AttachInternetGateway" => {
                let gateway = form.one("InternetGatewayId").to_owned();
                self.gateways.insert(form.one("VpcId").to_owned(), gateway);
            }
            "DetachInternetGateway" => drop(self.gateways.remove(form.one("VpcId"))),
            "CreateNatGateway" => {
                let address = form.one("AllocationId").to_owned();
                let (subnets, is_public) = (vec![form.one("SubnetId").to_owned()], !address.is_empty());
                let user =
                    User { subnets, is_public, address, public_ip: made("publicIp"), ..User::default() };
                self.users.insert(made("natGatewayId"), user);
            }
            "CreateLoadBalancer" => {
                let is_public = form.one("Scheme") != "internal";
                let (subnets, groups) = (form.all("Subnets"), form.all("SecurityGroups"));
                let user = User { subnets, groups, is_public, ..User::default() };
                self.users.insert(made("LoadBalancerArn"), user);
            }
            "SetSubnets" => {
                if let Some(balancer) = self.users.get_mut(form.one("LoadBalancerArn")) {
                    balancer.subnets = form.all("Subnets");
                }
            }
            "SetSecurityGroups" => {
                if let Some(balancer) = self.users.get_mut(form.one("LoadBalancerArn")) {
                    balancer.groups = form.all("SecurityGroups");
                }
            }
            "RunInstances" => {
                let (subnets, groups) = (vec![form.one("SubnetId").to_owned()], form.all("SecurityGroupId"));
                let user = User { subnets, groups, ..User::default() };
                self.users.insert(made("instanceId"), user);
            }
            "TerminateInstances" => {
                for machine in form.all("InstanceId") {
                    self.users.remove(&machine);
                }
            }
            "DeleteLoadBalancer" => drop(self.users.remove(form.one("LoadBalancerArn"))),
            "CreateListener" => {
                let group = form.one("DefaultActions.member.1.TargetGroupArn").to_owned();
                self.listeners.insert(made("ListenerArn"), (form.one("LoadBalancerArn").to_owned(), group));
            }
            "ModifyListener" => {
                if let Some((_, group)) = self.listeners.get_mut(form.one("ListenerArn")) {
                    *group = form.one("DefaultActions.member.1.TargetGroupArn").to_owned();
                }
            }
            "DeleteListener" => drop(self.listeners.remove(form.one("ListenerArn"))),
            _ => self.note_user(action, form, answer),
        }
    }

    /// Notes what uses subnets, groups and addresses beside machines, balancers and NAT gateways.
    fn note_user(&mut self, action: &str, form: &Form, answer: &str) {
        let made = |tag: &str| between(answer, tag);
        match action {
            "CreateNetworkInterface" => {
                let (subnets, groups) = (vec![form.one("SubnetId").to_owned()], form.all("SecurityGroupId"));
                let user = User { subnets, groups, ..User::default() };
                self.users.insert(made("networkInterfaceId"), user);
            }
            "CreateAutoScalingGroup" | "UpdateAutoScalingGroup" => {
                let subnets = form.one("VPCZoneIdentifier").split(',').map(str::to_owned).collect();
                let user = User { subnets, ..User::default() };
                self.users.insert(form.one("AutoScalingGroupName").to_owned(), user);
            }
            "DeleteAutoScalingGroup" => drop(self.users.remove(form.one("AutoScalingGroupName"))),
            "CreateVpcEndpoint" => {
                let (subnets, groups) = (form.all("SubnetId"), form.all("SecurityGroupId"));
                self.users.insert(made("vpcEndpointId"), User { subnets, groups, ..User::default() });
            }
            "DeleteVpcEndpoints" => {
                for endpoint in form.all("VpcEndpointId") {
                    self.users.remove(&endpoint);
                }
            }
            "DeleteNetworkInterface" => drop(self.users.remove(form.one("NetworkInterfaceId"))),
            "AttachNetworkInterface" => {
                let interface = form.one("NetworkInterfaceId").to_owned();
                self.attachments.insert(made("attachmentId"), interface);
            }
            "DetachNetworkInterface" => drop(self.attachments.remove(form.one("AttachmentId"))),
            "AssociateAddress" => {
                let (address, subnet) = (form.one("AllocationId").to_owned(), self.subnet_of_target(form));
                self.users.retain(|_, user| user.address != address);
                let user = User { subnets: vec![subnet], is_public: true, address, ..User::default() };
                self.users.insert(made("associationId"), user);
            }
            "DisassociateAddress" => drop(self.users.remove(form.one("AssociationId"))),
            _ => {}
        }
    }
}

/// Returns the text of the first element of this name; empty if there is none.
fn between(answer: &str, tag: &str) -> String {
    let rest = answer.split_once(&format!("<{tag}>")).map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split_once("</")).map_or_else(String::new, |(text, _)| text.to_owned())
}
