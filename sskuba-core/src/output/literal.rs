//! A value as it is written, for fields whose Rust type the writer does not know.

use super::Input;
use crate::expr::Expr;
use crate::value::Value;

/// A value that is written as JSON and given to a field of any type. The plan checks whether it fits, which for all
/// other values the compiler does: `import` writes it for structs and choices, to be replaced by hand.
///
/// ```
/// # use sskuba_core::output::{Input, Literal};
/// let sizes: Input<Vec<u32>> = Literal::json("[1, 2]").into();
/// ```
#[derive(Debug, Clone)]
pub struct Literal(Expr);

impl Literal {
    /// Takes JSON. What is none is refused by the plan, which names the field.
    pub fn json(text: &str) -> Self {
        let read = serde_json::from_str(text).map(Value::from_json);
        Self(read.map_or_else(|error| Expr::Invalid(format!("`{text}` is not JSON: {error}")), Expr::Value))
    }
}

impl<T> From<Literal> for Input<T> {
    fn from(literal: Literal) -> Self {
        Self::from_expr(literal.0)
    }
}
