//! The library as a user meets it: programs on the simulated world.

mod lifecycle;
mod options;
mod replace;
mod world;
