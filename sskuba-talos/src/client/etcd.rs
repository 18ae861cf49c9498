//! etcd: control planes alone answer.

use super::call::{asks, changes};
use super::machine::Machine;
use super::proto::machine as proto;
use super::proto::machine::etcd_member_alarm::AlarmType;
use crate::api::{Alarm, ApiError, ErrorKind, EtcdMember, EtcdStatus};

impl Machine {
    /// Starts etcd for the first time; [`bootstrap_once`](Self::bootstrap_once) is what a cluster needs.
    ///
    /// # Errors
    /// [`ErrorKind::NotReady`] before the machine is so far, [`ErrorKind::AlreadyDone`] if its etcd has data.
    pub async fn bootstrap(&self) -> Result<(), ApiError> {
        let call = changes("bootstrap");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.bootstrap(request).await }
        };
        let answer = self.ask(call, proto::BootstrapRequest::default(), send).await?;
        self.only(call, answer.messages).map(drop)
    }

    /// Asks for the members of etcd.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] while etcd does not answer.
    pub async fn etcd_members(&self) -> Result<Vec<EtcdMember>, ApiError> {
        let call = asks("etcd members");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.etcd_member_list(request).await }
        };
        let answer = self.ask(call, proto::EtcdMemberListRequest::default(), send).await?;
        let members = self.only(call, answer.messages)?.members;
        Ok(members
            .into_iter()
            .map(|proto::EtcdMember { id, hostname, peer_urls, client_urls, is_learner }| EtcdMember {
                id,
                hostname,
                peer_urls,
                client_urls,
                learner: is_learner,
            })
            .collect())
    }

    /// Asks how the machine's own member is.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] while etcd does not answer.
    pub async fn etcd_status(&self) -> Result<EtcdStatus, ApiError> {
        let call = asks("etcd status");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.etcd_status(request).await }
        };
        let answer = self.ask(call, (), send).await?;
        let Some(status) = self.only(call, answer.messages)?.member_status else {
            return Err(self.fail(call, ErrorKind::Answer { what: "no status of a member".to_owned() }));
        };
        Ok(EtcdStatus {
            member_id: status.member_id,
            leader: status.leader,
            db_size: u64::try_from(status.db_size).unwrap_or_default(),
            db_size_in_use: u64::try_from(status.db_size_in_use).unwrap_or_default(),
            raft_index: status.raft_index,
            raft_applied_index: status.raft_applied_index,
            raft_term: status.raft_term,
            learner: status.is_learner,
            errors: status.errors,
            storage_version: status.storage_version,
        })
    }

    /// Asks for the alarms of etcd.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] while etcd does not answer.
    pub async fn etcd_alarms(&self) -> Result<Vec<Alarm>, ApiError> {
        let call = asks("etcd alarms");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.etcd_alarm_list(request).await }
        };
        let answer = self.ask(call, (), send).await?;
        let alarms = self.only(call, answer.messages)?.member_alarms;
        let alarm = |alarm: proto::EtcdMemberAlarm| match alarm.alarm() {
            AlarmType::None => None,
            AlarmType::Nospace => Some(Alarm::NoSpace { member_id: alarm.member_id }),
            AlarmType::Corrupt => Some(Alarm::Corrupt { member_id: alarm.member_id }),
        };
        Ok(alarms.into_iter().filter_map(alarm).collect())
    }

    /// Has the machine's own member leave etcd.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn etcd_leave(&self) -> Result<(), ApiError> {
        let call = changes("leave etcd");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.etcd_leave_cluster(request).await }
        };
        let answer = self.ask(call, proto::EtcdLeaveClusterRequest {}, send).await?;
        self.only(call, answer.messages).map(drop)
    }

    /// Removes another member, whose machine is lost.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is no such member.
    pub async fn etcd_remove_member(&self, id: u64) -> Result<(), ApiError> {
        let call = changes("remove a member of etcd");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.etcd_remove_member_by_id(request).await }
        };
        let answer = self.ask(call, proto::EtcdRemoveMemberByIdRequest { member_id: id }, send).await?;
        self.only(call, answer.messages).map(drop)
    }

    /// Has the machine's own member give up leading; returns who leads now, or nothing if it did not lead.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn etcd_forfeit_leadership(&self) -> Result<Option<String>, ApiError> {
        let call = changes("forfeit leadership of etcd");
        let send = |request| {
            let mut service = self.machine_service();
            async move { service.etcd_forfeit_leadership(request).await }
        };
        let answer = self.ask(call, proto::EtcdForfeitLeadershipRequest {}, send).await?;
        let member = self.only(call, answer.messages)?.member;
        Ok((!member.is_empty()).then_some(member))
    }
}
