//! Waits until something answers.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use sskuba_core::prelude::*;
use sskuba_core::provider::{Class, Cx, Failure, Handler, TypedChange, TypedObject, TypedPrior, Update};
use sskuba_core::schema::FieldError;
use tokio::time::{Instant, sleep, sleep_until};

use crate::client::{self, Target};

/// Waits until a TCP port takes connections.
#[derive(Resource, Debug)]
#[resource(kind = "local:wait:Tcp", idempotency = "token", create = "10s", update = "10s", delete = "1ms")]
pub struct Tcp {
    /// Where, as `host:port`.
    address: Input<String>,
    /// For how many seconds.
    #[resource(default = 300_u32)]
    timeout: Input<u32>,
    /// How many milliseconds lie between two attempts.
    #[resource(default = 500_u32)]
    interval_ms: Input<u32>,
    /// Values whose change waits again.
    #[resource(default, force_new, entry = "trigger")]
    triggers: Input<BTreeMap<String, String>>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
}

/// Waits until a plain HTTP page answers with the right status.
#[derive(Resource, Debug)]
#[resource(kind = "local:wait:Http", idempotency = "token", create = "10s", update = "10s", delete = "1ms")]
pub struct Http {
    /// The page, as `http://host:port/path`.
    url: Input<String>,
    /// The status that counts; any from 200 to 299 by default.
    expect: Option<Input<u16>>,
    /// For how many seconds.
    #[resource(default = 300_u32)]
    timeout: Input<u32>,
    /// How many milliseconds lie between two attempts.
    #[resource(default = 500_u32)]
    interval_ms: Input<u32>,
    /// Values whose change waits again.
    #[resource(default, force_new, entry = "trigger")]
    triggers: Input<BTreeMap<String, String>>,
    /// The id: the token of its creation.
    #[resource(computed, id, pattern = "{token}")]
    id: Computed<String>,
}

/// How long and how often.
#[derive(Clone, Copy)]
struct Patience {
    timeout: Duration,
    interval: Duration,
}

impl Patience {
    fn new(seconds: u32, millis: u32) -> Self {
        let (timeout, interval) = (Duration::from_secs(seconds.into()), Duration::from_millis(millis.into()));
        Self { timeout, interval: interval.max(Duration::from_millis(1)) }
    }

    /// Tries until it works.
    async fn wait<F>(self, cx: &Cx, what: &str, mut attempt: impl FnMut(Duration) -> F) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), String>> + Send,
    {
        let most = cx.patience(self.timeout);
        let end = Instant::now() + most;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Err(why) = attempt(left.max(self.interval)).await else { return Ok(()) };
            if Instant::now() + self.interval >= end {
                sleep_until(end).await;
                let message =
                    format!("{what} did not answer within {:.1} s; last: {why}", most.as_secs_f64());
                return Err(Failure::new(Class::Timeout, message)
                    .hint("look whether it runs and can be reached from here, or raise `timeout`"));
            }
            sleep(self.interval).await;
        }
    }
}

fn times(timeout: u32, interval: u32) -> Vec<FieldError> {
    let zero = [("timeout", timeout), ("interval_ms", interval)].into_iter().filter(|(_, value)| *value == 0);
    zero.map(|(field, _)| FieldError { field: field.to_owned(), message: "must be more than 0".into() })
        .collect()
}

/// Handles [`Tcp`].
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpHandler;

impl TcpHandler {
    async fn wait(cx: &Cx, args: &TcpArgs) -> Result<(), Failure> {
        let patience = Patience::new(args.timeout, args.interval_ms);
        let attempt = |most| async move { client::connect(&args.address, most).await.map(drop) };
        patience.wait(cx, &args.address, attempt).await
    }
}

#[async_trait]
impl Handler<Tcp> for TcpHandler {
    async fn create(&self, cx: &Cx, args: TcpArgs) -> Result<TypedObject<Tcp>, Failure> {
        Self::wait(cx, &args).await?;
        let id = cx.token.to_string();
        Ok(TypedObject::new(id.clone(), TcpState { id }))
    }

    async fn read(&self, _: &Cx, prior: TypedPrior<Tcp>) -> Result<Option<TypedObject<Tcp>>, Failure> {
        Ok(Some(TypedObject::new(prior.id.clone(), TcpState { id: prior.id })))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Tcp>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Tcp>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    fn check(&self, args: &TcpArgs) -> Vec<FieldError> {
        let mut errors = times(args.timeout, args.interval_ms);
        if !client::is_address(&args.address) {
            let message = format!("{:?} is not of the form host:port", args.address);
            errors.push(FieldError { field: "address".into(), message });
        }
        errors
    }
}

#[async_trait]
impl Update<Tcp> for TcpHandler {
    async fn update(&self, cx: &Cx, change: TypedChange<Tcp>) -> Result<TypedObject<Tcp>, Failure> {
        if change.prior.args.is_none_or(|args| args.address != change.args.address) {
            Self::wait(cx, &change.args).await?;
        }
        Ok(TypedObject::new(change.prior.id.clone(), TcpState { id: change.prior.id }))
    }
}

/// Handles [`Http`].
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpHandler;

impl HttpHandler {
    async fn wait(cx: &Cx, args: &HttpArgs) -> Result<(), Failure> {
        let target =
            Target::parse(&args.url).map_err(|why| Failure::new(Class::Invalid("url".into()), why))?;
        let good =
            |status: u16| args.expect.map_or((200..300).contains(&status), |expected| status == expected);
        let target = &target;
        let attempt = |most| async move {
            match client::get(target, most).await {
                Ok(status) if good(status) => Ok(()),
                Ok(status) => Err(format!("status {status}")),
                Err(why) => Err(why),
            }
        };
        Patience::new(args.timeout, args.interval_ms).wait(cx, &target.address, attempt).await
    }
}

#[async_trait]
impl Handler<Http> for HttpHandler {
    async fn create(&self, cx: &Cx, args: HttpArgs) -> Result<TypedObject<Http>, Failure> {
        Self::wait(cx, &args).await?;
        let id = cx.token.to_string();
        Ok(TypedObject::new(id.clone(), HttpState { id }))
    }

    async fn read(&self, _: &Cx, prior: TypedPrior<Http>) -> Result<Option<TypedObject<Http>>, Failure> {
        Ok(Some(TypedObject::new(prior.id.clone(), HttpState { id: prior.id })))
    }

    async fn delete(&self, _: &Cx, _: TypedPrior<Http>) -> Result<(), Failure> {
        Ok(())
    }

    async fn list(&self, _: &Cx) -> Result<Vec<TypedObject<Http>>, Failure> {
        Err(Failure::unlisted("only stacks know of them"))
    }

    fn check(&self, args: &HttpArgs) -> Vec<FieldError> {
        let mut errors = times(args.timeout, args.interval_ms);
        if let Err(message) = Target::parse(&args.url) {
            errors.push(FieldError { field: "url".into(), message });
        }
        errors
    }
}

#[async_trait]
impl Update<Http> for HttpHandler {
    async fn update(&self, cx: &Cx, change: TypedChange<Http>) -> Result<TypedObject<Http>, Failure> {
        let same = |args: HttpArgs| args.url == change.args.url && args.expect == change.args.expect;
        if !change.prior.args.is_some_and(same) {
            Self::wait(cx, &change.args).await?;
        }
        Ok(TypedObject::new(change.prior.id.clone(), HttpState { id: change.prior.id }))
    }
}

#[cfg(test)]
mod tests;
