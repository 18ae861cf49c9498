//! The machine service.

use std::pin::Pin;

use tokio::sync::mpsc;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::tokio_stream::{self, Stream};
use tonic::{Request, Response, Status};

use super::node::{Config, Node, OUTAGE};
use super::streams::{self, kubeconfig};
use crate::client::proto::common::Data;
use crate::client::proto::machine as proto;
use crate::client::proto::machine::apply_configuration_request::Mode;
use crate::client::proto::machine::machine_service_server::MachineService;

type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;
type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl MachineService for Node {
    type EventsStream = Streamed<proto::Event>;
    type KubeconfigStream = Streamed<Data>;

    async fn apply_configuration(
        &self,
        request: Request<proto::ApplyConfigurationRequest>,
    ) -> Answer<proto::ApplyConfigurationResponse> {
        // In maintenance mode everybody applies.
        let reads = self.state().config.is_none();
        self.admit(&request, reads).await?;
        let request = request.into_inner();
        let text = String::from_utf8(request.data.clone());
        let text = text.map_err(|_| Status::invalid_argument("the config is no text"))?;
        let config = Config::read(&text).map_err(Status::invalid_argument)?;
        let first = self.state().config.is_none();
        let reboots = self.state().config.as_ref().is_some_and(|running| running.reboots_for(&config));
        let mode = match request.mode() {
            Mode::Auto if reboots => Mode::Reboot,
            Mode::Auto => Mode::NoReboot,
            Mode::NoReboot if reboots => {
                let message = "this config change can't be applied in immediate mode";
                return Err(Status::invalid_argument(message));
            }
            mode => mode,
        };
        if mode == Mode::Staged && !first {
            if !request.dry_run {
                self.state().staged = Some(config);
                self.clusters.note(format!("{}: staged config", self.name));
            }
        } else if !request.dry_run {
            if let Some(key) = &config.ca_key {
                self.clusters.keep(&config.ca, key);
            }
            let before = self.state().config.replace(config.clone());
            let what = before.map_or_else(|| "config".to_owned(), |before| before.changed_by(&config));
            self.clusters.note(format!("{}: {what}", self.name));
            if first || mode == Mode::Reboot {
                self.sequence("boot");
            }
        }
        let details = if request.dry_run { "Dry run summary:\n" } else { "Applied" };
        let message = proto::ApplyConfiguration {
            metadata: None,
            warnings: Vec::new(),
            mode: mode.into(),
            mode_details: details.to_owned(),
        };
        Ok(Response::new(proto::ApplyConfigurationResponse { messages: vec![message] }))
    }

    async fn bootstrap(&self, request: Request<proto::BootstrapRequest>) -> Answer<proto::BootstrapResponse> {
        self.admit(&request, false).await?;
        let config = self.control_plane("bootstrap")?;
        self.settle();
        {
            let mut state = self.state();
            if state.early > 0 {
                state.early -= 1;
                return Err(Status::failed_precondition("bootstrap is not available yet"));
            }
            if state.member.is_some() {
                return Err(Status::already_exists("etcd data directory is not empty"));
            }
            state.member = Some(self.clusters.with(&config.cluster, |cluster| cluster.join(&self.name)));
        }
        let event = proto::ServiceStateEvent {
            service: "etcd".to_owned(),
            action: proto::service_state_event::Action::Running.into(),
            message: "Started".to_owned(),
        };
        self.tell("machine.ServiceStateEvent", &event);
        Ok(Response::new(proto::BootstrapResponse { messages: vec![proto::Bootstrap::default()] }))
    }

    async fn events(&self, request: Request<proto::EventsRequest>) -> Answer<Self::EventsStream> {
        self.admit(&request, true).await?;
        let past = usize::try_from(request.into_inner().tail_events).unwrap_or_default();
        // Subscribed first: what happens in between may come twice, but never not at all.
        let mut news = self.news.subscribe();
        let events = self.state().events.clone();
        let skipped = events.len().saturating_sub(past);
        let (sender, receiver) = mpsc::channel(16);
        tokio::spawn(async move {
            for event in events.into_iter().skip(skipped) {
                if sender.send(Ok(event)).await.is_err() {
                    return;
                }
            }
            while let Ok(event) = news.recv().await {
                if sender.send(Ok(event)).await.is_err() {
                    return;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn etcd_member_list(
        &self,
        request: Request<proto::EtcdMemberListRequest>,
    ) -> Answer<proto::EtcdMemberListResponse> {
        self.admit(&request, true).await?;
        let cluster = self.with_quorum("member list")?;
        let member = |(id, hostname): (&u64, &String)| proto::EtcdMember {
            id: *id,
            hostname: hostname.clone(),
            peer_urls: self
                .clusters
                .host(hostname)
                .iter()
                .map(|host| format!("https://{host}:2380"))
                .collect(),
            client_urls: self
                .clusters
                .host(hostname)
                .iter()
                .map(|host| format!("https://{host}:2379"))
                .collect(),
            is_learner: false,
        };
        let known = self.clusters.with(&cluster, |cluster| cluster.members.clone());
        let members = known.iter().map(member).collect();
        let messages = vec![proto::EtcdMembers { metadata: None, members }];
        Ok(Response::new(proto::EtcdMemberListResponse { messages }))
    }

    async fn etcd_remove_member_by_id(
        &self,
        request: Request<proto::EtcdRemoveMemberByIdRequest>,
    ) -> Answer<proto::EtcdRemoveMemberByIdResponse> {
        self.admit(&request, false).await?;
        let cluster = self.with_quorum("member remove")?;
        let id = request.into_inner().member_id;
        if !self.clusters.with(&cluster, |cluster| cluster.leave(id)) {
            return Err(Status::not_found("etcdserver: member not found"));
        }
        let messages = vec![proto::EtcdRemoveMemberById::default()];
        Ok(Response::new(proto::EtcdRemoveMemberByIdResponse { messages }))
    }

    async fn etcd_leave_cluster(
        &self,
        request: Request<proto::EtcdLeaveClusterRequest>,
    ) -> Answer<proto::EtcdLeaveClusterResponse> {
        self.admit(&request, false).await?;
        let cluster = self.with_quorum("leave")?;
        if let Some(id) = self.state().member {
            self.clusters.with(&cluster, |cluster| cluster.leave(id));
        }
        let messages = vec![proto::EtcdLeaveCluster::default()];
        Ok(Response::new(proto::EtcdLeaveClusterResponse { messages }))
    }

    async fn etcd_forfeit_leadership(
        &self,
        request: Request<proto::EtcdForfeitLeadershipRequest>,
    ) -> Answer<proto::EtcdForfeitLeadershipResponse> {
        self.admit(&request, false).await?;
        let cluster = self.with_quorum("forfeit leadership")?;
        let id = self.state().member.unwrap_or_default();
        let member = self.clusters.with(&cluster, |cluster| cluster.forfeit(id)).unwrap_or_default();
        let messages = vec![proto::EtcdForfeitLeadership { metadata: None, member }];
        Ok(Response::new(proto::EtcdForfeitLeadershipResponse { messages }))
    }

    async fn etcd_alarm_list(&self, request: Request<()>) -> Answer<proto::EtcdAlarmListResponse> {
        self.admit(&request, true).await?;
        self.with_quorum("alarm list")?;
        Ok(Response::new(proto::EtcdAlarmListResponse { messages: vec![proto::EtcdAlarm::default()] }))
    }

    async fn etcd_status(&self, request: Request<()>) -> Answer<proto::EtcdStatusResponse> {
        self.admit(&request, true).await?;
        let cluster = self.with_etcd("status")?;
        let member_id = self.state().member.unwrap_or_default();
        let has_quorum = self.clusters.has_quorum(&cluster);
        let leader = self.clusters.with(&cluster, |cluster| cluster.leader);
        let member_status = proto::EtcdMemberStatus {
            member_id,
            leader: if has_quorum { leader } else { 0 },
            storage_version: "3.6.0".to_owned(),
            db_size: 20_480,
            db_size_in_use: 16_384,
            raft_index: 10,
            raft_applied_index: 10,
            raft_term: 2,
            ..Default::default()
        };
        let messages = vec![proto::EtcdStatus { metadata: None, member_status: Some(member_status) }];
        Ok(Response::new(proto::EtcdStatusResponse { messages }))
    }

    async fn kubeconfig(&self, request: Request<()>) -> Answer<Self::KubeconfigStream> {
        self.admit(&request, false).await?;
        self.control_plane("kubeconfig")?;
        // In pieces, as it comes from a machine.
        let pieces: Vec<_> = kubeconfig(&self.name)?.chunks(64).map(<[u8]>::to_vec).collect();
        let pieces = pieces.into_iter().map(|bytes| Ok(Data { metadata: None, bytes }));
        Ok(Response::new(Box::pin(tokio_stream::iter(pieces))))
    }

    async fn reboot(&self, request: Request<proto::RebootRequest>) -> Answer<proto::RebootResponse> {
        self.admit(&request, false).await?;
        self.sequence("reboot");
        let messages = vec![proto::Reboot { metadata: None, actor_id: self.name.clone() }];
        Ok(Response::new(proto::RebootResponse { messages }))
    }

    async fn reset(&self, request: Request<proto::ResetRequest>) -> Answer<proto::ResetResponse> {
        self.admit(&request, false).await?;
        let request = request.into_inner();
        let messages = vec![proto::Reset { metadata: None, actor_id: self.name.clone() }];
        let member = self.state().member;
        if request.graceful && member.is_some() && self.with_quorum("leave").is_err() {
            // The sequence fails, after the call was answered, and nothing is wiped.
            self.clusters.note(format!("{}: reset fails", self.name));
            return Ok(Response::new(proto::ResetResponse { messages }));
        }
        let (config, member) = {
            let mut state = self.state();
            state.staged = None;
            (state.config.take(), state.member.take())
        };
        if let (true, Some(config), Some(id)) = (request.graceful, config, member) {
            self.clusters.with(&config.cluster, |cluster| cluster.leave(id));
        }
        self.clusters.note(format!("{}: reset", self.name));
        self.ends("reset", request.reboot.then_some(OUTAGE));
        Ok(Response::new(proto::ResetResponse { messages }))
    }

    async fn service_list(&self, request: Request<()>) -> Answer<proto::ServiceListResponse> {
        self.admit(&request, true).await?;
        let messages = vec![proto::ServiceList { metadata: None, services: streams::services(self) }];
        Ok(Response::new(proto::ServiceListResponse { messages }))
    }

    async fn upgrade(&self, request: Request<proto::UpgradeRequest>) -> Answer<proto::UpgradeResponse> {
        self.admit(&request, false).await?;
        self.install(&request.into_inner().image)?;
        self.sequence("upgrade");
        let messages =
            vec![proto::Upgrade { ack: "Upgrade request received".to_owned(), ..Default::default() }];
        Ok(Response::new(proto::UpgradeResponse { messages }))
    }

    async fn version(&self, request: Request<()>) -> Answer<proto::VersionResponse> {
        self.admit(&request, true).await?;
        let tag = self.state().tag.clone();
        let version = proto::VersionInfo { tag, sha: "fake".to_owned(), arch: "amd64".to_owned() };
        let platform = proto::PlatformInfo { name: "metal".to_owned(), mode: "metal".to_owned() };
        let message = proto::Version { metadata: None, version: Some(version), platform: Some(platform) };
        Ok(Response::new(proto::VersionResponse { messages: vec![message] }))
    }
}

impl Node {
    /// Installs an image, whose tag is its version.
    pub(super) fn install(&self, image: &str) -> Result<(), Status> {
        let tag = image.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| tag.starts_with('v'));
        let tag = tag.ok_or_else(|| Status::invalid_argument("the image has no version"))?;
        self.state().installed = Some(tag.to_owned());
        self.clusters.note(format!("{}: upgrade", self.name));
        Ok(())
    }
}
