//! A stack's life: looked at, made, left alone, changed, replaced, removed.

use sskuba_testkit::aws::Fate;

use crate::agree::field;
use crate::bench::Bench;

/// How many objects the example makes as it is.
pub(crate) const OBJECTS: usize = 26;

/// How many components they are in; each is a record of its own.
pub(crate) const COMPONENTS: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_lives_and_leaves_nothing() {
    let Some(bench) = Bench::new(|_, _| Fate::Pass).await else { return };

    let preview = bench.run(&["preview"]).good();
    assert!(preview.text.contains(&format!("{} to create", OBJECTS + COMPONENTS)), "{}", preview.text);
    assert_eq!((bench.left(), bench.writes()), (vec![], 0), "a preview changes nothing");

    let up = bench.up(&[]);
    assert_eq!(up.counts(), [(OBJECTS + COMPONENTS) as u64, 0, 0, 0], "{}", up.text);
    assert_eq!(bench.agreed(), OBJECTS);
    let outputs = up.events("outputs").last().unwrap();
    assert_eq!(vec![field(&outputs["outputs"], "vpc")], bench.ids("vpc"));

    let writes = bench.writes();
    let idle = bench.up(&[]);
    assert_eq!((idle.counts(), bench.writes()), ([0; 4], writes), "{}", idle.text);
    bench.run(&["up", "--refresh", "--expect-no-changes"]).good();
    assert_eq!(bench.writes(), writes, "what is read back is what was written");

    let more = bench.up(&["machines=3"]);
    assert_eq!((more.counts(), bench.agreed()), ([2, 0, 0, 0], OBJECTS + 2), "{}", more.text);

    let machines = bench.ids("instance");
    let other = bench.up(&["machines=3", "machine_type=t3.small"]);
    assert_eq!((other.counts(), bench.agreed()), ([0, 0, 6, 0], OBJECTS + 2), "{}", other.text);
    let seen = bench.seen();
    let types = seen.values().filter(|object| object["kind"] == "instance");
    assert_eq!(types.map(|machine| field(machine, "type")).collect::<Vec<_>>(), ["t3.small"; 3]);
    assert!(bench.ids("instance").iter().all(|id| !machines.contains(id)));

    // Another port: the balancer stays, its listener sends to another group before the first is deleted.
    let port = bench.up(&["machines=3", "machine_type=t3.small", "port=8080"]);
    assert_eq!((port.counts(), bench.agreed()), ([0, 1, 5, 0], OBJECTS + 2), "{}", port.text);

    // Other ranges: the private subnets, and with them what is in them.
    let ranges = [r#"private=["10.0.64.0/20","10.0.80.0/20"]"#, "machine_type=t3.small", "port=8080"];
    let moved = bench.up(&ranges);
    assert_eq!((moved.counts(), bench.agreed()), ([0, 0, 8, 2], OBJECTS), "{}", moved.text);
    let seen = bench.seen();
    let mut cidrs: Vec<&str> =
        seen.values().filter(|o| o["kind"] == "subnet").map(|o| field(o, "cidr")).collect();
    cidrs.sort_unstable();
    assert_eq!(cidrs, ["10.0.0.0/24", "10.0.1.0/24", "10.0.64.0/20", "10.0.80.0/20"]);

    let down = bench.run(&["down", "--yes", "--json"]).good();
    assert_eq!(down.counts(), [0, 0, 0, (OBJECTS + COMPONENTS) as u64], "{}", down.text);
    assert_eq!(bench.left(), [""; 0]);
    assert_eq!(bench.run(&["state", "list", "--json"]).good().document(), serde_json::json!([]));
}
