//! Planning as scripts: what was there, what is wanted, and the plan that follows.

mod actions;
mod kinds;
mod large;
mod lookups;
mod paths;
mod random;
mod removals;
mod renewals;
mod replacements;
mod selection;
mod show;
mod unknowns;
mod world;
