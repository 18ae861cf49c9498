//! What the witness says of a stage.

use std::collections::BTreeMap;

use sskuba_testkit::aws::{Seen, seen};

use crate::stage::Stage;

impl Stage {
    /// Returns every object of the stack that boto3 sees.
    pub(crate) fn seen(&self) -> Seen {
        seen(&std::env::var("AWS_ENDPOINT_URL").unwrap(), Some(self.stack.as_str()))
    }

    /// Returns how many objects of each kind boto3 sees.
    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for seen in self.seen().values() {
            *counts.entry(seen["kind"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        counts
    }
}
