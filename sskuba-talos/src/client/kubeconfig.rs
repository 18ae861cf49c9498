//! The administrator's kubeconfig.

use sskuba_core::secret::Secret;
use zeroize::Zeroizing;

use super::call::asks;
use super::machine::Machine;
use super::stream::Answers;
use crate::api::{ApiError, ErrorKind};
use crate::archive::first_file;

/// No kubeconfig is larger, packed or not.
const LARGEST: usize = 4 << 20;

impl Machine {
    /// Asks a control plane for a new kubeconfig of an administrator.
    ///
    /// # Errors
    /// [`ErrorKind::NotOnThisRole`] on a worker; [`ErrorKind::Answer`] if what comes is no archive with a file.
    pub async fn kubeconfig(&self) -> Result<Secret<String>, ApiError> {
        let call = asks("kubeconfig");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.kubeconfig(request).await }
        };
        let mut pieces = Answers::new(self.clone(), call, self.ask(call, (), send).await?);
        let mut packed = Zeroizing::new(Vec::new());
        while let Some(piece) = pieces.next_within(self.settings.deadline).await? {
            if let Some(kind) = piece.metadata.as_ref().and_then(|metadata| self.node_error(metadata)) {
                return Err(self.fail(call, kind));
            }
            packed.extend_from_slice(&piece.bytes);
            if packed.len() > LARGEST {
                let what = format!("more than {LARGEST} bytes");
                return Err(self.fail(call, ErrorKind::Answer { what }));
            }
        }
        let text = first_file(&packed, LARGEST).map_err(|error| error.to_string()).and_then(|file| {
            String::from_utf8(file).map_err(|_| "the file in the archive is no text".to_owned())
        });
        text.map(Secret::new).map_err(|what| self.fail(call, ErrorKind::Answer { what }))
    }
}
