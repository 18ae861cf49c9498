//! Why a declaration is refused.

use crate::address::{Address, NameError, StackId};
use crate::schema::Text;

/// Why a declaration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeclareError {
    /// The name cannot be one.
    #[error("{source_line}: {error}")]
    Name {
        /// What is wrong with it.
        #[source]
        error: NameError,
        /// Where it was given.
        source_line: String,
    },
    /// The address is taken.
    #[error(
        "{address} is declared twice: first at {first}, again at {second}; give one of them another name"
    )]
    Duplicate {
        /// The address.
        address: Address,
        /// `file:line:column` of the first.
        first: String,
        /// `file:line:column` of the second.
        second: String,
    },
    /// A program reads the outputs of its own stack.
    #[error("{source_line}: {stack} is this stack; what it exports is known in the program itself")]
    OwnStack {
        /// The stack.
        stack: StackId,
        /// `file:line:column`.
        source_line: String,
    },
    /// A text has `{:?}` of an output in it, where its value was meant.
    #[error(
        "{address} ({source_line}): `{field}` has the text of an output in it, and not its value, which is not known \
         yet; write it with `format_output!(\"…{{}}…\", output)` or `output.map(…)`"
    )]
    OutputText {
        /// The resource that was being declared.
        address: Address,
        /// The field.
        field: Text,
        /// `file:line:column`.
        source_line: String,
    },
    /// A handle or output of another stack was used.
    #[error(
        "{address} ({source_line}) uses {foreign}, which belongs to another stack; \
         export the value there and hand it over as configuration"
    )]
    Foreign {
        /// The resource that was being declared, or the name of the export.
        address: String,
        /// What it used.
        foreign: Address,
        /// `file:line:column`.
        source_line: String,
    },
}
