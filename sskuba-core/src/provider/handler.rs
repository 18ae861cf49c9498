//! What a provider's author writes for each kind.
//!
//! Every kind needs a [`Handler`]. What a kind needs besides follows from how it is declared, and the compiler asks for
//! it where the kind is registered: [`Update`] unless every input forces a replacement, [`Find`] where its idempotency
//! is a tag, [`Ready`] where it has early fields. What it does not need is not written.

use async_trait::async_trait;

use super::contract::Cx;
use super::error::{Class, Failure};
use super::foresight::Foresight;
use super::typed::{TypedChange, TypedObject, TypedPrior, TypedReadiness};
use crate::address::StackId;
use crate::resource::{AtOnce, InPlace, Later, Nobody, Replaced, Resource, Tag, Token, TokenOrTag};
use crate::schema::FieldError;
use crate::value::{Map, map_of};

/// Handles one kind of a provider.
///
/// # Contract
/// As [`Instance`](super::Instance), for one kind.
///
/// # Guarantees
/// `args` are complete and known.
///
/// # Assumptions
/// As [`Instance`](super::Instance).
///
/// # Errors
/// [`Failure`], whose texts hold no secret.
///
/// # Example
/// ```
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use async_trait::async_trait;
/// use sskuba_core::prelude::*;
/// use sskuba_core::provider::{Cx, Failure, Handler, Handlers, TypedObject, TypedPrior};
/// use sskuba_core::schema::FieldError;
///
/// /// A page of a wiki.
/// #[derive(Resource)]
/// #[resource(kind = "wiki:page:Page", idempotency = "token")]
/// struct Page {
///     /// Its title.
///     #[resource(force_new)]
///     title: Input<String>,
///     /// The number that the wiki gave it.
///     #[resource(computed, id)]
///     id: Computed<String>,
/// }
///
/// /// The pages by their numbers.
/// #[derive(Default)]
/// struct Wiki(Mutex<HashMap<String, PageArgs>>);
///
/// fn object(id: &str, args: &PageArgs) -> TypedObject<Page> {
///     TypedObject::new(id, PageState { id: id.to_owned() }).args(args.clone())
/// }
///
/// #[async_trait]
/// impl Handler<Page> for Wiki {
///     async fn create(&self, cx: &Cx, args: PageArgs) -> Result<TypedObject<Page>, Failure> {
///         let id = cx.token.to_string();
///         self.0.lock().unwrap().insert(id.clone(), args.clone());
///         Ok(object(&id, &args))
///     }
///     async fn read(&self, _: &Cx, prior: TypedPrior<Page>) -> Result<Option<TypedObject<Page>>, Failure> {
///         Ok(self.0.lock().unwrap().get(&prior.id).map(|args| object(&prior.id, args)))
///     }
///     async fn delete(&self, _: &Cx, prior: TypedPrior<Page>) -> Result<(), Failure> {
///         self.0.lock().unwrap().remove(&prior.id);
///         Ok(())
///     }
///     async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Page>>, Failure> {
///         Ok(self.0.lock().unwrap().iter().map(|(id, args)| object(id, args)).collect())
///     }
///     fn check(&self, args: &PageArgs) -> Vec<FieldError> {
///         let empty = FieldError { field: "title".into(), message: "is empty".into() };
///         args.title.is_empty().then_some(empty).into_iter().collect()
///     }
/// }
///
/// let provider = Handlers::anywhere("wiki").resource::<Page>(Wiki::default());
/// ```
#[async_trait]
pub trait Handler<R: Resource>: Send + Sync + 'static {
    /// Makes the object. Of a kind with early fields it returns when the object exists: of its state the early fields
    /// count then, and the others are known from [`Ready`]. Any other waits until the object can be used.
    async fn create(&self, cx: &Cx, args: R::Args) -> Result<TypedObject<R>, Failure>;

    /// Reads the object; none if it is gone.
    async fn read(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<Option<TypedObject<R>>, Failure>;

    /// Deletes the object, and waits until it is gone; succeeds where it already is.
    async fn delete(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<(), Failure>;

    /// Lists the objects of the kind, all that the credentials can see; [`Failure::unlisted`] where nothing could.
    async fn list(&self, cx: &Cx) -> Result<Vec<TypedObject<R>>, Failure>;

    /// Says what is wrong with inputs beyond what the schema says. Makes no call.
    fn check(&self, args: &R::Args) -> Vec<FieldError>;

    /// Says what is wrong with the inputs that are known, while others are not yet: so that a preview says it, and
    /// not the apply half way. Makes no call. Without it that is said later, for [`check`](Self::check) follows when all
    /// are known.
    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        let _ = inputs;
        Vec::new()
    }

    /// Tells what follows from the inputs of a create or an update; see [`Provider::foresee`](super::Provider::foresee).
    /// Without it computed fields are known after the apply, and a field's difference is shown as a whole.
    fn foresee(&self, prior: Option<&R::Args>, args: &R::Args) -> Foresight {
        let _ = (prior, args);
        Foresight::default()
    }

    /// Hears that what became of calls is recorded; see [`Provider::settled`](super::Provider::settled). A kind that keeps
    /// nothing for a repetition needs none of it.
    fn settled(&self, stack: &StackId, is_settled: &dyn Fn(crate::address::Token) -> bool) {
        let _ = (stack, is_settled);
    }

    /// Says what an update would do beyond what its fields say; see [`Instance::preview`](super::Instance::preview). It is
    /// asked of kinds that are declared with `asks`.
    async fn preview(&self, cx: &Cx, change: TypedChange<R>) -> Result<Vec<String>, Failure> {
        let _ = (cx, change);
        Ok(Vec::new())
    }
}

/// Changes objects in place: what a kind needs unless each of its inputs is `force_new`.
#[async_trait]
pub trait Update<R: Resource>: Send + Sync + 'static {
    /// Changes the object.
    async fn update(&self, cx: &Cx, change: TypedChange<R>) -> Result<TypedObject<R>, Failure>;
}

/// Finds objects by their token: what a kind needs whose idempotency is `tag` or `token, tag`.
#[async_trait]
pub trait Find<R: Resource>: Send + Sync + 'static {
    /// Finds the object that carries the token; none if there is none.
    async fn find(&self, cx: &Cx) -> Result<Option<TypedObject<R>>, Failure>;
}

/// Tells when an object can be used: what a kind with early fields needs.
#[async_trait]
pub trait Ready<R: Resource>: Send + Sync + 'static {
    /// Looks once whether the object can be used; see [`Instance::ready`](super::Instance::ready).
    async fn ready(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<TypedReadiness<R>, Failure>;
}

/// Answers one kind of lookup.
#[async_trait]
pub trait LookupHandler<R: Resource>: Send + Sync + 'static {
    /// Looks it up.
    async fn lookup(&self, cx: &Cx, args: R::Args) -> Result<R::State, Failure>;

    /// Says what is wrong with inputs beyond what the schema says. Makes no call.
    fn check(&self, args: &R::Args) -> Vec<FieldError>;

    /// The same, while not all inputs are known; [`check`](Self::check) follows before the call.
    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        let _ = inputs;
        Vec::new()
    }
}

/// A handler with all that its kind needs. It is not implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` lacks what the kind `{R}` needs of its handler",
    note = "besides `Handler`, a kind needs `Update` unless every input is `force_new`, `Find` if its idempotency is `tag` or \
            `token, tag`, and `Ready` if it has fields that are `early`"
)]
pub trait Complete<R: Resource>:
    Handler<R> + Updates<R, R::Change> + Finds<R, R::Recovery> + Readies<R, R::Readiness>
{
}

impl<R: Resource, H> Complete<R> for H where
    H: Handler<R> + Updates<R, R::Change> + Finds<R, R::Recovery> + Readies<R, R::Readiness>
{
}

/// [`Update`] as far as a kind needs it; `How` is the kind's [`Resource::Change`].
#[async_trait]
pub trait Updates<R: Resource, How>: Send + Sync + 'static {
    /// Changes the object.
    async fn updated(&self, cx: &Cx, change: TypedChange<R>) -> Result<TypedObject<R>, Failure>;
}

#[async_trait]
impl<R: Resource, H: Update<R>> Updates<R, InPlace> for H {
    async fn updated(&self, cx: &Cx, change: TypedChange<R>) -> Result<TypedObject<R>, Failure> {
        self.update(cx, change).await
    }
}

/// Nothing of it changes in place. Where its kind has a new version it is asked all the same, with the inputs that it has:
/// then what is there is reported.
#[async_trait]
impl<R: Resource, H: Handler<R>> Updates<R, Replaced> for H {
    async fn updated(&self, cx: &Cx, change: TypedChange<R>) -> Result<TypedObject<R>, Failure> {
        let sent = change.prior.args.as_ref().and_then(|args| map_of(args).ok());
        if sent.is_some_and(|sent| map_of(&change.args).is_ok_and(|wanted| wanted == sent))
            && let Some(there) = self.read(cx, change.prior).await?
        {
            return Ok(there);
        }
        Err(Failure::new(Class::Terminal, format!("{} cannot be changed", cx.address.kind_str())))
    }
}

/// [`Find`] as far as a kind needs it; `How` is the kind's [`Resource::Recovery`].
#[async_trait]
pub trait Finds<R: Resource, How>: Send + Sync + 'static {
    /// Finds the object that carries the token.
    async fn found(&self, cx: &Cx) -> Result<Option<TypedObject<R>>, Failure>;
}

/// A kind that is found, and kinds that are not: the engine asks again with the token, or a person looks.
macro_rules! finds {
    ($($found:ty),*; $($not:ty),*) => {
        $(#[async_trait]
        impl<R: Resource, H: Find<R>> Finds<R, $found> for H {
            async fn found(&self, cx: &Cx) -> Result<Option<TypedObject<R>>, Failure> {
                self.find(cx).await
            }
        })*
        $(#[async_trait]
        impl<R: Resource, H: Handler<R>> Finds<R, $not> for H {
            async fn found(&self, _: &Cx) -> Result<Option<TypedObject<R>>, Failure> {
                Ok(None)
            }
        })*
    };
}

finds!(Tag, TokenOrTag; Token, Nobody);

/// [`Ready`] as far as a kind needs it; `How` is the kind's [`Resource::Readiness`].
#[async_trait]
pub trait Readies<R: Resource, How>: Send + Sync + 'static {
    /// Looks once whether the object can be used.
    async fn readiness(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<TypedReadiness<R>, Failure>;
}

#[async_trait]
impl<R: Resource, H: Ready<R>> Readies<R, Later> for H {
    async fn readiness(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<TypedReadiness<R>, Failure> {
        self.ready(cx, prior).await
    }
}

/// What its create made can be used; asked all the same, it says what is there.
#[async_trait]
impl<R: Resource, H: Handler<R>> Readies<R, AtOnce> for H {
    async fn readiness(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<TypedReadiness<R>, Failure> {
        match self.read(cx, prior).await? {
            Some(object) => Ok(TypedReadiness::Ready(object)),
            None => Err(Failure::new(Class::NotFound, "the object is not there")),
        }
    }
}
