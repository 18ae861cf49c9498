//! Without the client: the kinds are known and their inputs checked, and no machine is spoken to.

use std::sync::Arc;

use sskuba_core::advice::Advice;
use sskuba_core::clock::{Clock, SystemClock};
use sskuba_core::provider::{Class, Failure, Handlers};

use crate::resources::Kind;

/// What would speak to machines.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Machines(());

impl Machines {
    /// Returns the clock that tells whether certificates are valid.
    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }
}

/// Adds a kind that needs a machine.
pub(crate) fn machine_kind<R: Kind>(handlers: Handlers, _: &Machines) -> Handlers {
    let refusal =
        Failure::new(Class::Terminal, "this program was built without the client of the machine API")
            .hint("build it with the feature `talos-client` of `sskuba` (`client` of `sskuba-talos`)")
            .advice(Advice::Simulate);
    handlers.declared::<R>(refusal, R::mistakes, R::wrong_addresses)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sskuba_core::address::{Address, StackId, Token};
    use sskuba_core::provider::{Cx, Effect};
    use sskuba_core::value::Map;

    #[tokio::test]
    async fn every_call_about_a_machine_says_how_to_get_the_client() {
        let provider = crate::provider();
        let instance = provider.configure(None).await.unwrap();
        for kind in provider.schemas().iter().map(|schema| schema.kind.as_str()) {
            let address = Address::parse(&format!("{kind}::main")).unwrap();
            let stack = StackId::parse("local/shop/dev").unwrap();
            let cx = Cx::new(stack, address, Token::new([7; 16]), Duration::from_secs(5));
            let failure = instance.create(&cx, &Map::new()).await.unwrap_err();
            let local = [
                "talos:secrets:Bundle",
                "talos:secrets:KeyPair",
                "talos:machine:Config",
                "talos:machine:Sealed",
                "talos:cluster:Talosconfig",
            ];
            let here = local.contains(&kind);
            let refused = failure.message.contains("built without the client of the machine API");
            assert_eq!(refused, !here, "{kind}: {failure}");
            assert_eq!(failure.effect, Effect::NotApplied, "{kind}: {failure}");
        }
    }
}
