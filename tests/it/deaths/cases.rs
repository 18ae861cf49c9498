//! What programs die in: together they have every action, and what the engine does beside them.

use serde_json::json;
use sskuba::local::data::Data;
use sskuba::prelude::*;
use sskuba::sim::World;
use sskuba::sim::kinds::{
    Bucket, Gateway, Grant, Instance, Machine, Network, PublicAddress, Record, Subnet, Zones,
};

/// A program's declarations.
pub(crate) type Declare = fn(&mut Stack) -> sskuba::Result;

/// What a program is started for.
#[derive(Default)]
pub(crate) struct Task {
    /// What it declares; none: it takes the stack down.
    pub(crate) declare: Option<Declare>,
    /// Whether it refreshes first.
    pub(crate) refresh: bool,
    /// Whether it imports first what was exported before the case.
    pub(crate) import: bool,
    /// Whether it makes a new data key first.
    pub(crate) rotate: bool,
    /// Whether the state is repaired first.
    pub(crate) repair: bool,
}

impl Task {
    const fn of(declare: Option<Declare>) -> Self {
        Self { declare, refresh: false, import: false, rotate: false, repair: false }
    }
}

/// One task, and what was there before.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    /// What was brought up before, in this order.
    pub(crate) before: &'static [Declare],
    /// What was done behind the engine's back after that.
    pub(crate) meddle: Option<fn(&World)>,
    /// The resource whose record was removed after that.
    pub(crate) forget: Option<&'static str>,
    /// Whether what was brought up last was given up by its service.
    pub(crate) given_up: bool,
    /// The resource whose record is damaged after that.
    pub(crate) damaged: Option<&'static str>,
    pub(crate) task: Task,
}

const fn case(name: &'static str, before: &'static [Declare], declare: Declare) -> Case {
    let task = Task::of(Some(declare));
    Case { name, before, meddle: None, forget: None, given_up: false, damaged: None, task }
}

const fn down(name: &'static str, before: &'static [Declare]) -> Case {
    Case { task: Task::of(None), ..case(name, before, site) }
}

/// All cases.
pub(crate) const CASES: &[Case] = &[
    case("create", &[], site),
    case("update", &[site], site_changed),
    case("replace, create first", &[site], site_renewed),
    case("replace, delete first, with cascade", &[cascade], cascade_moved),
    case("replace, what only the apply knows", &[possible], possible_changed),
    case("a name that no two have", &[front], front_elsewhere),
    case("delete some", &[site], site_without_machine),
    down("down", &[site]),
    case("move and update", &[old_names], new_names),
    case("retain and forget", &[retained], retained_left),
    case("retain what is replaced", &[retained], retained_replaced),
    case("provider instance, create", &[], instance),
    case("provider instance, update", &[instance], instance_elsewhere),
    down("provider instance, down", &[instance]),
    case("create by hand", &[], grants),
    case("change by hand", &[grants], grants_changed),
    Case {
        meddle: Some(meddle),
        task: Task { refresh: true, ..Task::of(Some(site)) },
        ..case("refresh", &[site], site)
    },
    Case {
        forget: Some("web"),
        task: Task { import: true, ..Task::of(Some(site_changed)) },
        ..case("import", &[site], site)
    },
    Case {
        task: Task { rotate: true, ..Task::of(Some(site_changed)) },
        ..case("a new data key", &[site], site)
    },
    Case {
        damaged: Some("web"),
        task: Task { repair: true, ..Task::of(Some(site_changed)) },
        ..case("repair", &[site, site_renewed], site)
    },
    case("usable later", &[], gateway),
    Case { given_up: true, ..case("given up", &[gateway], gateway) },
    case("usable later, replaced", &[gateway], gateway_elsewhere),
    case("becomes a secret", &[open], closed),
    case("no secret any more", &[closed], open),
    case("names exchanged", &[two_names], two_names_exchanged),
    case("seven changes of mind", &[site, site_renewed], mixed),
];

fn build(stack: &mut Stack, size: &str, image: &str, tag: &str) -> sskuba::Result {
    let network = stack.add("net", Network::new("10.0.0.0/16").tag("v", tag))?;
    let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24").tag("v", tag))?;
    let bucket = stack.add("logs", Bucket::new("logs-of-deaths").versioned(tag == "2"))?;
    let machine = Machine::new(subnet.id()).size(size).image(image).boot("boot me").bucket(bucket.id());
    let machine = stack.add("web", machine)?;
    stack.add("dns", Record::new("web.example.org", machine.private_ip()))?;
    stack.export("ip", machine.private_ip());
    stack.export("password", machine.password());
    stack.export_value("tag", tag);
    Ok(())
}

fn site(stack: &mut Stack) -> sskuba::Result {
    build(stack, "small", "linux-1", "1")
}

fn site_changed(stack: &mut Stack) -> sskuba::Result {
    build(stack, "large", "linux-1", "2")
}

fn site_renewed(stack: &mut Stack) -> sskuba::Result {
    build(stack, "small", "linux-2", "1")
}

fn site_without_machine(stack: &mut Stack) -> sskuba::Result {
    let network = stack.add("net", Network::new("10.0.0.0/16").tag("v", "1"))?;
    stack.export("net", network.id());
    Ok(())
}

fn cascaded(stack: &mut Stack, cidr: &str, region: &str) -> sskuba::Result {
    let network = stack.add("net", Network::new(cidr))?.delete_before_create();
    let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
    let machine = stack.add("web", Machine::new(subnet.id()))?;
    stack.add("ip", PublicAddress::new("front-of-deaths").region(region).machine(machine.id()))?;
    stack.add("kept", Bucket::new("kept-of-deaths"))?;
    Ok(())
}

fn cascade(stack: &mut Stack) -> sskuba::Result {
    cascaded(stack, "10.0.0.0/16", "sim-1")
}

fn cascade_moved(stack: &mut Stack) -> sskuba::Result {
    cascaded(stack, "10.9.0.0/16", "sim-2")
}

/// `boot_id` is another one after each change of the machine.
fn by_boot(stack: &mut Stack, size: &str) -> sskuba::Result {
    let network = stack.add("net", Network::new("10.0.0.0/16"))?;
    let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
    let machine = stack.add("web", Machine::new(subnet.id()).size(size))?;
    stack.add("same", Bucket::new(machine.boot_id().map(|_| "fixed-of-deaths".to_owned())))?;
    let name = stack.add("new", Bucket::new(machine.boot_id()))?;
    stack.add("dns", Record::new("a.example.org", name.url()))?;
    Ok(())
}

fn possible(stack: &mut Stack) -> sskuba::Result {
    by_boot(stack, "small")
}

fn possible_changed(stack: &mut Stack) -> sskuba::Result {
    by_boot(stack, "large")
}

fn front(stack: &mut Stack) -> sskuba::Result {
    let ip = stack.add("ip", PublicAddress::new("front-of-deaths"))?;
    stack.add("dns", Record::new("front.example.org", ip.ip()))?;
    Ok(())
}

fn front_elsewhere(stack: &mut Stack) -> sskuba::Result {
    let ip = stack.add("ip", PublicAddress::new("front-of-deaths").region("sim-2"))?;
    stack.add("dns", Record::new("front.example.org", ip.ip()))?;
    Ok(())
}

fn old_names(stack: &mut Stack) -> sskuba::Result {
    let network = stack.add("old-net", Network::new("10.0.0.0/16"))?;
    let subnet = stack.add("old-sub", Subnet::new(network.id(), "10.0.1.0/24"))?;
    stack.add("web", Machine::new(subnet.id()))?;
    Ok(())
}

fn new_names(stack: &mut Stack) -> sskuba::Result {
    let mut scope = stack.scope("group")?;
    let network = scope.add("net", Network::new("10.0.0.0/16"))?.alias("sim:net:Network::old-net");
    let subnet = Subnet::new(network.id(), "10.0.1.0/24").tag("now", "changed");
    let subnet = scope.add("sub", subnet)?.alias("sim:net:Subnet::old-sub");
    stack.add("web", Machine::new(subnet.id()).image("linux-2"))?;
    Ok(())
}

fn retained(stack: &mut Stack) -> sskuba::Result {
    stack.add("kept", Bucket::new("kept-of-deaths"))?.retain_on_delete();
    let network = stack.add("net", Network::new("10.0.0.0/16"))?.retain_on_delete();
    let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?.deleted_with(&network);
    stack.export("sub", subnet.id());
    Ok(())
}

fn retained_left(stack: &mut Stack) -> sskuba::Result {
    stack.add("other", Bucket::new("other-of-deaths"))?;
    Ok(())
}

fn retained_replaced(stack: &mut Stack) -> sskuba::Result {
    stack.add("kept", Bucket::new("next-of-deaths"))?.retain_on_delete();
    let network = stack.add("net", Network::new("10.7.0.0/16"))?.retain_on_delete();
    let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?.deleted_with(&network);
    stack.export("sub", subnet.id());
    Ok(())
}

fn by_instance(stack: &mut Stack, region: &'static str) -> sskuba::Result {
    let value = stack.add("region", Data::new(json!(region)))?;
    let west = stack.add("west", Instance::new().region(value.id().map(move |_| region.to_owned())))?;
    let zones = stack.read("zones", Zones::new().region(west.region()))?.provider(&west);
    let policy = zones.names().map(|names| format!("{{\"zones\":{}}}", names.len()));
    // A bucket's name is unique in all regions.
    stack.add("b", Bucket::new(format!("b-of-{region}")).policy(policy))?.provider(&west);
    let zone = stack.read("fixed", Zones::new())?;
    let network = Network::new("10.0.0.0/16").tag("zones", zone.names().map(|names| names.join(" ")));
    let network = stack.add("net", network)?.provider(&west);
    stack.add("sub", Subnet::new(network.id(), "10.0.1.0/24"))?.provider(&west);
    stack.export("names", zones.names());
    Ok(())
}

fn instance(stack: &mut Stack) -> sskuba::Result {
    by_instance(stack, "sim-2")
}

fn instance_elsewhere(stack: &mut Stack) -> sskuba::Result {
    by_instance(stack, "sim-3")
}

fn granted(stack: &mut Stack, who: &str, action: &str) -> sskuba::Result {
    let bucket = stack.add("b", Bucket::new("b-of-deaths"))?;
    stack.add("one", Grant::new(who, action))?.depends_on(&bucket);
    stack.add("two", Grant::new("eve", action))?;
    Ok(())
}

fn grants(stack: &mut Stack) -> sskuba::Result {
    granted(stack, "ann", "read")
}

fn grants_changed(stack: &mut Stack) -> sskuba::Result {
    granted(stack, "bob", "write")
}

fn behind_gateway(stack: &mut Stack, range: &str) -> sskuba::Result {
    let network = stack.add("net", Network::new("10.0.0.0/16"))?;
    let subnet = stack.add("sub", Subnet::new(network.id(), range))?;
    let gateway = stack.add("gw", Gateway::new(subnet.id()))?;
    stack.add("early", Bucket::new(gateway.id()))?;
    let policy = gateway.address().map(|address: String| format!("{{\"from\":\"{address}\"}}"));
    stack.add("late", Bucket::new("late-of-deaths").policy(policy))?;
    stack.add("after", Bucket::new("after-of-deaths"))?.depends_on(&gateway);
    stack.export("address", gateway.address());
    Ok(())
}

fn gateway(stack: &mut Stack) -> sskuba::Result {
    behind_gateway(stack, "10.0.1.0/24")
}

fn gateway_elsewhere(stack: &mut Stack) -> sskuba::Result {
    behind_gateway(stack, "10.0.2.0/24")
}

fn open(stack: &mut Stack) -> sskuba::Result {
    stack.add("b", Bucket::new("b-of-deaths").policy("[\"canary\"]"))?;
    Ok(())
}

fn closed(stack: &mut Stack) -> sskuba::Result {
    stack.add("b", Bucket::new("b-of-deaths").policy(Secret::new("[\"canary\"]".to_owned())))?;
    Ok(())
}

fn two_names(stack: &mut Stack) -> sskuba::Result {
    stack.add("a", PublicAddress::new("one-of-deaths"))?;
    stack.add("b", PublicAddress::new("two-of-deaths"))?;
    Ok(())
}

fn two_names_exchanged(stack: &mut Stack) -> sskuba::Result {
    let a = stack.add("a", PublicAddress::new("two-of-deaths"))?;
    stack.add("b", PublicAddress::new("one-of-deaths"))?;
    stack.add("dns", Record::new("a.example.org", a.ip()))?;
    Ok(())
}

/// A person changes one object and removes another, which others use.
fn meddle(world: &World) {
    for object in world.objects().unwrap() {
        match object.address.name() {
            "logs" => assert!(world.set(&object.kind, &object.id, "versioned", json!(true)).unwrap()),
            "dns" => assert!(world.remove(&object.kind, &object.id).unwrap()),
            _ => {}
        }
    }
}

/// Moves, replaces, updates, adds, removes.
fn mixed(stack: &mut Stack) -> sskuba::Result {
    let network = stack.add("net", Network::new("10.0.0.0/16").tag("v", "3"))?;
    let subnet = stack.add("sub", Subnet::new(network.id(), "10.0.2.0/24"))?;
    let machine =
        stack.add("www", Machine::new(subnet.id()).size("large").image("linux-2").boot("boot me"))?;
    let machine = machine.alias("web");
    stack.add("ip", PublicAddress::new("front-of-deaths").machine(machine.id()))?;
    stack.add("dns", Record::new("www.example.org", machine.private_ip()))?;
    stack.export("ip", machine.private_ip());
    Ok(())
}
