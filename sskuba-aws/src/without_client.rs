//! A service without its client: its kinds are known and their inputs checked, and every call is refused.

use sskuba_core::advice::Advice;
use sskuba_core::provider::{Class, Failure, Handlers};

use crate::kind::{Kind, known_mistakes, mistakes};
use crate::provider::Account;

/// What every call is refused with.
pub(crate) fn refusal() -> Failure {
    Failure::new(Class::Terminal, "this program was built without the AWS client")
        .hint("build it with the feature `aws` of `sskuba` (`client` of `sskuba-aws`)")
        .advice(Advice::Simulate)
}

/// Adds the kinds of a service; with its feature, `client::Kinds` does.
pub(crate) struct Kinds(Handlers);

impl Kinds {
    pub(crate) fn new(provider: Handlers, _: &Account) -> Self {
        Self(provider)
    }

    /// Adds a kind.
    pub(crate) fn resource<R: Kind>(self) -> Self {
        Self(self.0.declared::<R>(refusal(), mistakes::<R>, known_mistakes::<R>))
    }

    /// Adds a kind of lookup.
    #[cfg(not(all(feature = "ec2", feature = "route53", feature = "secretsmanager")))]
    pub(crate) fn lookup<R: Kind>(self) -> Self {
        self.resource::<R>()
    }

    pub(crate) fn added(self) -> Handlers {
        self.0
    }
}
