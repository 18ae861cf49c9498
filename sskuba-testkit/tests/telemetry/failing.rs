//! What a collector that fails does to the program: next to nothing.

use std::time::Duration;

use crate::collector::{Answer, Collector, Ran, run, run_with};

/// The run itself takes well below a second; the rest is what may be waited for.
const LONGEST: Duration = Duration::from_secs(8);

/// Makes sure that the run is as it is without a collector, but for one warning.
#[track_caller]
fn unharmed(ran: &Ran, why: &[&str]) {
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.warnings().len(), 1, "{ran:?}");
    for text in why {
        assert!(ran.warnings()[0].contains(text), "{text} in {ran:?}");
    }
    assert!(ran.took < LONGEST, "{ran:?}");
    let last: serde_json::Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["changes"]["create"]), (&"summary".into(), &3.into()));
}

#[test]
fn a_collector_that_is_not_there() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://ann:{}@127.0.0.1:{port}", crate::collector::CANARY);
    let ran = run("up --yes --json", &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    unharmed(&ran, &[&format!("127.0.0.1:{port}"), "refused", "nothing else is affected"]);
}

#[test]
fn a_collector_that_hangs() {
    let collector = Collector::new(Answer::Never);
    let ran = run_with(&collector, "up --yes --json", &[]);
    unharmed(&ran, &["no answer within 3s"]);
    assert!(ran.took > Duration::from_secs(3) && collector.got().len() == 1, "{ran:?}");
    // A shorter bound is obeyed.
    let ran = run_with(&collector, "up --yes --json", &[("OTEL_EXPORTER_OTLP_TIMEOUT", "200")]);
    unharmed(&ran, &["no answer in time"]);
    assert!(ran.took < Duration::from_secs(3), "{ran:?}");
}

#[test]
fn a_collector_that_refuses() {
    for (status, why) in [(500, "it answered 500"), (401, "it answered 401"), (503, "it answered 503")] {
        let collector = Collector::new(Answer::Status(status));
        let ran = run_with(&collector, "up --yes --json", &[]);
        unharmed(&ran, &[why]);
    }
}

#[test]
fn a_collector_that_sends_elsewhere_sends_no_key_there() {
    let other = Collector::new(Answer::Thanks);
    let collector = Collector::new(Answer::Moved(other.port));
    let ran = run_with(&collector, "up --yes --json", &[("OTEL_EXPORTER_OTLP_HEADERS", "x-key=1")]);
    unharmed(&ran, &["it answered 307"]);
    assert_eq!(other.got().len(), 0);
}

#[test]
fn a_way_to_send_that_is_not_known() {
    let collector = Collector::new(Answer::Thanks);
    for (name, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "collector"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere/ca.pem"),
    ] {
        let ran = run_with(&collector, "up --yes --json", &[(name, value)]);
        unharmed(&ran, &["no trace is sent"]);
    }
    assert_eq!(collector.got().len(), 0);
}

#[test]
fn a_program_with_a_subscriber_of_its_own_keeps_it() {
    let collector = Collector::new(Answer::Thanks);
    let own = ("OWN_SUBSCRIBER", "1");
    unharmed(&run_with(&collector, "up --yes --json", &[own]), &["a `tracing` subscriber of its own"]);
    assert_eq!(collector.got().len(), 0);
    // Who asks for no trace is told nothing.
    assert_eq!(run("up --yes", &[own]).warnings(), [""; 0]);
}
