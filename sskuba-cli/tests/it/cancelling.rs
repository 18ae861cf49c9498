//! `cancel`: one program asks another to stop.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_asked_from_elsewhere_to_stop() {
    let bench = Bench::new();
    let idle = bench.run("cancel").await.expect(1);
    assert!(idle.errors.contains("nothing runs on local/library/dev"), "{}", idle.errors);
    let gate = Arc::new(Semaphore::new(0));
    *bench.shelf.gate.lock().unwrap() = Some(Arc::clone(&gate));
    let run = bench.run("up --yes --parallel 1");
    let other = async {
        while !bench.run("state list").await.out.contains("creating") {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let ran = bench.run("cancel --json").await.expect(0).document();
        assert_eq!((&ran["asked"]["owner"]["command"], &ran["stopped"]), (&"up".into(), &false.into()));
        let waits = bench.run("cancel --wait 100ms").await.expect(4);
        assert!(waits.errors.contains("it has not stopped within 100ms"), "{}", waits.errors);
        gate.add_permits(10);
        bench.run("cancel --wait 30s").await
    };
    let (ran, last) = tokio::join!(run, other);
    let ran = ran.expect(130);
    assert!(ran.out.contains("stopping: waiting for 1 operation that runs"), "{}", ran.out);
    assert!(last.code == 0 || last.errors.contains("nothing runs"), "{last:?}");
    // What was under way is recorded, and the stack is free.
    assert_eq!(bench.shelf.titles().len(), 1);
    let listed = bench.run("state list --json").await.expect(0).document();
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["status"]), (1, &"live".into()));
    bench.run("up --yes").await.expect(0);
    assert_eq!(bench.shelf.titles().len(), 2);
}
