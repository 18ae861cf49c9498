//! The client: the handlers that talk to AWS. Only this module knows the SDK and the network.
//!
//! Retries, signing and credentials are the SDK's. What is added here is what it does not know: which calls
//! must not be repeated blindly ([`once`]), which objects are ours (tags), when an object can be used
//! ([`wait`]), how many can be asked for at once ([`batch`]), and what a failure means ([`failure`]).

mod batch;
mod batches;
mod call;
mod cloud;
mod code;
mod config;
mod ec2;
mod elbv2;
mod failure;
mod lookup;
mod once;
mod stranger;
mod tagging;
mod tried;
mod wait;

use std::sync::Arc;

use async_trait::async_trait;
use sskuba_core::provider::{
    Class, Cx, Failure, Handler, LookupHandler, Place, TypedChange, TypedObject, TypedPrior, TypedReadiness,
};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;
use tokio::sync::OnceCell;

use crate::kind::{Kind, mistakes, refuse_mistakes, tag_mistakes};
use crate::settings::ProviderArgs;
use call::Call;
use cloud::Cloud;

/// The handler of every kind. Configuration and credentials are loaded at its first call.
#[derive(Clone)]
pub(crate) struct Client(Arc<Lazy>);

struct Lazy {
    settings: ProviderArgs,
    cloud: OnceCell<Cloud>,
}

impl Client {
    pub(crate) fn new(settings: ProviderArgs) -> Self {
        Self(Arc::new(Lazy { settings, cloud: OnceCell::new() }))
    }

    async fn cloud(&self) -> Result<&Cloud, Failure> {
        self.0.cloud.get_or_try_init(|| config::load(&self.0.settings)).await
    }

    /// Finds out in which account and region the calls work.
    pub(crate) async fn place(&self) -> Result<Place, Failure> {
        self.cloud().await?.located().await
    }
}

/// What is written for each kind: [`Handler`], with the clients and the call's bounds at hand.
#[async_trait]
trait Manage<R: Kind>: Send + Sync {
    async fn create(&self, call: &Call<'_>, args: R::Args) -> Result<TypedObject<R>, Failure>;
    /// Looks once whether the object can be used; of kinds whose create does not wait for that.
    async fn ready(&self, call: &Call<'_>, prior: TypedPrior<R>) -> Result<TypedReadiness<R>, Failure> {
        let found = self.read(call, prior).await?;
        found.map(TypedReadiness::Ready).ok_or_else(|| not_there(call))
    }
    async fn read(&self, call: &Call<'_>, prior: TypedPrior<R>) -> Result<Option<TypedObject<R>>, Failure>;
    async fn update(&self, call: &Call<'_>, change: TypedChange<R>) -> Result<TypedObject<R>, Failure>;
    async fn delete(&self, call: &Call<'_>, prior: TypedPrior<R>) -> Result<(), Failure>;
    async fn find(&self, call: &Call<'_>) -> Result<Option<TypedObject<R>>, Failure>;
}

/// Says that an object which was made is not there.
fn not_there(call: &Call<'_>) -> Failure {
    Failure::new(Class::NotFound, format!("{} does not know the object", call.place))
        .hint("if it was deleted meanwhile: run `refresh`, then `up`")
}

#[async_trait]
impl<R: Kind> Handler<R> for Client
where
    Cloud: Manage<R>,
{
    async fn create(&self, cx: &Cx, args: R::Args) -> Result<TypedObject<R>, Failure> {
        refuse_mistakes::<R>(&args)?;
        let cloud = self.cloud().await?;
        cloud.create(&Call::new(cx, &cloud.place), args).await
    }
    async fn ready(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<TypedReadiness<R>, Failure> {
        let cloud = self.cloud().await?;
        cloud.ready(&Call::new(cx, &cloud.place), prior).await
    }
    async fn read(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<Option<TypedObject<R>>, Failure> {
        let cloud = self.cloud().await?;
        cloud.read(&Call::new(cx, &cloud.place), prior).await
    }
    async fn update(&self, cx: &Cx, change: TypedChange<R>) -> Result<TypedObject<R>, Failure> {
        refuse_mistakes::<R>(&change.args)?;
        let cloud = self.cloud().await?;
        cloud.update(&Call::new(cx, &cloud.place), change).await
    }
    async fn delete(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<(), Failure> {
        let cloud = self.cloud().await?;
        cloud.delete(&Call::new(cx, &cloud.place), prior).await
    }
    async fn find(&self, cx: &Cx) -> Result<Option<TypedObject<R>>, Failure> {
        let cloud = self.cloud().await?;
        cloud.find(&Call::new(cx, &cloud.place)).await
    }
    fn check(&self, args: &R::Args) -> Vec<FieldError> {
        mistakes::<R>(args)
    }
    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        tag_mistakes(inputs)
    }
}

/// What is written for each kind of lookup.
#[async_trait]
trait Look<R: Kind>: Send + Sync {
    async fn look(&self, call: &Call<'_>, args: R::Args) -> Result<R::State, Failure>;
}

#[async_trait]
impl<R: Kind> LookupHandler<R> for Client
where
    Cloud: Look<R>,
{
    async fn lookup(&self, cx: &Cx, args: R::Args) -> Result<R::State, Failure> {
        refuse_mistakes::<R>(&args)?;
        let cloud = self.cloud().await?;
        cloud.look(&Call::new(cx, &cloud.place), args).await
    }
}
