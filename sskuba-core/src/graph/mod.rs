//! The graph: resources and their edges, immutable once built; walks over it; pictures of it.

mod builder;
mod dag;
mod frontier;
mod render;

pub use builder::{Declaration, DesiredGraph, GraphError, Node, build, line};
pub use dag::{Cycle, Dag, NodeId};
pub use frontier::{Frontier, Mark};
pub use render::{Format, Picture};
