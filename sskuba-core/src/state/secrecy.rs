//! What was recorded in the clear and is secret now. A store may keep old bytes in its files after they are replaced, so a
//! session that meets this has new files made at its end; until that has happened the stack remembers that it is due.

use super::journal::{Entry, Outcome};
use super::replay::State;
use crate::value::{Map, becomes_secret};

impl State {
    /// Tells whether an entry makes a secret of something that is recorded in the clear.
    pub(super) fn seals(&self, entry: &Entry) -> bool {
        if let Entry::Exports(exports) = entry {
            return becomes_secret(self.exports(), exports);
        }
        let record = match entry {
            Entry::Adopted(record) => self.record(record.token).or_else(|| self.current(&record.address)),
            _ => entry.token().and_then(|token| self.record(token)),
        };
        let Some(record) = record else { return false };
        let reported = |observed: &Map, outputs: &Map| {
            becomes_secret(&record.observed, observed) || becomes_secret(&record.outputs, outputs)
        };
        match entry {
            Entry::Intent(intent) => becomes_secret(&record.applied, &intent.inputs),
            Entry::Outcome {
                outcome:
                    Outcome::Applied { observed, outputs, .. }
                    | Outcome::Made { observed, outputs, .. }
                    | Outcome::Partial { observed, outputs, .. },
                ..
            }
            | Entry::Ready { observed, outputs, .. }
            | Entry::Observed { observed, outputs, .. } => reported(observed, outputs),
            Entry::Resealed { applied, observed, outputs, .. } => {
                becomes_secret(&record.applied, applied) || reported(observed, outputs)
            }
            Entry::Adopted(to) => {
                becomes_secret(&record.applied, &to.applied) || reported(&to.observed, &to.outputs)
            }
            _ => false,
        }
    }
}
