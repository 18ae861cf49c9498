//! Programs in tests: what the guide `docs/guides/testing.md` shows, and that it shows what is here.

use hut::{Domain, Server};
use serde_json::json;
use sskuba::aws::ec2::{AvailabilityZones, Subnet, Vpc};
use sskuba::core::plan::{Action, Reason};
use sskuba::prelude::*;
use sskuba::provider::{Class, Failure};
use sskuba::testing::{self, MockCall, TestError};

/// What the network can be told.
#[derive(Config)]
struct NetworkConfig {
    /// Its range.
    #[config(default = "10.0.0.0/16".to_owned())]
    cidr: String,
    /// In how many zones it is.
    #[config(default = 2)]
    zones: u8,
}

fn network(stack: &mut Stack) -> sskuba::Result {
    let config: NetworkConfig = stack.config()?;
    let vpc = stack.add("main", Vpc::new(config.cidr.as_str()))?;
    for zone in 0..config.zones {
        let subnet = Subnet::new(vpc.id(), format!("10.0.{zone}.0/24"));
        stack.add(format!("private-{zone}"), subnet.tag("tier", "private"))?;
    }
    stack.export("vpc", vpc.id());
    Ok(())
}

#[tokio::test]
async fn each_zone_has_a_private_subnet() -> Result<(), TestError> {
    let run = testing::preview(network).config([("zones", 3)]).await?;

    assert_eq!(run.counts().create, 4);
    let step = run.step("Subnet::private-2")?;
    assert_eq!(step.action, Action::Create);
    assert_eq!(step.reasons, [Reason::NotRecorded]);
    assert_eq!(step.input("cidr")?, "10.0.2.0/24");
    assert_eq!(step.input("vpc_id")?, "(known after apply)");
    Ok(())
}

#[tokio::test]
async fn the_plan_is_as_it_was() -> Result<(), TestError> {
    let run = testing::preview(network).config([("zones", 1)]).await?;
    insta::assert_snapshot!(run.plan_text(), @r#"
    + aws:ec2:Vpc::main  create
        cidr: "10.0.0.0/16"
        enable_dns_hostnames: false
        enable_dns_support: true
        tags: {}
    + aws:ec2:Subnet::private-0  create
        assign_ipv6_on_creation: false
        cidr: "10.0.0.0/24"
        dns_a_records: false
        dns_aaaa_records: false
        map_public_ip_on_launch: false
        tags: {"tier": "private"}
        vpc_id: (known after apply)

    Outputs
        vpc: (known after apply)

    Plan: 2 to create
    "#);
    Ok(())
}

#[tokio::test]
async fn another_range_replaces_the_network() -> Result<(), TestError> {
    let first = testing::up(network).await?;
    let second = first.preview(network).config([("cidr", "10.1.0.0/16")]).await?;
    assert_eq!(second.step("Vpc::main")?.action, Action::Replace);
    assert!(second.step("Vpc::main")?.changes("cidr"));

    let second = first.up(network).config([("zones", 1)]).await?;
    assert_eq!(second.step("private-1")?.action, Action::Delete);
    assert!(second.preview(network).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn the_id_of_the_network_is_exported() -> Result<(), TestError> {
    let run = testing::up(network).mock("aws:ec2:Vpc", |_| json!({"id": "vpc-1"})).await?;
    assert_eq!(run.output("vpc")?, "vpc-1");
    assert_eq!(run.resource("private-0")?.input("vpc_id")?, "vpc-1");
    Ok(())
}

fn a_subnet_in_the_last_zone(stack: &mut Stack) -> sskuba::Result {
    let zones = stack.read("all", AvailabilityZones::new())?;
    let last = zones.names().map(|names| names.last().cloned().unwrap_or_default());
    let vpc = stack.add("main", Vpc::new("10.0.0.0/16"))?;
    stack.add("last", Subnet::new(vpc.id(), "10.0.0.0/24").availability_zone(last))?;
    Ok(())
}

#[tokio::test]
async fn lookups_are_mocked_alike() -> Result<(), TestError> {
    let zones = |_: MockCall<'_>| json!({"names": ["x-1a", "x-1c"]});
    let run = testing::preview(a_subnet_in_the_last_zone).mock("AvailabilityZones", zones).await?;
    assert_eq!(run.step("Subnet::last")?.input("availability_zone")?, "x-1c");
    Ok(())
}

#[tokio::test]
async fn a_refusal_ends_the_run() {
    let refused = |_: MockCall<'_>| Failure::new(Class::Quota, "no more subnets");
    let error = testing::up(network).mock("Subnet::private-1", refused).await.unwrap_err();
    let TestError::Failed(failures) = error else { panic!("{error}") };
    assert_eq!(failures[0].address.name(), "private-1");
    assert_eq!(failures[0].failure.class, Class::Quota);
}

proptest::proptest! {
    #[test]
    fn every_number_of_zones_has_a_plan(zones in 0_u8..50) {
        let plan = testing::plan(network, [("zones", zones)]).unwrap();
        assert_eq!(plan.counts().create, u32::from(zones) + 1);
    }
}

fn shop(stack: &mut Stack) -> sskuba::Result {
    let server = stack.add("web", Server::new("web", "debian-13"))?;
    stack.add("shop", Domain::new("shop.example", server.id()))?;
    stack.export("address", server.address());
    Ok(())
}

#[tokio::test]
async fn the_kinds_of_another_provider() -> Result<(), TestError> {
    // Nobody is asked at this address.
    let hut = hut::provider("http://hut.invalid");
    let run = testing::up(shop)
        .provider(hut)
        .mock("hut:compute:Server", |call| json!({"address": format!("{}.hut", call.name())}))
        .await?;
    assert_eq!(run.output("address")?, "web.hut");
    Ok(())
}

/// Returns the blocks of Rust of a guide, each without the white space at the beginnings of its lines.
fn blocks(guide: &str) -> Vec<String> {
    let parts = guide.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("rust\n"));
    parts.map(trimmed).collect()
}

fn trimmed(code: &str) -> String {
    code.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_guides_show_code_that_is_compiled_and_tried() {
    let testing = include_str!("../../../docs/guides/testing.md");
    let providers = include_str!("../../../docs/guides/providers.md");
    let code = [
        include_str!("programs.rs"),
        include_str!("conformance.rs"),
        include_str!("../src/provider.rs"),
        include_str!("../src/main.rs"),
    ]
    .map(trimmed);
    for guide in [testing, providers] {
        assert!(blocks(guide).len() > 5, "a guide shows code");
        for block in blocks(guide) {
            assert!(
                code.iter().any(|code| code.contains(&block)),
                "this is nowhere in the example:\n{block}"
            );
        }
    }
}
