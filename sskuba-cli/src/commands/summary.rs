//! The last words of a command that changes something, or would.

use serde_json::json;

use crate::context::Context;
use crate::screen::Screen;
use crate::stop::{Code, Stop};

/// Says why a command ended early.
pub(super) fn stopped(screen: &mut Screen<'_>, stop: &Stop, events: bool) {
    if stop.message.is_empty() {
        return;
    }
    match (screen.json && events, stop.code) {
        (true, _) => screen.event(&json!({"event": "error", "message": stop.message.trim_end()})),
        (false, Code::Cancelled) => screen.remark(&stop.message),
        (false, _) => screen.error(&stop.message),
    }
}

/// Writes the summary as the last JSON line.
pub(super) fn summary(context: &mut Context<'_, '_>, code: Code) {
    if context.screen.json {
        let duration = u64::try_from(context.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        context.screen.event(&json!({
            "event": "summary",
            "result": code.result(),
            "changes": context.changes,
            "revision": context.revision,
            "duration_ms": duration,
        }));
    }
}
