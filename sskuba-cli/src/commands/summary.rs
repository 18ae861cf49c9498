//! The last words of a command that changes something, or would.

use std::time::Duration;

use serde_json::json;
use sskuba_core::state::Counts;

use crate::context::Context;
use crate::screen::Screen;
use crate::stop::{Code, Stop};

/// Says why a command ended early.
pub(super) fn stopped(screen: &mut Screen<'_>, stop: &Stop) {
    if stop.message.is_empty() {
        return;
    }
    match (screen.json, stop.code) {
        (true, _) => screen.event(&json!({"event": "error", "message": stop.message.trim_end()})),
        (false, Code::Cancelled) => screen.remark(&stop.message),
        (false, _) => screen.error(&stop.message),
    }
}

/// Writes the summary as the last JSON line.
pub(super) fn summary(context: &mut Context<'_, '_>, code: Code) {
    let (changes, revision, took) = (context.changes, context.revision, context.start.elapsed());
    write(context.screen, code, changes, revision, took);
}

/// Writes the summary of a command that ended before it began.
pub(super) fn nothing(screen: &mut Screen<'_>, code: Code) {
    write(screen, code, Counts::default(), 0, Duration::ZERO);
}

fn write(screen: &mut Screen<'_>, code: Code, changes: Counts, revision: u64, took: Duration) {
    if screen.json {
        screen.event(&json!({
            "event": "summary",
            "result": code.result(),
            "changes": changes,
            "revision": revision,
            "duration_ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }));
    }
}
