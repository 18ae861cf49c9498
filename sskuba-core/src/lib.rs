//! The engine of sskuba: model, planner, executor, state.

// The derives name the engine `::sskuba_core`, in this crate too.
extern crate self as sskuba_core;

pub mod adapters;
pub mod address;
pub mod advice;
pub mod applying;
pub mod calling;
pub mod clock;
pub mod config;
pub mod digest;
pub mod engine;
pub mod event;
pub mod expr;
pub mod graph;
pub mod journal;
pub mod lifecycle;
pub mod output;
pub mod plan;
pub mod planning;
pub mod provider;
pub mod recovering;
pub mod refresh;
pub mod resource;
pub mod schema;
pub mod secret;
pub mod stack;
pub mod state;
pub mod stores;
pub mod suggest;
#[cfg(feature = "testing")]
pub mod testing;
pub mod value;

pub use sskuba_macros::{Config, Resource, Shape};

/// What a program uses.
pub mod prelude {
    pub use crate::config::{Config, ConfigError, ConfigValues, Origin};
    pub use crate::expr::Options;
    pub use crate::format_output;
    pub use crate::lifecycle::When;
    pub use crate::output::{Computed, Configure, Handle, Input, Output};
    pub use crate::resource::Resource;
    pub use crate::schema::Shape;
    pub use crate::secret::Secret;
    pub use crate::stack::{Component, Result, Scope, Stack};
    pub use sskuba_macros::{Config, Resource, Shape};
}

/// For generated code alone.
#[doc(hidden)]
pub mod __private {
    pub use serde;

    /// Reads a path that the derive has checked.
    #[expect(clippy::expect_used, reason = "the derive refuses paths that do not parse")]
    pub fn path(text: &str) -> crate::value::FieldPath {
        crate::value::FieldPath::parse(text).expect("a path that the derive has checked")
    }

    /// Reads a kind that the derive has checked.
    #[expect(clippy::expect_used, reason = "the derive refuses kinds that do not parse")]
    pub fn kind(text: &str) -> crate::address::Kind {
        crate::address::Kind::parse(text).expect("a kind that the derive has checked")
    }
}
