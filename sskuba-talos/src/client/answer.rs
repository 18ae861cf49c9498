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

#[cfg(test)]
mod tests {
    use super::super::call::asks;
    use super::super::identity::Identity;
    use super::super::proto::common::Status;
    use super::*;

    fn message(error: &str, code: i32) -> machine::Version {
        let status = Some(Status { code, message: error.to_owned() });
        let metadata = Metadata { hostname: "node-7".to_owned(), error: error.to_owned(), status };
        machine::Version { metadata: Some(metadata), ..Default::default() }
    }

    #[tokio::test]
    async fn what_failed_on_the_node_is_an_error_of_the_call() {
        let target = "10.0.0.5".parse().unwrap();
        let asked = Machine::connect(target, Identity::ANYONE);
        let only = |messages| asked.only(asks("version"), messages).map_err(|error| error.kind);
        assert!(only(vec![message("", 0)]).is_ok());
        let text = "etcd is not ready".to_owned();
        assert_eq!(only(vec![message(&text, 9)]), Err(ErrorKind::NotReady { message: text.clone() }));
        assert_eq!(only(vec![message(&text, 14)]), Err(ErrorKind::Busy { message: text }));
        for messages in [Vec::new(), vec![message("", 0), message("", 0)]] {
            assert!(matches!(only(messages), Err(ErrorKind::Answer { .. })));
        }
    }
}
