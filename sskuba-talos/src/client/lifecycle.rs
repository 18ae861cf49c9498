//! Pulling an image and installing it, as machines from 1.13 on do.

use super::call::{Call, changes};
use super::machine::Machine;
use super::proto::common::{ContainerdInstance, ContainerdNamespace};
use super::proto::machine as proto;
use super::proto::machine::image_service_pull_response::Response as Pulled;
use super::proto::machine::lifecycle_service_install_progress::Response as Installed;
use super::stream::Answers;
use super::upgrade::UpgradeStep;
use crate::api::{ApiError, ErrorKind};

/// The images that the system itself runs.
fn system() -> ContainerdInstance {
    ContainerdInstance { driver: 0, namespace: ContainerdNamespace::NsSystem.into() }
}

impl Machine {
    /// Has the machine (1.13 and later) pull an image for the system; returns its name with the digest.
    ///
    /// # Errors
    /// [`ErrorKind::NotOnThisRole`] from older machines.
    pub async fn pull_image(
        &self,
        image: &str,
        mut report: impl FnMut(UpgradeStep),
    ) -> Result<String, ApiError> {
        let call = changes("pull an image");
        let request =
            proto::ImageServicePullRequest { containerd: Some(system()), image_ref: image.to_owned() };
        let send = |request| {
            let mut service = self.image_service();
            async move { service.pull(request).await }
        };
        let mut answers = Answers::new(self.clone(), call, self.ask(call, request, send).await?);
        let mut pulled = None;
        while let Some(answer) = answers.next_within(self.settings.silence).await? {
            match answer.response {
                Some(Pulled::Name(name)) => pulled = Some(name),
                Some(Pulled::PullProgress(progress)) => {
                    let layer = progress.progress.unwrap_or_default();
                    let count = |bytes| u64::try_from(bytes).unwrap_or_default();
                    report(UpgradeStep::Pulling {
                        layer: progress.layer_id,
                        done: count(layer.offset),
                        total: count(layer.total),
                    });
                }
                None => {}
            }
        }
        pulled.ok_or_else(|| self.nonsense(call, "the stream ended without the image's name"))
    }

    /// Has the machine (1.13 and later) install a pulled image; it runs after the next reboot.
    ///
    /// # Errors
    /// [`ErrorKind::NotOnThisRole`] from older machines; [`ErrorKind::Failed`] if the installer fails.
    pub async fn install_image(
        &self,
        image: &str,
        mut report: impl FnMut(UpgradeStep),
    ) -> Result<(), ApiError> {
        let call = changes("install an image");
        let request = proto::LifecycleServiceUpgradeRequest {
            containerd: Some(system()),
            source: Some(proto::InstallArtifactsSource { image_name: image.to_owned() }),
        };
        let send = |request| {
            let mut service = self.lifecycle_service();
            async move { service.upgrade(request).await }
        };
        let mut answers = Answers::new(self.clone(), call, self.ask(call, request, send).await?);
        let mut last = String::new();
        let mut code = None;
        while let Some(answer) = answers.next_within(self.settings.silence).await? {
            match answer.progress.and_then(|progress| progress.response) {
                Some(Installed::Message(line)) => {
                    last.clone_from(&line);
                    report(UpgradeStep::Installing { line });
                }
                Some(Installed::ExitCode(ended)) => code = Some(ended),
                None => {}
            }
        }
        match code {
            Some(0) => Ok(()),
            Some(code) => {
                let code = format!("the installer ended with {code}");
                Err(self.fail(call, ErrorKind::Failed { code, message: last }))
            }
            None => Err(self.nonsense(call, "the stream ended before the installer did")),
        }
    }

    fn nonsense(&self, call: Call, what: &str) -> ApiError {
        self.fail(call, ErrorKind::Answer { what: what.to_owned() })
    }
}
