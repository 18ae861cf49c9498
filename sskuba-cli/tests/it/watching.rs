//! `watch`: a run that another program makes is followed, and the next one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_followed_as_they_happen_until_ctrl_c() {
    let bench = Bench::new();
    bench.run("stack init dev").await.expect(0);
    let gate = Arc::new(Semaphore::new(0));
    *bench.shelf.gate.lock().unwrap() = Some(Arc::clone(&gate));
    let (stop, stopped) = mpsc::unbounded_channel();
    let pause = async |ms: u64| tokio::time::sleep(Duration::from_millis(ms)).await;
    let runs = async {
        pause(300).await;
        let release = async {
            pause(1500).await;
            gate.add_permits(10);
        };
        let (ran, ()) = tokio::join!(bench.run("up --yes"), release);
        ran.expect(0);
        pause(1200).await;
        let way_out = Arc::new(Semaphore::new(0));
        *bench.shelf.way_out.lock().unwrap() = Some(Arc::clone(&way_out));
        let release = async {
            pause(1500).await;
            way_out.add_permits(1);
        };
        let (ran, ()) = tokio::join!(bench.run("up --yes -c titles=a"), release);
        ran.expect(0);
        pause(1500).await;
        stop.send(()).unwrap();
    };
    let (watched, ()) = tokio::join!(bench.run_interrupted("watch --json", stopped), runs);
    let events = watched.expect(0).events();
    let of = |name: &str| -> Vec<String> {
        let named = events.iter().filter(|event| event["event"] == name);
        named.map(|event| event["address"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!((&events[0]["event"], &events[0]["resources"]), (&"watching".into(), &0.into()));
    let mut started = of("started");
    started.sort();
    assert_eq!(started[..2], ["shelf/shelf:book:Book::a", "shelf/shelf:book:Book::b"]);
    let finished = events.iter().filter(|event| event["event"] == "finished");
    let mut done: Vec<(&str, &str)> = finished
        .map(|event| (event["action"].as_str().unwrap(), event["address"].as_str().unwrap()))
        .collect();
    done.sort_unstable();
    let (a, b) = ("shelf/shelf:book:Book::a", "shelf/shelf:book:Book::b");
    assert_eq!(done, [("create", a), ("create", b), ("delete", b)]);
    let slow = events.iter().find(|event| event["event"] == "finished" && event["action"] == "delete");
    assert!(slow.is_some_and(|event| event["took_ms"].as_u64() >= Some(1000)), "{slow:?}");
    let run: Vec<_> = events.iter().filter(|event| event["event"] == "run").collect();
    assert_eq!(run.len(), 2, "{events:?}");
    assert_eq!((&run[0]["changes"]["create"], &run[1]["changes"]["delete"]), (&2.into(), &1.into()));
    bench.run("preview --expect-no-changes -c titles=a").await.expect(0);
}
