//! Shows a run while it is under way: as a tree that is redrawn, as lines, or as JSON.

use std::future::Future;
use std::ops::ControlFlow;
use std::time::Duration;

use sskuba_core::applying::{Event, Events};
use sskuba_core::plan::Plan;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::advice;
use crate::canvas::Canvas;
use crate::environment::{Environment, Terminal};
use crate::interrupts::Interrupts;
use crate::render::progress::{Progress, frame, last};
use crate::render::{duration, lines};
use crate::screen::Screen;

/// How often a picture is redrawn.
const REDRAW: Duration = Duration::from_millis(100);

/// How long lines may be silent while something runs.
const SILENCE: Duration = Duration::from_secs(30);

/// How many events are taken at once.
const BATCH: usize = 512;

enum Mode {
    Json,
    Quiet,
    Lines,
    Redrawn(Canvas, Terminal),
}

/// Follows one run.
pub(crate) struct Display {
    mode: Mode,
    progress: Progress,
    start: Instant,
    spoke: Instant,
    events: Events,
    receiver: mpsc::UnboundedReceiver<Event>,
}

impl Display {
    /// Prepares to follow a run.
    pub(crate) fn new(
        screen: &Screen<'_>,
        environment: &Environment,
        title: String,
        plan: Option<&Plan>,
    ) -> Self {
        Self::showing(screen, environment, (title, plan), plan.is_some())
    }

    /// Prepares to follow a run of another program, whose plan is not known.
    pub(crate) fn of_other(screen: &Screen<'_>, environment: &Environment, title: String) -> Self {
        Self::showing(screen, environment, (title, None), true)
    }

    fn showing(
        screen: &Screen<'_>,
        environment: &Environment,
        (title, plan): (String, Option<&Plan>),
        as_tree: bool,
    ) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mode = match (screen.json, screen.quiet) {
            (true, _) => Mode::Json,
            (_, true) => Mode::Quiet,
            _ if as_tree && environment.can_redraw() => {
                Mode::Redrawn(Canvas::default(), environment.terminal.clone())
            }
            _ => Mode::Lines,
        };
        let events = Events::new(move |event| {
            // Nobody listens any more once the run is over.
            let _ = sender.send(event);
        });
        let start = Instant::now();
        Self { mode, progress: Progress::new(title, plan), start, spoke: start, events, receiver }
    }

    /// Returns where events are to be sent.
    pub(crate) fn events(&self) -> Events {
        self.events.clone()
    }

    /// Shows what happens until `work` ends. `interrupted` is told how often the user asked to stop; if it says
    /// so, the work is dropped and there is no result.
    pub(crate) async fn follow<T>(
        &mut self,
        screen: &mut Screen<'_>,
        interrupts: &mut Interrupts,
        work: impl Future<Output = T>,
        mut interrupted: impl FnMut(u32) -> ControlFlow<()>,
    ) -> Option<T> {
        let mut work = std::pin::pin!(work);
        let mut ticks = interval(REDRAW);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut batch, mut count) = (Vec::with_capacity(BATCH), 0);
        let result = loop {
            tokio::select! {
                result = &mut work => break Some(result),
                _ = self.receiver.recv_many(&mut batch, BATCH) => self.take(screen, &mut batch),
                _ = ticks.tick() => self.tick(screen),
                () = interrupts.next() => {
                    count += 1;
                    if interrupted(count).is_break() {
                        break None;
                    }
                }
            }
        };
        while let Ok(event) = self.receiver.try_recv() {
            batch.push(event);
        }
        self.take(screen, &mut batch);
        self.end(screen);
        result
    }

    fn take(&mut self, screen: &mut Screen<'_>, batch: &mut Vec<Event>) {
        let at = self.start.elapsed();
        let mut text = String::new();
        for event in batch.drain(..) {
            self.progress.event(&event, at);
            match self.mode {
                Mode::Json => screen.event(&advice::in_hint(&event)),
                Mode::Lines => {
                    if let Some(line) = lines::line(&event, at, screen.paint, screen.verbose) {
                        text.push_str(&line);
                        text.push('\n');
                    }
                }
                Mode::Quiet | Mode::Redrawn(..) => {}
            }
        }
        if !text.is_empty() {
            screen.raw(&text);
            self.spoke = Instant::now();
        }
    }

    fn tick(&mut self, screen: &mut Screen<'_>) {
        let now = self.start.elapsed();
        match &mut self.mode {
            Mode::Redrawn(canvas, terminal) => {
                let size = (terminal.size)();
                let picture = frame(&self.progress, size, now, screen.paint);
                let picture: Vec<String> = picture.iter().map(|line| screen.paint.shown(line)).collect();
                screen.exact(&canvas.draw(&picture, size));
            }
            Mode::Lines if self.spoke.elapsed() >= SILENCE => {
                self.spoke = Instant::now();
                let running = self.progress.running(now);
                if let Some((address, action, time)) = running.first() {
                    let more = if running.len() > 1 {
                        format!(", and {} more", running.len() - 1)
                    } else {
                        String::new()
                    };
                    let (doing, time) = (lines::doing(*action), duration::passed(*time));
                    screen.say(format!(
                        "{:>7} … {address}: still {doing} after {time}{more}",
                        duration::passed(now)
                    ));
                }
            }
            _ => {}
        }
    }

    /// Leaves the last picture on the screen.
    fn end(&mut self, screen: &mut Screen<'_>) {
        let now = self.start.elapsed();
        if let Mode::Redrawn(canvas, terminal) = &mut self.mode {
            let size = (terminal.size)();
            let cleared = canvas.clear(size);
            let picture = last(&self.progress, size, now, screen.paint);
            screen.exact(&cleared);
            screen.raw(&format!("{}\n", picture.join("\n")));
        }
    }
}
