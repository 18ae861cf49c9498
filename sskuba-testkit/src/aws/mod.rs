//! AWS without AWS: moto, a server that speaks its protocols; a proxy for what moto does not do; and boto3, the
//! witness that knows nothing of sskuba.

mod moto;
mod placement;
mod proxy;
mod refreshes;
mod rules;
mod witness;

pub use moto::Moto;
pub use proxy::{Fate, Proxy};
pub use witness::{REGION, Seen, boto3, seen};
