//! Where commands write. Nothing that happens to the output stops a command: what is lost is said at the end.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value as Json};
use sskuba_core::clock::Clock;

use crate::render::paint::{Paint, escaped};

/// The two outputs, and how to write to them.
pub(crate) struct Screen<'a> {
    out: &'a mut (dyn Write + Send),
    errors: &'a mut (dyn Write + Send),
    clock: Arc<dyn Clock>,
    /// Paints the standard output.
    pub(crate) paint: Paint,
    /// Paints the standard error output.
    pub(crate) error_paint: Paint,
    /// The standard output has JSON alone.
    pub(crate) json: bool,
    pub(crate) quiet: bool,
    pub(crate) verbose: bool,
    /// The standard output is a terminal.
    pub(crate) terminal: bool,
    lost: Option<std::io::Error>,
}

impl<'a> Screen<'a> {
    pub(crate) fn new(
        out: &'a mut (dyn Write + Send),
        errors: &'a mut (dyn Write + Send),
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (paint, error_paint) = (Paint::PLAIN, Paint::PLAIN);
        let (json, quiet, verbose, terminal) = (false, false, false, true);
        Self { out, errors, clock, paint, error_paint, json, quiet, verbose, terminal, lost: None }
    }

    /// Writes a text for people, which may have many lines: nothing in it but paint is obeyed by a terminal.
    pub(crate) fn raw(&mut self, text: &str) {
        let shown = self.paint.shown(text);
        self.exact(&shown);
    }

    /// Writes a line that programs read as well: to a terminal as all other texts, elsewhere as it is.
    pub(crate) fn value(&mut self, text: &str) {
        if self.terminal {
            self.raw(&format!("{text}\n"));
        } else {
            self.exact(&format!("{text}\n"));
        }
    }

    /// Writes to the standard output as it is: JSON, scripts, and what was made safe already.
    pub(crate) fn exact(&mut self, text: &str) {
        if self.lost.is_none() {
            let written = self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush());
            self.lost = written.err();
        }
    }

    /// Writes a line for people.
    pub(crate) fn say(&mut self, line: impl Display) {
        if !self.json {
            self.raw(&format!("{line}\n"));
        }
    }

    /// Writes a line for people who want to know more than the result.
    pub(crate) fn chat(&mut self, line: impl Display) {
        if !self.quiet {
            self.say(line);
        }
    }

    /// Writes a line to the standard error output.
    pub(crate) fn remark(&mut self, line: impl Display) {
        // Nobody is left to be told if this fails.
        let _ = writeln!(self.errors, "{}", self.error_paint.shown(&line.to_string()));
    }

    /// Writes an error to the standard error output.
    pub(crate) fn error(&mut self, message: &str) {
        let head = self.error_paint.bad("error:");
        self.remark(format!("{head} {}", message.trim_end()));
    }

    /// Writes one JSON document.
    pub(crate) fn document(&mut self, document: &impl Serialize) {
        match serde_json::to_string_pretty(document) {
            Ok(text) => self.exact(&format!("{}\n", escaped(&text))),
            Err(error) => self.error(&format!("failed to write the answer as JSON: {error}")),
        }
    }

    /// Writes one JSON line: an object with `event` and `time` before the rest.
    pub(crate) fn event(&mut self, event: &impl Serialize) {
        match serde_json::to_value(event) {
            Ok(Json::Object(fields)) => {
                let line = json_line(fields, &self.clock.now().to_string());
                self.exact(&escaped(&line));
            }
            _ => self.error("failed to write an event as JSON"),
        }
    }

    /// Returns why something was not written, if that matters: a reader that left early does not.
    pub(crate) fn lost(&self) -> Option<&std::io::Error> {
        self.lost.as_ref().filter(|error| error.kind() != ErrorKind::BrokenPipe)
    }
}

fn json_line(mut fields: Map<String, Json>, time: &str) -> String {
    let event = fields.remove("event").unwrap_or_default();
    let mut line = format!("{{\"event\":{event},\"time\":\"{time}\"");
    for (key, value) in fields {
        line.push_str(&format!(",{}:{value}", Json::String(key)));
    }
    line + "}\n"
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sskuba_core::clock::SystemClock;

    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_json_line_begins_with_event_and_time() {
        let Json::Object(fields) = json!({"a": "x\"y", "event": "note", "z": [1]}) else { panic!() };
        let line = json_line(fields, "T");
        assert_eq!(line, "{\"event\":\"note\",\"time\":\"T\",\"a\":\"x\\\"y\",\"z\":[1]}\n");
        assert!(serde_json::from_str::<Json>(&line).is_ok());
    }

    #[test]
    fn a_reader_that_leaves_is_no_failure_and_a_full_disk_is() {
        for (kind, matters) in [(ErrorKind::BrokenPipe, false), (ErrorKind::StorageFull, true)] {
            let (mut out, mut errors) = (Broken(kind), Vec::new());
            let mut screen = Screen::new(&mut out, &mut errors, Arc::new(SystemClock));
            screen.say("a");
            screen.say("b");
            assert_eq!(screen.lost().is_some(), matters);
        }
    }
}
