//! Without the client: the kinds are known and their inputs checked, and no machine is spoken to.

use sskuba_core::provider::{Class, Failure, Handlers};

use crate::resources::Kind;

/// What would speak to machines.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Machines;

/// Adds a kind that needs a machine.
pub(crate) fn machine_kind<R: Kind>(handlers: Handlers, _: &Machines) -> Handlers {
    let refusal = Failure::new(Class::Terminal, "this program was built without the client of the machine API").hint(
        "build it with the feature `talos-client` of `sskuba` (`client` of `sskuba-talos`), or run it with --simulate",
    );
    handlers.declared::<R>(refusal, R::mistakes, R::wrong_addresses)
}
