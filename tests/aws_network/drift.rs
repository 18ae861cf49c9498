//! What others do behind the stack's back is seen by `refresh` and undone by `up`.

use sskuba_testkit::aws::Fate;

use crate::bench::Bench;
use crate::life::OBJECTS;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_change_and_delete_is_seen_and_repaired() {
    let Some(bench) = Bench::new(|_, _| Fate::Pass).await else { return };
    bench.up(&[]);
    let id = |kind: &str, name: &str| {
        let seen = bench.seen();
        let found = seen.iter().find(|(_, o)| o["kind"] == kind && o["tags"]["Name"] == name);
        found.unwrap_or_else(|| panic!("no {kind} {name}")).0.clone()
    };

    // A tag that the program gave, one that it did not give, an attribute, and a port.
    let (subnet, vpc, listener) = (id("subnet", "private-0"), id("vpc", "vpc"), id("listener", "http"));
    bench.as_another(&format!(
        "ec2.create_tags(Resources=['{subnet}'], Tags=[{{'Key': 'tier', 'Value': 'mine'}}])"
    ));
    bench.as_another(&format!(
        "ec2.modify_vpc_attribute(VpcId='{vpc}', EnableDnsHostnames={{'Value': False}})"
    ));
    bench.as_another(&format!("elb.modify_listener(ListenerArn='{listener}', Port=8080)"));
    let refresh = bench.run(&["refresh", "--json", "--expect-no-changes"]);
    assert_eq!(refresh.code, Some(3), "{}", refresh.text);
    let drifted = ["Listener::http", "Subnet::private-0", "Vpc::vpc"];
    assert_eq!(
        (refresh.about("drifted"), refresh.about("gone")),
        (drifted.map(str::to_owned).into(), vec![])
    );
    let repaired = bench.up(&[]);
    assert_eq!(repaired.counts(), [0, 3, 0, 0], "{}", repaired.text);
    bench.run(&["refresh", "--expect-no-changes"]).good();

    // Objects: a machine, a rule, a route, and an attachment with it.
    let (machine, rule) = (id("instance", "web-1"), id("rule", "http"));
    let (group, table) = (id("sg", "web"), id("rtb", "private"));
    bench.as_another(&format!("ec2.terminate_instances(InstanceIds=['{machine}'])"));
    bench.as_another(&format!(
        "ec2.revoke_security_group_ingress(GroupId='{group}', SecurityGroupRuleIds=['{rule}'])"
    ));
    bench.as_another(&format!("ec2.delete_route(RouteTableId='{table}', DestinationCidrBlock='0.0.0.0/0')"));
    let refresh = bench.run(&["refresh", "--json"]).good();
    for gone in ["Instance::web-1", "Route::private", "SecurityGroupRule::http"] {
        assert!(refresh.about("gone").contains(&gone.to_owned()), "{gone}: {}", refresh.text);
    }
    let repaired = bench.up(&[]);
    assert_eq!(bench.agreed(), OBJECTS, "{}", repaired.text);
    bench.run(&["up", "--refresh", "--expect-no-changes"]).good();

    bench.run(&["down", "--yes"]).good();
    assert_eq!(bench.left(), [""; 0]);
}
