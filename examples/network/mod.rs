//! A network in two zones, machines in its private part, a balancer in front of them. The same program for the
//! simulated world (`quickstart`) and for AWS (`aws-network`).

use sskuba::aws::ec2::{
    AvailabilityZones, Eip, Image, Instance, InternetGateway, NatGateway, Route, RouteTable,
    RouteTableAssociation, SecurityGroup, SecurityGroupRule, Subnet, Vpc,
};
use sskuba::aws::elbv2::{Listener, LoadBalancer, TargetGroup, TargetGroupAttachment};
use sskuba::prelude::*;

/// What differs from stack to stack.
#[derive(Config)]
pub(crate) struct NetworkConfig {
    /// The range of the network.
    #[config(default = "10.0.0.0/16".to_owned())]
    cidr: String,
    /// The ranges of the subnets that the internet reaches, one a zone.
    #[config(default = vec!["10.0.0.0/24".to_owned(), "10.0.1.0/24".to_owned()])]
    public: Vec<String>,
    /// The ranges of the subnets that it does not reach, one a zone.
    #[config(default = vec!["10.0.16.0/20".to_owned(), "10.0.32.0/20".to_owned()])]
    private: Vec<String>,
    /// How many machines.
    #[config(default = 2)]
    machines: usize,
    /// Their type.
    #[config(default = "t3.micro".to_owned())]
    machine_type: String,
    /// The port that they serve on.
    #[config(default = 80)]
    port: u16,
    /// Whose images to choose from.
    #[config(default = "amazon".to_owned())]
    image_owner: String,
    /// Which of them; the newest is taken, so that a new one replaces the machines. Give a whole name to stay.
    #[config(default = "al2023-ami-2023*-x86_64".to_owned())]
    image_name: String,
}

/// The whole stack.
pub(crate) fn declare(stack: &mut Stack) -> sskuba::Result {
    let config: NetworkConfig = stack.config()?;
    let zones = stack.read("zones", AvailabilityZones::new())?;
    let image = stack.read("image", Image::new(&config.image_owner, &config.image_name))?;
    let network = stack.component("network", Network { config: &config, zones: &zones })?;
    let target = stack.component("web", Web { config: &config, network: &network, image: &image })?;
    stack.export("vpc", network.vpc.id());
    stack.export("url", target.dns_name().map(|name| format!("http://{name}/")));
    Ok(())
}

/// A range with one public and one private subnet in each zone.
struct Network<'a> {
    config: &'a NetworkConfig,
    zones: &'a Handle<AvailabilityZones>,
}

/// What the rest of the stack builds on.
struct Built {
    vpc: Handle<Vpc>,
    public: Vec<Handle<Subnet>>,
    private: Vec<Handle<Subnet>>,
    gateway: Handle<InternetGateway>,
}

impl Component for Network<'_> {
    type Outputs = Built;

    fn build(&self, scope: &mut Scope<'_>) -> sskuba::Result<Built> {
        let vpc = scope.add("vpc", Vpc::new(&self.config.cidr).enable_dns_hostnames(true))?;
        let public = self.subnets(scope, &vpc, "public", &self.config.public)?;
        let private = self.subnets(scope, &vpc, "private", &self.config.private)?;

        let gateway = scope.add("gateway", InternetGateway::new(vpc.id()))?;
        let table = scope.add("public", RouteTable::new(vpc.id()))?;
        scope.add("public", Route::new(table.id(), "0.0.0.0/0").gateway_id(gateway.id()))?;
        associate(scope, "public", &public, &table)?;

        if let Some(first) = public.first() {
            let address = scope.add("nat", Eip::new())?.depends_on(&gateway);
            let nat = scope.add("nat", NatGateway::new(first.id()).allocation_id(address.id()))?;
            let table = scope.add("private", RouteTable::new(vpc.id()))?;
            scope.add("private", Route::new(table.id(), "0.0.0.0/0").nat_gateway_id(nat.id()))?;
            associate(scope, "private", &private, &table)?;
        }
        Ok(Built { vpc, public, private, gateway })
    }
}

impl Network<'_> {
    /// One subnet a range, each in another zone.
    fn subnets(
        &self,
        scope: &mut Scope<'_>,
        vpc: &Handle<Vpc>,
        tier: &str,
        ranges: &[String],
    ) -> sskuba::Result<Vec<Handle<Subnet>>> {
        let mut subnets = Vec::new();
        for (i, range) in ranges.iter().enumerate() {
            let zone = self.zones.names().and_then(move |zones| {
                let wrapped = i % zones.len().max(1);
                zones.get(wrapped).cloned().ok_or("the region has no zones")
            });
            let subnet = Subnet::new(vpc.id(), range)
                .availability_zone(zone)
                .map_public_ip_on_launch(tier == "public")
                .tag("tier", tier);
            subnets.push(scope.add(format!("{tier}-{i}"), subnet)?);
        }
        Ok(subnets)
    }
}

fn associate(
    scope: &mut Scope<'_>,
    tier: &str,
    subnets: &[Handle<Subnet>],
    table: &Handle<RouteTable>,
) -> sskuba::Result {
    for (i, subnet) in subnets.iter().enumerate() {
        scope.add(format!("{tier}-{i}"), RouteTableAssociation::new(subnet.id(), table.id()))?;
    }
    Ok(())
}

/// Machines behind a balancer.
struct Web<'a> {
    config: &'a NetworkConfig,
    network: &'a Built,
    image: &'a Handle<Image>,
}

impl Component for Web<'_> {
    type Outputs = Handle<LoadBalancer>;

    fn build(&self, scope: &mut Scope<'_>) -> sskuba::Result<Handle<LoadBalancer>> {
        let Built { vpc, public, private, gateway } = self.network;
        let group = scope.add("web", SecurityGroup::new(vpc.id()).description("Web traffic"))?;
        scope.add("http", SecurityGroupRule::ingress(group.id()).tcp(self.config.port).cidr("0.0.0.0/0"))?;
        scope.add("out", SecurityGroupRule::egress(group.id()).all().cidr("0.0.0.0/0"))?;

        let public: Vec<Output<String>> = public.iter().map(|subnet| subnet.id()).collect();
        // AWS makes no public balancer before the network has a gateway, and takes no gateway from a network with one.
        let balancer = scope.add("web", LoadBalancer::new(public).cross_zone(true))?.depends_on(gateway);
        let targets =
            scope.add("web", TargetGroup::new(vpc.id(), self.config.port).preserve_client_ip(false))?;
        scope.add("http", Listener::new(balancer.arn(), 80, targets.arn()))?;

        for i in 0..self.config.machines {
            let Some(subnet) = private.get(i % private.len().max(1)) else { break };
            let machine = Instance::new(self.image.id(), &self.config.machine_type, subnet.id())
                .security_group(group.id())
                .tag("role", "web");
            let machine = scope.add(format!("web-{i}"), machine)?;
            let attachment = TargetGroupAttachment::new(targets.arn(), machine.id());
            scope.add(format!("web-{i}"), attachment)?;
        }
        Ok(balancer)
    }
}
