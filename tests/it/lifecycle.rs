//! Create, change, replace, delete: what each does to the world and to the record.

use sskuba::prelude::*;
use sskuba::sim::kinds::{Machine, Network, Subnet};

use crate::world::Bench;

/// A network with two subnets and a machine of this size in the first.
fn program(size: &'static str, cidr: &'static str) -> impl Fn(&mut Stack) -> sskuba::Result + Send + Sync {
    move |stack| {
        let network = stack.add("main", Network::new(cidr))?;
        let a = stack.add("a", Subnet::new(network.id(), "10.0.1.0/24"))?;
        stack.add("b", Subnet::new(network.id(), "10.0.2.0/24"))?;
        let machine = stack.add("web", Machine::new(a.id()).size(size))?;
        stack.export("machine", machine.id());
        Ok(())
    }
}

#[tokio::test]
async fn up_builds_then_changes_nothing_then_only_what_it_must_and_down_removes_everything() {
    let bench = Bench::new();
    let (_, report) = bench.up(program("small", "10.0.0.0/16")).await.unwrap();
    assert_eq!((report.counts.create, report.failures.len()), (4, 0), "{report:?}");
    assert_eq!(
        bench.exists(),
        ["sim:compute:Machine", "sim:net:Network", "sim:net:Subnet", "sim:net:Subnet"]
    );
    assert!(report.exports.contains_key("machine"));

    let (plan, again) = bench.up(program("small", "10.0.0.0/16")).await.unwrap();
    assert!(plan.is_empty());
    assert_eq!((again.counts.unchanged, again.revision), (4, report.revision));

    bench.finished();
    let (_, changed) = bench.up(program("large", "10.0.0.0/16")).await.unwrap();
    assert_eq!((changed.counts.update, changed.counts.changes()), (1, 1));
    assert_eq!(bench.finished(), ["update web"]);

    let (_, replaced) = bench.up(program("large", "10.1.0.0/16")).await.unwrap();
    assert_eq!(replaced.counts.replace, 4, "{replaced:?}");
    assert_eq!(bench.exists().len(), 4);

    let down = bench.engine.down(&bench.stack).await.unwrap();
    assert_eq!((down.counts.delete, bench.exists().len()), (4, 0), "{down:?}");
    let again = bench.engine.down(&bench.stack).await.unwrap();
    assert_eq!(again.counts.changes(), 0);
}
