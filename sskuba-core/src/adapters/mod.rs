//! Adapters: wrappers round a provider that are providers themselves.

mod around;
mod discreet;
mod limit;
mod rate;
mod retry;

pub use around::{Around, Call, Wrapped};
pub use discreet::Discreet;
pub use limit::Limit;
pub use rate::Rate;
pub use retry::Retry;
