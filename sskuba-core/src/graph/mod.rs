//! The graph: resources and their edges, immutable once built; walks over it; pictures of it.

mod builder;
mod dag;
mod frontier;
mod note;
mod render;
mod resolve;
mod svg;

pub use builder::{
    ComponentDeclaration, Declaration, Declared, DesiredGraph, GraphError, Node, Schemas, build, line,
};
pub use dag::{Cycle, Dag, NodeId};
pub use frontier::{Frontier, Mark};
pub use note::{Note, NoteLevel};
pub use render::{Format, Picture};
