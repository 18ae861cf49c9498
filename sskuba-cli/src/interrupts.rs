//! Ctrl-C, SIGTERM and their like, as a stream of requests to stop.

use std::fmt;
use std::future::Future;

use sskuba_core::engine::CancellationToken;
use tokio::sync::mpsc;

use crate::stop::Stop;

/// Requests to stop: the first means *stop soon*, the second *stop now*.
pub struct Interrupts {
    source: Source,
    /// Cancelled when another program asks this one to stop.
    asked: Option<CancellationToken>,
}

enum Source {
    None,
    /// The process's signals; they are not listened to before the first request is awaited.
    Process,
    Channel(mpsc::UnboundedReceiver<()>),
}

impl fmt::Debug for Interrupts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interrupts")
    }
}

impl Interrupts {
    /// Makes a stream without requests.
    pub fn none() -> Self {
        Self::of(Source::None)
    }

    /// Makes the stream of this process's signals. A third signal ends the process at once, as SIGKILL would, and so does
    /// one that nobody waits for any more.
    pub fn of_process() -> Self {
        Self::of(Source::Process)
    }

    /// Makes a stream of what is sent through the channel.
    pub fn of_channel(requests: mpsc::UnboundedReceiver<()>) -> Self {
        Self::of(Source::Channel(requests))
    }

    fn of(source: Source) -> Self {
        Self { source, asked: None }
    }

    /// Takes a request of another program, too, as one of these.
    pub(crate) fn also(&mut self, asked: CancellationToken) {
        self.asked = Some(asked);
    }

    /// Starts to listen, so that a signal no longer ends the process by itself.
    pub(crate) fn listen(&mut self) {
        if matches!(self.source, Source::Process) {
            let (sender, receiver) = mpsc::unbounded_channel();
            forward(sender);
            self.source = Source::Channel(receiver);
        }
    }

    /// Waits for the next request.
    pub(crate) async fn next(&mut self) {
        let signal = async {
            if let Source::Channel(requests) = &mut self.source
                && requests.recv().await.is_some()
            {
                return;
            }
            std::future::pending().await
        };
        let Some(asked) = self.asked.clone() else { return signal.await };
        tokio::select! {
            () = signal => {}
            () = asked.cancelled() => self.asked = None,
        }
    }

    /// Runs `work`, which may be dropped at any time, until it ends or a request comes.
    ///
    /// # Errors
    /// What `work` answers, or that it was cancelled.
    pub(crate) async fn guard<T, E: Into<Stop>>(
        &mut self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Stop> {
        tokio::select! {
            biased;
            result = work => result.map_err(Into::into),
            () = self.next() => Err(Stop::cancelled("cancelled before anything was changed")),
        }
    }
}

/// Sends one request per signal, from a thread of its own: calls that block hold a runtime that has ended, and with it the
/// process, and a signal has to reach that too. Without such a thread signals do what they do to any process.
fn forward(requests: mpsc::UnboundedSender<()>) {
    let (ready, listening) = std::sync::mpsc::channel();
    let work = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async move {
            let Ok(mut signals) = Signals::new() else { return };
            let _ = ready.send(());
            for count in 1_u8.. {
                signals.next().await;
                if count > 2 || requests.send(()).is_err() {
                    // What runs is recorded as under way and is resolved by the next run.
                    std::process::exit(130);
                }
            }
        });
    };
    if std::thread::Builder::new().name("sskuba-signals".to_owned()).spawn(work).is_ok() {
        // An error: it ended at once.
        let _ = listening.recv();
    }
}

#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 2]);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Self)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
