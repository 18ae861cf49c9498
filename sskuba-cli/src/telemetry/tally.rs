//! Counts what ended and what the collector took, so that nothing is lost without a word.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor};

/// How many spans there were, and what became of them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    ended: AtomicUsize,
    taken: AtomicUsize,
    why: OnceLock<String>,
}

impl Tally {
    /// Notes that the collector took spans.
    pub(super) fn took(&self, spans: usize) {
        self.taken.fetch_add(spans, Ordering::Relaxed);
    }

    /// Notes why it did not take some. The first reason stays: the client knows more than the exporter that it serves.
    pub(super) fn refused(&self, why: String) {
        let _ = self.why.set(why);
    }

    /// Returns how many spans did not arrive, of how many, and why, as far as that is known.
    pub(super) fn lost(&self) -> Option<(usize, usize, Option<String>)> {
        let (ended, taken) = (self.ended.load(Ordering::Relaxed), self.taken.load(Ordering::Relaxed));
        (ended > taken).then(|| (ended - taken, ended, self.why.get().cloned()))
    }
}

/// The queue of spans that are to be sent, which drops what it cannot hold.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) inner: BatchSpanProcessor,
    pub(super) tally: Arc<Tally>,
}

impl SpanProcessor for Counted {
    fn on_start(&self, span: &mut Span, cx: &Context) {
        self.inner.on_start(span, cx);
    }

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            self.tally.ended.fetch_add(1, Ordering::Relaxed);
        }
        self.inner.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
