//! The resources of a machine: its status, its config, the members of its cluster.

use std::pin::Pin;

use tokio::sync::mpsc;
use tokio::time::sleep;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::tokio_stream::{self, Stream};
use tonic::{Request, Response, Status};

use super::node::Node;
use super::streams::LOOK;
use crate::api::{ResourceKind, Stage};
use crate::client::proto::cosi::resource as proto;
use crate::client::proto::cosi::resource::state_server::State;
use crate::yaml;

type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

fn resource(kind: ResourceKind, id: &str, yaml_spec: String) -> proto::Resource {
    let metadata = proto::Metadata {
        namespace: kind.namespace.to_owned(),
        r#type: kind.name.to_owned(),
        id: id.to_owned(),
        version: "1".to_owned(),
        phase: "running".to_owned(),
        ..Default::default()
    };
    let spec = proto::Spec { proto_spec: Vec::new(), yaml_spec };
    proto::Resource { metadata: Some(metadata), spec: Some(spec) }
}

fn status((stage, ready): (Stage, bool)) -> proto::Resource {
    let unmet = if ready { "" } else { "\n    - name: services\n      reason: etcd is not healthy" };
    let text = format!("stage: {stage}\nstatus:\n  ready: {ready}\n  unmetConditions:{unmet}\n");
    resource(ResourceKind::MACHINE_STATUS, "machine", text)
}

impl Node {
    fn all(&self, kind: &str) -> Vec<proto::Resource> {
        let stage = self.stage();
        if kind == ResourceKind::MACHINE_STATUS.name {
            return vec![status(stage)];
        }
        let Some(config) = self.state().config.clone() else { return Vec::new() };
        if kind == ResourceKind::MACHINE_CONFIG.name {
            // All of its documents as one text.
            let text = yaml::write([&config.text.into()]);
            return vec![resource(ResourceKind::MACHINE_CONFIG, "v1alpha1", text)];
        }
        if kind == ResourceKind::STATIC_POD_STATUS.name {
            let pod = |(name, image): (&str, String)| {
                let text = format!(
                    "phase: Running\nconditions:\n  - type: Ready\n    status: 'True'\ncontainerStatuses:\n  - image: {image}\n"
                );
                resource(ResourceKind::STATIC_POD_STATUS, &format!("kube-system/{name}-{}", self.name), text)
            };
            return config.components().into_iter().map(pod).collect();
        }
        if kind != ResourceKind::MEMBER.name {
            return Vec::new();
        }
        let member = |name: &String| {
            resource(ResourceKind::MEMBER, name, format!("hostname: {name}\nmachineType: controlplane\n"))
        };
        self.clusters.with(&config.cluster, |cluster| cluster.members.values().map(member).collect())
    }
}

#[tonic::async_trait]
impl State for Node {
    type ListStream = Streamed<proto::ListResponse>;
    type WatchStream = Streamed<proto::WatchResponse>;

    async fn get(&self, request: Request<proto::GetRequest>) -> Result<Response<proto::GetResponse>, Status> {
        self.admit(&request, true).await?;
        let proto::GetRequest { r#type: kind, id, .. } = request.into_inner();
        let is = |one: &proto::Resource| one.metadata.as_ref().is_some_and(|metadata| metadata.id == id);
        let found = self.all(&kind).into_iter().find(is);
        let missing = || Status::not_found(format!("resource {kind}({id}@undefined) doesn't exist"));
        Ok(Response::new(proto::GetResponse { resource: Some(found.ok_or_else(missing)?) }))
    }

    async fn list(&self, request: Request<proto::ListRequest>) -> Result<Response<Self::ListStream>, Status> {
        self.admit(&request, true).await?;
        let found = self.all(&request.into_inner().r#type).into_iter();
        let found = found.map(|resource| Ok(proto::ListResponse { resource: Some(resource) }));
        Ok(Response::new(Box::pin(tokio_stream::iter(found))))
    }

    /// Watches the machine's status, whatever is asked for.
    async fn watch(
        &self,
        request: Request<proto::WatchRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.admit(&request, true).await?;
        let clusters = self.clusters.clone();
        let config = self.state().config.clone();
        let first = self.stage();
        let (sender, receiver) = mpsc::channel(16);
        tokio::spawn(async move {
            let event = |kind: proto::EventType, stage| proto::Event {
                resource: Some(status(stage)),
                event_type: kind.into(),
                error: None,
            };
            let say = |events| Ok(proto::WatchResponse { event: events });
            let bootstrapped =
                proto::Event { event_type: proto::EventType::Bootstrapped.into(), ..Default::default() };
            let begin = vec![event(proto::EventType::Created, first), bootstrapped];
            // An empty answer says that the watch stands.
            for events in [Vec::new(), begin] {
                if sender.send(say(events)).await.is_err() {
                    return;
                }
            }
            let Some(config) = config else { return };
            let mut last = first;
            while !sender.is_closed() {
                let started = clusters.with(&config.cluster, |cluster| cluster.is_bootstrapped());
                let now = if started { (Stage::Running, true) } else { last };
                if now != last {
                    last = now;
                    // Whoever watched is gone: the next look sees it.
                    let _ = sender.send(say(vec![event(proto::EventType::Updated, now)])).await;
                }
                sleep(LOOK).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}
