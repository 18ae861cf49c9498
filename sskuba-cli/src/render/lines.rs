//! Events as lines, for logs and for terminals that cannot be redrawn.

use std::time::Duration;

use sskuba_core::applying::Event;
use sskuba_core::plan::Action;
use sskuba_core::state::Verb;

use super::duration::{expected, passed};
use super::paint::{Paint, one_line};

/// Writes an event as a line; none if it is not worth one. `at` is the time since the run began.
pub(crate) fn line(event: &Event, at: Duration, paint: Paint, verbose: bool) -> Option<String> {
    let text = match event {
        Event::Opened { pending, .. } if *pending > 0 => paint.warn(match pending {
            1 => "1 operation of an earlier run has no recorded end; looking what came of it".to_owned(),
            count => {
                format!(
                    "{count} operations of an earlier run have no recorded end; looking what came of them"
                )
            }
        }),
        Event::Recovering { address, verb } if verbose => {
            format!("? {address}: was to be {}", done_verb(*verb))
        }
        Event::Recovered { address, what, .. } => {
            format!("{} {address}: {}", paint.good("✓"), one_line(what))
        }
        Event::Started { address, action, expected_ms } => {
            let time = if *expected_ms >= 1000 {
                format!(", about {}", expected(*expected_ms))
            } else {
                String::new()
            };
            let sign = paint.action(*action, action.sign());
            paint.dim(format!("{sign} {address}: {}{time}", doing(*action)))
        }
        Event::Finished { address, action, id, took_ms } => {
            let id = if id.is_empty() { String::new() } else { format!(" {}", one_line(id)) };
            let took = passed(Duration::from_millis(*took_ms));
            format!("{} {address}: {}{id} in {took}", paint.good("✓"), done(*action))
        }
        Event::Failed { address, action, class, message, .. } => {
            format!(
                "{} {address}: failed to {action}: {}",
                paint.bad("✗"),
                one_line(&format!("{class}: {message}"))
            )
        }
        Event::Skipped { address, because, .. } => {
            paint.warn(format!("○ {address}: skipped, {}", one_line(because)))
        }
        Event::Cancelling { running } => paint.warn(cancelling(*running)),
        Event::Throttled { provider, parallel } => {
            paint.warn(format!("provider {provider} asks to slow down; it gets {parallel} calls at once"))
        }
        Event::Note { message } => one_line(message),
        _ => return None,
    };
    let stamp = format!("{:>7}", passed(at));
    Some(format!("{} {text}", paint.dim(stamp)))
}

/// Says that a run stops.
pub(crate) fn cancelling(running: usize) -> String {
    match running {
        0 => "stopping".to_owned(),
        1 => "stopping: waiting for 1 operation that runs; once more to leave at once".to_owned(),
        _ => format!("stopping: waiting for {running} operations that run; once more to leave at once"),
    }
}

/// Says what is being done.
pub(crate) fn doing(action: Action) -> &'static str {
    match action {
        Action::Create => "creating",
        Action::Update => "updating",
        Action::Replace => "replacing",
        Action::Delete => "deleting",
        Action::Read => "reading",
        Action::Wait => "waiting until it can be used",
        Action::Forget => "forgetting",
        _ => "checking",
    }
}

/// Says what was done.
pub(crate) fn done(action: Action) -> &'static str {
    match action {
        Action::Create => "created",
        Action::Update => "updated",
        Action::Replace => "replaced by",
        Action::Delete => "deleted",
        Action::Read => "read",
        Action::Wait => "can be used:",
        Action::Forget => "forgotten",
        _ => "unchanged",
    }
}

fn done_verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "created",
        Verb::Update => "updated",
        Verb::Delete => "deleted",
    }
}

#[cfg(test)]
mod tests {
    use sskuba_core::provider::Class;

    use super::*;

    fn text(event: &Event) -> String {
        line(event, Duration::from_millis(1500), Paint::PLAIN, false).unwrap()
    }

    #[test]
    fn each_event_is_one_line() {
        let address: sskuba_core::address::Address = "aws:ec2:Vpc::main".parse().unwrap();
        let started = Event::Started { address: address.clone(), action: Action::Create, expected_ms: 3000 };
        assert_eq!(text(&started), "   1.5s + aws:ec2:Vpc::main: creating, about 3s");
        let finished = Event::Finished {
            address: address.clone(),
            action: Action::Create,
            id: "vpc-1".into(),
            took_ms: 2100,
        };
        assert_eq!(text(&finished), "   1.5s ✓ aws:ec2:Vpc::main: created vpc-1 in 2.1s");
        let failed = Event::Failed {
            address,
            action: Action::Create,
            class: Class::Quota,
            message: "too many \u{1b}[31mVPCs".into(),
            request_id: None,
            hint: None,
            advice: Vec::new(),
            source_line: None,
        };
        assert_eq!(
            text(&failed),
            "   1.5s ✗ aws:ec2:Vpc::main: failed to create: quota: too many \u{fffd}[31mVPCs"
        );
    }
}
