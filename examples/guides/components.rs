//! The programs of `docs/guides/components.md`.

use std::process::ExitCode;
use std::time::Duration;

use sskuba::aws::ec2::{Instance, SecurityGroup, Subnet, Vpc};
use sskuba::core::stack::Dynamic;
use sskuba::prelude::*;
use sskuba::sim::kinds::Bucket;

/// Machines in a subnet of their own.
struct Tier {
    cidr: &'static str,
    machines: usize,
    image: String,
}

/// What the rest of the program may use of a tier.
struct TierOutputs {
    group: Handle<SecurityGroup>,
    addresses: Vec<Output<String>>,
}

/// A tier and the network that it belongs to.
struct Placed<'a> {
    vpc: &'a Handle<Vpc>,
    tier: Tier,
}

impl Component for Placed<'_> {
    type Outputs = TierOutputs;

    fn build(&self, scope: &mut Scope<'_>) -> sskuba::Result<TierOutputs> {
        let subnet = scope.add("subnet", Subnet::new(self.vpc.id(), self.tier.cidr))?;
        let group = scope.add("group", SecurityGroup::new(self.vpc.id()).description("A tier"))?;
        let mut machines = scope.scope("machines")?;
        let mut addresses = Vec::new();
        for i in 0..self.tier.machines {
            let machine = Instance::new(&self.tier.image, "t3.micro", subnet.id()).security_group(group.id());
            addresses.push(machines.add(format!("{i}"), machine)?.private_ip());
        }
        Ok(TierOutputs { group, addresses })
    }
}

fn shop(stack: &mut Stack) -> sskuba::Result {
    let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
    let tier = Tier { cidr: "10.0.1.0/24", machines: 2, image: "ami-0abcdef1234567890".to_owned() };
    let web = stack.component("web", Placed { vpc: &vpc, tier })?;
    stack.add("ready", Bucket::new("shop-ready"))?.depends_on(&web);
    stack.export("group", web.group.id());
    stack.export("first", web.addresses[0].clone());
    Ok(())
}

fn renamed(stack: &mut Stack) -> sskuba::Result {
    let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
    let tier = Tier { cidr: "10.0.1.0/24", machines: 2, image: "ami-0abcdef1234567890".to_owned() };
    let front = stack.component("front", Placed { vpc: &vpc, tier })?.alias("web");
    stack.add("ready", Bucket::new("shop-ready"))?.depends_on(&front);
    stack.export("group", front.group.id());
    stack.export("first", front.addresses[0].clone());
    Ok(())
}

fn options(stack: &mut Stack) -> sskuba::Result {
    let precious = Options::new().protect().retain_on_delete().timeout(Duration::from_secs(900));
    let vpc = stack.add("data", Vpc::new("10.1.0.0/16"))?.with(&precious);
    let tier = Tier { cidr: "10.1.1.0/24", machines: 1, image: "ami-0abcdef1234567890".to_owned() };
    stack.component("database", Placed { vpc: &vpc, tier })?.with(&precious);
    let mut archive = stack.scope("archive")?.with(&precious);
    archive.add("old", Bucket::new("old"))?.unprotect();
    Ok(())
}

fn transforms(stack: &mut Stack) -> sskuba::Result {
    stack.transform(|draft| {
        if draft.has("tags") {
            draft.set_entry("tags", "team", "shop");
        }
        if draft.is::<Bucket>() {
            draft.retain_on_delete();
        }
    });
    Ok(())
}

fn changes(stack: &mut Stack) -> sskuba::Result {
    let vpc = stack.add("labelled", Vpc::new("10.2.0.0/16"))?.ignore_changes(["tags.owner"]);
    let subnet = stack.add("labelled", Subnet::new(vpc.id(), "10.2.1.0/24"))?;
    let machine = Instance::new("ami-0abcdef1234567890", "t3.micro", subnet.id());
    stack.add("batch", machine)?.replace_triggered_by("release 7").replace_on_changes(["tags.version"]);
    Ok(())
}

fn dynamic(stack: &mut Stack) -> sskuba::Result {
    let logs = Dynamic::new("sim:store:Bucket").set("name", "shop-logs").set("versioned", true);
    let logs = stack.add_dynamic("logs", logs)?;
    stack.export("logs", logs.field::<String>("url"));
    Ok(())
}

async fn newest_image() -> sskuba::Result<String> {
    tokio::time::sleep(Duration::from_millis(1)).await; // a question to a service, for example
    Ok("ami-0abcdef1234567890".to_owned())
}

async fn asks_first(stack: &mut Stack) -> sskuba::Result {
    let image = newest_image().await?;
    let vpc = stack.add("asked", Vpc::new("10.3.0.0/16"))?;
    let tier = Tier { cidr: "10.3.1.0/24", machines: 1, image };
    stack.component("asked", Placed { vpc: &vpc, tier })?;
    Ok(())
}

/// The second program: the component has another name, and there is everything that the guide says beside it.
async fn second(stack: &mut Stack) -> sskuba::Result {
    renamed(stack)?;
    if stack.id().stack() == "all" {
        options(stack)?;
        transforms(stack)?;
        changes(stack)?;
        dynamic(stack)?;
        asks_first(stack).await?;
    }
    Ok(())
}

#[tokio::main]
pub(crate) async fn main() -> ExitCode {
    sskuba::cli::new("shop").program(shop).simulated_by_default().run().await
}

#[tokio::main]
pub(crate) async fn renamed_main() -> ExitCode {
    sskuba::cli::new("shop").program(second).simulated_by_default().run().await
}
