//! The handler of every kind: what follows from its [`Operations`].

use std::sync::Arc;

use async_trait::async_trait;
use sskuba_core::provider::{
    Class, Complete, Cx, Failure, Find, Handler, Handlers, LookupHandler, Ready, TypedChange, TypedObject,
    TypedPrior, TypedReadiness, Update,
};
use sskuba_core::schema::FieldError;
use sskuba_core::value::Map;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use super::{
    Account, Api, Call, Found, LookupOperation, Objects, Operations, ReadinessOperation, Service,
    UpdateOperation, Which, gone, named, unused,
};
use crate::kind::{known_mistakes, mistakes, refuse_mistakes};

/// How many objects of a list are looked at more closely at a time.
const AT_ONCE: usize = 20;

/// The client of a service for all its kinds. It is made at the first call.
pub(crate) struct Client<A> {
    account: Account,
    service: Arc<OnceCell<Service<A>>>,
}

impl<A> Clone for Client<A> {
    fn clone(&self) -> Self {
        Self { account: self.account.clone(), service: Arc::clone(&self.service) }
    }
}

impl<A: Api> Client<A> {
    async fn service(&self) -> Result<&Service<A>, Failure> {
        let make = || async { Ok(Service::new(self.account.loaded().await?)) };
        self.service.get_or_try_init(make).await
    }
}

/// Adds the kinds of a service with its client.
pub(crate) struct Kinds<A> {
    provider: Handlers,
    client: Client<A>,
}

impl<A: Api> Kinds<A> {
    pub(crate) fn new(provider: Handlers, account: &Account) -> Self {
        Self { provider, client: Client { account: account.clone(), service: Arc::default() } }
    }

    /// Adds a kind.
    pub(crate) fn resource<R: Operations<Api = A>>(self) -> Self
    where
        Client<A>: Complete<R>,
    {
        Self { provider: self.provider.resource::<R>(self.client.clone()), ..self }
    }

    /// Adds a kind of lookup.
    pub(crate) fn lookup<R: LookupOperation<Api = A>>(self) -> Self {
        Self { provider: self.provider.lookup::<R>(self.client.clone()), ..self }
    }

    pub(crate) fn added(self) -> Handlers {
        self.provider
    }
}

#[async_trait]
impl<R: Operations> Handler<R> for Client<R::Api> {
    async fn create(&self, cx: &Cx, args: R::Args) -> Result<TypedObject<R>, Failure> {
        refuse_mistakes::<R>(&args)?;
        named::<R, _>(R::create(&Call::new(cx, self.service().await?), args).await)
    }

    async fn read(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<Option<TypedObject<R>>, Failure> {
        let call = Call::new(cx, self.service().await?);
        let Some(found) = R::get(&call, &prior).await?.filter(R::is_alive) else { return Ok(None) };
        // What is asked about one object at a time would be too much at once.
        let _turn = call.aws.turns.acquire().await;
        R::report_for(&call, &found, prior.args.as_ref()).await.map(Some)
    }

    async fn delete(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<(), Failure> {
        let call = Call::new(cx, self.service().await?);
        let deleted = match R::LINGERS {
            true => unused(&call, || R::delete(&call, &prior)).await,
            false => R::delete(&call, &prior).await,
        };
        match deleted {
            Err(failure) if failure.class == Class::NotFound => gone(&call, &prior, failure).await,
            deleted => deleted,
        }
    }

    async fn list(&self, cx: &Cx) -> Result<Vec<TypedObject<R>>, Failure> {
        let all = R::describe(self.service().await?, Which::All).await?;
        let alive: Vec<_> = all.into_iter().filter(R::is_alive).collect();
        let mut listed = Vec::with_capacity(alive.len());
        for some in alive.chunks(AT_ONCE) {
            listed.extend(self.reports::<R>(cx, some).await?);
        }
        Ok(listed)
    }

    fn check(&self, args: &R::Args) -> Vec<FieldError> {
        mistakes::<R>(args)
    }

    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        known_mistakes::<R>(inputs)
    }
}

impl<A: Objects> Client<A> {
    /// Reports objects at the same time, so that what is asked for in batches is.
    async fn reports<R: Operations<Api = A>>(
        &self,
        cx: &Cx,
        found: &[Found<R::Item>],
    ) -> Result<Vec<TypedObject<R>>, Failure> {
        let mut asking = JoinSet::new();
        for (place, found) in found.iter().cloned().enumerate() {
            let (client, cx) = (self.clone(), cx.clone());
            asking.spawn(async move {
                let report = R::report(&Call::new(&cx, client.service().await?), &found).await?;
                Ok::<_, Failure>((place, report))
            });
        }
        let mut reports = Vec::with_capacity(found.len());
        while let Some(asked) = asking.join_next().await {
            match asked {
                Ok(report) => reports.push(report?),
                Err(lost) => return Err(Failure::new(Class::Transient, lost.to_string())),
            }
        }
        reports.sort_by_key(|(place, _)| *place);
        Ok(reports.into_iter().map(|(_, report)| report).collect())
    }
}

#[async_trait]
impl<R: UpdateOperation> Update<R> for Client<R::Api> {
    async fn update(&self, cx: &Cx, change: TypedChange<R>) -> Result<TypedObject<R>, Failure> {
        refuse_mistakes::<R>(&change.args)?;
        named::<R, _>(R::update(&Call::new(cx, self.service().await?), change).await)
    }
}

#[async_trait]
impl<R: Operations> Find<R> for Client<R::Api> {
    async fn find(&self, cx: &Cx) -> Result<Option<TypedObject<R>>, Failure> {
        let call = Call::new(cx, self.service().await?);
        match R::find(&call).await? {
            Some(found) => R::report(&call, &found).await.map(Some),
            None => Ok(None),
        }
    }
}

#[async_trait]
impl<R: ReadinessOperation> Ready<R> for Client<R::Api> {
    async fn ready(&self, cx: &Cx, prior: TypedPrior<R>) -> Result<TypedReadiness<R>, Failure> {
        let call = Call::new(cx, self.service().await?);
        let found = R::get(&call, &prior).await?.ok_or_else(|| call.not_there())?;
        R::ready(&call, &found, prior.args.as_ref()).await
    }
}

#[async_trait]
impl<R: LookupOperation> LookupHandler<R> for Client<R::Api> {
    async fn lookup(&self, cx: &Cx, args: R::Args) -> Result<R::State, Failure> {
        refuse_mistakes::<R>(&args)?;
        let _ = cx;
        named::<R, _>(R::look(self.service().await?, args).await)
    }

    fn check(&self, args: &R::Args) -> Vec<FieldError> {
        mistakes::<R>(args)
    }

    fn check_known(&self, inputs: &Map) -> Vec<FieldError> {
        known_mistakes::<R>(inputs)
    }
}
