//! Whole stacks on the stage: the engine with this provider, and what others do behind its back.

use std::sync::Arc;
use std::time::Duration;

use sskuba_core::applying::Report;
use sskuba_core::engine::{Engine, EngineError, Imported};
use sskuba_core::planning::PlanOptions;
use sskuba_core::stack::Program;
use sskuba_core::stores::{EphemeralKeyring, Memory};
use sskuba_testkit::aws::boto3;

use crate::stage::Stage;

/// A stack and its engine.
pub(crate) struct Stacked {
    pub(crate) stage: Stage,
    pub(crate) engine: Engine,
}

impl Stage {
    /// Returns an engine for the stack of this stage.
    pub(crate) fn stacked(self) -> Stacked {
        let keyring = Arc::new(EphemeralKeyring::default());
        let engine = Engine::builder().store(Arc::new(Memory::default())).keyring(keyring);
        let engine = engine.provider(Arc::clone(&self.factory)).build();
        Stacked { stage: self, engine }
    }
}

impl Stacked {
    /// Runs `up`, which has to go well; returns how many were created, updated, replaced and deleted.
    pub(crate) async fn up(&self, program: impl Program) -> [u32; 4] {
        let report = self.try_up(program).await;
        assert!(report.failures.is_empty(), "{:#?}", report.failures);
        let counts = &report.counts;
        [counts.create, counts.update, counts.replace, counts.delete]
    }

    pub(crate) async fn try_up(&self, program: impl Program) -> Report {
        self.engine.up(&self.stage.stack, program).await.unwrap()
    }

    /// Refreshes the stack; returns what differs, by its resource and its field.
    pub(crate) async fn drifted(&self) -> Vec<(String, String)> {
        let mut session = self.engine.open(&self.stage.stack, "refresh", Duration::ZERO).await.unwrap();
        let found = session.refresh(&Default::default()).await;
        let found = session.end(found).await.unwrap();
        assert_eq!((found.failed, found.gone), (vec![], vec![]));
        let fields = |(address, changes): (sskuba_core::address::Address, Vec<_>)| {
            let field = move |change: sskuba_core::plan::FieldChange| (address.to_string(), change.field);
            changes.into_iter().map(field).collect::<Vec<_>>()
        };
        found.drifted.into_iter().flat_map(fields).collect()
    }

    /// Imports an object as what a program declares.
    pub(crate) async fn import(
        &self,
        program: &dyn Program,
        address: &str,
        id: &str,
    ) -> Result<Imported, EngineError> {
        let address = address.parse().unwrap();
        let mut session = self.engine.open(&self.stage.stack, "import", Duration::ZERO).await?;
        let imported = session.import(program, &PlanOptions::default(), &address, id, false).await;
        session.end(imported).await
    }

    /// Removes the stack; nothing of it is left.
    pub(crate) async fn down(&self) {
        let report = self.engine.down(&self.stage.stack).await.unwrap();
        assert!(report.failures.is_empty(), "{:#?}", report.failures);
        assert!(self.stage.seen().is_empty());
    }
}

/// Does something as somebody else; returns what the line prints, as JSON.
pub(crate) fn behind(line: &str) -> serde_json::Value {
    let text = boto3(&std::env::var("AWS_ENDPOINT_URL").unwrap(), &format!("import json\n{line}"));
    serde_json::from_str(&text).unwrap_or_default()
}
