//! The engine's own provider: components, which are there when their parts are. Outputs of other stacks are of it, too; the
//! engine reads them itself.

use std::sync::Arc;

use async_trait::async_trait;

use super::contract::{Change, Cx, Instance, Object, Prior, Provider};
use super::error::{Class, Failure};
use super::place::Place;
use crate::resource::Resource;
use crate::schema::Schema;
use crate::stack::{ComponentNode, StackOutputs};
use crate::value::Map;

/// The name of the engine's own provider.
pub(crate) const BUILTIN: &str = "sskuba";

/// The engine's own provider. Its objects are their records alone: nothing is called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Builtin;

#[async_trait]
impl Provider for Builtin {
    fn name(&self) -> &str {
        BUILTIN
    }
    fn schemas(&self) -> Vec<Arc<Schema>> {
        vec![ComponentNode::schema(), StackOutputs::schema()]
    }
    async fn configure(&self, settings: Option<&Map>) -> Result<Arc<dyn Instance>, Failure> {
        match settings {
            None => Ok(Arc::new(*self)),
            Some(_) => Err(Failure::new(Class::Terminal, "provider sskuba takes no settings")),
        }
    }
}

/// Returns the record of a component as an object: its id is its token.
fn component(cx: &Cx) -> Object {
    let id = cx.token.to_string();
    Object { outputs: [("id".to_owned(), id.as_str().into())].into(), id, inputs: Map::new() }
}

#[async_trait]
impl Instance for Builtin {
    async fn place(&self) -> Result<Place, Failure> {
        Ok(Place::default())
    }
    async fn create(&self, cx: &Cx, _: &Map) -> Result<Object, Failure> {
        Ok(component(cx))
    }
    async fn read(&self, cx: &Cx, _: &Prior) -> Result<Option<Object>, Failure> {
        Ok(Some(component(cx)))
    }
    async fn update(&self, cx: &Cx, _: &Change) -> Result<Object, Failure> {
        Ok(component(cx))
    }
    async fn delete(&self, _: &Cx, _: &Prior) -> Result<(), Failure> {
        Ok(())
    }
    async fn find(&self, cx: &Cx) -> Result<Option<Object>, Failure> {
        Ok(Some(component(cx)))
    }
    async fn list(&self, _: &Cx) -> Result<Vec<Object>, Failure> {
        Ok(Vec::new())
    }
}
