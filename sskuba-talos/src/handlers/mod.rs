//! The handlers of the kinds: those that need no machine, and those that do.

#[cfg(feature = "client")]
mod api;
mod here;
mod unbuilt;

#[cfg(feature = "client")]
pub(crate) use api::Api;
pub(crate) use here::Here;
pub(crate) use unbuilt::Unbuilt;
