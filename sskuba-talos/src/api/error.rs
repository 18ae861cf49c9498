//! Why a call did not succeed: by meaning, with the node, the call, and what to do.

use std::time::Duration;

use super::Fingerprint;

/// A call that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call} on {node}: {kind}")]
pub struct ApiError {
    /// The machine: its address, and the node behind it where one was named.
    pub node: String,
    /// The call.
    pub call: &'static str,
    /// What is wrong.
    pub kind: ErrorKind,
}

impl ApiError {
    /// Tells whether the machine may have done what it was told though no answer came.
    pub const fn may_have_happened(&self) -> bool {
        matches!(self.kind, ErrorKind::Lost { .. } | ErrorKind::Timeout { .. } | ErrorKind::Cancelled { .. })
    }

    /// Tells whether the same call may succeed later without anybody doing anything.
    pub const fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            ErrorKind::Unreachable { .. }
                | ErrorKind::Lost { .. }
                | ErrorKind::Busy { .. }
                | ErrorKind::NotReady { .. }
                | ErrorKind::Timeout { .. }
        )
    }
}

/// What is wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No connection came about; nothing was sent.
    #[error("no connection ({why}); is the machine on, and its port open from here?")]
    Unreachable {
        /// What the network said.
        why: String,
    },
    /// The connection ended before the answer: the call may have been carried out.
    #[error("the connection ended before the answer ({why}); the call may have been carried out")]
    Lost {
        /// What the network said.
        why: String,
    },
    /// One side did not accept the other's certificate.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// The machine has no config yet, and so does only what a machine without one does.
    #[error("the machine is in maintenance mode ({message}); apply a config to it first")]
    MaintenanceMode {
        /// What it said.
        message: String,
    },
    /// The roles of the certificate do not suffice.
    #[error("denied ({message}); use credentials with the role os:admin, or the one that this call needs")]
    Denied {
        /// What it said.
        message: String,
    },
    /// The machine is not far enough, or is busy with something that excludes this.
    #[error("not now ({message}); try again later")]
    NotReady {
        /// What it said.
        message: String,
    },
    /// The machine or something behind it is overloaded or starting.
    #[error("unavailable ({message}); try again later")]
    Busy {
        /// What it said.
        message: String,
    },
    /// It was done before.
    #[error("done before ({message})")]
    AlreadyDone {
        /// What it said.
        message: String,
    },
    /// Machines of this role, or of this version, do not do this.
    #[error("the machine does not do this ({message}); ask a control plane, or check its version")]
    NotOnThisRole {
        /// What it said.
        message: String,
    },
    /// What was sent is wrong.
    #[error("refused ({message}); correct it and try again")]
    Invalid {
        /// What it said; secrets of a config are masked.
        message: String,
    },
    /// What was named is not there.
    #[error("not found ({message})")]
    NotFound {
        /// What it said.
        message: String,
    },
    /// No answer in time: the call may have been carried out.
    #[error("no answer within {after:?}; the call may have been carried out")]
    Timeout {
        /// How long was waited.
        after: Duration,
    },
    /// What was waited for did not come about in time.
    #[error("not within {within:?}; last: {last}")]
    NotYet {
        /// How long was waited.
        within: Duration,
        /// How it was last.
        last: String,
    },
    /// The other side gave up: the call may have been carried out.
    #[error("cancelled ({message}); the call may have been carried out")]
    Cancelled {
        /// What it said.
        message: String,
    },
    /// The answer is not one that this call can have.
    #[error("an answer that makes no sense: {what}")]
    Answer {
        /// What is wrong with it.
        what: String,
    },
    /// A failure of the machine that has no meaning of its own here.
    #[error("failed ({code}: {message})")]
    Failed {
        /// gRPC's name for it.
        code: String,
        /// What it said.
        message: String,
    },
}

/// Why one side did not accept the other's certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// The machine's certificate is of a CA that is not trusted.
    #[error(
        "the machine's certificate is not of this cluster's CA; it belongs to another cluster, or is still in maintenance mode"
    )]
    UnknownCa,
    /// The machine's certificate is for other names.
    #[error(
        "the machine's certificate is not for {name:?} ({why}); connect by a name or address that is in its certificate, or add this one to the config's certSANs"
    )]
    WrongName {
        /// Whom we wanted.
        name: String,
        /// For whom it is.
        why: String,
    },
    /// The machine's key is not the one that was pinned.
    #[error(
        "the machine's key has the fingerprint {found}, and {expected} was expected; it is another machine, or it was installed anew"
    )]
    Fingerprint {
        /// The one that was pinned.
        expected: Fingerprint,
        /// The one that the machine has.
        found: Fingerprint,
    },
    /// A certificate is no longer valid.
    #[error("{whose} certificate is no longer valid ({when}); make a new one, or set this machine's clock")]
    Expired {
        /// Whose: `the machine's` or `our`.
        whose: &'static str,
        /// Until when it was valid, and what time it is now.
        when: String,
    },
    /// A certificate is not valid yet: a clock is off.
    #[error("{whose} certificate is not valid yet ({when}); a clock is off: set it, here or on the machine")]
    NotYetValid {
        /// Whose: `the machine's` or `our`.
        whose: &'static str,
        /// From when it is valid, and what time it is now.
        when: String,
    },
    /// The machine wants a client certificate, and none was given: it has a config.
    #[error("the machine asks for a client certificate, so it has a config; use the cluster's talosconfig")]
    CertificateRequired,
    /// The machine does not accept our certificate.
    #[error(
        "the machine does not accept our certificate ({why}); use credentials of the cluster that it belongs to"
    )]
    Refused {
        /// Its alert.
        why: String,
    },
    /// Something else in TLS.
    #[error("TLS failed ({why}); is it the machine API that listens there?")]
    Other {
        /// What.
        why: String,
    },
}
