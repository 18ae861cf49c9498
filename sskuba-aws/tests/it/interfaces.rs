//! Network interfaces, who has them, and the addresses and groups of machines.

use sskuba_aws::ec2::{
    Eip, EipAssociation, InternetGateway, NetworkInterface, NetworkInterfaceAttachment, Placement,
    PlacementGroup, SecurityGroup, Subnet, Vpc,
};
use sskuba_core::provider::Class;
use sskuba_testkit::aws::Fate;

use crate::stacks::behind;
use crate::stage::{Stage, scene};

const NONE: [&str; 0] = [];

fn seen(id: &str) -> serde_json::Value {
    behind(&format!(
        "print(json.dumps(ec2.describe_network_interfaces(NetworkInterfaceIds=['{id}'])['NetworkInterfaces'][0], default=str))"
    ))
}

scene! {
    async fn an_interface_lives_its_life(stage: Stage) {
        let (stage, proxy) = stage.strict(|_, _| Fate::Pass).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let a = stage.create("a", SecurityGroup::new(vpc.id())).await;
        let b = stage.create("b", SecurityGroup::new(vpc.id())).await;
        let declared = || NetworkInterface::new(subnet.id()).fixed_private_ip("10.0.1.7");
        let first = declared().security_group(a.id()).source_dest_check(false).description("one");
        let first = first.secondary_private_ip("10.0.1.8").secondary_private_ip("10.0.1.9");
        let mut router = stage.create("router", first).await;
        assert_eq!(router.output("private_ip"), "10.0.1.7");
        assert_eq!(stage.drift(&router).await, NONE);
        stage.found(&router).await;
        stage.same_again(&router).await;
        assert_eq!((&seen(&router.id())["SourceDestCheck"], proxy.calls("CreateNetworkInterface")), (&false.into(), 2));

        let other = declared().security_group(b.id()).description("two").secondary_private_ip("10.0.1.9");
        stage.update(&mut router, other.secondary_private_ip("10.0.1.10").tag("n", "2")).await;
        assert_eq!(stage.drift(&router).await, NONE);
        let there = seen(&router.id());
        assert_eq!((&there["SourceDestCheck"], &there["Groups"][0]["GroupId"]), (&true.into(), &b.id().into()));
        let addresses = there["PrivateIpAddresses"].as_array().unwrap().iter();
        let addresses: Vec<&str> = addresses.map(|one| one["PrivateIpAddress"].as_str().unwrap()).collect();
        assert_eq!(addresses, ["10.0.1.7", "10.0.1.9", "10.0.1.10"]);
        let calls = ["AssignPrivateIpAddresses", "UnassignPrivateIpAddresses", "ModifyNetworkInterfaceAttribute"];
        assert_eq!(calls.map(|call| proxy.calls(call)), [2, 1, 4]);
        stage.delete(&router).await;
        for group in [&a, &b] {
            stage.delete(group).await;
        }
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    async fn an_interface_is_attached_and_detached(stage: Stage) {
        let (stage, proxy) = stage.strict(|_, _| Fate::Pass).await;
        let machine = stage.machine("one").await;
        let other = stage.machine("two").await;
        let subnet = behind("print(json.dumps(ec2.describe_instances(InstanceIds=['MACHINE'])['Reservations'][0]['Instances'][0]['SubnetId']))".replace("MACHINE", &machine).as_str());
        let second = stage.create("second", NetworkInterface::new(subnet.as_str().unwrap())).await;
        let uses = |machine: &str| NetworkInterfaceAttachment::new(second.id(), machine, 1_u8);
        let attached = stage.create("second", uses(&machine)).await;
        assert_eq!(stage.drift(&attached).await, NONE);
        stage.same_again(&attached).await;
        let refused = stage.try_create(stage.cx::<NetworkInterfaceAttachment>("other"), uses(&other)).await;
        let refused = refused.err().unwrap();
        assert_eq!((refused.exists.as_deref(), proxy.calls("AttachNetworkInterface")), (Some(&*attached.id()), 1));
        let listed = stage.provider.list(&attached.cx).await.unwrap();
        assert!(listed.iter().any(|listed| listed.id == attached.id()));
        assert!(listed.iter().all(|listed| listed.inputs["device_index"] != 0_u64.into()));
        stage.delete(&attached).await;
        stage.delete(&second).await;
    }
}

scene! {
    async fn an_address_moves_without_a_gap(stage: Stage) {
        let (stage, proxy) = stage.strict(|_, _| Fate::Pass).await;
        let vpc = stage.create("main", Vpc::new("10.0.0.0/16")).await;
        let gateway = stage.create("main", InternetGateway::new(vpc.id())).await;
        let subnet = stage.create("a", Subnet::new(vpc.id(), "10.0.1.0/24")).await;
        let one = stage.create("one", NetworkInterface::new(subnet.id())).await;
        let two = stage.create("two", NetworkInterface::new(subnet.id())).await;
        let address = stage.create("public", Eip::new()).await;
        let of = |interface: &str| EipAssociation::new(address.id()).network_interface_id(interface);
        let mut used = stage.create("public", of(&one.id())).await;
        assert_eq!(stage.drift(&used).await, NONE);
        stage.same_again(&used).await;
        let refused = stage.try_create(stage.cx::<EipAssociation>("other"), of(&two.id())).await.err().unwrap();
        assert_eq!((refused.exists.as_deref(), proxy.calls("AssociateAddress")), (Some(&*used.id()), 1));
        assert!(refused.message.contains(&one.id()), "{refused}");

        let before = used.id();
        stage.update(&mut used, of(&two.id())).await;
        assert_ne!(used.id(), before);
        assert_eq!((stage.drift(&used).await, proxy.calls("AssociateAddress")), (vec![], 2));
        assert_eq!(proxy.calls("DisassociateAddress"), 0);

        let prior = address.prior();
        let in_use = stage.provider.delete(&address.cx, &prior);
        let (in_use, ()) = tokio::join!(in_use, async {
            for _ in 0..1000 {
                if proxy.calls("ReleaseAddress") > 1 {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            assert!(proxy.calls("ReleaseAddress") > 1, "an address in use is not released");
            stage.provider.delete(&used.cx, &used.prior()).await.unwrap();
        });
        in_use.unwrap();
        for interface in [&one, &two] {
            stage.delete(interface).await;
        }
        stage.delete(&gateway).await;
        stage.delete(&subnet).await;
        stage.delete(&vpc).await;
        assert!(stage.seen().is_empty());
    }
}

scene! {
    /// moto has no placement groups; the proxy answers as AWS's documentation says.
    async fn a_placement_group_lives_its_life(stage: Stage) {
        let (stage, proxy) = stage.strict(|_, _| Fate::Pass).await;
        let mut parts = stage.create("parts", PlacementGroup::new(Placement::Partition).partitions(3_u8)).await;
        assert!(parts.output("group_name").starts_with("parts-"));
        assert_eq!(stage.drift(&parts).await, NONE);
        stage.found(&parts).await;
        stage.same_again(&parts).await;
        stage.update(&mut parts, PlacementGroup::new(Placement::Partition).partitions(3_u8).tag("team", "data")).await;
        assert_eq!(stage.drift(&parts).await, NONE);
        let named = || PlacementGroup::new(Placement::Cluster).name("close");
        let close = stage.create("close", named()).await;
        let taken = stage.try_create(stage.cx::<PlacementGroup>("other"), named()).await.err().unwrap();
        assert_eq!((taken.class, taken.exists), (Class::Conflict, Some(close.id())));
        stage.delete(&close).await;
        stage.delete(&parts).await;
        assert_eq!(proxy.calls("DeletePlacementGroup"), 2);
    }
}
