//! What happens on a machine, as it happens.

use std::fmt;

use prost::Message as _;

use super::call::asks;
use super::machine::Machine;
use super::proto::common;
use super::proto::machine as proto;
use super::proto::machine::{phase_event, sequence_event, service_state_event, task_event};
use super::stream::Answers;
use crate::api::{ApiError, ErrorKind, Event, EventKind, Progress, ServiceAction, Stage};

/// The events of a machine. Dropped, it stops listening.
pub struct Events(Answers<proto::Event>);

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Events").field(&self.0.machine).finish()
    }
}

impl Machine {
    /// Listens to events, beginning with the last `past` of those that happened already.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn events(&self, past: u16) -> Result<Events, ApiError> {
        let call = asks("events");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.events(request).await }
        };
        let request = proto::EventsRequest { tail_events: past.into(), ..Default::default() };
        Ok(Events(Answers::new(self.clone(), call, self.ask(call, request, send).await?)))
    }
}

impl Events {
    /// Waits for the next event; `None` when the machine ends the stream, e.g. because it restarts.
    ///
    /// # Errors
    /// Those of every call; an event that cannot be read is [`ErrorKind::Answer`], and the next may be.
    pub async fn next(&mut self) -> Result<Option<Event>, ApiError> {
        let Some(event) = self.0.next().await? else { return Ok(None) };
        let fail = |kind| self.0.machine.fail(self.0.call, kind);
        if let Some(kind) = event.metadata.as_ref().and_then(|metadata| self.0.machine.node_error(metadata)) {
            return Err(fail(kind));
        }
        let data = event.data.unwrap_or_default();
        let unreadable =
            |error: prost::DecodeError| fail(ErrorKind::Answer { what: format!("an event: {error}") });
        let kind = kind(&data.type_url, &data.value).map_err(unreadable)?;
        Ok(Some(Event { id: event.id, actor: event.actor_id, kind }))
    }
}

/// Reads what happened from a message and its type.
fn kind(url: &str, value: &[u8]) -> Result<EventKind, prost::DecodeError> {
    let name = url.rsplit('/').next().unwrap_or_default();
    Ok(match name {
        "machine.SequenceEvent" => {
            let event = proto::SequenceEvent::decode(value)?;
            let progress = match event.action() {
                sequence_event::Action::Noop => Progress::Nothing,
                sequence_event::Action::Start => Progress::Start,
                sequence_event::Action::Stop => Progress::Stop,
            };
            let error = event.error.map(|common::Error { message, .. }| message);
            EventKind::Sequence { name: event.sequence, progress, error }
        }
        "machine.PhaseEvent" => {
            let event = proto::PhaseEvent::decode(value)?;
            let progress = match event.action() {
                phase_event::Action::Start => Progress::Start,
                phase_event::Action::Stop => Progress::Stop,
            };
            EventKind::Phase { name: event.phase, progress }
        }
        "machine.TaskEvent" => {
            let event = proto::TaskEvent::decode(value)?;
            let progress = match event.action() {
                task_event::Action::Start => Progress::Start,
                task_event::Action::Stop => Progress::Stop,
            };
            EventKind::Task { name: event.task, progress }
        }
        "machine.ServiceStateEvent" => {
            let event = proto::ServiceStateEvent::decode(value)?;
            let action = action(event.action());
            EventKind::Service { name: event.service, action, message: event.message }
        }
        "machine.ConfigLoadErrorEvent" => {
            EventKind::Config { error: proto::ConfigLoadErrorEvent::decode(value)?.error }
        }
        "machine.ConfigValidationErrorEvent" => {
            EventKind::Config { error: proto::ConfigValidationErrorEvent::decode(value)?.error }
        }
        "machine.MachineStatusEvent" => {
            let event = proto::MachineStatusEvent::decode(value)?;
            let stage = usize::try_from(event.stage).ok().and_then(|at| Stage::ALL.get(at));
            let status = event.status.unwrap_or_default();
            let unmet = status.unmet_conditions.iter().map(|one| format!("{}: {}", one.name, one.reason));
            EventKind::Stage {
                stage: stage.copied().unwrap_or(Stage::Unknown),
                ready: status.ready,
                unmet: unmet.collect(),
            }
        }
        _ => EventKind::Other { name: name.to_owned() },
    })
}

const fn action(action: service_state_event::Action) -> ServiceAction {
    use service_state_event::Action;
    match action {
        Action::Initialized => ServiceAction::Initialized,
        Action::Preparing => ServiceAction::Preparing,
        Action::Waiting => ServiceAction::Waiting,
        Action::Starting => ServiceAction::Starting,
        Action::Running => ServiceAction::Running,
        Action::Stopping => ServiceAction::Stopping,
        Action::Finished => ServiceAction::Finished,
        Action::Failed => ServiceAction::Failed,
        Action::Skipped => ServiceAction::Skipped,
    }
}
