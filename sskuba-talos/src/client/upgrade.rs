//! Another version of Talos on a machine.

use super::call::changes;
use super::machine::Machine;
use super::proto::machine as proto;
use crate::api::{ApiError, ErrorKind, RebootMode};

/// A step of an upgrade, while it happens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum UpgradeStep {
    /// A layer of the image comes.
    Pulling {
        /// Which.
        layer: String,
        /// Bytes that are there.
        done: u64,
        /// Bytes in all; 0 while that is not known.
        total: u64,
    },
    /// The installer prints a line.
    Installing {
        /// The line.
        line: String,
    },
    /// The machine restarts.
    Rebooting,
}

/// How an upgrade was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Upgraded {
    /// Pulled, installed and restarted in separate calls (1.13 and later).
    InSteps,
    /// In one call, by the machine alone.
    AtOnce,
}

impl Machine {
    /// Has the machine install the image of another version and restart. It returns when the restart has begun;
    /// [`wait_for`](Self::wait_for) waits for the end.
    ///
    /// # Errors
    /// Those of the single calls. If `call` is `reboot`, the image is installed and only the restart is missing.
    pub async fn upgrade(
        &self,
        image: &str,
        mut report: impl FnMut(UpgradeStep),
    ) -> Result<Upgraded, ApiError> {
        match self.pull_image(image, &mut report).await {
            Ok(_) => {}
            Err(ApiError { kind: ErrorKind::NotOnThisRole { .. }, .. }) => {
                return self.upgrade_at_once(image, report).await;
            }
            Err(error) => return Err(error),
        }
        match self.install_image(image, &mut report).await {
            Ok(()) => {}
            Err(ApiError { kind: ErrorKind::NotOnThisRole { .. }, .. }) => {
                return self.upgrade_at_once(image, report).await;
            }
            Err(error) => return Err(error),
        }
        report(UpgradeStep::Rebooting);
        self.reboot(RebootMode::Default).await?;
        Ok(Upgraded::InSteps)
    }

    async fn upgrade_at_once(
        &self,
        image: &str,
        mut report: impl FnMut(UpgradeStep),
    ) -> Result<Upgraded, ApiError> {
        let call = changes("upgrade");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.upgrade(request).await }
        };
        // Data outside of the system's partitions is kept; machines that ask do not mean it any more.
        let request = proto::UpgradeRequest { image: image.to_owned(), preserve: true, ..Default::default() };
        let answer = self.ask(call, request, send).await?;
        self.only(call, answer.messages)?;
        report(UpgradeStep::Rebooting);
        Ok(Upgraded::AtOnce)
    }
}
