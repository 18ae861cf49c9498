//! Reading and watching the resources of a machine.

use std::collections::VecDeque;
use std::fmt;

use super::call::{Call, asks};
use super::machine::Machine;
use super::proto::cosi::resource as proto;
use super::stream::Answers;
use crate::api::{ApiError, Change, ChangeKind, ErrorKind, MachineStatus, Resource, ResourceKind};
use crate::yaml::{self, Node};

/// A watch over resources. Dropped, it ends.
pub struct Watch {
    answers: Answers<proto::WatchResponse>,
    waiting: VecDeque<proto::Event>,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.answers.machine).finish()
    }
}

impl Machine {
    /// Asks for one resource.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it is not there.
    pub async fn resource(&self, kind: ResourceKind, id: &str) -> Result<Resource, ApiError> {
        let call = asks("get a resource");
        let request = proto::GetRequest {
            namespace: kind.namespace.to_owned(),
            r#type: kind.name.to_owned(),
            id: id.to_owned(),
        };
        let send = |request| {
            let mut service = self.state();
            async move { service.get(request).await }
        };
        let answer = self.ask(call, request, send).await?;
        self.read(call, answer.resource)
    }

    /// Asks for all resources of a kind.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn resources(&self, kind: ResourceKind) -> Result<Vec<Resource>, ApiError> {
        let call = asks("list resources");
        let request =
            proto::ListRequest { namespace: kind.namespace.to_owned(), r#type: kind.name.to_owned() };
        let send = |request| {
            let mut service = self.state();
            async move { service.list(request).await }
        };
        let mut answers = Answers::new(self.clone(), call, self.ask(call, request, send).await?);
        let mut found = Vec::new();
        while let Some(answer) = answers.next_within(self.settings.deadline).await? {
            found.push(self.read(call, answer.resource)?);
        }
        Ok(found)
    }

    /// Watches all resources of a kind, or one: first what is there, then what changes.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn watch(&self, kind: ResourceKind, id: Option<&str>) -> Result<Watch, ApiError> {
        let call = asks("watch resources");
        let request = proto::WatchRequest {
            namespace: kind.namespace.to_owned(),
            r#type: kind.name.to_owned(),
            id: id.map(str::to_owned),
            // One resource is sent first whatever is asked for, and the server refuses to be asked.
            options: id.is_none().then_some(proto::WatchOptions { bootstrap_contents: true }),
            api_version: 1,
        };
        let send = |request| {
            let mut service = self.state();
            async move { service.watch(request).await }
        };
        let stream = self.ask(call, request, send).await?;
        Ok(Watch { answers: Answers::new(self.clone(), call, stream), waiting: VecDeque::new() })
    }

    /// Asks where in its life the machine is.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] while it does not know yet.
    pub async fn status(&self) -> Result<MachineStatus, ApiError> {
        let resource = self.resource(ResourceKind::MACHINE_STATUS, "machine").await?;
        MachineStatus::from_spec(&resource.spec).ok_or_else(|| {
            let what = "a machine status without a stage".to_owned();
            self.fail(asks("get a resource"), ErrorKind::Answer { what })
        })
    }

    fn read(&self, call: Call, resource: Option<proto::Resource>) -> Result<Resource, ApiError> {
        let nonsense = |what: &str| self.fail(call, ErrorKind::Answer { what: what.to_owned() });
        let resource = resource.ok_or_else(|| nonsense("no resource"))?;
        let metadata = resource.metadata.ok_or_else(|| nonsense("a resource without metadata"))?;
        let text = resource.spec.unwrap_or_default().yaml_spec;
        // What the text is may be secret, and so is what a reader says of it.
        let mut documents = yaml::read(&text).map_err(|_| nonsense("a resource that is no YAML"))?;
        let spec =
            if documents.len() > 1 { Node::Seq(documents) } else { documents.pop().unwrap_or_default() };
        let proto::Metadata { namespace, r#type: kind, id, version, phase, .. } = metadata;
        Ok(Resource { namespace, kind, id, version, phase, spec })
    }
}

impl Watch {
    /// Waits for the next change; `None` when the machine ends the watch, e.g. because it restarts.
    ///
    /// # Errors
    /// Those of every call, and what the machine says went wrong with the watch.
    pub async fn next(&mut self) -> Result<Option<Change>, ApiError> {
        loop {
            while let Some(event) = self.waiting.pop_front() {
                if let Some(change) = self.change(event)? {
                    return Ok(Some(change));
                }
            }
            match self.answers.next().await? {
                Some(answer) => self.waiting.extend(answer.event),
                None => return Ok(None),
            }
        }
    }

    fn change(&self, event: proto::Event) -> Result<Option<Change>, ApiError> {
        let (machine, call) = (&self.answers.machine, self.answers.call);
        let kind = match event.event_type() {
            proto::EventType::Created => ChangeKind::Created,
            proto::EventType::Updated => ChangeKind::Updated,
            proto::EventType::Destroyed => ChangeKind::Destroyed,
            proto::EventType::Bootstrapped => {
                return Ok(Some(Change { kind: ChangeKind::Bootstrapped, resource: None }));
            }
            proto::EventType::Errored => {
                let message = event.error.unwrap_or_default();
                return Err(machine.fail(call, ErrorKind::Failed { code: "watch".to_owned(), message }));
            }
            proto::EventType::Noop => return Ok(None),
        };
        Ok(Some(Change { kind, resource: Some(machine.read(call, event.resource)?) }))
    }
}
