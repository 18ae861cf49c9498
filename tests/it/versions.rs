//! A kind whose fields changed: what an earlier release recorded is planned, changed and deleted by today's.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sskuba::core::address::StackId;
use sskuba::core::plan::Action;
use sskuba::core::provider::{
    Cx, Failure, Handler, Handlers, Provider, TypedChange, TypedObject, TypedPrior, Update,
};
use sskuba::core::schema::FieldError;
use sskuba::core::state::RunResult;
use sskuba::prelude::*;

use crate::bad_input::Shared;

/// As the first release had it.
mod first {
    use sskuba::prelude::*;

    /// A page.
    #[derive(Resource)]
    #[resource(kind = "wiki:page:Page", idempotency = "token")]
    pub(super) struct Page {
        /// Its title.
        #[resource(force_new)]
        name: Input<String>,
        /// Its text.
        text: Input<String>,
        /// The id.
        #[resource(computed, id)]
        id: Computed<String>,
    }
}

/// As it is today: the name is called title.
mod second {
    use sskuba::core::resource::Migrate;
    use sskuba::core::value::Map;
    use sskuba::prelude::*;

    /// A page.
    #[derive(Resource)]
    #[resource(kind = "wiki:page:Page", version = 2, idempotency = "token")]
    pub(super) struct Page {
        /// Its title.
        #[resource(force_new)]
        title: Input<String>,
        /// Its text.
        text: Input<String>,
        /// The id.
        #[resource(computed, id)]
        id: Computed<String>,
    }

    impl Migrate for Page {
        fn migrate(_: u32, inputs: &mut Map, _: &mut Map) {
            if let Some(name) = inputs.remove("name") {
                inputs.insert("title".to_owned(), name);
            }
        }
    }
}

/// What calls were told of the recorded inputs.
#[derive(Clone, Default)]
struct Wiki(Arc<Mutex<Vec<String>>>);

impl Wiki {
    fn note(&self, call: &str, title: Option<String>) {
        self.0.lock().unwrap().push(format!("{call} {}", title.as_deref().unwrap_or("?")));
    }

    fn noted(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Writes the handler of one release, whose title has this name.
macro_rules! handled {
    ($release:ident, $title:ident) => {
        #[async_trait]
        impl Handler<$release::Page> for Wiki {
            async fn create(
                &self,
                cx: &Cx,
                _: $release::PageArgs,
            ) -> Result<TypedObject<$release::Page>, Failure> {
                let id = cx.token.to_string();
                Ok(TypedObject::new(id.clone(), $release::PageState { id }))
            }
            async fn read(
                &self,
                _: &Cx,
                prior: TypedPrior<$release::Page>,
            ) -> Result<Option<TypedObject<$release::Page>>, Failure> {
                let state = $release::PageState { id: prior.id.clone() };
                Ok(prior.args.map(|args| TypedObject::new(prior.id, state).args(args)))
            }
            async fn delete(&self, _: &Cx, prior: TypedPrior<$release::Page>) -> Result<(), Failure> {
                self.note("delete", prior.args.map(|args| args.$title));
                Ok(())
            }
            async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<$release::Page>>, Failure> {
                Ok(Vec::new())
            }
            fn check(&self, _: &$release::PageArgs) -> Vec<FieldError> {
                Vec::new()
            }
        }

        #[async_trait]
        impl Update<$release::Page> for Wiki {
            async fn update(
                &self,
                _: &Cx,
                change: TypedChange<$release::Page>,
            ) -> Result<TypedObject<$release::Page>, Failure> {
                self.note("update", change.prior.args.map(|args| args.$title));
                let id = change.prior.id;
                Ok(TypedObject::new(id.clone(), $release::PageState { id }).args(change.args))
            }
        }
    };
}

handled!(first, name);
handled!(second, title);

fn stack_id() -> StackId {
    StackId::parse("local/wiki/dev").unwrap()
}

fn home(stack: &mut Stack) -> sskuba::Result {
    stack.add("home", second::Page::new("Home", "Welcome."))?;
    Ok(())
}

async fn made_by_the_first_release(shared: &Shared) {
    let wiki = Handlers::anywhere("wiki").resource::<first::Page>(Wiki::default());
    let engine = shared.engine([Arc::new(wiki) as Arc<dyn Provider>]);
    let program = |stack: &mut Stack| -> sskuba::Result {
        stack.add("home", first::Page::new("Home", "Welcome."))?;
        Ok(())
    };
    let report = engine.apply(engine.preview(&stack_id(), program).await.unwrap()).await.unwrap();
    assert_eq!(report.result, RunResult::Succeeded);
}

#[tokio::test]
async fn a_field_that_got_another_name_is_no_change_and_replaces_nothing() {
    let shared = Shared::default();
    made_by_the_first_release(&shared).await;
    let wiki = Wiki::default();
    let handlers = Handlers::anywhere("wiki").resource::<second::Page>(wiki.clone());
    let engine = shared.engine([Arc::new(handlers) as Arc<dyn Provider>]);
    let plan = engine.preview(&stack_id(), home).await.unwrap();
    assert_eq!(plan.steps.iter().map(|step| step.action).collect::<Vec<_>>(), [Action::Update]);
    assert_eq!(engine.apply(plan).await.unwrap().result, RunResult::Succeeded);
    assert_eq!(wiki.noted(), ["update Home"]);
    let plan = engine.preview(&stack_id(), home).await.unwrap();
    assert!(plan.steps.iter().all(|step| step.action == Action::Same), "{:?}", plan.steps);
}

#[tokio::test]
async fn what_an_earlier_release_made_is_deleted_by_what_it_recorded() {
    let shared = Shared::default();
    made_by_the_first_release(&shared).await;
    let wiki = Wiki::default();
    let handlers = Handlers::anywhere("wiki").resource::<second::Page>(wiki.clone());
    let engine = shared.engine([Arc::new(handlers) as Arc<dyn Provider>]);
    let down = engine.preview_down(&stack_id(), &Default::default()).await.unwrap();
    assert_eq!(engine.apply(down).await.unwrap().result, RunResult::Succeeded);
    assert_eq!(wiki.noted(), ["delete Home"]);
}
