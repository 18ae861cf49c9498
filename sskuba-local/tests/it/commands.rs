//! What the tests of commands share.

use std::sync::Arc;
use std::time::Duration;

use sskuba_core::address::{Address, StackId, Token};
use sskuba_core::provider::Cx;
use sskuba_core::schema::Schema;

/// The call about a command.
pub(crate) fn call() -> Cx {
    Cx::new(
        StackId::parse("local/test/dev").unwrap(),
        Address::parse("local:exec:Command::main").unwrap(),
        Token::new([1; 16]),
        Duration::from_secs(60),
    )
}

/// The schema of commands.
pub(crate) fn command_schema() -> Arc<Schema> {
    let schemas = sskuba_local::provider().schemas();
    schemas.into_iter().find(|schema| schema.kind.as_str() == "local:exec:Command").unwrap()
}
