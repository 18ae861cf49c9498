//! Control planes that do not answer, and their members of etcd.

use std::collections::HashSet;

use sskuba_core::provider::{Class, Failure};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tonic::transport::Uri;

use super::applied::is_blank;
use super::{Api, failed, target};
use crate::api::{ApiError, ErrorKind, EtcdMember};
use crate::client::{Bound, Machine};
use crate::resources::ResetArgs;
use crate::secrets::Bundle;

/// What the control planes that answer know of etcd.
struct Membership {
    /// One whose etcd answers; none where etcd has lost its quorum, or was never started.
    responder: Option<Machine>,
    /// All members.
    members: Vec<EtcdMember>,
    /// The ids of the members on machines that answer.
    responding: HashSet<u64>,
    /// Control planes that do not answer.
    unreachable: Vec<String>,
}

impl Membership {
    /// Returns the members of which no machine that answers says that it is its own.
    fn lost(&self) -> Vec<&EtcdMember> {
        self.members.iter().filter(|member| !self.responding.contains(&member.id)).collect()
    }
}

/// How a control plane may leave etcd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leave {
    /// The others keep their quorum.
    First,
    /// It is the last member, or there is no quorum that could let it go.
    Not,
}

fn names(members: &[&EtcdMember]) -> String {
    members.iter().map(|member| member.hostname.as_str()).collect::<Vec<_>>().join(", ")
}

/// Tells whether a member is reached at this host by the others.
fn is_at(member: &EtcdMember, host: &str) -> bool {
    let at = |url: &String| {
        let url: Option<Uri> = url.parse().ok();
        url.as_ref().and_then(Uri::host).is_some_and(|other| other.trim_matches(['[', ']']) == host)
    };
    member.peer_urls.iter().any(at)
}

impl Api {
    /// Asks the control planes, all at once, which members of etcd they are.
    async fn membership(&self, control_planes: &[String], bundle: &Bundle) -> Result<Membership, Failure> {
        let mut membership = Membership {
            responder: None,
            members: Vec::new(),
            responding: HashSet::new(),
            unreachable: Vec::new(),
        };
        let mut asked = JoinSet::new();
        for address in control_planes {
            let (api, address, machine) = (self.clone(), address.clone(), self.machine(address, bundle)?);
            asked.spawn(async move {
                let status = machine.etcd_status().await;
                let may_be_away = |error: &ApiError| {
                    matches!(error.kind, ErrorKind::Unreachable { .. } | ErrorKind::Timeout { .. })
                };
                let silent = status.as_ref().is_err_and(may_be_away)
                    && !is_blank(&api, &address).await.unwrap_or(false);
                (machine, status.ok().map(|status| status.member_id), silent.then_some(address))
            });
        }
        let mut answer = Vec::new();
        while let Some(asked) = asked.join_next().await {
            let Ok((machine, member, silent)) = asked else { continue };
            membership.unreachable.extend(silent);
            if let Some(member) = member {
                membership.responding.insert(member);
                answer.push(machine);
            }
        }
        // Asked last: whoever is removed meanwhile is not waited for.
        for machine in answer {
            if let Ok(members) = machine.etcd_members().await {
                (membership.members, membership.responder) = (members, Some(machine));
                break;
            }
        }
        Ok(membership)
    }

    /// Removes the member of a control plane that does not answer from etcd, so that those that are left keep their quorum
    /// when the next one leaves. Returns the member's name; none if it has no member, or nobody is left who could tell.
    pub(super) async fn remove_lost_member(
        &self,
        args: &ResetArgs,
        bundle: &Bundle,
    ) -> Result<Option<String>, Failure> {
        let others: Vec<String> =
            args.control_planes.iter().filter(|other| **other != args.address).cloned().collect();
        let membership = self.membership(&others, bundle).await?;
        let (Some(machine), lost) = (&membership.responder, membership.lost()) else { return Ok(None) };
        let host = target(&args.address)?;
        let here: Vec<&&EtcdMember> = lost.iter().filter(|member| is_at(member, host.host())).collect();
        let member = match (here.as_slice(), lost.as_slice()) {
            (_, []) => return Ok(None),
            ([member], _) => **member,
            // It is known to the others by another address than to us.
            (_, [member]) if membership.unreachable.is_empty() => *member,
            _ => {
                let message =
                    format!("which of these members of etcd is its own cannot be told: {}", names(&lost));
                return Err(Failure::new(Class::Conflict, message));
            }
        };
        match machine.etcd_remove_member(member.id).await {
            Ok(()) => {}
            Err(error) if matches!(error.kind, ErrorKind::NotFound { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
        tracing::warn!(address = %args.address, member = %member.hostname, "removed a lost member from etcd");
        Ok(Some(member.hostname.clone()))
    }

    /// Waits until a control plane can leave etcd: until every member answers, or those that do not are removed, as the
    /// resets of their machines do that run beside this one.
    ///
    /// # Errors
    /// If members stay that do not answer: without them and this one the others may have no quorum.
    pub(super) async fn may_leave(
        &self,
        args: &ResetArgs,
        bundle: &Bundle,
        bound: Bound,
    ) -> Result<Leave, Failure> {
        let end = Instant::now() + bound.within;
        loop {
            let is_over = Instant::now() >= end;
            let membership = self.membership(&args.control_planes, bundle).await?;
            let lost = membership.lost();
            match (&membership.responder, membership.members.len()) {
                (Some(_), 0 | 1) => return Ok(Leave::Not),
                (Some(_), _) if lost.is_empty() => return Ok(Leave::First),
                // It was never started, and nobody is waited for.
                (None, _) if membership.responding.is_empty() => return Ok(Leave::First),
                _ => {}
            }
            if !is_over {
                sleep(bound.every).await;
                continue;
            }
            if membership.responder.is_none() {
                tracing::warn!(address = %args.address, "etcd has no quorum: the machine is reset without leaving it");
                return Ok(Leave::Not);
            }
            let message = format!(
                "{} is not reset: of etcd's members {} do not answer, and without them and this one it may have no quorum",
                args.address,
                names(&lost)
            );
            return Err(Failure::new(Class::Conflict, message).hint(
                "bring them back; or, where their machines are gone for good, take these out of the program too, which \
                 removes the members",
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_at_the_host_of_its_peer_urls() {
        let member = |urls: &[&str]| EtcdMember {
            id: 1,
            hostname: "a".to_owned(),
            peer_urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            client_urls: Vec::new(),
            learner: false,
        };
        assert!(is_at(&member(&["https://10.0.0.2:2380"]), "10.0.0.2"));
        assert!(is_at(&member(&["https://[fd00::2]:2380", "https://10.0.0.3:2380"]), "fd00::2"));
        for other in ["10.0.0.20", "10.0.0", ""] {
            assert!(!is_at(&member(&["https://10.0.0.2:2380", "", "no url"]), other), "{other}");
        }
    }
}
