//! Adapters: wrappers round a provider that are providers themselves.

mod around;
mod limit;
mod rate;
mod redacting;
mod retry;

pub use around::{Around, Call, Wrapped};
pub use limit::Limit;
pub use rate::Rate;
pub use redacting::Redacting;
pub use retry::Retry;
