//! The health of a cluster, checked by one of its control planes.

use std::fmt;
use std::time::Duration;

use super::call::asks;
use super::config::span;
use super::machine::Machine;
use super::proto::cluster as proto;
use super::stream::Answers;
use crate::api::{ApiError, ErrorKind};

/// Who belongs to a cluster; where both lists are empty, the machine takes whom it has discovered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterNodes {
    /// Addresses of control planes.
    pub control_planes: Vec<String>,
    /// Addresses of workers.
    pub workers: Vec<String>,
}

/// A check that goes on until the cluster is healthy. Dropped, it stops.
pub struct HealthCheck {
    answers: Answers<proto::HealthCheckProgress>,
    within: Duration,
    last: String,
}

impl fmt::Debug for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HealthCheck").field(&self.answers.machine).finish()
    }
}

impl Machine {
    /// Has a control plane check the cluster for at most `within`.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn health_check(
        &self,
        nodes: &ClusterNodes,
        within: Duration,
    ) -> Result<HealthCheck, ApiError> {
        let call = asks("health check");
        let request = proto::HealthCheckRequest {
            wait_timeout: span(within),
            cluster_info: Some(proto::ClusterInfo {
                control_plane_nodes: nodes.control_planes.clone(),
                worker_nodes: nodes.workers.clone(),
                force_endpoint: String::new(),
            }),
        };
        let send = |request| {
            let mut service = self.cluster_service();
            async move { service.health_check(request).await }
        };
        let answers = Answers::new(self.clone(), call, self.ask(call, request, send).await?);
        Ok(HealthCheck { answers, within, last: "the check has only begun".to_owned() })
    }
}

impl HealthCheck {
    /// Waits for the next line of progress; `None` when the cluster is healthy.
    ///
    /// # Errors
    /// [`ErrorKind::NotYet`] with the last line when the time is over; those of every call.
    pub async fn next(&mut self) -> Result<Option<String>, ApiError> {
        // A machine that forgets its own bound must not keep us.
        let silence = self.within + self.answers.machine.settings.deadline;
        let next = self.answers.next_within(silence).await.map_err(|error| self.late(error))?;
        let Some(progress) = next else { return Ok(None) };
        let machine = &self.answers.machine;
        if let Some(kind) = progress.metadata.as_ref().and_then(|metadata| machine.node_error(metadata)) {
            return Err(self.late(machine.fail(self.answers.call, kind)));
        }
        self.last.clone_from(&progress.message);
        Ok(Some(progress.message))
    }

    /// Says what was still wrong when the time was over.
    fn late(&self, error: ApiError) -> ApiError {
        match error.kind {
            ErrorKind::Timeout { .. } => {
                let kind = ErrorKind::NotYet { within: self.within, last: self.last.clone() };
                ApiError { kind, ..error }
            }
            _ => error,
        }
    }

    /// Waits until the cluster is healthy.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn healthy(mut self) -> Result<(), ApiError> {
        while self.next().await?.is_some() {}
        Ok(())
    }
}
