//! Commands of this machine, whose program is killed while they run.

use std::fs;
use std::time::{Duration, Instant};

use crate::stage::{PATIENCE, Stage};

const UP: &str = "up --yes --json --simulate=false";

#[test]
fn a_command_outlives_its_program_and_is_run_once() {
    let stage = Stage::new("fixture", &["owner=ann", "script=job.sh"]);
    let script = "echo began >>log\nwhile [ ! -e go ]; do sleep 0.02; done\necho done >>log\necho said\n";
    fs::write(stage.path().join("job.sh"), script).unwrap();
    let log = || fs::read_to_string(stage.path().join("log")).unwrap_or_default();
    let first = stage.start(UP);
    let start = Instant::now();
    while log().is_empty() {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(5));
    }
    first.kill();

    let mut second = stage.start(UP);
    second.until("\"event\":\"recovering\"", 1);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(log(), "began\n");
    fs::write(stage.path().join("go"), "").unwrap();
    let ran = second.end().expect(0);
    assert!(ran.out.contains("\"event\":\"recovered\""), "{ran}");
    assert_eq!(log(), "began\ndone\n");
    assert_eq!(stage.run("output said").expect(0).out.trim(), "said");
    stage.run(&format!("{UP} --expect-no-changes")).expect(0);
    stage.run("down --yes --simulate=false").expect(0);
}
