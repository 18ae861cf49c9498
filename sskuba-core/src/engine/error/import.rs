//! Why an object is not imported.

use crate::address::Address;
use crate::advice::Advice;
use crate::plan::Reason;

/// Why an object cannot become what is declared at an address.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The provider has no such object.
    #[error("the provider knows no {kind} `{id}`")]
    UnknownObject {
        /// The kind.
        kind: String,
        /// The id that was given.
        id: String,
    },
    /// The next run would replace the object.
    #[error(
        "the next run would replace object {id} ({}); declare it as it is, or leave the fields out that do not matter",
        joined(.reasons)
    )]
    WouldBeReplaced {
        /// Its id.
        id: String,
        /// Why it would.
        reasons: Vec<Reason>,
    },
    /// What is declared is a lookup.
    #[error("it is a lookup, of which nothing is recorded")]
    Lookup,
    /// Another object is recorded there.
    #[error("object {id} is recorded there already")]
    Recorded {
        /// The address as it is recorded.
        address: Address,
        /// The id of the recorded object.
        id: String,
    },
    /// The object is recorded under another address.
    #[error("object {id} is {other} of this stack already")]
    RecordedAs {
        /// Its id.
        id: String,
        /// The other address.
        other: Address,
    },
    /// It is declared with another provider instance.
    #[error("it is to be of provider instance {wanted}, and the program declares it with {}", instance(.declared.as_ref()))]
    OtherInstance {
        /// The instance that it is said to be of.
        wanted: Address,
        /// The declared one; none is the default instance.
        declared: Option<Address>,
    },
}

fn joined(reasons: &[Reason]) -> String {
    reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn instance(declared: Option<&Address>) -> String {
    declared.map_or_else(|| "the default instance".to_owned(), ToString::to_string)
}

impl ImportError {
    pub(super) fn hint(&self) -> Vec<Advice> {
        match self {
            Self::WouldBeReplaced { .. } => vec![Advice::EvenIfReplaced],
            Self::Recorded { address, .. } => vec![Advice::Forget(address.clone())],
            _ => Vec::new(),
        }
    }
}
