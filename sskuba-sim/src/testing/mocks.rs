//! Mocks: what a test says in place of the simulated world.

use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;
use sskuba_core::address::Address;
use sskuba_core::provider::{Class, Cx, Failure};
use sskuba_core::schema::Schema;
use sskuba_core::suggest::{find, suggestion};
use sskuba_core::value::{Map, Value};

use crate::world::Fields;

/// The call that a mock answers: a create, an update or a lookup.
#[derive(Debug, Clone, Copy)]
pub struct MockCall<'a> {
    /// The resource.
    pub address: &'a Address,
    /// The inputs, complete and known.
    pub inputs: &'a Map,
}

impl MockCall<'_> {
    /// Returns the resource's own name.
    pub fn name(&self) -> &str {
        self.address.name()
    }

    /// Returns an input; nothing if the program does not set it.
    pub fn input(&self, name: &str) -> &Value {
        self.inputs.get(name).unwrap_or(&Value::Null)
    }
}

/// What a mock may answer: an object of computed fields, the failure of the call, or a result of both.
///
/// # Contract
/// The answer is an object whose fields are computed fields of the kind, with values of their types.
///
/// # Guarantees
/// A mock is asked with inputs that are complete and known. It may be asked again about the same object.
///
/// # Assumptions
/// The same question has the same answer; what an object's id is does not change.
///
/// # Errors
/// A failure is that of the call. An answer that breaks the contract is one, too, which says what is wrong.
///
/// # Example
/// ```
/// use serde_json::json;
/// use sskuba_core::provider::{Class, Failure};
/// use sskuba_sim::testing::{MockAnswer, MockCall};
///
/// fn subnet(call: MockCall<'_>) -> impl MockAnswer {
///     match call.name() {
///         "c" => Err(Failure::new(Class::Quota, "there are two already")),
///         name => Ok(json!({"id": format!("subnet-{name}")})),
///     }
/// }
/// ```
pub trait MockAnswer {
    /// Returns the fields.
    ///
    /// # Errors
    /// The failure of the call.
    fn fields(self) -> Result<Json, Failure>;
}

impl MockAnswer for Json {
    fn fields(self) -> Result<Json, Failure> {
        Ok(self)
    }
}

impl MockAnswer for Failure {
    fn fields(self) -> Result<Json, Failure> {
        Err(self)
    }
}

impl MockAnswer for Result<Json, Failure> {
    fn fields(self) -> Result<Json, Failure> {
        self
    }
}

type Answer = dyn Fn(MockCall<'_>) -> Result<Json, Failure> + Send + Sync;

/// One mock.
#[derive(Clone)]
pub(super) struct Mock {
    /// A kind, the end of one, or a resource.
    pub(super) of: String,
    answer: Arc<Answer>,
}

impl fmt::Debug for Mock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mock").field(&self.of).finish()
    }
}

impl Mock {
    pub(super) fn new<A: MockAnswer>(
        of: String,
        answer: impl Fn(MockCall<'_>) -> A + Send + Sync + 'static,
    ) -> Self {
        Self { of, answer: Arc::new(move |call| answer(call).fields()) }
    }

    /// Tells whether it answers for all of a kind.
    pub(super) fn is_of_kind(&self, kind: &str) -> bool {
        kind.strip_suffix(self.of.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with(':'))
    }

    /// Tells whether it answers for a resource.
    pub(super) fn is_of(&self, address: &Address) -> bool {
        self.is_of_kind(address.kind_str()) || find(&self.of, [address]).is_ok()
    }
}

/// Returns what the mocks answer to a call; later ones win, also field by field.
pub(super) fn answer(mocks: &[Mock], schema: &Schema, cx: &Cx, inputs: &Map) -> Result<Fields, Failure> {
    let mut fields = Fields::new();
    for mock in mocks.iter().filter(|mock| mock.is_of(&cx.address)) {
        let wrong = |why: String| {
            Failure::new(Class::Terminal, format!("the mock of `{}` {why}", mock.of))
                .hint("a mock answers an object of computed fields, such as {\"id\": \"vpc-1\"}")
        };
        let answered = match (mock.answer)(MockCall { address: &cx.address, inputs })? {
            Json::Object(answered) => answered,
            other => return Err(wrong(format!("answers {other}"))),
        };
        for (name, value) in answered {
            let Some(field) = schema.outputs().find(|field| field.name == name) else {
                let near = suggestion(&name, schema.outputs().map(|field| &*field.name));
                return Err(wrong(format!(
                    "answers `{name}`, which is no computed field of {}{near}",
                    schema.kind
                )));
            };
            let mut errors = Vec::new();
            field.shape.check(&Value::from_json(value.clone()), &field.name, &mut errors);
            if let Some(error) = errors.first() {
                return Err(wrong(format!("answers what does not fit: {error}")));
            }
            fields.insert(name, value);
        }
    }
    Ok(fields)
}
