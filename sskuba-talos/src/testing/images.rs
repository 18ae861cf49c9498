//! Images and the installer, as machines from 1.13 on have them.

use std::pin::Pin;

use tonic::codegen::tokio_stream::{self, Stream};
use tonic::{Request, Response, Status};

use super::node::Node;
use crate::client::proto::machine as proto;
use crate::client::proto::machine::image_service_pull_response::Response as Pulled;
use crate::client::proto::machine::image_service_server::ImageService;
use crate::client::proto::machine::lifecycle_service_install_progress::Response as Installed;
use crate::client::proto::machine::lifecycle_service_server::LifecycleService;

type Streamed<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Node {
    /// Fails where the machine's version does not have the service.
    fn since_1_13(&self, service: &str) -> Result<(), Status> {
        let tag = self.state().tag.clone();
        let minor = tag.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok()).unwrap_or_default();
        if minor < 13 {
            return Err(Status::unimplemented(format!("unknown service {service}")));
        }
        Ok(())
    }
}

#[tonic::async_trait]
impl ImageService for Node {
    type PullStream = Streamed<proto::ImageServicePullResponse>;

    async fn pull(
        &self,
        request: Request<proto::ImageServicePullRequest>,
    ) -> Result<Response<Self::PullStream>, Status> {
        self.since_1_13("machine.ImageService")?;
        self.admit(&request, false).await?;
        let image = request.into_inner().image_ref;
        if !image.contains(':') {
            return Err(Status::invalid_argument("invalid image reference"));
        }
        self.state().pulled.push(image.clone());
        let progress = proto::ImageServicePullProgress {
            layer_id: "layer-1".to_owned(),
            progress: Some(proto::ImageServicePullLayerProgress { offset: 1024, total: 1024 }),
        };
        let name = format!("{image}@sha256:{}", "0".repeat(64));
        let answers = [Pulled::PullProgress(progress), Pulled::Name(name)];
        let answers = answers.map(|answer| Ok(proto::ImageServicePullResponse { response: Some(answer) }));
        Ok(Response::new(Box::pin(tokio_stream::iter(answers))))
    }
}

#[tonic::async_trait]
impl LifecycleService for Node {
    type UpgradeStream = Streamed<proto::LifecycleServiceUpgradeResponse>;

    async fn upgrade(
        &self,
        request: Request<proto::LifecycleServiceUpgradeRequest>,
    ) -> Result<Response<Self::UpgradeStream>, Status> {
        self.since_1_13("machine.LifecycleService")?;
        self.admit(&request, false).await?;
        let image = request.into_inner().source.unwrap_or_default().image_name;
        if !self.state().pulled.contains(&image) {
            return Err(Status::not_found(format!("image {image} not found")));
        }
        let fails = self.state().trouble.installer_fails;
        if !fails {
            self.install(&image)?;
        }
        let line = if fails { "no space left on device" } else { "installation done" };
        let answers = [Installed::Message(line.to_owned()), Installed::ExitCode(fails.into())];
        let answers = answers.map(|answer| {
            let progress = proto::LifecycleServiceInstallProgress { response: Some(answer) };
            Ok(proto::LifecycleServiceUpgradeResponse { progress: Some(progress) })
        });
        Ok(Response::new(Box::pin(tokio_stream::iter(answers))))
    }
}
