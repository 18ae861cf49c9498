//! A provider with one kind, whose objects stand in memory and whose behaviour a test decides.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use sskuba_core::prelude::*;
use sskuba_core::provider::{
    Class, Cx, Failure, Handler, Handlers, Provider, TypedChange, TypedObject, TypedPrior, Update,
};
use sskuba_core::schema::FieldError;
use tokio::sync::Semaphore;

/// A book on a shelf.
#[derive(Resource, Debug)]
#[resource(kind = "shelf:book:Book", idempotency = "token")]
pub(crate) struct Book {
    /// The title; another title is another book.
    #[resource(force_new)]
    title: Input<String>,
    /// What stands in it.
    #[resource(default = String::new())]
    text: Input<String>,
    /// Who may read it; see [`Book`].
    code: Option<Input<Secret<String>>>,
    /// The number on its back.
    #[resource(computed, id)]
    number: Computed<String>,
}

/// The shelf, and what is to happen.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf {
    pub(crate) books: Arc<Mutex<BTreeMap<String, BookArgs>>>,
    /// Books of this title cannot be put on the shelf.
    pub(crate) refused: Arc<Mutex<Option<String>>>,
    /// Creates wait for a permit of this.
    pub(crate) gate: Arc<Mutex<Option<Arc<Semaphore>>>>,
    /// What a delete waits for.
    pub(crate) way_out: Arc<Mutex<Option<Arc<Semaphore>>>>,
}

impl Shelf {
    pub(crate) fn provider(&self) -> Arc<dyn Provider> {
        Arc::new(Handlers::anywhere("shelf").resource::<Book>(self.clone()))
    }

    pub(crate) fn titles(&self) -> Vec<String> {
        self.books.lock().unwrap().values().map(|book| book.title.clone()).collect()
    }
}

fn object(number: &str, args: BookArgs) -> TypedObject<Book> {
    TypedObject::new(number.to_owned(), BookState { number: number.to_owned() }).args(args)
}

#[async_trait]
impl Handler<Book> for Shelf {
    async fn create(&self, cx: &Cx, args: BookArgs) -> Result<TypedObject<Book>, Failure> {
        let gate = self.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.acquire().await.unwrap().forget();
        }
        if self.refused.lock().unwrap().as_deref() == Some(args.title.as_str()) {
            let failure = Failure::new(Class::Denied, "the \u{1b}[2Jlibrarian says no");
            return Err(failure.request_id("r-1").hint("ask the librarian"));
        }
        let number = cx.token.physical_name("book", 20);
        self.books.lock().unwrap().insert(number.clone(), args);
        Ok(TypedObject::new(number.clone(), BookState { number }))
    }

    async fn read(&self, _: &Cx, prior: TypedPrior<Book>) -> Result<Option<TypedObject<Book>>, Failure> {
        let found = self.books.lock().unwrap().get(&prior.id).cloned();
        Ok(found.map(|args| object(&prior.id, args)))
    }

    async fn delete(&self, _: &Cx, prior: TypedPrior<Book>) -> Result<(), Failure> {
        let way_out = self.way_out.lock().unwrap().clone();
        if let Some(way_out) = way_out {
            way_out.acquire().await.unwrap().forget();
        }
        self.books.lock().unwrap().remove(&prior.id);
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Book>>, Failure> {
        let books = self.books.lock().unwrap();
        Ok(books.iter().map(|(number, args)| object(number, args.clone())).collect())
    }

    fn check(&self, _: &BookArgs) -> Vec<FieldError> {
        Vec::new()
    }
}

#[async_trait]
impl Update<Book> for Shelf {
    async fn update(&self, _: &Cx, change: TypedChange<Book>) -> Result<TypedObject<Book>, Failure> {
        let number = change.prior.id;
        self.books.lock().unwrap().insert(number.clone(), change.args);
        Ok(TypedObject::new(number.clone(), BookState { number }))
    }
}
