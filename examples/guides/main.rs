//! The programs that the guides in `docs/guides` show, each in a file of its own; `tests/process/guides.rs` compares
//! them with the guides, and runs the guides' commands with them. Which of them runs follows from the name that this
//! one is called by.

mod changed;
mod components;
mod first;
mod secrets;
mod teams;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let called = std::env::args_os().next().unwrap_or_default();
    match Path::new(&called).file_name().and_then(|name| name.to_str()) {
        Some("changed") => changed::main(),
        Some("shop") => components::main(),
        Some("renamed") => components::renamed_main(),
        Some("team-network") => teams::network_main(),
        Some("team-app") => teams::app_main(),
        Some("database") => secrets::main(),
        _ => first::main(),
    }
}
