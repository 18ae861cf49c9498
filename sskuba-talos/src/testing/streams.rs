//! What a machine answers in many pieces, and what it runs.

use std::io::Write;
use std::pin::Pin;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tonic::codegen::tokio_stream::Stream;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use sskuba_core::secret::Secret;

use super::node::Node;
use crate::client::proto::cluster as cluster_proto;
use crate::client::proto::cluster::cluster_service_server::ClusterService;
use crate::client::proto::machine as proto;
use crate::client::proto::storage as storage_proto;
use crate::client::proto::storage::storage_service_server::StorageService;
use crate::credentials::Kubeconfig;
use crate::secrets::CertificateAndKey;

/// How often a watched thing is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(20);

/// Packs a kubeconfig as machines do: a tar that does not end, in gzip.
pub(super) fn kubeconfig(name: &str) -> Result<Vec<u8>, Status> {
    let odd = |error: &dyn std::fmt::Display| Status::internal(error.to_string());
    let made = rcgen::generate_simple_self_signed(vec!["admin".to_owned()]).map_err(|error| odd(&error))?;
    let (certificate, key) = (made.cert.pem(), Secret::new(made.signing_key.serialize_pem()));
    let client = CertificateAndKey { certificate, key };
    let file = Kubeconfig::admin(name, "https://127.0.0.1:6443", &[&client.certificate], &client);
    let file = file.map_err(|error| odd(&error))?.write();
    let text = file.expose();
    let mut header = [0_u8; 512];
    header[..10].copy_from_slice(b"kubeconfig");
    header[100..107].copy_from_slice(b"0000600");
    header[124..135].copy_from_slice(format!("{:011o}", text.len()).as_bytes());
    header[156] = b'0';
    header[257..263].copy_from_slice(b"ustar\0");
    header[263..265].copy_from_slice(b"00");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    let failed = |error: std::io::Error| Status::internal(error.to_string());
    packer.write_all(&header).map_err(failed)?;
    packer.write_all(text.as_bytes()).map_err(failed)?;
    packer.finish().map_err(failed)
}

/// Lists what runs on a machine.
pub(super) fn services(node: &Node) -> Vec<proto::ServiceInfo> {
    node.settle();
    let state = node.state();
    let mut names = vec!["apid", "containerd", "machined", "syslogd", "udevd"];
    if let Some(config) = &state.config {
        names.extend(["cri", "kubelet"]);
        if config.control_plane {
            names.extend(["etcd", "trustd"]);
        }
    }
    let service = |id: &str| {
        let waits = id == "etcd" && state.member.is_none();
        let sick = id == "etcd" && state.trouble.etcd_unhealthy;
        let health = proto::ServiceHealth {
            unknown: waits,
            healthy: !waits && !sick,
            last_message: if sick { "context deadline exceeded".to_owned() } else { String::new() },
        };
        proto::ServiceInfo {
            id: id.to_owned(),
            state: if waits { "Preparing" } else { "Running" }.to_owned(),
            health: Some(health),
        }
    };
    names.into_iter().map(service).collect()
}

#[tonic::async_trait]
impl StorageService for Node {
    async fn disks(&self, request: Request<()>) -> Result<Response<storage_proto::DisksResponse>, Status> {
        self.admit(&request, true).await?;
        let installed = self.state().config.is_some();
        let disk = storage_proto::Disk {
            device_name: "/dev/sda".to_owned(),
            size: 20 << 30,
            model: "FAKE".to_owned(),
            r#type: storage_proto::disk::DiskType::Ssd.into(),
            system_disk: installed,
            ..Default::default()
        };
        let messages = vec![storage_proto::Disks { metadata: None, disks: vec![disk] }];
        Ok(Response::new(storage_proto::DisksResponse { messages }))
    }
}

#[tonic::async_trait]
impl ClusterService for Node {
    type HealthCheckStream =
        Pin<Box<dyn Stream<Item = Result<cluster_proto::HealthCheckProgress, Status>> + Send>>;

    async fn health_check(
        &self,
        request: Request<cluster_proto::HealthCheckRequest>,
    ) -> Result<Response<Self::HealthCheckStream>, Status> {
        self.admit(&request, true).await?;
        let config = self.control_plane("health check")?;
        let within = request.into_inner().wait_timeout.unwrap_or_default();
        let within = Duration::try_from(within).unwrap_or_default();
        let (sender, receiver) = mpsc::channel(16);
        let clusters = self.clusters.clone();
        let sick = self.state().trouble.etcd_unhealthy;
        tokio::spawn(async move {
            let say = |message: String| Ok(cluster_proto::HealthCheckProgress { metadata: None, message });
            let end = Instant::now() + within;
            loop {
                let started = clusters.with(&config.cluster, |cluster| cluster.is_bootstrapped());
                let state = if started && !sick { "OK" } else { "..." };
                if sender.send(say(format!("waiting for etcd to be healthy: {state}"))).await.is_err()
                    || state == "OK"
                {
                    return;
                }
                if Instant::now() >= end {
                    // Whoever asked may be gone.
                    let _ = sender.send(Err(Status::deadline_exceeded("context deadline exceeded"))).await;
                    return;
                }
                sleep(LOOK).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}
