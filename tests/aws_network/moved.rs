//! A network that gets another range, against a proxy that refuses what AWS refuses and moto accepts.

use crate::agree::field;
use crate::bench::Bench;
use crate::life::{COMPONENTS, OBJECTS};

/// Everything of the network is replaced, the address alone stays: the old gateway gives it up before the new one takes it,
/// the balancer is made anew in the new network, and the old internet gateway goes after what has public addresses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_range_of_the_network_is_applied() {
    let Some(bench) = Bench::strict().await else { return };
    bench.up(&[]);
    let addresses = bench.ids("eip");
    let moved = [
        "cidr=10.1.0.0/16",
        r#"public=["10.1.0.0/24","10.1.1.0/24"]"#,
        r#"private=["10.1.16.0/20","10.1.32.0/20"]"#,
    ];
    let up = bench.up(&moved);
    assert_eq!(up.counts()[3], 0, "{}", up.text);
    assert_eq!((bench.agreed(), bench.ids("eip")), (OBJECTS, addresses), "{}", up.text);
    let seen = bench.seen();
    let networks: Vec<&str> =
        seen.values().filter(|object| object["kind"] == "vpc").map(|vpc| field(vpc, "cidr")).collect();
    assert_eq!(networks, ["10.1.0.0/16"]);
    let mut settled = vec!["up", "--refresh", "--expect-no-changes"];
    settled.extend(moved.iter().flat_map(|pair| ["-c", pair]));
    bench.run(&settled).good();
    let down = bench.run(&["down", "--yes", "--json"]).good();
    assert_eq!(down.counts()[3], (OBJECTS + COMPONENTS) as u64, "{}", down.text);
    assert_eq!(bench.left(), [""; 0]);
}
