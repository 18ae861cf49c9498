//! A service without its client: its kinds are known and their inputs checked, and every call is refused.

use sskuba_core::provider::{Class, Failure, Handlers};

use crate::kind::{Kind, mistakes, tag_mistakes};

/// What every call is refused with.
pub(crate) fn refusal() -> Failure {
    Failure::new(Class::Terminal, "this program was built without the AWS client").hint(
        "build it with the feature `aws` of `sskuba` (`client` of `sskuba-aws`), or run it with --simulate",
    )
}

/// Stands in for what the clients of all services share.
#[cfg(not(feature = "sts"))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account;

/// Adds the kinds of a service; with its feature, `client::Kinds` does.
pub(crate) struct Kinds(Handlers);

impl Kinds {
    #[cfg(not(feature = "sts"))]
    pub(crate) fn new(provider: Handlers, _: &Account) -> Self {
        Self(provider)
    }

    #[cfg(feature = "sts")]
    pub(crate) fn new(provider: Handlers, _: &crate::client::Account) -> Self {
        Self(provider)
    }

    /// Adds a kind.
    pub(crate) fn resource<R: Kind>(self) -> Self {
        Self(self.0.declared::<R>(refusal(), mistakes::<R>, tag_mistakes))
    }

    /// Adds a kind of lookup.
    pub(crate) fn lookup<R: Kind>(self) -> Self {
        self.resource::<R>()
    }

    pub(crate) fn added(self) -> Handlers {
        self.0
    }
}
