//! The command line of programs written with sskuba: `up`, `preview`, `down` and the rest.

mod args;
mod environment;
mod identity;
mod interrupts;
mod project;
mod render;
mod screen;
mod settings;
mod stop;

pub use environment::{Environment, Size, Terminal};
pub use interrupts::Interrupts;
