//! The journal's state machine and the format, on random and on damaged input.

mod arbitrary;
mod format;
mod machine;
mod secrecy;
