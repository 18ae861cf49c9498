//! A provider outside of sskuba: the hut is a small cloud with an HTTP API, and [`provider`] makes two kinds of resources
//! of it.
//!
//! A program declares them as it does any others:
//!
//! ```
//! use hut::{Domain, Server};
//! use sskuba::prelude::*;
//!
//! fn shop(stack: &mut Stack) -> sskuba::Result {
//!     let server = stack.add("web", Server::new("web", "debian-13"))?;
//!     stack.add("shop", Domain::new("shop.example", server.id()))?;
//!     stack.export("address", server.address());
//!     Ok(())
//! }
//! ```

pub mod api;
mod provider;

pub use provider::{Domain, Server, provider};
