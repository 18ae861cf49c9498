//! An answer comes as a list of messages, one for each node that was asked; we ask one.

use tonic::Code;

use super::call::Call;
use super::machine::Machine;
use super::proto::common::Metadata;
use super::proto::{machine, storage};
use crate::api::{ApiError, ErrorKind};

/// A message of one node.
pub(super) trait OfNode {
    /// Returns which node it is, and what failed there.
    fn metadata(&self) -> Option<&Metadata>;
}

macro_rules! of_node {
    ($($message:ty),+ $(,)?) => {
        $(impl OfNode for $message {
            fn metadata(&self) -> Option<&Metadata> {
                self.metadata.as_ref()
            }
        })+
    };
}

of_node!(
    machine::ApplyConfiguration,
    machine::Bootstrap,
    machine::Reboot,
    machine::Reset,
    machine::Upgrade,
    machine::ServiceList,
    machine::Version,
    machine::EtcdMembers,
    machine::EtcdRemoveMemberById,
    machine::EtcdLeaveCluster,
    machine::EtcdForfeitLeadership,
    machine::EtcdAlarm,
    machine::EtcdStatus,
    storage::Disks,
);

impl Machine {
    /// Takes the message of the node that was asked.
    pub(super) fn only<M: OfNode>(&self, call: Call, messages: Vec<M>) -> Result<M, ApiError> {
        let count = messages.len();
        let mut messages = messages.into_iter();
        let (Some(message), None) = (messages.next(), messages.next()) else {
            let what = format!("{count} messages instead of one");
            return Err(self.fail(call, ErrorKind::Answer { what }));
        };
        match message.metadata().and_then(|metadata| self.node_error(metadata)) {
            Some(kind) => Err(self.fail(call, kind)),
            None => Ok(message),
        }
    }

    /// Says what failed on a node though the call as a whole did not.
    pub(super) fn node_error(&self, metadata: &Metadata) -> Option<ErrorKind> {
        if metadata.error.is_empty() {
            return None;
        }
        let code = metadata.status.as_ref().map_or(Code::Unknown, |status| Code::from_i32(status.code));
        Some(self.said(code, metadata.error.clone()))
    }
}
