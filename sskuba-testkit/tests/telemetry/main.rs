//! A program's spans, as a collector of OpenTelemetry gets them; and what a collector that fails does to the program.

#![expect(clippy::unwrap_used, reason = "a test stops at what goes wrong")]

mod collector;
mod failing;
mod tracing;
mod variables;
